from __future__ import annotations

from urllib.parse import unquote

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.errors import ResponseChangedError, UnavailableError
from tests.unit.agent.seerr.playback import Playback, json_reply, message

HOSTILE = [
    "The Matrix",
    "Schindler's List",
    "Airplane!",
    "Face/Off",
    "M*A*S*H",
    "8½",
    "Amélie",
    "千と千尋の神隠し",
    "WALL·E",
    "Mission: Impossible",
    "What's Up, Doc?",
    "Tick, Tick... Boom!",
    "(500) Days of Summer",
    "[REC]",
    "Se7en #1",
    "Love & Mercy",
    "1+1=2",
    "100% Wolf",
    "100%41",
    "$9.99",
    "user@host; a",
    'Good "Morning"',
    "Emoji 🎬 Movie",
    "a\\b^c`d{e|f}~g<h>",
    ".",
    "..",
]
_RESERVED = set(":/?#[]@!$&'()*+,;= \"<>")


def searched(title: str, year: int | None = None, page: int = 1) -> str:
    server = Playback().on("GET /search", json_reply({"page": 1, "results": []}))
    server.seerr().search(title, year=year, page=page)
    return server.targets[0]


@pytest.mark.parametrize("title", HOSTILE)
def test_every_title_arrives_as_it_is(title: str) -> None:
    target = searched(title)
    value = target.removeprefix("GET /api/v1/search?query=").partition("&")[0]
    assert unquote(value, errors="strict") == title
    assert not _RESERVED & set(value)
    assert value.isascii()


@pytest.mark.parametrize(
    ("title", "target"),
    [
        ("Schindler's List", "query=Schindler%27s%20List&language=en"),
        ("Face/Off", "query=Face%2FOff&language=en"),
        ("100%41", "query=100%2541&language=en"),
    ],
)
def test_the_bytes_on_the_wire_are_ours(title: str, target: str) -> None:
    assert searched(title) == f"GET /api/v1/search?{target}"


def test_the_year_is_asked_for_in_the_servers_way() -> None:
    assert "query=Dune%20year%3A1984&" in searched("Dune", 1984)


def test_an_odd_year_is_left_out() -> None:
    assert "query=Dune&" in searched("Dune", 84)


def test_a_later_page_is_asked_for() -> None:
    assert searched("Dune", page=3).endswith("&page=3")


@pytest.mark.parametrize(
    ("title", "query"),
    [
        pytest.param("tmdb:550", "tmdb 550", id="tmdb"),
        pytest.param("My IMDB:tt0133093 notes", "My IMDB tt0133093 notes", id="imdb"),
        pytest.param("xtvdb:81189", "xtvdb 81189", id="inside-a-word"),
        pytest.param("New year:2020", "New year 2020", id="year"),
        pytest.param("Year: One", "Year: One", id="harmless"),
        pytest.param("line\nbreak\x00and\x1bmore", "line breakandmore", id="control"),
        pytest.param("lone \ud800 surrogate", "lone surrogate", id="surrogate"),
        pytest.param("x" * 999, "x" * 200, id="long"),
    ],
)
def test_a_title_cannot_steer_the_search(title: str, query: str) -> None:
    value = searched(title).partition("query=")[2].partition("&")[0]
    assert unquote(value).replace("  ", " ") == query


@pytest.mark.parametrize("title", ["", "   ", "\x00\n"])
def test_nothing_to_search_for_costs_no_call(title: str) -> None:
    server = Playback()
    assert server.seerr().search(title).candidates == ()
    assert server.asked == []


FILM = {
    "id": 841,
    "mediaType": "movie",
    "title": "Dune",
    "originalTitle": "Dune",
    "releaseDate": "1984-12-14",
    "popularity": 12.5,
    "overview": "not read",
}
SERIES = {
    "id": 1396,
    "mediaType": "tv",
    "name": "Breaking\u0007 Bad",
    "originalName": None,
    "firstAirDate": "",
}


def page_of(*results: object, **more: object) -> Playback:
    body = {"page": 1, "totalPages": 3, "totalResults": 41, "results": list(results), **more}
    return Playback().on("GET /search", json_reply(body))


def test_films_and_series_become_candidates() -> None:
    page = page_of(FILM, SERIES).seerr().search("x")
    film, series = page.candidates
    assert (film.key, film.year) == (TitleKey(MediaType.MOVIE, 841), 1984)
    assert film.popularity == 12.5
    assert (series.title, series.original_title) == ("Breaking Bad", "Breaking Bad")
    assert (series.key.kind, series.year) == (MediaType.TV, None)
    assert (page.page, page.pages) == (1, 3)


def test_persons_and_collections_are_counted_and_the_unknown_ignored() -> None:
    others = [{"id": 1, "mediaType": kind} for kind in ("person", "collection", "album")]
    page = page_of(*others, {"id": 2}).seerr().find_by_imdb("nm0000206")
    assert (page.candidates, page.others) == ((), 2)


def test_an_odd_row_does_not_cost_the_page() -> None:
    page = page_of({**FILM, "id": "?"}, {**FILM, "title": None}, FILM).seerr().search("x")
    assert [candidate.key.tmdb_id for candidate in page.candidates] == [841]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"page": 1}, id="no-results"),
        pytest.param({"results": "none"}, id="results-are-text"),
        pytest.param([], id="a-list"),
        pytest.param({"results": [{"mediaType": "tv", "id": 1, "renamed": "x"}]}, id="all-odd"),
    ],
)
def test_another_shape_is_said_to_be_one(body: object) -> None:
    server = Playback().on("GET /search", json_reply(body))
    with pytest.raises(ResponseChangedError, match=r"seerr\.test:5055"):
        server.seerr().search("x")


@pytest.mark.parametrize(
    ("imdb_id", "value"), [("TT1160419", "imdb%3Att1160419"), ("nm0000206", "imdb%3Anm0000206")]
)
def test_imdb_ids_are_looked_up(imdb_id: str, value: str) -> None:
    server = page_of(FILM)
    server.seerr().find_by_imdb(imdb_id)
    assert server.targets == [f"GET /api/v1/search?query={value}&language=en"]


@pytest.mark.parametrize("imdb_id", ["", "tt", "1160419", "tt12 or", "tt१२"])
def test_what_is_no_imdb_id_is_not_searched_as_a_title(imdb_id: str) -> None:
    server = page_of(FILM)
    assert server.seerr().find_by_imdb(imdb_id).candidates == ()
    assert server.asked == []


def test_numbers_are_looked_up() -> None:
    server = page_of(FILM, SERIES)
    assert len(server.seerr().find_by_tmdb(1396).candidates) == 2
    server.seerr().find_by_tvdb(81189)
    assert [target.partition("query=")[2] for target in server.targets] == [
        "tmdb%3A1396&language=en",
        "tvdb%3A81189&language=en",
    ]


def test_an_outage_of_tmdb_is_no_empty_answer() -> None:
    server = Playback().on("GET /search", message(500, "Unable to retrieve search results."))
    with pytest.raises(UnavailableError, match=r"answered 500: Unable to retrieve search"):
        server.seerr().find_by_imdb("tt1160419")
    assert len(server.asked) == 3
