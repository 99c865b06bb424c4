from __future__ import annotations

import json

import pytest

from listsync.config.values import SERVICES as SOURCES
from listsync.parsing.address_forms import (
    ADDRESSES,
    NAMES,
    SERVICES,
    foreign,
    is_address,
    recognise,
)
from tests.contract.providers.site import FIXTURES

KNOWN = json.loads((FIXTURES / "addresses/url-forms.json").read_text())


@pytest.mark.parametrize("case", KNOWN["cases"], ids=lambda case: case["input"])
def test_every_known_input(case: dict[str, object]) -> None:
    form = recognise(f" {case['input']}\n")
    found = (form.provider, form.kind, dict(form.groups)) if form else (None, None, {})
    assert found == (case["provider"], case["kind"], case["groups"])


def test_the_patterns_are_those_of_the_fixture() -> None:
    patterns = [(provider, kind) for provider, kind, _ in (*NAMES, *ADDRESSES)]
    own = {  # more forms, of sites of 2026
        *(("mdblist", "list_by_id"), ("trakt", "discover")),
        ("myanimelist", "user_list"),
        ("imdb", "company"),
        *(("tmdb", "person"), ("tmdb", "discover"), ("tmdb", "trending")),
        *(("plex", "watchlist"), ("plex", "profile"), ("plex", "page")),
    }
    assert set(patterns) == {(p["provider"], p["kind"]) for p in KNOWN["patterns"]} | own
    assert {provider for provider, _ in patterns} == set(SERVICES) - {"seerr"}  # it has none


@pytest.mark.parametrize(
    "text",
    [
        "https://imdb.com.example/list/ls990000001",
        "https://example/?u=https://www.imdb.com/list/ls990000001",
        "https://www.imdb.com@example.com/list/ls990000001",
        "https://user@www.imdb.com/list/ls990000001",
        "ftp://www.imdb.com/list/ls990000001",
        "https://notimdb.com/list/ls990000001",
        "https://www.imdb.com/list/ls990000001\nhttps://example.com",
        "https://mdblist.com.example/lists/a/b",
        "ls\u066099000001",
        "12345",
        "",
    ],
)
def test_a_look_alike_is_nobody(text: str) -> None:
    assert recognise(text) is None


@pytest.mark.parametrize(
    "text", ["HTTPS://WWW.IMDB.COM/list/ls990000001", "https://www.imdb.com/list/ls990000001."]
)
def test_people_write_hosts_as_they_like(text: str) -> None:
    form = recognise(text)
    assert form is not None
    assert (form.service, form.groups) == ("IMDb", {"id": "ls990000001"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://trakt.tv/x", True),
        ("imdb.com/list/ls1", True),
        ("ftp://x", False),
        ("user/name", False),
        ("Dr.No", False),
        ("lists/watchlist.csv", False),
    ],
)
def test_addresses_are_told_from_names(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_an_address_of_another_service_is_said_to_be_one() -> None:
    assert foreign("https://trakt.tv/shows/trending", "mdblist") == (
        "'https://trakt.tv/shows/trending' belongs to Trakt, not to MDBList"
    )
    assert "no known address" in str(foreign("https://example.com/lists/1", "mdblist"))
    assert foreign("user/name", "mdblist") is None
    assert foreign("https://mdblist.com/lists/user/name", "mdblist") is None


@pytest.mark.parametrize(
    ("service", "address", "name"),
    [
        ("trakt", "https://app.trakt.tv/users/u/watchlist?mode=movie", "u/watchlist/movies"),
        ("trakt", "https://app.trakt.tv/discover/trending?mode=show", "trending:shows"),
        (
            "trakt",
            "https://trakt.tv/movies/popular?genres=horror&utm_source=x",
            "movies/popular?genres=horror",
        ),
        (
            "imdb",
            "https://www.imdb.com/list/ls012345678/?sort=alpha&title_type=movie&user_rating=6.0,",
            "search?count=9999&lists=ls012345678&title_type=movie&user_rating=6.0,",
        ),
        ("imdb", "https://www.imdb.com/list/ls012345678/?ref_=x&mode=detail", "ls012345678"),
        ("imdb", "https://www.imdb.com/chart/top/?pf_rd_m=x&ref_=y&sort=rank,asc", "chart/top"),
        (
            "imdb",
            "https://www.imdb.com/search/title/?genres=drama&utm_source=x&pf_rd_p=y&sort=alpha",
            "search?genres=drama&sort=alpha",
        ),
        ("trakt", "https://trakt.tv/users/u/lists/x?si=a&fbclid=b&sort=rank,asc", "u/lists/x"),
        (
            "tmdb",
            "https://www.themoviedb.org/movie/popular?with_genres=27",
            "discover/movie?with_genres=27",
        ),
        (
            "tmdb",
            "https://www.themoviedb.org/movie?with_genres=27&language=de",
            "discover/movie?with_genres=27",
        ),
        (
            "tmdb",
            "https://www.themoviedb.org/keyword/12-x/tv?with_genres=18",
            "discover/tv?with_genres=18&with_keywords=12",
        ),
        ("mdblist", "https://mdblist.com/lists/u/x?sort=rank&page=2", "u/x"),
        (
            "mdblist",
            "https://mdblist.com/lists/u/x?filter_genre=horror&sort=rank",
            "u/x?filter_genre=horror",
        ),
        ("mdblist", "https://mdblist.com/?list=12&filter_genre=war", "12?filter_genre=war"),
        (
            "imdb",
            "https://www.imdb.com/user/ur12345678/watchlist?title_type=tvSeries&sort=alpha",
            "ur12345678/watchlist?title_type=tvSeries",
        ),
        (
            "imdb",
            "https://www.imdb.com/chart/top/?user_rating=8.5,",
            "chart/top?user_rating=8.5,",
        ),
        (
            "imdb",
            "https://www.imdb.com/user/ur12345678/ratings?genres=drama",
            "ur12345678/ratings?genres=drama",
        ),
        ("trakt", "https://trakt.tv/users/u/lists/x?genres=drama", "u/lists/x?genres=drama"),
        (
            "trakt",
            "https://trakt.tv/users/u/lists/x?display=movie&years=1990-1999",
            "u/lists/x?display=movies&years=1990-1999",
        ),
        ("trakt", "https://trakt.tv/lists/123?languages=de,en", "123?languages=de,en"),
        (
            "tmdb",
            "https://www.themoviedb.org/list/12-x?with_genres=27|53&vote_average.gte=7",
            "list/12?vote_average.gte=7&with_genres=27|53",
        ),
        (
            "tmdb",
            "https://www.themoviedb.org/movie/top-rated?year=1999&language=de",
            "movie/top_rated?year=1999",
        ),
        ("trakt", "https://trakt.tv/users/u/watchlist?limit=10", "u/watchlist"),
        (
            "trakt",
            "https://app.trakt.tv/discover/popular?mode=media&genres=drama",
            "discover/popular?genres=drama&mode=media",
        ),
        ("mdblist", "lists/123456", "123456"),
        ("mdblist", "someone/external/15107", "someone/external/15107"),
        ("mdblist", "https://mdblist.com/lists/external/12345", "external/12345"),
        ("mdblist", "official/movies/popular", "official/movies/popular"),
    ],
)
def test_what_an_address_filters_is_part_of_the_list(
    service: str, address: str, name: str
) -> None:
    source = SOURCES[service](address)
    assert str(source) == name
    assert SOURCES[service](name) == source


@pytest.mark.parametrize(
    ("service", "address", "words"),
    [
        ("trakt", "https://trakt.tv/users/u/lists/x?genres=drama&hide=unreleased", "has hide"),
        (
            "trakt",
            "https://trakt.tv/users/u/lists/x?ratings=good",
            "ratings=good .* not understood",
        ),
        ("trakt", "https://trakt.tv/users/u/lists/x?years=new", "years=new .* not understood"),
        ("trakt", "https://trakt.tv/users/me/recommendations?genres=drama", "has genres"),
        ("trakt", "https://trakt.tv/movies/popular?hide=watched", "has hide"),
        ("trakt", "https://trakt.tv/users/u/lists/x?noir=1&utm_source=y", "has noir, which"),
        ("imdb", "https://www.imdb.com/chart/top/?shade=dark", "has shade, which"),
        ("imdb", "https://www.imdb.com/search/title/?genres=drama&shade=1", "shade is not"),
        ("tmdb", "https://www.themoviedb.org/movie?with_genres=27&shade=1", "called shade"),
        ("mdblist", "https://mdblist.com/?list=12&shade=1", "has shade, which"),
        ("imdb", "https://www.imdb.com/user/ur12345678/watchlist?genres=drama", "has genres"),
        ("imdb", "https://www.imdb.com/user/ur12345678/watchlist?title_type=x", "title_type=x"),
        ("imdb", "https://www.imdb.com/user/ur12345678/ratings?count=9&genres=drama", "has count"),
        ("imdb", "https://www.imdb.com/user/ur12345678/ratings?genres=1", "genres=1"),
        ("imdb", "https://www.imdb.com/list/ls012345678/?user_rating=good", "not understood"),
        ("tmdb", "https://www.themoviedb.org/movie/upcoming?with_cast=27", "has with_cast"),
        ("tmdb", "https://www.themoviedb.org/list/1?vote_count.gte=many", "=many .* not underst"),
        ("mdblist", "https://mdblist.com/lists/u/external/1?filter_genre=horror", "filter_genre"),
        ("mdblist", "https://mdblist.com/lists/u/x?offset=10", "has offset"),
    ],
)
def test_a_filter_that_a_service_cannot_apply_is_refused(
    service: str, address: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        SOURCES[service](address)
