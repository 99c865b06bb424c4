"""What the address of a list leaves out, by what the rows of it say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import pytest

from listsync.config.values import SERVICES
from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched
from listsync.errors import ResponseChangedError
from listsync.parsing.address_filters import (
    NO_ROW_FILTERS,
    RowTest,
    least,
    limit_in,
    most,
    not_words,
    numbers,
    since,
    until,
    words,
    years,
)
from listsync.ports.lists import ListProvider
from listsync.providers.imdb.reader import Imdb
from listsync.providers.imdb.source import ImdbOptions
from listsync.providers.imdb.source import parse as parse_imdb
from listsync.providers.tmdb.reader import Tmdb
from listsync.providers.tmdb.source import TmdbOptions
from listsync.providers.tmdb.source import parse as parse_tmdb
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import TraktOptions
from listsync.providers.trakt.source import parse as parse_trakt
from tests.contract.providers.site import Site, answer, client

KEY = SecretStr("not-a-real-key-0123456789")


@pytest.mark.parametrize(
    ("test", "passes", "fails"),
    [
        (numbers("6.5,"), (6.5, 10, "7"), (6.4, None, "high", True)),
        (numbers(",9"), (9, 0), (9.1,)),
        (numbers("6,9"), (6, 9), (5, 10)),
        (numbers("7"), (7, "7.0"), (6, 8)),
        (years("1990-1999"), (1990, "1999"), (1989, None)),
        (years("1990,"), (2026,), (1989,)),
        (words("a,B"), ("b", ["x", "A"]), ("c", [], None)),
        (words("!a"), ("b", None), (["b", "a"],)),
        (words("1,2", all_of=True), ([2, 1],), ([1],)),
        (words("1|2,3", all_of=True), ([2, 3],), ([1, 2],)),
        (words("Film", called={"film": "movie"}), ("Movie",), ("film",)),
        (not_words("1,2"), ([3], []), ([3, 2],)),
        (least("7"), (7,), (6.9, None)),
        (most("100"), (99,), (101,)),
        (since("1999"), ("1999-01-01",), ("1998-12-31", "", None)),
        (until("1999-03"), ("1999-03-31",), ("1999-04-01",)),
    ],
)
def test_a_row_passes_by_what_it_says(
    test: RowTest | None, passes: tuple[object, ...], fails: tuple[object, ...]
) -> None:
    assert test is not None
    assert [one for one in (*passes, *fails) if test.is_passed(one)] == [*passes]


@pytest.mark.parametrize(
    "test",
    [
        *(numbers(","), numbers("a"), numbers("1,b"), numbers("-"), years("1990-05-01")),
        *(years("new"), years(""), least("many"), most(""), since("soon"), until("1999-1")),
        words("x", called={"a": "b"}),
    ],
)
def test_what_is_not_understood_is_no_filter(test: RowTest | None) -> None:
    assert test is None


@pytest.mark.parametrize(
    ("address", "limit"),
    [
        ("https://trakt.tv/users/u/watchlist?sort=rank&limit=10", 10),
        ("movies/popular?limit=5#x", 5),
        ("https://trakt.tv/users/limit/watchlist", None),
        ("https://trakt.tv/users/u/watchlist", None),
    ],
)
def test_a_limit_is_read_off_an_address(address: str, limit: int | None) -> None:
    assert limit_in(address) == limit


@pytest.mark.parametrize("said", ["0", "-1", "ten", "", "99999999999", "\u0661"])
def test_a_limit_is_a_number_from_1(said: str) -> None:
    with pytest.raises(ValueError, match="expected a number from 1"):
        limit_in(f"https://trakt.tv/users/u/watchlist?limit={said}")


def titled(
    name: str, number: int, year: int | None, kind: str, rating: object
) -> dict[str, object]:
    return {
        "id": f"tt{number:07}",
        "titleText": {"text": name},
        "originalTitleText": None,
        "titleType": {"id": kind},
        "releaseYear": year and {"year": year},
        "ratingsSummary": {"aggregateRating": rating, "voteCount": 1000},
    }


TITLES = [
    titled("Film", 1, 1999, "movie", 8.7),
    titled("Series", 2, 2008, "tvSeries", 9.5),
    titled("Short series", 3, 2019, "tvMiniSeries", None),
]


def imdb(value: str, rows: Sequence[object]) -> tuple[ListProvider, Site]:
    page = {"hasNextPage": False, "endCursor": None}
    found = {"total": len(rows), "pageInfo": page, "edges": [{"title": one} for one in rows]}
    data = {"data": {"predefinedList": {"titleListItemSearch": found}}}
    site = Site.of({"/": answer(json.dumps(data).encode())})
    return Imdb(parse_imdb(value), ImdbOptions(), client(ImdbOptions(), site)), site


def names(fetched: Fetched) -> list[str | None]:
    return [entry.title for entry in fetched.entries]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("title_type=tvSeries", ["Series"]),
        ("title_type=tv_series,tv_miniseries", ["Series", "Short series"]),
        ("title_type=!feature", ["Series", "Short series"]),
        ("user_rating=8.0,9.0", ["Film"]),
        ("num_votes=1000,&release_date=2000,2010", ["Series"]),
    ],
)
def test_a_watchlist_of_imdb_is_held_to_its_address(query: str, left: list[str]) -> None:
    provider, site = imdb(f"https://www.imdb.com/user/ur99000001/watchlist?{query}", TITLES)
    fetched = provider.fetch(None)
    assert names(fetched) == left
    assert (fetched.read, fetched.outcome, fetched.is_sure) == (3, "complete", True)
    assert all(
        row.why.startswith("left out by ") and row.why.endswith(" in the address")
        for row in fetched.skipped
    )
    is_rated = "user_rating" in query or "num_votes" in query
    assert (b"ratingsSummary" in site.seen[0].content) is is_rated


def test_ratings_at_imdb_are_searched_with_the_filters_of_their_address() -> None:
    page = {"hasNextPage": False, "endCursor": None}
    found = {"total": 1, "pageInfo": page, "edges": [{"node": {"title": TITLES[0]}}]}
    site = Site.of({"/": answer(json.dumps({"data": {"advancedTitleSearch": found}}).encode())})
    value = "https://www.imdb.com/user/ur99000001/ratings?genres=drama&title_type=feature"
    Imdb(parse_imdb(value), ImdbOptions(), client(ImdbOptions(), site)).fetch(None)
    asked = json.loads(site.seen[0].content)["variables"]["constraints"]
    assert asked["genreConstraint"] == {"allGenreIds": ["Drama"]}
    assert asked["titleTypeConstraint"] == {"anyTitleTypeIds": ["movie"]}
    assert asked["singleUserRatingConstraint"]["userId"] == "ur99000001"


def test_rows_that_do_not_say_what_is_asked_for_are_no_list_without_it() -> None:
    row = {key: one for key, one in TITLES[0].items() if key != "ratingsSummary"}
    provider, _ = imdb("ur99000001/watchlist?user_rating=5,", [row])
    with pytest.raises(ResponseChangedError, match="do not say what user_rating"):
        provider.fetch(None)


def tmdb(value: str, rows: list[object]) -> Fetched:
    body = {"page": 1, "total_pages": 1, "total_results": len(rows), "results": rows}
    options = TmdbOptions(token=KEY)
    path = f"/4/{value.partition('?')[0]}"
    site = Site.of({path: answer(json.dumps(body).encode())})
    return Tmdb(parse_tmdb(value), options, client(options, site)).fetch(None)


ROWS = [
    {
        "id": number,
        "media_type": "movie",
        "title": name,
        "release_date": date,
        "genre_ids": genres,
        "original_language": language,
        "vote_average": rating,
        "vote_count": 100 * number,
    }
    for number, name, date, genres, language, rating in (
        (1, "Horror", "1999-05-01", [27, 53], "en", 6.0),
        (2, "Thriller", "2001-01-01", [53], "de", 8.0),
        (3, "Unknown", "", [], "en", 0),
    )
]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("with_genres=27", ["Horror"]),
        ("with_genres=27,53", ["Horror"]),
        ("with_genres=27|53", ["Horror", "Thriller"]),
        ("without_genres=27", ["Thriller", "Unknown"]),
        ("vote_average.gte=7&with_original_language=de", ["Thriller"]),
        ("vote_count.lte=200", ["Horror", "Thriller"]),
        ("primary_release_date.gte=2000-01-01", ["Thriller"]),
        ("year=1999", ["Horror"]),
    ],
)
def test_a_list_of_tmdb_is_held_to_its_address(query: str, left: list[str]) -> None:
    assert names(tmdb(f"list/12?{query}", [*ROWS])) == left


def trakt(value: str, rows: list[object]) -> tuple[Fetched, Site]:
    response = answer(
        json.dumps(rows).encode(),
        x_pagination_page="1",
        x_pagination_limit="250",
        x_pagination_page_count="1",
        x_pagination_item_count=str(len(rows)),
    )
    site = Site.of({"/users/u/watchlist": response, "/users/u/watchlist/movies": response})
    options = TraktOptions(client_id=KEY)
    return Trakt(parse_trakt(value), options, client(options, site)).fetch(None), site


OF_TRAKT = [
    {
        "type": kind,
        kind: {
            "title": name,
            "year": year,
            "ids": {"tmdb": year},
            "genres": genres,
            "language": "en",
            "country": country,
            "rating": rating,
            "votes": int(rating * 1000),
            "runtime": int(rating * 10),
            "certification": "R" if kind == "movie" else None,
        },
    }
    for kind, name, year, genres, country, rating in (
        ("movie", "Horror", 1999, ["horror", "science-fiction"], "us", 6.94),
        ("show", "Drama", 2008, ["drama"], "gb", 8),
    )
]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("genres=drama,horror", ["Horror", "Drama"]),
        ("genres=science-fiction&mode=media", ["Horror"]),
        ("years=2000-2010", ["Drama"]),
        ("countries=gb&languages=en", ["Drama"]),
        ("ratings=70-100", ["Drama"]),
        ("ratings=-70", ["Horror"]),
        ("votes=7000-", ["Drama"]),
        ("runtimes=60-75", ["Horror"]),
        ("certifications=pg-13,r", ["Horror"]),
    ],
)
def test_a_watchlist_of_trakt_is_held_to_its_address(query: str, left: list[str]) -> None:
    fetched, site = trakt(f"https://app.trakt.tv/users/u/watchlist?{query}", [*OF_TRAKT])
    assert names(fetched) == left
    assert site.seen[0].url.params["extended"] == "full"


@pytest.mark.parametrize(
    ("service", "address", "words"),
    [
        pytest.param(
            "imdb",
            "https://www.imdb.com/user/ur12345678/watchlist?genres=drama&runtime=60,90",
            "IMDb does not do for programs: leave that out; give the list `genres` here, and "
            "nothing here does what runtime does",
            id="some",
        ),
        pytest.param(
            "trakt",
            "https://trakt.tv/users/u/watchlist?hide=watched",
            "leave that out; nothing here does what hide does (what the server has is not",
            id="none",
        ),
        pytest.param(
            "mdblist",
            "https://mdblist.com/lists/u/external/1?filter_genre=horror",
            "MDBList does for lists of its users alone: leave that out; give the list `genres`",
            id="elsewhere",
        ),
        pytest.param(
            "mdblist",
            "https://mdblist.com/lists/official/movies/x?provider=8",
            "MDBList does for its streaming charts alone: leave that out; nothing here does",
            id="charts",
        ),
        pytest.param(
            "letterboxd",
            "https://letterboxd.com/anna/watchlist/genre/horror/by/name/",
            "a part of one: leave genre/horror out; give the list `genres` here; accepted: ",
            id="path",
        ),
        pytest.param(
            "letterboxd",
            "anna/watchlist/on/netflix",
            "a part of one: leave on/netflix out; nothing here does what on does; accepted: ",
            id="short path",
        ),
    ],
)
def test_a_filter_that_is_refused_is_told_with_what_to_do_instead(
    service: str, address: str, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        SERVICES[service](address)


def test_without_a_filter_no_more_is_asked_of_trakt_than_before() -> None:
    fetched, site = trakt("https://trakt.tv/users/u/watchlist?limit=1", [*OF_TRAKT])
    assert names(fetched) == ["Horror", "Drama"]  # its `limit` is that of the list
    assert "extended" not in site.seen[0].url.params


def test_a_chart_of_films_and_series_is_read_from_both() -> None:
    source = parse_trakt("https://app.trakt.tv/discover/trending?mode=media")
    assert [part.path for part in source.parts] == ["movies/trending", "shows/trending"]


def test_a_row_is_asked_nothing_where_there_is_no_filter() -> None:
    def say() -> dict[str, object]:
        raise AssertionError("asked")

    assert NO_ROW_FILTERS.objection("trakt", say) is None
