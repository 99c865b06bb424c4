from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.config.exclusions import parse_exclusion
from listsync.config.values import parse_duration, parse_server_url, parse_user
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.syncing import Exclusion


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("12h", 12),
        ("30m", 0.5),
        ("1d", 24),
        ("1.5d", 36),
        ("90 m", 1.5),
        ("12", 12),
        ("0.5", 0.5),
        (6, 6),
        ("0", 0),
        ("0m", 0),
        ("1m", 1 / 60),
    ],
)
def test_a_duration(text: str, hours: float) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    ["", "10s", "soon", "-1h", "1h30m", "nan", "inf", "1e3", "9999999d", "٣h", None, [], {}],
)
def test_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match=r"30m, 12h or 1d"):
        parse_duration(text)


def test_a_duration_below_a_minute_is_too_short() -> None:
    with pytest.raises(ValueError, match="at least 1m"):
        parse_duration("0.5m")


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


@given(st.text())
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    for parse in (parse_duration, parse_server_url, parse_user, parse_exclusion):
        try:
            parse(text)
        except ValueError:
            continue


@given(st.text(alphabet="0123456789.:/@[]?#%ab", max_size=20))
def test_any_address_is_a_server_or_a_value_error(text: str) -> None:
    try:
        url = parse_server_url(f"http://{text}")
    except ValueError:
        return
    assert url.startswith("http://")
