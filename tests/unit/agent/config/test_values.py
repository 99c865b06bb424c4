from __future__ import annotations

import contextlib
import grp
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.config.values import (
    parse_cron,
    parse_group,
    parse_interval,
    parse_server_url,
    parse_timezone,
    parse_user,
)
from listsync.domain.media import Exclusion, MediaType, TitleKey, parse_exclusion
from listsync.terminal.durations import DURATION_PATTERN, parse_duration


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("12h", 12),
        ("30m", 0.5),
        ("1d", 24),
        ("1.5d", 36),
        ("90 m", 1.5),
        ("1h30m", 1.5),
        ("1 H 30 Min", 1.5),
        ("1w2d", 216),
        ("2 weeks", 336),
        ("90s", 0.025),
        ("hourly", 1),
        ("Daily", 24),
        ("weekly", 168),
        ("off", 0),
        (0, 0),
        ("0", 0),
        ("0m", 0),
        ("1m", 1 / 60),
    ],
)
def test_a_duration(text: str, hours: float) -> None:
    assert parse_interval(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "-1h", "30m1h", "1h1h", "1h30", "nan", "inf", "1e3", "9999999d", "٣h"),
        *("monthly", "1y", None, [], {}),
    ],
)
def test_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"90m, 12h, 1h30m, 2d, 1w or daily"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["0.5m", "10s"])
def test_a_duration_below_a_minute_is_too_short(text: str) -> None:
    with pytest.raises(ValueError, match="at least 1m"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["999999w", "4000d"])
def test_a_duration_that_nobody_lives_to_see_is_too_long(text: str) -> None:
    with pytest.raises(ValueError, match="at most 10 years"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["12", "0.5", 6])
def test_a_number_alone_is_told_its_units(text: object) -> None:
    with pytest.raises(ValueError, match=f"no unit, expected {text}h for hours, {text}m for"):
        parse_interval(text)


@given(st.text(alphabet="0159. wdhmsinour", max_size=12))
def test_what_the_pattern_for_editors_takes_is_a_duration_and_else_none_is(text: str) -> None:
    is_one = re.search(DURATION_PATTERN, " ".join(text.split()))
    if is_one and not re.search(r"\d{4}", text):  # what is longer than 10 years is none for us
        parse_duration(text)
    elif not is_one:
        with pytest.raises(ValueError, match="expected"):
            parse_duration(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("0 4 * * *", "0 4 * * *"),
        (" 0  4 * *\tmon ", "0 4 * * MON"),
        ("*/15 8-18 1,15 jan-mar *", "*/15 8-18 1,15 JAN-MAR *"),
    ],
)
def test_a_cron_schedule(text: str, fields: str) -> None:
    assert parse_cron(text) == fields


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected five fields"),
        ("daily", "expected five fields"),
        ("@daily", "expected five fields"),
        ("0 0 4 * * *", "expected five fields"),
        ("60 4 * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 4 0 * *", "bad day-of-month"),
        ("0 4 30 2 *", "bad day-of-month"),
        ("0 4 * 13 *", "bad month"),
        ("0 4 * * noon", "bad day-of-week"),
        (None, "expected five fields"),
        (5, "expected five fields"),
        ([], "expected five fields"),
    ],
)
def test_no_cron_schedule(text: object, why: str) -> None:
    with pytest.raises(ValueError, match=rf"is no cron schedule such as 0 4 .* \({why}"):
        parse_cron(text)


def test_a_time_zone() -> None:
    assert parse_timezone(" Europe/Vienna ") == "Europe/Vienna"


@pytest.mark.parametrize("text", ["", "Vienna", "Europe", "+01:00", "../x", "a\0b", None, 1, []])
def test_no_time_zone(text: object) -> None:
    with pytest.raises(ValueError, match="a name such as Europe/Vienna"):
        parse_timezone(text)


def test_a_group() -> None:
    name = grp.getgrall()[0].gr_name
    assert parse_group(f" {name} ") == name


@pytest.mark.parametrize("text", ["", "no-such-group", "0", "a\0b", "\ud800", None, 0, []])
def test_no_group(text: object) -> None:
    with pytest.raises(ValueError, match="is no group of this machine"):
        parse_group(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://localhost:5055", "http://localhost:5055"),
        ("http://localhost:5055/", "http://localhost:5055"),
        (" https://seerr.example.com/api/v1/ ", "https://seerr.example.com"),
        ("https://example.com/seerr/", "https://example.com/seerr"),
        ("http://[::1]:5055", "http://[::1]:5055"),
        ("http://bob:pa55@example.com/api/v1/", "http://bob:pa55@example.com"),
        ("sandbox", "sandbox"),
    ],
)
def test_a_server_url(text: str, url: str) -> None:
    assert parse_server_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "localhost:5055",
            "ftp://localhost",
            "http://",
            "http:///x",
            "Sandbox",
            "http://a b",
        ),
        *("http://a:port", "http://a\nb", "http://bob:pa/55@example.com", None, 5, {}),
    ],
)
def test_no_server_url(text: object) -> None:
    with pytest.raises(ValueError, match="expected an address such as") as caught:
        parse_server_url(text)
    assert "55@" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "user"),
    [("listsync", "listsync"), (" Anna B ", "Anna B"), ("7", 7), (7, 7), (None, None)],
)
def test_a_user(text: object, user: object) -> None:
    assert parse_user(text) == user


@pytest.mark.parametrize("text", ["", " ", "0", "-1", "a\nb", [], {}])
def test_no_user(text: object) -> None:
    with pytest.raises(ValueError, match="an id from 1"):
        parse_user(text)


@pytest.mark.parametrize(
    ("text", "exclusion"),
    [
        ("tmdb:movie/603", Exclusion(key=TitleKey(MediaType.MOVIE, 603))),
        ("tmdb:tv/1396", Exclusion(key=TitleKey(MediaType.TV, 1396))),
        ("IMDB:tt0133093", Exclusion(imdb="tt0133093")),
        ("tvdb:81189", Exclusion(tvdb=81189, kind=MediaType.TV)),
    ],
)
def test_an_excluded_id(text: str, exclusion: Exclusion) -> None:
    assert parse_exclusion(text) == exclusion


@pytest.mark.parametrize(
    "text", ["", "603", "tmdb:603", "tmdb:film/603", "tmdb:movie/0", "imdb:133093", "tvdb:x", None]
)
def test_no_excluded_id(text: object) -> None:
    with pytest.raises(ValueError, match="expected tmdb:movie/603"):
        parse_exclusion(text)


@given(st.text(alphabet="0159*/-,#LWSUN ", max_size=30))
def test_any_fields_are_a_schedule_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_cron(parse_cron(text)) == parse_cron(text)


@given(st.text(alphabet="0123456789.:/@[]?#%ab", max_size=20))
def test_any_address_is_a_server_or_a_value_error(text: str) -> None:
    try:
        url = parse_server_url(f"http://{text}")
    except ValueError:
        return
    assert url.startswith("http://")
