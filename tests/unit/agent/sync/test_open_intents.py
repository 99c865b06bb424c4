"""What becomes of requests whose answer was never seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.media import Edition, TitleKey
from listsync.domain.report import Verdict
from listsync.domain.run_notes import Intent, Notes
from listsync.domain.server import (
    FoundRequests,
    MediaStatus,
    RequestBody,
    RequestResponse,
    RequestStatus,
    ResponseKind,
    ServerRequest,
)
from listsync.domain.server_knowledge import RequestList
from listsync.errors import ResponseChangedError
from tests.builders import DRY_RUN, MOVIE, RUN, TV, entry, rules
from tests.fakes import DOWN, SERVER
from tests.unit.agent.sync.test_run import LOST, MATRIX, MATRIX_ENTRY, House, verdicts

LOST_ENTRY = entry("Lost", kind=TV, tmdb=4607)
FILM = RequestBody(key=MATRIX.key, four_k=False)
SERIES = RequestBody(key=LOST.key, four_k=False, seasons=(1, 2))
LONG_AGO = timedelta(minutes=5)
UNSURE = RequestResponse(kind=ResponseKind.UNSURE, detail="no answer within 30 s")


def cut_off(
    house: House, body: RequestBody = FILM, *, age: timedelta = LONG_AGO, arrived: bool = False
) -> House:
    """Leave the memory as a run does that is killed while a request is on its way."""
    house.memory.guard.use(SERVER)
    house.memory.record(Notes(), [Intent("The Matrix (1999)", ("mine",), body)])
    set_age(house, body, age)
    if arrived:
        house.server._take(body)
    return house


def set_age(house: House, body: RequestBody, age: timedelta) -> None:
    intents, edition = house.memory.shelf.intents, Edition(body.key, body.four_k)
    intents[edition] = replace(intents[edition], at=datetime.now(UTC) - age)


def pending(house: House, key: TitleKey = MATRIX.key) -> None:
    """Leave the row of a title at the server without any request for it."""
    house.server.set_status(key, MediaStatus.PENDING)


def posted(house: House) -> list[RequestBody]:
    return house.server.posted


def test_a_cut_off_request_that_arrived_is_not_sent_again() -> None:
    house = cut_off(House(MATRIX_ENTRY), arrived=True)
    report = house.sync()
    assert posted(house) == []
    assert house.memory.requests.open_intents() == ()
    (sent,) = house.memory.shelf.sent
    assert sent.answered.kind is ResponseKind.REQUESTED
    assert (sent.label, sent.lists) == ("The Matrix (1999)", ("mine",))
    assert sent.answered.request_id == 1000 + MATRIX.key.tmdb_id
    assert report.retry is None


def test_what_arrived_is_known_at_once() -> None:
    house = cut_off(House(MATRIX_ENTRY), age=timedelta(0), arrived=True)
    assert verdicts(house.sync()) == {Verdict.ALREADY: 1}
    assert house.memory.requests.open_intents() == ()


def test_a_cut_off_request_is_not_ours_because_the_film_is_there() -> None:
    house = cut_off(House(MATRIX_ENTRY), age=timedelta(0))
    house.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    house.sync()
    assert posted(house) == []
    assert house.memory.requests.open_intents() == ()
    assert house.memory.shelf.sent == []


def test_what_cannot_be_seen_of_a_cut_off_request_waits_for_a_later_run() -> None:
    house = cut_off(House(LOST_ENTRY), SERIES)
    house.server.set_status(LOST.key, MediaStatus.PARTIALLY_AVAILABLE).on("find_requests", DOWN)
    report = house.sync()
    assert "cannot be seen" in report.items[0].why
    assert report.retry is not None
    assert posted(house) == []
    assert [one.body for one in house.memory.requests.open_intents()] == [SERIES]
    house.sync()
    assert [one.key for one in posted(house)] == [LOST.key]
    assert house.memory.requests.open_intents() == ()


def test_an_odd_answer_about_a_cut_off_request_costs_that_title_only() -> None:
    house = cut_off(House(LOST_ENTRY, MATRIX_ENTRY), SERIES)
    house.server.set_status(LOST.key, MediaStatus.PARTIALLY_AVAILABLE)
    house.server.on("find_requests", ResponseChangedError("seerr", "no page of requests"))
    house.sync()
    assert [one.key for one in posted(house)] == [MATRIX.key]
    assert [one.body for one in house.memory.requests.open_intents()] == [SERIES]


@pytest.mark.parametrize("four_k", [False, True], ids=["standard", "4K"])
@pytest.mark.parametrize("has_row", [False, True], ids=["nothing-there", "orphan"])
@pytest.mark.parametrize("body", [FILM, SERIES], ids=["film", "series"])
def test_what_may_be_running_is_on_hold_for_the_servers_time_out_then_sent_once(
    body: RequestBody, *, has_row: bool, four_k: bool
) -> None:
    house = House()
    one = MATRIX_ENTRY if body is FILM else LOST_ENTRY
    house.follow(one, of=rules(four_k=four_k))
    body = replace(body, four_k=four_k)
    cut_off(house, body, age=timedelta(seconds=29))
    if has_row:
        status = MediaStatus.PENDING
        house.server.set_status(
            body.key, 1 if four_k else status, status_4k=status if four_k else 1
        )
    report = house.sync()
    assert posted(house) == []
    assert "may still be running; looked at again after" in report.items[0].why
    assert [one.body for one in house.memory.requests.open_intents()] == [body]
    assert report.retry is not None
    assert report.retry.not_before is not None
    left = report.retry.not_before - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(seconds=1)

    set_age(house, body, timedelta(seconds=31))
    assert house.sync().retry is None
    assert [(one.key, one.four_k, one.seasons) for one in posted(house)] == [
        (body.key, four_k, body.seasons)
    ]
    assert house.memory.requests.open_intents() == ()
    house.sync()
    assert len(posted(house)) == 1


def test_a_title_on_hold_is_not_handled() -> None:
    house = cut_off(House(MATRIX_ENTRY), age=timedelta(0))
    pending(house)
    house.sync()
    assert not house.memory.handled.load().editions


def test_an_orphan_that_nobody_wants_any_more_costs_one_look_in_all() -> None:
    house = cut_off(House(LOST_ENTRY))
    pending(house)
    house.sync()
    house.sync()
    assert house.server.counts["find_requests"] == 1
    assert [one.key for one in posted(house)] == [LOST.key]
    house.follow(MATRIX_ENTRY)
    house.sync()
    assert [one.key for one in posted(house)] == [LOST.key, MATRIX.key]


def test_an_orphan_that_could_not_be_requested_in_one_run_is_requested_in_the_next() -> None:
    house = cut_off(House(MATRIX_ENTRY))
    pending(house)
    house.server.on("request", RequestResponse(kind=ResponseKind.QUOTA))
    assert verdicts(house.sync()) == {Verdict.ON_HOLD: 1}
    assert verdicts(house.sync()) == {Verdict.REQUESTED: 1}


def test_a_declined_request_of_ours_is_not_sent_again() -> None:
    house = cut_off(House(MATRIX_ENTRY))
    pending(house)
    edition = Edition(MATRIX.key, four_k=False)
    declined = ServerRequest(edition=edition, status=RequestStatus.DECLINED, request_id=5)
    house.server.requests = [declined]
    house.server.on("find_requests", FoundRequests(requests=(declined,)))
    house.sync()
    assert posted(house) == []
    assert house.memory.requests.open_intents() == ()


def test_a_cut_off_request_that_was_declined_meanwhile_is_not_sent_again() -> None:
    """The index shows a declined film like one that was never requested."""
    house = cut_off(House(MATRIX_ENTRY))
    house.server.set_status(MATRIX.key, MediaStatus.UNKNOWN)
    edition = Edition(MATRIX.key, four_k=False)
    declined = ServerRequest(edition=edition, status=RequestStatus.DECLINED, request_id=5)
    house.memory.server_requests.save_reading([], RequestList(), datetime.now(UTC))
    house.server.on("find_requests", FoundRequests(requests=(declined,)))
    report = house.sync()
    assert (posted(house), report.items[0].why) == ([], "declined at the server")
    assert house.memory.requests.open_intents() == ()


@pytest.mark.parametrize("ahead", [timedelta(seconds=20), timedelta(days=20_000)])
def test_an_intent_from_the_future_waits_for_one_time_out_of_our_clock(ahead: timedelta) -> None:
    house = cut_off(House(MATRIX_ENTRY), age=-ahead)
    report = house.sync()
    assert posted(house) == []
    assert report.retry is not None
    assert report.retry.not_before is not None
    assert report.retry.not_before - datetime.now(UTC) <= timedelta(seconds=30)
    (intent,) = house.memory.requests.open_intents()
    assert datetime.now(UTC) - intent.at < timedelta(seconds=20)
    set_age(house, FILM, timedelta(seconds=31))
    house.sync()
    assert [one.key for one in posted(house)] == [MATRIX.key]


def test_an_intent_from_before_the_time_out_is_old_however_absurd_its_age() -> None:
    house = cut_off(House(MATRIX_ENTRY), age=timedelta(days=20_000))
    house.sync()
    assert [one.key for one in posted(house)] == [MATRIX.key]


@pytest.mark.parametrize("answer", [DOWN, ResponseChangedError("seerr", "odd"), UNSURE])
def test_a_request_without_an_answer_waits_for_a_time_out_from_then_on(
    answer: Exception | RequestResponse,
) -> None:
    house = House(MATRIX_ENTRY)

    def answer_late(body: RequestBody) -> None:
        set_age(house, body, LONG_AGO)

    house.server.while_asked = answer_late
    house.server.on("request", answer)
    report = house.sync()
    assert verdicts(report) == {Verdict.FAILED: 1}
    assert report.retry is not None
    pending(house)
    sent = len(posted(house))
    house.sync()
    assert len(posted(house)) == sent
    set_age(house, FILM, LONG_AGO)
    assert verdicts(house.sync()) == {Verdict.REQUESTED: 1}
    assert len(posted(house)) == sent + 1


def test_a_request_without_an_answer_that_arrived_is_found_by_the_next_run() -> None:
    house = House(MATRIX_ENTRY)
    house.server.on("request", DOWN)
    assert verdicts(house.sync()) == {Verdict.FAILED: 1}
    house.server._take(FILM)
    assert verdicts(house.sync()) == {Verdict.ALREADY: 1}
    assert posted(house) == []
    assert house.memory.requests.open_intents() == ()


def test_an_orphan_that_a_refusal_left_keeps_its_own_retry_time() -> None:
    house = House(LOST_ENTRY)
    why = "TMDB knows no TVDB id for it, and the server needs one"
    impossible = RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail=why)
    house.server.on("request", impossible, impossible)
    house.sync()
    pending(house, LOST.key)
    for _ in range(2):
        report = house.sync()
        assert why in report.items[0].why
        assert report.retry is None
    assert len(posted(house)) == 1
    assert not house.memory.handled.load().editions
    failed = house.memory.shelf.failed
    for name, one in failed.items():
        failed[name] = replace(one, retry_at=RUN.started_at)
    house.sync()
    assert len(posted(house)) == 2


def test_an_orphan_that_a_refusal_left_is_requested_where_a_list_brings_what_it_lacked() -> None:
    house = House(LOST_ENTRY)
    house.server.on("request", RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no TVDB id"))
    house.sync()
    pending(house, LOST.key)
    house.follow(entry("Lost", kind=TV, tmdb=4607, tvdb=73739))
    assert verdicts(house.sync()) == {Verdict.REQUESTED: 1}


def test_a_dry_run_over_an_open_intent_asks_for_nothing() -> None:
    house = cut_off(House(entry("The Matrix", 1999, MOVIE, tmdb=603)), age=timedelta(0))
    report = house.sync(DRY_RUN)
    assert "may still be running" in report.items[0].why
    assert posted(house) == []
    assert house.sync(RUN).retry is not None
