from __future__ import annotations

import json

import pytest

from listsync.parsing.address_forms import recognise
from listsync.providers.letterboxd.source import parse
from tests.contract.providers.site import FIXTURES

CASES = [
    case["input"]
    for case in json.loads((FIXTURES / "addresses" / "url-forms.json").read_text())["cases"]
    if case["provider"] == "letterboxd"
]


@pytest.mark.parametrize("text", CASES)
def test_every_known_address_is_a_source_with_a_stable_name(text: str) -> None:
    source = parse(text)
    form = recognise(text)
    assert form is not None
    assert source.kind == form.kind
    if "share" not in text:
        assert parse(str(source)) == source
    assert parse(f" {text.replace('https://', 'HTTPS://')} ") == source


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("Sample_User/list/a-b", "sample_user/list/a-b", "sample_user/list/a-b"),
        (
            "https://letterboxd.com/u/list/a/detail/by/release/page/3/?view=1#y",
            "u/list/a",
            "u/list/a",
        ),
        ("https://letterboxd.com/u/list/a/share/AbC1/", "u/list/a", "u/list/a/share/AbC1"),
        ("u/list/a/share/AbC1/page/2", "u/list/a", "u/list/a/share/AbC1"),
        ("/u/watchlist/", "u/watchlist", "u/watchlist"),
        ("u/watchlist/by/popular", "u/watchlist", "u/watchlist"),
        ("u/films", "u/films", "u/films"),
        ("u/likes/films/page/2", "u/likes/films", "u/likes/films"),
        ("u/diary", "u/diary", "u/films/diary"),
        ("u/films/diary/for/2026/11/page/2/", "u/diary/for/2026/11", "u/films/diary/for/2026/11"),
        ("diary/diary/", "diary/diary", "diary/films/diary"),
        ("films/popular", "films/popular", "films/popular"),
        ("films/popular/this/week/page/2", "films/popular/this/week", "films/popular/this/week"),
        ("films/in/saga", "films/in/saga", "films/in/saga"),
        ("director/ada-sample/by/release/", "director/ada-sample", "director/ada-sample"),
        ("film/the-lantern-keeper/reviews/", "film/the-lantern-keeper", "film/the-lantern-keeper"),
        ("u/film/the-lantern-keeper/1/", "film/the-lantern-keeper", "film/the-lantern-keeper"),
        ("https://boxd.it/zzL1", "boxd.it/zzL1", "boxd.it/zzL1"),
    ],
)
def test_accepted_forms(text: str, name: str, path: str) -> None:
    source = parse(text)
    assert (str(source), source.path) == (name, path)


def test_the_token_of_an_unlisted_list_is_not_shown() -> None:
    source = parse("u/list/a/share/AbC123")
    assert "AbC123" not in f"{source} {source!r}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of Letterboxd"),
        ("u", "no list of Letterboxd"),
        ("u/a-list", "no list of Letterboxd"),
        ("https://letterboxd.com/film/the-lantern-keeper/similar/", "no list of Letterboxd"),
        ("film/the-lantern-keeper/lists", "no list of Letterboxd"),
        ("../u/watchlist", "no list of Letterboxd"),
        ("u/list/../x", "no list of Letterboxd"),
        ("u/list/a/genre/horror", "no list of Letterboxd"),
        ("u/list/a/share/AbC1/genre/horror", "no list of Letterboxd"),
        ("u/list/a//detail", "no list of Letterboxd"),
        ("u/watchlist/decade/1990s", "no list of Letterboxd"),
        ("u/watchlist\nx", "no list of Letterboxd"),
        ("u/films/reviews", "no list of Letterboxd"),
        ("u/diary/for/26", "no list of Letterboxd"),
        ("films/popular/decade/1990s", "no list of Letterboxd"),
        ("films/popular/by/rating", "no list of Letterboxd"),
        ("search/watchlist", "no list of Letterboxd"),
        ("lists/likes/films", "no list of Letterboxd"),
        ("https://letterboxd.com/", "no known address"),
        ("https://letterboxd.com/u/", "is the page of a user, who has several lists"),
        ("https://letterboxd.com.example/u/watchlist/", "no known address"),
        ("https://example.com/letterboxd.com/u/watchlist/", "no known address"),
        ("https://www.imdb.com/list/ls990000001", "belongs to IMDb"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=rf"{words}[\s\S]*accepted: user/list/list-name"):
        parse(text)


@pytest.mark.parametrize("place", ["https://letterboxd.com/u/watchlist/", "u/watchlist"])
def test_a_filter_in_the_query_is_refused_and_a_mark_is_not(place: str) -> None:
    with pytest.raises(ValueError, match=r"the address has genre, which may leave titles out"):
        parse(f"{place}?genre=horror")
    assert parse(f"{place}?utm_source=x&limit=5") == parse(place)
