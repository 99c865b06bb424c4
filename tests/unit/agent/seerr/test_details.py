from __future__ import annotations

from datetime import date

import pytest

from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import Production, SeriesDetails, TitleFacts
from listsync.errors import ResponseChangedError, UnavailableError
from tests.unit.agent.seerr.playback import Playback, json_reply, message


def series(media_info: object = None, **more: object) -> SeriesDetails:
    body = {
        "id": 1396,
        "externalIds": {"imdbId": "TT0903747", "tvdbId": 81189},
        "seasons": [{"seasonNumber": n, "episodeCount": 10 - n} for n in (1, 0, 2, 3, 2)],
        "mediaInfo": media_info,
        **more,
    }
    server = Playback().on("GET /tv/1396?language=en", json_reply(body))
    return server.seerr().series(1396)


def covered(media_info: object, *, four_k: bool = False) -> list[int]:
    seasons = series(media_info).seasons
    return [season.number for season in seasons if season.is_covered(four_k=four_k)]


def state(number: int, status: int, status_4k: int = 1) -> dict[str, int]:
    return {"seasonNumber": number, "status": status, "status4k": status_4k}


def asked(status: int, *numbers: int, four_k: bool = False) -> dict[str, object]:
    seasons = [{"seasonNumber": number, "status": status} for number in numbers]
    return {"id": 5, "status": status, "is4k": four_k, "seasons": seasons}


def test_ids_and_seasons_are_read_in_order() -> None:
    details = series()
    assert details.ids == ExternalIds(imdb="tt0903747", tmdb=1396, tvdb=81189)
    assert [(one.number, one.episodes) for one in details.seasons] == [
        (0, 10),
        (1, 9),
        (2, 8),
        (3, 7),
    ]
    assert not any(one.covered or one.covered_4k for one in details.seasons)


def test_missing_ids_are_none() -> None:
    assert series(externalIds={"imdbId": "", "tvdbId": None}).ids == ExternalIds(tmdb=1396)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(1, []), (2, [1]), (3, [1]), (4, [1]), (5, [1]), (7, []), (42, [1])],
    ids=["unknown", "pending", "processing", "partial", "available", "deleted", "new-number"],
)
def test_what_a_scan_says_of_a_season(status: int, expected: list[int]) -> None:
    assert covered({"status": 4, "seasons": [state(1, status)]}) == expected


@pytest.mark.parametrize("whole", [1, 2, 3, 4, 7])
def test_deleted_seasons_are_told_whatever_the_series_is(whole: int) -> None:
    info = {"status": whole, "seasons": [state(1, 7, 5), state(2, 5, 7), state(3, 1, 1)]}
    seasons = series(mediaInfo=info).seasons
    assert [one.number for one in seasons if one.is_deleted(four_k=False)] == [1]
    assert [one.number for one in seasons if one.is_deleted(four_k=True)] == [2]
    assert covered(info) == [2]


def test_a_deleted_season_that_is_requested_again_is_covered() -> None:
    assert covered({"status": 3, "seasons": [state(1, 7)], "requests": [asked(1, 1)]}) == [1]


@pytest.mark.parametrize(
    ("status", "expected"),
    [(1, [1, 2]), (2, [1, 2]), (3, []), (4, [1, 2]), (5, []), (9, [1, 2])],
    ids=["pending", "approved", "declined", "failed", "completed", "new-number"],
)
def test_what_a_request_says_of_its_seasons(status: int, expected: list[int]) -> None:
    assert covered({"status": 3, "seasons": [], "requests": [asked(status, 1, 2)]}) == expected


def test_scan_and_requests_are_united() -> None:
    info = {"status": 4, "seasons": [state(1, 5)], "requests": [asked(2, 3)]}
    assert covered(info) == [1, 3]


def test_editions_are_apart() -> None:
    info = {
        "status": 4,
        "seasons": [state(1, 5, 1), state(2, 1, 3)],
        "requests": [asked(2, 3, four_k=True)],
    }
    assert covered(info) == [1]
    assert covered(info, four_k=True) == [2, 3]


def test_odd_parts_are_left_out() -> None:
    info = {"seasons": None, "requests": [{"id": "x"}, asked(2, 1)]}
    assert covered(info) == [1]


def test_an_unknown_id_and_an_outage_look_the_same_and_are_called_so() -> None:
    server = Playback().on("GET /tv/1?language=en", message(500, "Unable to retrieve series."))
    with pytest.raises(UnavailableError, match="TMDB is down, or knows no such series"):
        server.seerr().series(1)


def test_another_trouble_keeps_its_own_words() -> None:
    server = Playback().on("GET /tv/1?language=en", message(500, "SQLITE_BUSY"))
    with pytest.raises(UnavailableError, match="SQLITE_BUSY"):
        server.seerr().series(1)


def test_another_shape_is_said_to_be_one() -> None:
    server = Playback().on("GET /tv/1?language=en", json_reply({"name": "x"}))
    with pytest.raises(ResponseChangedError, match="details of a title"):
        server.seerr().series(1)


def test_who_is_not_patient_asks_for_details_once() -> None:
    server = Playback().on("GET /movie/9?language=en", message(500, "Unable to retrieve movie."))
    seerr = server.seerr()
    with pytest.raises(UnavailableError, match="knows no such film"):
        seerr.facts(TitleKey(MediaType.MOVIE, 9), patient=False)
    assert seerr.calls == 1


def facts(**more: object) -> TitleFacts:
    body = {"id": 603, "externalIds": {"imdbId": "tt0133093"}, **more}
    server = Playback().on("GET /movie/603?language=en", json_reply(body))
    return server.seerr().facts(TitleKey(MediaType.MOVIE, 603))


def test_facts_are_folded() -> None:
    read = facts(
        releaseDate="1999-03-31",
        genres=[{"id": 28, "name": " Action"}, {"id": 878, "name": "Science Fiction"}],
        voteAverage=8.2,
        voteCount=25_000,
        originalLanguage="EN",
        title=" The \nMatrix",
        originalTitle="Matrix",
    )
    assert read == TitleFacts(
        ids=ExternalIds(imdb="tt0133093", tmdb=603),
        year=1999,
        genres=frozenset({"action", "science fiction"}),
        rating=8.2,
        votes=25_000,
        language="en",
        title="The Matrix",
        original_title="Matrix",
        production=Production(),
    )


def test_a_film_may_have_its_imdb_id_in_one_place_only() -> None:
    assert facts(imdbId="TT1", externalIds={"imdbId": None}).ids.imdb == "tt1"
    assert facts(imdbId=None).ids.imdb == "tt0133093"


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({}, id="missing"),
        pytest.param({"voteAverage": 7.0, "voteCount": 0}, id="no-votes"),
        pytest.param({"voteAverage": None, "genres": None, "originalLanguage": None}, id="null"),
        pytest.param({"releaseDate": "", "originalLanguage": ""}, id="empty"),
        pytest.param(
            {
                "voteAverage": "good",
                "voteCount": [],
                "genres": "Drama",
                "originalLanguage": 5,
                "releaseDate": {},
                "title": 5,
                "originalTitle": [],
            },
            id="odd",
        ),
        pytest.param({"genres": [{"id": 5}, "Drama", None]}, id="odd-genres"),
        pytest.param({"voteCount": -3, "voteAverage": 7}, id="fewer-than-no-votes"),
    ],
)
def test_what_is_missing_or_odd_is_none(odd: dict[str, object]) -> None:
    nothing = TitleFacts(ids=ExternalIds(imdb="tt0133093", tmdb=603), production=Production())
    assert facts(**odd) == nothing


def test_when_and_by_whom_a_film_was_made() -> None:
    dates = ["1999-03-31T00:00:00.000Z", "2019-08-30T00:00:00.000Z", "", 5, None]
    read = facts(
        releases={
            "results": [
                {"iso_3166_1": "US", "release_dates": [{"release_date": one} for one in dates]},
                {"iso_3166_1": "DE", "release_dates": [{"release_date": "2000-01-01"}, {}, 5]},
                {"iso_3166_1": "FR", "release_dates": [{"release_date": "2003-05-01", "type": 5}]},
                {
                    "iso_3166_1": "IT",
                    "release_dates": [{"release_date": "2001-05-01", "type": {}}],
                },
                {"iso_3166_1": "ES"},
                None,
            ]
        },
        credits={"cast": [{"name": "Keanu Reeves"}, {}], "crew": [{"name": " Lana\nWachowski "}]},
        productionCompanies=[{"name": "Village Roadshow Pictures"}, 5],
        collection={"id": 2344, "name": "The Matrix Collection"},
    )
    assert read.production == Production(
        release_years=frozenset({1999, 2000, 2001, 2019}),
        people=frozenset({"Keanu Reeves", "Lana Wachowski"}),
        companies=frozenset({"Village Roadshow Pictures"}),
        collection=2344,
    )


@pytest.mark.parametrize("odd", [None, 5, "odd", [], {}, [None], {"results": 5, "cast": 5}])
def test_odd_details_of_how_it_was_made_are_none(odd: object) -> None:
    named = ("releases", "credits", "createdBy", "productionCompanies", "collection")
    read = facts(**dict.fromkeys(named, odd))
    assert read.production == Production()


def test_a_series_came_out_whenever_a_season_did_but_for_specials() -> None:
    airs = {0: "2021-05-27", 1: "2009-04-09", 2: "2009-09-17", 3: "2011-01-20", 4: None}
    rows = [{"seasonNumber": number, "airDate": date} for number, date in airs.items()]
    read = series(seasons=rows, createdBy=[{"name": "Greg Daniels"}]).facts
    assert read is not None
    assert read.production == Production(
        release_years=frozenset({2009, 2011}), people=frozenset({"Greg Daniels"})
    )


def test_the_parts_of_a_film_series_are_in_the_order_of_their_release() -> None:
    dates = {5: "", 4: "2024-07-02", 9: "2003-11-05", 2: "2003-05-15", 7: None}
    rows = [{"id": number, "releaseDate": date} for number, date in dates.items()]
    body = {"id": 85861, "parts": [*rows, {"releaseDate": "1999-01-01"}, None]}
    server = Playback().on("GET /collection/85861?language=en", json_reply(body))
    parts = server.seerr().parts(85861)
    assert [key.tmdb_id for key in parts] == [2, 9, 4, 5, 7]
    assert {key.kind for key in parts} == {MediaType.MOVIE}


@pytest.mark.parametrize("odd", [{}, {"parts": None}, {"parts": "odd"}])
def test_a_film_series_of_another_form_has_no_parts(odd: object) -> None:
    server = Playback().on("GET /collection/1?language=en", json_reply(odd))
    assert server.seerr().parts(1) == ()


def test_a_film_series_that_is_gone_is_asked_for_once() -> None:
    reply = message(500, "Unable to retrieve collection.")
    seerr = Playback().on("GET /collection/1?language=en", reply).seerr()
    with pytest.raises(UnavailableError):
        seerr.parts(1)
    assert seerr.calls == 1


def test_one_odd_genre_costs_itself_alone() -> None:
    assert facts(genres=[{"id": 5}, {"id": 18, "name": "Drama"}]).genres == {"drama"}


@pytest.mark.parametrize("rating", [-0.1, 10.1])
def test_a_rating_that_cannot_be_is_none(rating: float) -> None:
    read = facts(voteAverage=rating, voteCount=9)
    assert (read.rating, read.votes) == (None, 9)


@pytest.mark.parametrize("rating", [0, 10])
def test_a_rating_may_be_the_worst_and_the_best(rating: float) -> None:
    assert facts(voteAverage=rating, voteCount=9).rating == rating


def test_a_series_brings_its_facts() -> None:
    details = series(firstAirDate="2008-01-20", voteAverage=8.9, voteCount=7)
    assert details.facts is not None
    assert (details.facts.ids, details.facts.year) == (details.ids, 2008)
    assert details.facts.rating == 8.9


@pytest.mark.parametrize(
    ("told", "airs"),
    [
        pytest.param("2026-11-30", date(2026, 11, 30), id="date"),
        pytest.param("2026-11-30T22:00:00.000Z", date(2026, 11, 30), id="moment"),
        pytest.param(None, None, id="null"),
        pytest.param("", None, id="empty"),
        pytest.param("2026", None, id="year"),
        pytest.param("2026-02-30", None, id="no-such-day"),
        pytest.param(20261130, None, id="number"),
    ],
)
def test_when_a_season_airs(told: object, airs: date | None) -> None:
    rows = [{"seasonNumber": 1, "episodeCount": 3, "airDate": told}]
    (season,) = series(seasons=rows).seasons
    assert (season.number, season.airs) == (1, airs)


def test_a_film_that_does_not_exist_is_called_one() -> None:
    server = Playback().on("GET /movie/1", message(500, "Unable to retrieve movie."))
    with pytest.raises(UnavailableError, match=r"details of film 1: .* knows no such film"):
        server.seerr().facts(TitleKey(MediaType.MOVIE, 1))
