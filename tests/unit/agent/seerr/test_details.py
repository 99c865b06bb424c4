from __future__ import annotations

import pytest

from listsync.domain.media import ExternalIds
from listsync.domain.server import SeriesDetails
from listsync.errors import AnswerChangedError, UnavailableError
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
    [(1, []), (2, [1]), (3, [1]), (4, [1]), (5, [1]), (7, [1]), (42, [1])],
    ids=["unknown", "pending", "processing", "partial", "available", "deleted", "new-number"],
)
def test_what_a_scan_says_of_a_season(status: int, expected: list[int]) -> None:
    assert covered({"status": 4, "seasons": [state(1, status)]}) == expected


def test_a_deleted_series_can_be_wanted_again() -> None:
    assert covered({"status": 7, "seasons": [state(1, 7), state(2, 7)]}) == []


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


def test_definitions_are_apart() -> None:
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
    with pytest.raises(AnswerChangedError, match="details of a title"):
        server.seerr().series(1)
