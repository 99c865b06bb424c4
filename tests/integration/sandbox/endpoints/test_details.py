"""GET /movie/{id}, /tv/{id}, seasons, film series."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.conftest import (
    BREAKING_BAD,
    DUNE,
    FAMILY,
    SPECIALS_ONLY,
    Server,
    numbers,
    words,
)


def test_a_film_has_its_ids(each: Server) -> None:
    film = each.read(f"/movie/{DUNE}?language=en")
    assert film["imdbId"] == film["externalIds"]["imdbId"] == "tt1160419"
    assert (film["title"], film["releaseDate"]) == ("Dune", "2021-09-15")
    assert {"runtime", "status", "keywords", "originalTitle"} <= set(film)


def test_a_series_has_its_ids_and_seasons(each: Server) -> None:
    series = each.read(f"/tv/{BREAKING_BAD}")
    known = {name: number for name, number in series["externalIds"].items() if number}
    assert known == {"imdbId": "tt0903747", "tvdbId": 81189}
    assert series["numberOfSeasons"] == 5
    assert numbers(series["seasons"]) == [0, 1, 2, 3, 4, 5]
    assert {"seasonNumber", "episodeCount", "airDate", "name"} <= set(series["seasons"][0])


def test_a_series_may_have_specials_only(each: Server) -> None:
    assert numbers(each.read(f"/tv/{SPECIALS_ONLY}")["seasons"]) == [0]


def test_an_announced_season_has_no_episodes(server: Server) -> None:
    title = {"media_type": "tv", "tmdb_id": 77, "title": "Later", "date": "2020-02-29"}
    server.admin("titles", {**title, "seasons": 2, "announced": 1})
    series = server.read("/tv/77")
    assert series["status"] == "Returning Series"
    assert series["seasons"][-1]["episodeCount"] == 0
    assert series["seasons"][-1]["airDate"] is None


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/movie/999999999", "Unable to retrieve movie.", id="movie"),
        pytest.param("/tv/999999999", "Unable to retrieve series.", id="tv"),
        pytest.param("/tv/1396/season/77", "Unable to retrieve season.", id="season"),
        pytest.param("/collection/1", "Unable to retrieve collection.", id="collection"),
        pytest.param("/tv/81189", "Unable to retrieve series.", id="tvdb-id-taken-for-tmdb"),
    ],
)
def test_an_unknown_number_is_a_500_as_an_outage_is(each: Server, path: str, message: str) -> None:
    answer = each.get(path)
    assert (answer.status_code, words(answer)) == (500, message)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (f"/movie/{DUNE}", "Unable to retrieve movie."),
        (f"/tv/{BREAKING_BAD}", "Unable to retrieve series."),
    ],
)
def test_an_outage_of_tmdb_is_a_500(each: Server, path: str, message: str) -> None:
    each.admin("faults", {"kind": "tmdb_down"})
    answer = each.get(path)
    assert (answer.status_code, words(answer)) == (500, message)


@pytest.mark.parametrize("path", ["/movie/tt1160419", "/tv/abc", "/tv/1396/season/one"])
def test_a_number_that_is_none_is_refused(each: Server, path: str) -> None:
    assert each.get(path).status_code == 400


def test_a_season_lists_its_episodes(each: Server) -> None:
    season = each.read(f"/tv/{BREAKING_BAD}/season/1")
    count = each.read(f"/tv/{BREAKING_BAD}")["seasons"][1]["episodeCount"]
    assert len(season["episodes"]) == count
    assert season["episodes"][0]["airDate"]


def test_media_info_is_complete_here(each: Server) -> None:
    each.series(BREAKING_BAD, [1, 2], user=FAMILY)
    info = each.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]
    assert {"status", "status4k", "tmdbId", "tvdbId", "serviceId", "issues"} <= set(info)
    (request,) = info["requests"]
    assert request["requestedBy"]["id"] == FAMILY
    assert (request["status"], request["is4k"]) == (1, False)
    assert numbers(request["seasons"]) == [1, 2]


def test_season_rows_are_made_by_scans_not_by_requests(each: Server) -> None:
    each.series(BREAKING_BAD, [1])
    assert each.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]["seasons"] == []
    each.shelve("tv", BREAKING_BAD, status=4, seasons={1: 5, 2: 4}, seasons4k={2: 5})
    rows = each.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]["seasons"]
    assert [(row["seasonNumber"], row["status"], row["status4k"]) for row in rows] == [
        (1, 5, 1),
        (2, 4, 5),
    ]


def test_a_film_series_lists_its_parts(each: Server) -> None:
    each.shelve("movie", DUNE, status=5)
    shown = each.read("/collection/726871")
    assert [part["id"] for part in shown["parts"]] == [DUNE, 693134, 1170608]
    assert shown["parts"][0]["mediaInfo"]["status"] == 5
    assert each.read(f"/movie/{DUNE}")["collection"]["id"] == 726871


def test_a_title_has_genres_votes_and_a_language(each: Server) -> None:
    found = {}
    for kind, number in (("movie", DUNE), ("tv", BREAKING_BAD)):
        shown = found[kind] = each.read(f"/{kind}/{number}?language=en")
        assert shown["originalLanguage"] == "en"
        assert shown["voteCount"] > 0
        assert 4 <= shown["voteAverage"] <= 9
        assert 1 <= len(shown["genres"]) <= 3
    (result,) = each.search("imdb:tt1160419")["results"]
    film = found["movie"]
    assert result["genreIds"] == [genre["id"] for genre in film["genres"]]
    assert (result["voteCount"], result["voteAverage"]) == (film["voteCount"], film["voteAverage"])


def test_a_title_without_votes_has_a_rating_of_0(server: Server) -> None:
    film = server.read("/movie/20000001")
    assert (film["voteCount"], film["voteAverage"]) == (0, 0)


def test_genres_speak_the_language_of_the_server_unless_told(server: Server) -> None:
    title = {"media_type": "tv", "tmdb_id": 78, "title": "Loud", "genres": ["Reality", "Comedy"]}
    server.admin("titles", {**title, "votes": 12, "rating": 6.5})
    server.admin("settings", {"locale": "de"})
    names = [
        {genre["name"] for genre in server.read(path)["genres"]}
        for path in ("/tv/78", "/tv/78?language=en")
    ]
    assert names == [{"Reality-TV", "Komödie"}, {"Reality", "Comedy"}]
    shown = server.read("/tv/78")
    assert (shown["voteCount"], shown["voteAverage"]) == (12, 6.5)


def test_an_unknown_genre_is_refused(server: Server) -> None:
    title = {"media_type": "tv", "tmdb_id": 78, "title": "Loud", "genres": ["Loudness"]}
    answer = server.http.post(f"{server.process.url}/sandbox/titles", json=title)
    assert (answer.status_code, "Loudness" in answer.text) == (400, True)
