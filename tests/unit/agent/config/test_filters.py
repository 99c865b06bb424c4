"""Which titles a list takes, as it is written: what a bare number means, and what is refused."""

from __future__ import annotations

import pytest

from listsync.config.filters import (
    parse_genre,
    parse_language,
    parse_rating,
    parse_votes,
    parse_year,
)
from listsync.config.json_schema import schema
from listsync.config_types import UnknownNameError
from listsync.domain.list_rules import GENRES, LANGUAGES, Span
from listsync.sandbox.title_facts import unknown_genres


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("7", Span(7, None)),
        ("6.5", Span(6.5, None)),
        ("<=9", Span(None, 9)),
        ("7-7", Span(7, 7)),
        ("6.5 - 9", Span(6.5, 9)),
        (">= 8", Span(8, None)),
    ],
)
def test_a_bare_rating_means_at_least(written: str, meant: Span) -> None:
    assert parse_rating(written) == meant


def test_a_bare_number_of_votes_means_at_least() -> None:
    assert parse_votes("200") == Span(200, None)
    assert parse_votes("0-500") == Span(0, 500)


def test_a_bare_year_means_just_that_year() -> None:
    assert parse_year("1999") == Span(1999, 1999)
    assert parse_year("<=1999") == Span(None, 1999)


@pytest.mark.parametrize(
    "written", ["90", ">=90", "<=0", "90-1999", "1990-9999", "1999.5", "-1999", ">=1999.5"]
)
def test_a_year_that_no_title_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected years from 1870 to 2200"):
        parse_year(written)


@pytest.mark.parametrize("written", ["11", ">=10.1", "5-11", "65", "-1", "<=0", "0-0", "<=70"])
def test_a_rating_that_no_title_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected ratings from 0 to 10"):
        parse_rating(written)


@pytest.mark.parametrize("written", ["-5", ">=-5", "1.5", "10-20.5"])
def test_a_number_of_votes_that_no_title_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected whole numbers of votes"):
        parse_votes(written)


@pytest.mark.parametrize("written", ["9-7", "8.1-8"])
def test_a_span_that_ends_before_it_begins_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="begins after its end"):
        parse_rating(written)


@pytest.mark.parametrize("written", ["", "  ", ">=", "-", "7-", "new", "1e3", "٣", None, [], {}])
def test_what_is_no_span_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match=r"a least one such as >=200"):
        parse_votes(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sci-fi", ("science fiction", "sci-fi & fantasy")),
        ("Science-Fiction", ("science fiction",)),
        ("docu", ("documentary",)),
        ("Komedy", ("comedy",)),
        ("action and adventure", ("action & adventure",)),
        ("qwertz", ()),
        ("x" * 1_000_000, ()),
    ],
)
def test_an_unknown_genre_says_what_may_be_meant(written: str, meant: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse_genre(written)
    assert caught.value.meant == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("english", ("en",)),
        ("Germna", ("de",)),
        ("eng", ("en",)),
        ("en-US", ("en",)),
        ("jp", ("ja",)),
        ("qq", ()),
    ],
)
def test_an_unknown_language_says_what_may_be_meant(written: str, meant: tuple[str, ...]) -> None:
    with pytest.raises(UnknownNameError) as caught:
        parse_language(written)
    assert caught.value.meant == meant


def test_genres_and_languages_are_folded() -> None:
    assert parse_genre(" Sci-Fi  &  FANTASY ") == "sci-fi & fantasy"
    assert parse_language(" EN ") == "en"


def test_all_genres_of_the_catalogue_are_known() -> None:
    names = {"sci-fi & fantasy": "Sci-Fi & Fantasy", "tv movie": "TV Movie"}
    assert unknown_genres([names.get(genre, genre.title()) for genre in GENRES]) == set()


def test_languages_have_codes_and_names_of_their_own() -> None:
    assert all(len(code) == 2 and code.islower() and name for code, name in LANGUAGES.items())
    assert len(set(LANGUAGES.values())) == len(LANGUAGES) == 187  # ISO 639-1's 183, TMDB's 4
    assert {"cn", "en", "no", "zh"} <= LANGUAGES.keys()


def test_the_schema_says_what_a_bare_number_means() -> None:
    filters = schema()["$defs"]["ListForm"]["patternProperties"]
    assert "a bare number means at least" in filters["^rating$"]["description"]
    assert "a bare number means at least" in filters["^votes$"]["description"]
    assert "a bare year is just that year" in filters["^year$"]["description"]
