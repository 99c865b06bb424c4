"""Where several agents share the work: nothing is sent that the others do not know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from listsync.domain.notices import NoticeKind
from listsync.domain.report import Result, SyncRun
from listsync.domain.run_notes import Intent
from listsync.domain.server import Cancelled, MediaStatus, RequestBody, TitleState
from listsync.errors import LeaseLostError, NotSharedError, UnavailableError
from listsync.sync import submission
from listsync.sync.fetch_lists import Followed
from listsync.sync.run import Parts, sync
from tests.builders import DRY_RUN, MOVIE, RUN, entry, rules
from tests.fakes import FakeFacts, FakeList, FakeMemory
from tests.unit.agent.sync.test_lost_requests import lose
from tests.unit.agent.sync.test_run import House

LOST = LeaseLostError("another agent leads now (second)")
AWAY = NotSharedError("PostgreSQL", "it is away")


@pytest.fixture(autouse=True)
def _quick_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no request take time, however busy the machine is: else fewer go along with one."""
    monkeypatch.setattr(submission, "time", SimpleNamespace(monotonic=lambda: 1000.0))


class NotingFence:
    """Notes what was on disk, and what had been sent, whenever something is shared."""

    post_s = 20.0

    def __init__(self, memory: FakeMemory, sent: Callable[[], int]) -> None:
        self._memory = memory
        self._sent = sent
        self.shared: list[tuple[list[int], int]] = []
        self.fails: dict[int, Exception] = {}

    def share(self) -> None:
        intents: tuple[Intent, ...] = self._memory.requests.open_intents()
        self.shared.append(([one.body.key.tmdb_id for one in intents], self._sent()))
        if (error := self.fails.get(len(self.shared))) is not None:
            raise error

    def check(self) -> None:
        raise AssertionError("the server's client calls it, not the core")


class FleetHouse(House):
    """A house whose agent is one of several."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self.of = replace(rules(), cancel_removed=True)
        self.fence = NotingFence(self.memory, lambda: len(self.server.posted))
        self.show(*numbers)

    def show(self, *numbers: int) -> None:
        films = [entry(f"Film {n}", kind=MOVIE, tmdb=n, rank=n) for n in numbers]
        self.follow(*films, of=self.of)

    def parts(self) -> Parts:
        return Parts(
            lists=[Followed(of, FakeList(played)) for of, played in self.lists.values()],
            exclusions=(),
            server=self.server,
            memory=self.memory,
            arr_names=self.arr_names,
            board=self.board,
            facts=FakeFacts(),
            fence=self.fence,
        )

    def posted(self) -> list[int]:
        return [one.key.tmdb_id for one in self.server.posted]


def run(house: FleetHouse, of: SyncRun = RUN) -> tuple[Result, str]:
    report = sync(of, house.parts())
    return report.result, report.why


def test_each_request_is_shared_when_it_is_on_disk_and_before_it_goes_out() -> None:
    house = FleetHouse(*range(1, 6))
    assert run(house) == (Result.OK, "")
    told = [number for intents, _ in house.fence.shared for number in intents]
    assert told == house.posted() == [1, 2, 3, 4, 5]
    assert house.fence.shared[0] == ([1], 0)
    for intents, sent in house.fence.shared:
        assert intents[0] == house.posted()[sent]


def test_those_that_follow_quickly_are_shared_at_one_time() -> None:
    house = FleetHouse(*range(1, 40))
    run(house)
    assert len(house.fence.shared) < 20
    assert max(len(intents) for intents, _ in house.fence.shared) == 1 + 8


def test_what_cannot_be_shared_is_not_sent_and_tried_again() -> None:
    house = FleetHouse(*range(1, 40))
    house.fence.fails = {3: AWAY}
    report = sync(RUN, house.parts())
    (intents, sent) = house.fence.shared[2]
    assert intents[0] not in house.posted()
    assert len(house.posted()) == sent
    assert (report.result, report.why) == (Result.FAILED, "PostgreSQL: it is away")
    assert report.retry is not None
    assert report.failure is NoticeKind.SYNC_FAILED
    assert house.memory.requests.open_intents() == ()
    house.fence.fails = {}
    assert run(house) == (Result.OK, "")
    assert house.posted() == list(range(1, 40))


def test_who_leads_no_more_sends_nothing_and_plans_nothing() -> None:
    house = FleetHouse(*range(1, 40))
    house.fence.fails = {3: LOST}
    report = sync(RUN, house.parts())
    assert len(house.posted()) == house.fence.shared[2][1]
    assert (report.result, report.why) == (Result.CANCELLED, str(LOST))
    assert report.retry is None


def test_a_lease_that_ends_right_before_a_request_leaves_ends_the_run() -> None:
    house = FleetHouse(1, 2, 3)

    def lost(body: RequestBody) -> None:
        if body.key.tmdb_id == 2:
            raise LOST

    house.server.while_asked = lost
    report = sync(RUN, house.parts())
    assert house.posted()[:1] == [1]
    assert 3 not in house.posted()
    assert (report.result, report.retry) == (Result.CANCELLED, None)


def test_a_dry_run_shares_nothing() -> None:
    house = FleetHouse(1, 2)
    run(house, DRY_RUN)
    assert house.fence.shared == []


def departed(*left: int) -> FleetHouse:
    """Give a house whose next sync cancels the requests for *left*."""
    house = FleetHouse(1, 2, 3)
    run(house)
    for number, body in enumerate(house.server.posted, start=1):
        house.server.states[body.key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
        house.server.pending[number] = Cancelled.DONE
    house.show(*{1, 2, 3} - {*left})
    run(house)
    house.fence.shared.clear()
    return house


def test_before_each_cancellation_the_others_are_told() -> None:
    house = departed(2, 3)
    assert run(house) == (Result.OK, "")
    assert house.server.cancelled == [2, 3]
    assert len(house.fence.shared) == 2


@pytest.mark.parametrize("error", [LOST, AWAY])
def test_nothing_is_cancelled_that_the_others_cannot_be_told(error: Exception) -> None:
    house = departed(2, 3)
    house.fence.fails = {2: error}
    result, why = run(house)
    assert house.server.cancelled == [2]
    assert why == str(error)
    assert result is (Result.FAILED if isinstance(error, UnavailableError) else Result.CANCELLED)


def test_what_the_server_lost_is_shared_before_it_is_requested_again() -> None:
    house = FleetHouse(*range(1, 13))
    lose(house, 3)
    assert run(house) == (Result.OK, "")
    assert house.posted() == [*range(1, 13), 3]
    assert house.fence.shared[-1] == ([3], 12)
