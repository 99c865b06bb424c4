"""Rows that the server took and lost, because another client's requests failed beside ours."""

from __future__ import annotations

from collections import Counter

import pytest

from listsync.domain.media import Edition, TitleKey
from listsync.domain.notices import NoticeKind
from listsync.domain.report import Result, SyncReport
from listsync.domain.server import FoundRequests, RequestBody, RequestStatus, ServerRequest
from listsync.errors import ResponseChangedError
from listsync.sync.server_reading import find_doubt, is_worth_it
from tests.builders import DRY_RUN, MOVIE, entry, rules
from tests.fakes import FakeMemory, FakeServerGuard
from tests.unit.agent.sync.test_run import House

COUNT = 12


def house_of(count: int = COUNT, *, four_k: bool = False) -> House:
    house = House()
    films = [entry(f"Film {n}", kind=MOVIE, tmdb=n, rank=n) for n in range(1, count + 1)]
    house.follow(*films, of=rules(four_k=four_k))
    return house


def lose(house: House, *lost: int, when: int = COUNT) -> None:
    """Let the server lose films when it is asked for the film *when*; it still takes that."""

    def roll_back(body: RequestBody) -> None:
        if body.key.tmdb_id == when:
            for number in lost:
                key = TitleKey(MOVIE, number)
                house.server.states.pop(key, None)
                house.server.covered.pop(Edition(key, body.four_k), None)

    house.server.while_asked = roll_back


def posts(house: House) -> Counter[int]:
    return Counter(body.key.tmdb_id for body in house.server.posted)


def gone(report: SyncReport) -> list[str]:
    kinds = [(notice.kind, notice.text) for notice in report.notices]
    return [text for kind, text in kinds if kind is NoticeKind.REQUESTS_GONE]


@pytest.mark.parametrize("four_k", [False, True], ids=["standard", "4K"])
def test_what_the_server_has_lost_is_requested_again_once(*, four_k: bool) -> None:
    house = house_of(four_k=four_k)
    lose(house, 3, 7)
    report = house.sync()
    assert posts(house) == Counter([*range(1, COUNT + 1), 3, 7])
    assert (report.result, gone(report), len(report.requested)) == (Result.OK, [], COUNT)
    assert house.server.counts["read_index"] == 2
    assert house.memory.requests.open_intents() == ()
    house.sync()
    assert posts(house).total() == COUNT + 2


def test_what_is_lost_again_is_told_and_not_requested_a_third_time() -> None:
    house = house_of()

    def lose_the_third(body: RequestBody) -> None:
        if body.key.tmdb_id != 3:
            return
        house.server.on("find_requests", FoundRequests(), FoundRequests())

    lose(house, 3)
    roll_back = house.server.while_asked

    def both(body: RequestBody) -> None:
        roll_back(body)
        lose_the_third(body)

    house.server.while_asked = both
    report = house.sync()
    assert posts(house)[3] == 2
    (text,) = gone(report)
    assert "Film 3" in text
    assert "forget" in text


def test_a_server_that_lost_most_of_it_is_told_and_not_asked_again() -> None:
    house = house_of(24)
    lose(house, *range(1, 20), when=24)
    report = house.sync()
    assert posts(house).total() == 24
    assert "19 of 24" in gone(report)[0]


def test_what_was_declined_meanwhile_is_not_requested_again() -> None:
    house = house_of()
    lose(house, 3)
    declined = ServerRequest(
        edition=Edition(TitleKey(MOVIE, 3), four_k=False), status=RequestStatus.DECLINED
    )
    house.server.on("find_requests", FoundRequests(requests=(declined,)))
    report = house.sync()
    assert posts(house)[3] == 1
    assert gone(report) == []


@pytest.mark.parametrize("count", [9, 10])
def test_the_index_is_read_once_more_from_ten_requests_on(count: int) -> None:
    house = house_of(count)
    house.sync()
    assert house.server.counts["read_index"] == (2 if count == 10 else 1)
    assert house.server.counts["find_requests"] == 0


@pytest.mark.parametrize(
    ("requests", "pages", "is_worth"), [(0, 1, False), (10, 10, True), (20, 21, False)]
)
def test_the_calls_of_a_run_are_at_most_doubled(
    requests: int, pages: int, *, is_worth: bool
) -> None:
    assert is_worth_it(requests, pages) is is_worth


def test_an_index_that_cannot_be_read_afterwards_fails_no_sync() -> None:
    house = house_of()
    too_many = ResponseChangedError("server", "its library has too many titles")

    def grow_too_large(body: RequestBody) -> None:
        if body.key.tmdb_id == COUNT:
            house.server.on("read_index", too_many)

    house.server.while_asked = grow_too_large
    report = house.sync()
    assert (report.result, len(report.requested)) == (Result.OK, COUNT)
    (notice,) = report.notices
    assert notice.kind is NoticeKind.REQUESTS_UNCHECKED
    assert "too many titles" in notice.text


def test_a_dry_run_verifies_nothing() -> None:
    house = house_of()
    house.sync(DRY_RUN)
    assert house.server.counts["read_index"] == 1


def test_a_state_in_doubt_is_said_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeServerGuard, "state_doubt", lambda _: "it was mended")
    monkeypatch.setattr(FakeServerGuard, "handled_elsewhere", lambda _: 3)
    doubt = find_doubt(FakeMemory().guard, (), {})
    assert doubt is not None
    assert doubt.kind is NoticeKind.STATE_IN_DOUBT
