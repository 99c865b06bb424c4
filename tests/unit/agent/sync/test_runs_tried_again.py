from __future__ import annotations

import pytest

from listsync.domain.media import Exclusion, TitleKey
from listsync.domain.report import Result, Retry, Verdict
from listsync.domain.server import RequestResponse, ResponseKind
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    UnreachableError,
)
from tests.builders import MOVIE, entry, rules
from tests.fakes import DOWN
from tests.unit.agent.sync.test_run import LOST_ENTRY, MATRIX_ENTRY, MINE, House

_REFUSED = RefusedError("server", Refusal.CREDENTIAL, "the key is refused")
_UNSURE = RequestResponse(kind=ResponseKind.UNSURE, detail="lost")
_FILMS = [entry(f"Film {number}", kind=MOVIE, tmdb=number) for number in range(1, 9)]


def test_a_run_that_goes_well_is_not_tried_again() -> None:
    assert House(*MINE).sync().retry is None


def test_a_run_that_did_not_reach_the_server_is_tried_again() -> None:
    house = House(*MINE)
    house.server.on("identify", UnreachableError("server", "connection refused"))
    report = house.sync()
    assert report.result is Result.FAILED
    assert report.retry == Retry(why="the server cannot be reached (connection refused)")


def test_a_refused_key_is_tried_again_rarely() -> None:
    house = House(*MINE)
    house.server.on("identify", _REFUSED)
    assert house.sync().retry == Retry(why="server: the key is refused", is_slow=True)


def test_an_unknown_user_is_not_tried_again() -> None:
    house = House(*MINE)
    house.server.on("identify", RefusedError("server", Refusal.NOT_FOUND, "no user 'dora'"))
    report = house.sync()
    assert (report.result, report.retry) == (Result.FAILED, None)


def test_a_server_that_stops_answering_in_the_run_is_asked_again() -> None:
    house = House(*_FILMS)
    house.server.on("request", *[DOWN] * 5)
    report = house.sync()
    why = "the server does not answer as it should any more: no answer within 30 s"
    assert (report.result, report.retry) == (Result.FAILED, Retry(why=why))


def test_a_server_that_is_not_understood_any_more_is_asked_again_rarely() -> None:
    house = House(*_FILMS)
    house.server.on("request", *[ResponseChangedError("server", "what is this?")] * 5)
    retry = house.sync().retry
    assert retry is not None
    assert retry.is_slow


def test_a_key_that_is_refused_in_the_run_is_tried_again_rarely() -> None:
    house = House(MATRIX_ENTRY)
    house.server.on("request", _REFUSED)
    retry = house.sync().retry
    assert retry is not None
    assert retry.is_slow


@pytest.mark.parametrize("trouble", [DOWN, _UNSURE], ids=["no-answer", "lost-answer"])
def test_several_titles_without_an_answer_are_asked_for_again(
    trouble: UnavailableError | RequestResponse,
) -> None:
    house = House(*_FILMS)
    house.server.on("request", trouble, None, trouble)
    report = house.sync()
    assert (report.result, report.count(Verdict.FAILED)) == (Result.PARTLY, 2)
    assert report.retry == Retry(why="the server did not answer for 2 titles", titles=2)


def test_a_single_title_without_an_answer_has_a_time_of_its_own() -> None:
    house = House(*_FILMS)
    house.server.on("request", DOWN)
    report = house.sync()
    assert report.result is Result.PARTLY
    assert report.retry is not None
    assert report.retry.not_before is not None
    assert report.retry.titles == 1


def test_a_single_title_that_cannot_be_looked_up_waits_for_the_next_run() -> None:
    house = House(*_FILMS, LOST_ENTRY)
    house.server.on("find_by_imdb", DOWN)
    report = house.sync()
    assert (report.result, report.retry) == (Result.PARTLY, None)


def test_titles_that_the_server_refuses_are_not_tried_again_by_the_run() -> None:
    house = House(*_FILMS)
    no = RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no TVDB id")
    house.server.on("request", no, no, no)
    report = house.sync()
    assert (report.result, report.retry) == (Result.PARTLY, None)


def test_a_run_that_was_cancelled_is_not_tried_again() -> None:
    house = House(*_FILMS)
    house.server.on("request", DOWN, None, DOWN)
    report = house.sync(stop=lambda: len(house.server.posted) > 3)
    assert report.count(Verdict.FAILED) == 2
    assert (report.result, report.retry) == (Result.CANCELLED, None)


def test_a_list_that_fails_has_a_time_of_its_own() -> None:
    house = House(*MINE).play(DOWN, rules("other"))
    report = house.sync()
    assert (report.result, report.retry) == (Result.PARTLY, None)


def test_what_waits_for_an_exclusion_list_waits_until_that_is_asked_again() -> None:
    one = rules("not these", is_exclusion=True)
    house = House(*MINE).play(DOWN, one)
    report = house.sync()
    setback = house.memory.list_setbacks.last(one.source)
    assert setback is not None
    assert report.retry == Retry(
        why='the exclusion list "not these" could not be read: no answer within 30 s',
        not_before=setback.retry_at,
    )


def test_an_exclusion_list_that_is_gone_is_nothing_that_passes() -> None:
    gone = RefusedError("mdblist", Refusal.NOT_FOUND, "does not know this list")
    house = House(*MINE).play(gone, rules("not these", is_exclusion=True))
    assert house.sync().retry is None


def test_an_exclusion_that_cannot_be_looked_up_is_tried_again() -> None:
    house = House(MATRIX_ENTRY)
    house.exclusions = [Exclusion(imdb="tt0133093")]
    house.server.on("find_by_imdb", DOWN)
    report = house.sync()
    assert report.result is Result.FAILED
    assert report.retry == Retry(why=str(DOWN))
    assert TitleKey(MOVIE, 603) not in [body.key for body in house.server.posted]
