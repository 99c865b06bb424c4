"""GET /search: encoding, order, special patterns, outages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.sandbox.conftest import BREAKING_BAD, COPPER_LEDGER, DUNE, Server

REFUSED = "Parameter 'query' must be url encoded. Its value may not contain reserved characters."


def found(server: Server, query: str, rest: str = "") -> list[tuple[str, int]]:
    results = server.search(query, rest)["results"]
    return [(result["mediaType"], result["id"]) for result in results]


@pytest.mark.parametrize("character", list(":/[]@!$&'()*+,;"))
def test_a_reserved_character_must_be_encoded(each: Server, character: str) -> None:
    if character == "&":
        assert each.get("/search?query=a&b").status_code == 400
        return
    answer = each.get(f"/search?query=a{character}b")
    assert (answer.status_code, answer.json()["message"]) == (400, REFUSED)
    encoded = quote(character, safe="")
    assert each.get(f"/search?query=a{encoded}b").status_code == 200


@pytest.mark.parametrize("raw", ["dune%3F?x", "dune=x"], ids=["?", "="])
def test_some_raw_characters_slip_through_and_break_the_value(server: Server, raw: str) -> None:
    assert server.get(f"/search?query={raw}").status_code == 200


TITLES = ["The Matrix", "Schindler's List", "Airplane!", "Face/Off", "M*A*S*H"]


@pytest.mark.parametrize(
    ("title", "status"), list(zip(TITLES, [400, 400, 200, 200, 200], strict=True)), ids=TITLES
)
def test_parameters_as_httpx_encodes_them(each: Server, title: str, status: int) -> None:
    headers = {"X-Api-Key": each.process.api_key}
    answer = each.http.get("/search", params={"query": title}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize("title", TITLES)
def test_a_title_that_is_fully_quoted_is_found(each: Server, title: str) -> None:
    names = [result.get("title") for result in each.search(title)["results"]]
    assert title in names


@pytest.mark.parametrize("sign", ["%20", "+"], ids=["percent-20", "plus"])
def test_only_percent_20_is_a_space(server: Server, sign: str) -> None:
    status = server.get(f"/search?query=the{sign}matrix").status_code
    assert status == (200 if sign == "%20" else 400)


def test_results_have_twenty_a_page_and_go_on(server: Server) -> None:
    first, second = server.search("the"), server.search("the", "&page=2")
    assert len(first["results"]) == len(second["results"]) == 20
    assert first["totalPages"] == -(-first["totalResults"] // 20)
    shown = [(one["mediaType"], one["id"]) for one in first["results"] + second["results"]]
    assert len(set(shown)) == 40


def test_the_popular_one_comes_first_even_when_it_is_the_wrong_one(each: Server) -> None:
    assert [key for key in found(each, "dune") if key[0] == "movie"][:2] == [
        ("movie", DUNE),
        ("movie", 841),
    ]


@pytest.mark.parametrize("page", [0, -1, 999])
def test_a_page_that_does_not_exist_is_empty(server: Server, page: int) -> None:
    shown = server.search("the", f"&page={page}")
    assert (shown["results"], shown["page"]) == ([], page)
    assert shown["totalResults"] > 0


def test_a_page_that_is_no_number_is_refused(server: Server) -> None:
    assert server.get("/search?query=the&page=two").status_code == 400


@pytest.mark.parametrize(
    ("query", "kind", "fields"),
    [
        pytest.param("Dune", "movie", {"title", "originalTitle", "releaseDate"}, id="movie"),
        pytest.param(
            "Breaking Bad",
            "tv",
            {"name", "originalName", "firstAirDate", "originCountry"},
            id="tv",
        ),
        pytest.param("Tom Hanks", "person", {"name", "knownFor"}, id="person"),
        pytest.param("Dune", "collection", {"title"}, id="collection"),
    ],
)
def test_each_kind_of_result_has_its_fields(
    seerr: Server, query: str, kind: str, fields: set[str]
) -> None:
    results = seerr.search(query)["results"]
    result = next(one for one in results if one["mediaType"] == kind)
    assert fields <= set(result)
    assert not {"imdbId", "tvdbId", "year"} & set(result)
    if kind in ("movie", "tv"):
        common = {"id", "originalLanguage", "popularity", "voteCount", "genreIds", "posterPath"}
        assert common <= set(result)


def test_film_series_are_results_in_seerr_alone(overseerr: Server, seerr: Server) -> None:
    assert ("collection", 726871) in found(seerr, "dune")
    assert ("collection", 726871) not in found(overseerr, "dune")


def test_an_undated_title_has_an_empty_or_no_date(server: Server) -> None:
    result = server.search("The Undated Film")["results"][0]
    assert not result.get("releaseDate")


def test_the_language_decides_which_title_is_shown(server: Server) -> None:
    def title(rest: str) -> Any:
        return server.search("amelie", rest)["results"][0]["title"]

    assert title("") == title("&language=en") == "Amélie"
    assert title("&language=fr") != "Amélie"
    server.admin("settings", {"locale": "fr"})
    assert title("") != "Amélie"
    assert title("&language=en") == "Amélie"


def test_media_info_in_results_has_no_requests(each: Server) -> None:
    each.series()
    info = each.search("breaking bad")["results"][0]["mediaInfo"]
    assert info["tmdbId"] == BREAKING_BAD
    assert "requests" not in info


def test_media_info_in_results_has_seasons_in_overseerr_alone(
    overseerr: Server, forked: Server
) -> None:
    for server, has_seasons in ((overseerr, True), (forked, False)):
        server.shelve("tv", BREAKING_BAD, status=5)
        info = server.search("breaking bad")["results"][0]["mediaInfo"]
        assert ("seasons" in info) is has_seasons


@pytest.mark.parametrize(
    ("query", "results"),
    [
        pytest.param("tmdb:438631", [("movie", DUNE)], id="tmdb"),
        pytest.param("tmdb:1396", [("movie", 1396), ("tv", 1396)], id="tmdb-collision"),
        pytest.param("tmdb:31", [("person", 31)], id="tmdb-person"),
        pytest.param("tmdb:999999999", [], id="tmdb-unknown"),
        pytest.param("imdb:tt1160419", [("movie", DUNE)], id="imdb-film"),
        pytest.param("imdb:tt0903747", [("tv", BREAKING_BAD)], id="imdb-series"),
        pytest.param("imdb:nm0000158", [("person", 31)], id="imdb-person"),
        pytest.param("imdb:tt0959621", [], id="imdb-episode"),
        pytest.param("imdb:tt0000000", [], id="imdb-unknown"),
        pytest.param(
            "tvdb:81189", [("tv", BREAKING_BAD), ("tv", COPPER_LEDGER)], id="tvdb-two-series"
        ),
        pytest.param("dune year:1984", [("movie", 841)], id="year"),
        pytest.param("fargo year:2014", [("tv", 60622)], id="year-series"),
        pytest.param("dune year:1985", [], id="year-next-to-it"),
        pytest.param("year:1984", [], id="year-alone"),
        pytest.param("IMDB:TT1160419", [("movie", DUNE)], id="case-does-not-matter"),
        pytest.param("look at imdb:tt1160419!", [("movie", DUNE)], id="anywhere-in-the-query"),
        pytest.param("tmdb:841 imdb:tt1160419", [("movie", 841)], id="first-pattern-wins"),
        pytest.param("tt1160419", [], id="bare-id-is-a-title"),
        pytest.param("dune 1984", [], id="bare-year-is-a-word"),
    ],
)
def test_special_patterns(each: Server, query: str, results: list[tuple[str, int]]) -> None:
    assert found(each, query) == results


def test_an_answer_to_an_id_tells_the_status_too(each: Server) -> None:
    each.shelve("movie", DUNE, status=5)
    assert each.search("imdb:tt1160419")["results"][0]["mediaInfo"]["status"] == 5


def test_a_year_gives_films_then_series_and_ignores_page_and_language(server: Server) -> None:
    both = found(server, "sandbox film year:1951")
    assert both == found(server, "sandbox film year:1951", "&page=2&language=fr")
    title = {"media_type": "tv", "tmdb_id": 77, "title": "Dune", "popularity": 5000}
    server.admin("titles", {**title, "date": "1984-01-01"})
    assert found(server, "dune")[0] == ("tv", 77)
    assert found(server, "dune year:1984") == [("movie", 841), ("tv", 77)]
    spoken = server.search("amelie year:2001", "&language=fr")
    assert spoken["results"][0]["title"] == "Amélie"
    page = server.search("dune year:2021")
    assert (page["page"], page["totalPages"]) == (1, 1)


def test_a_year_gives_at_most_twenty_of_each_kind(server: Server) -> None:
    for number in range(25):
        title = {"tmdb_id": 7_000_000 + number, "title": f"Quux {number}", "date": "1990-01-01"}
        for kind in ("movie", "tv"):
            server.admin("titles", {**title, "media_type": kind})
    kinds = [kind for kind, _ in found(server, "quux year:1990")]
    assert kinds == ["movie"] * 20 + ["tv"] * 20
    assert server.search("quux")["totalResults"] == 50


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("dune", 200, id="title"),
        pytest.param("tmdb:841", 200, id="tmdb"),
        pytest.param("dune year:1984", 200, id="year"),
        pytest.param("imdb:tt1160419", 500, id="imdb"),
        pytest.param("tvdb:81189", 500, id="tvdb"),
    ],
)
def test_when_tmdb_is_down_only_two_patterns_say_so(each: Server, query: str, status: int) -> None:
    each.admin("faults", {"kind": "tmdb_down", "path": "/search"})
    answer = each.get(f"/search?query={quote(query, safe='')}")
    assert answer.status_code == status
    if status == 200:
        assert (answer.json()["results"], answer.json()["totalResults"]) == ([], 0)
    assert found(each, query)


@pytest.mark.parametrize(
    ("query", "result"),
    [
        pytest.param("shogun", ("tv", 126308), id="diacritics"),
        pytest.param("AMELIE", ("movie", 194), id="case"),
        pytest.param("WALL-E", ("movie", 10681), id="symbol"),
        pytest.param("walle", ("movie", 10681), id="without-spaces"),
        pytest.param("mr and mrs smith", ("movie", 787), id="ampersand"),
        pytest.param("the godfather part 2", ("movie", 240), id="numeral"),
        pytest.param("the godfather part ii", ("movie", 240), id="roman-numeral"),
        pytest.param("schindlers list", ("movie", 424), id="apostrophe"),
        pytest.param("breaking ba", ("tv", BREAKING_BAD), id="last-word-begun"),
        pytest.param("le cinquieme element", ("movie", 18), id="original-title"),
    ],
)
def test_titles_are_found_however_they_are_written(
    server: Server, query: str, result: tuple[str, int]
) -> None:
    assert result in found(server, query)


@pytest.mark.parametrize(
    "query", ["breaking worse", "break bad", "breakng bad", "the matrix 9", "dune part nine"]
)
def test_nothing_is_guessed(server: Server, query: str) -> None:
    assert found(server, query) == []


def test_persons_stand_among_the_titles(server: Server) -> None:
    assert ("person", 9900101) in found(server, "dune")


def test_searches_are_counted_by_pattern(server: Server) -> None:
    for query in ("dune", "imdb:tt1160419", "tvdb:81189", "tmdb:841", "dune year:1984", "fargo"):
        server.search(query)
    counted = {"title": 2, "imdb": 1, "tvdb": 1, "tmdb": 1, "year": 1}
    assert server.admin("log")["searches"] == counted
