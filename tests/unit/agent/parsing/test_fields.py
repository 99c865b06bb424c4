from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.parsing import decoding as fields

THIS_YEAR = time.gmtime().tm_year


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  The\tLantern \n Keeper ", "The Lantern Keeper"),
        ("A\x00B\x07C", "ABC"),
        ("A\ud800B", "AB"),
        ("\ufeffA", "A"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("x" * 600, "x" * 499 + "…"),
        ("", None),
        (" \n", None),
        ("\x00", None),
        (None, None),
        (1984, None),
    ],
)
def test_titles(value: object, expected: str | None) -> None:
    assert fields.title_text(value) == expected


@given(st.text(st.characters(), max_size=30))
def test_a_title_can_be_stored_and_shown(text: str) -> None:
    title = fields.title_text(text)
    if title is not None:
        title.encode()
        assert title == title.strip()
        assert "\n" not in title


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("tt0133093", "tt0133093"),
        (" TT0133093 ", "tt0133093"),
        ("tt133", None),
        ("nm0000206", None),
        ("tt\u0660133093", None),
        ("0133093", None),
        ("", None),
        (133093, None),
        (None, None),
    ],
)
def test_imdb_ids(value: object, expected: str | None) -> None:
    assert fields.imdb_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (603, 603),
        ("603", 603),
        (" 603 ", 603),
        ("603.0", 603),
        (603.0, 603),
        (0, None),
        ("0", None),
        (-1, None),
        ("-1", None),
        (True, None),
        (False, None),
        (603.5, None),
        (float("nan"), None),
        (float("inf"), None),
        ("\u0666\u0660\u0663", None),
        ("12345678901", None),
        (2**31, None),
        ("abc", None),
        ("", None),
        (None, None),
        ([603], None),
    ],
)
def test_numbers(value: object, expected: int | None) -> None:
    assert fields.number_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1870, 1870),
        (1869, None),
        (THIS_YEAR + 15, THIS_YEAR + 15),
        (THIS_YEAR + 16, None),
        ("2019", 2019),
        (" 2019 ", 2019),
        ("2019.0", 2019),
        ("2019-05-01", 2019),
        ("2019\u20132023", 2019),
        ("20195", None),
        ("19", None),
        ("soon", None),
        ("", None),
        (None, None),
        (2019.0, 2019),
        (True, None),
    ],
)
def test_years(value: object, expected: int | None) -> None:
    assert fields.year_number(value) == expected


def test_the_number_of_a_film_at_thetvdb_is_left_out() -> None:
    assert fields.external_ids(None, 1, 2, MediaType.MOVIE) == ExternalIds(tmdb=1)
    assert fields.external_ids(None, 1, 2, MediaType.TV) == ExternalIds(tmdb=1, tvdb=2)
    assert fields.external_ids(None, None, 2, MediaType.MOVIE) is NO_IDS
