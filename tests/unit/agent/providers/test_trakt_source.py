from __future__ import annotations

import json

import pytest

from listsync.providers.trakt.source import Login, TraktSource, parse
from tests.contract.providers.site import FIXTURES

FORMS = json.loads((FIXTURES / "addresses" / "url-forms.json").read_text())["cases"]


@pytest.mark.parametrize(
    ("text", "name", "paths"),
    [
        ("trending:movies", "trending:movies", ["movies/trending"]),
        (" popular:shows ", "popular:shows", ["shows/popular"]),
        ("anticipated:movies", "anticipated:movies", ["movies/anticipated"]),
        ("hot:shows", "hot:shows", ["shows/hot"]),
        ("boxoffice:movies", "boxoffice:movies", ["movies/boxoffice"]),
        ("watched:shows:weekly", "watched:shows:weekly", ["shows/watched/weekly"]),
        ("watched:shows", "watched:shows:weekly", ["shows/watched/weekly"]),
        ("played:movies:yearly", "played:movies:yearly", ["movies/played/yearly"]),
        ("collected:movies:all", "collected:movies:all", ["movies/collected/all"]),
        ("favorited:movies:daily", "favorited:movies:daily", ["movies/favorited/daily"]),
        ("streaming:movies:monthly", "streaming:movies:monthly", ["movies/streaming/monthly"]),
        ("99000001", "99000001", ["lists/99000001/items"]),
        ("official/Saga", "official/saga", ["lists/saga/items"]),
        (
            "Some-User/lists/My-List",
            "some-user/lists/my-list",
            ["users/some-user/lists/my-list/items"],
        ),
        ("me/lists/mine", "me/lists/mine", ["users/me/lists/mine/items"]),
        ("me/watchlist", "me/watchlist", ["users/me/watchlist"]),
        ("bob/watchlist/shows", "bob/watchlist/shows", ["users/bob/watchlist/shows"]),
        ("bob/favorites", "bob/favorites", ["users/bob/favorites/media"]),
        ("bob/favorites/movies", "bob/favorites/movies", ["users/bob/favorites/movies"]),
        (
            "me/collection",
            "me/collection",
            ["users/me/collection/movies", "users/me/collection/shows"],
        ),
        ("me/watched", "me/watched", ["users/me/watched/movies", "users/me/watched/shows"]),
        ("bob/ratings/movies", "bob/ratings/movies", ["users/bob/ratings/movies"]),
        ("me/recommendations/movies", "me/recommendations/movies", ["recommendations/movies"]),
        (
            "https://trakt.tv/movies/recommended/weekly",
            "favorited:movies:weekly",
            ["movies/favorited/weekly"],
        ),
        ("https://app.trakt.tv/shows/hot", "hot:shows", ["shows/hot"]),
        (
            "https://trakt.tv/users/bob/watchlist?display=movie",
            "bob/watchlist/movies",
            ["users/bob/watchlist/movies"],
        ),
        ("https://trakt.tv/lists/5?display=show", "5?display=shows", ["lists/5/items"]),
        (
            "api.trakt.tv/users/bob/lists/x/items?page=2",
            "bob/lists/x",
            ["users/bob/lists/x/items"],
        ),
    ],
)
def test_accepted_forms(text: str, name: str, paths: list[str]) -> None:
    source = parse(text)
    assert str(source) == name
    assert [part.path for part in source.parts] == paths


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (
            "https://trakt.tv/users/sample_user/lists/synthetic-list?sort=rank,asc",
            "sample_user/lists/synthetic-list",
        ),
        (
            "https://app.trakt.tv/users/sample_user/lists/synthetic-list",
            "sample_user/lists/synthetic-list",
        ),
        ("https://trakt.tv/users/sample_user/lists/99000001", "sample_user/lists/99000001"),
        ("https://trakt.tv/lists/99000001", "99000001"),
        (
            "https://trakt.tv/lists/official/synthetic-saga-collection",
            "official/synthetic-saga-collection",
        ),
        (
            "https://trakt.tv/users/sample_user/watchlist?display=movie",
            "sample_user/watchlist/movies",
        ),
        (
            "https://trakt.tv/users/sample.user-1/collection/movies/added",
            "sample-user-1/collection/movies",
        ),
        ("https://api.trakt.tv/lists/99000001/items/movies", "99000001?display=movies"),
        ("https://trakt.tv/lists/99000001/items/show/rank/asc", "99000001?display=shows"),
        ("https://api.trakt.tv/users/u/lists/x/items/movie", "u/lists/x?display=movies"),
        ("https://api.trakt.tv/users/u/lists/x/items/movie,show/added", "u/lists/x"),
        ("https://trakt.tv/users/u/lists/x.rss?sort=rank", "u/lists/x"),
        ("https://api.trakt.tv/users/u/watchlist/show/rank", "u/watchlist/shows"),
        ("https://trakt.tv/movies/watched/weekly", "watched:movies:weekly"),
        ("https://trakt.tv/shows/trending", "trending:shows"),
        ("trending:movies", "trending:movies"),
    ],
)
def test_every_address_form_of_the_service(address: str, name: str) -> None:
    assert parse(address).name == name


def test_no_address_form_is_forgotten() -> None:
    for case in FORMS:
        if case["provider"] == "trakt":
            assert parse(case["input"]).parts


@pytest.mark.parametrize(
    "text",
    [
        "trending:movies",
        "watched:shows:weekly",
        "99000001",
        "official/saga",
        "bob/lists/x",
        "me/watchlist",
        "me/recommendations",
        "bob/collection/shows",
    ],
)
def test_the_name_of_a_list_means_that_list(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of Trakt"),
        ("trending", "no list of Trakt"),
        ("trending:films", "no list of Trakt"),
        ("trending:movies:weekly", "no list of Trakt"),
        ("https://trakt.tv/movies/trending/weekly", "no list of Trakt"),
        ("https://trakt.tv/users/u/lists/liked", "is a page that shows lists"),
        ("https://trakt.tv/users/u/lists/collaborations?page=2", "is a page that shows lists"),
        ("https://trakt.tv/users/u/lists", "is a page that shows lists"),
        ("boxoffice:shows", "no list of Trakt"),
        ("https://trakt.tv/shows/boxoffice", "no list of Trakt"),
        ("streaming:movies:all", "no list of Trakt"),
        ("watched:movies:hourly", "no list of Trakt"),
        ("bob/recommendations", "no list of Trakt"),
        ("bob/wishlist", "no list of Trakt"),
        ("../watchlist", "no list of Trakt"),
        ("bob/lists/..", "no list of Trakt"),
        ("bob/lists/a/b", "no list of Trakt"),
        ("https://trakt.tv/users/../lists/x", "no list of Trakt"),
        ("https://trakt.tv/users/bob/lists/%2e%2e", "no list of Trakt"),
        ("https://trakt.tv/lists/official/%2e%2e", "no list of Trakt"),
        ("https://trakt.tv/movies/alien-1979", "is one title, not a list"),
        ("https://trakt.tv.example/lists/5", "no known address"),
        ("https://www.imdb.com/list/ls990000001", "belongs to IMDb"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*accepted: trending:movies"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("trending:movies", Login.NEVER),
        ("bob/watchlist", Login.IF_THERE),
        ("5", Login.IF_THERE),
        ("me/lists/x", Login.ALWAYS),
        ("me/recommendations", Login.ALWAYS),
    ],
)
def test_a_login_is_used_where_it_can_help(text: str, login: Login) -> None:
    source: TraktSource = parse(text)
    assert source.login is login


@pytest.mark.parametrize(
    "place",
    ["users/u/watchlist/seasons", "users/u/watchlist/episodes", "lists/5/items/movie,season"],
)
def test_a_part_that_cannot_be_read_by_itself_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match=r"(seasons|episodes|movie,season) of a list are not"):
        parse(f"https://trakt.tv/{place}")
