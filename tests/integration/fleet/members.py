"""Agents of a fleet for tests: the real lease on a real server, and what they did in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count

from listsync.config_types import SecretStr
from listsync.domain.fleet import FleetRole, Lease, LeaseTimes
from listsync.domain.runs import RestartPolicy
from listsync.errors import LeaseLostError
from listsync.fleet.lease import FleetLease, LeaseClock
from listsync.fleet.membership import FleetMembership
from listsync.postgres.connection import SHARES, PostgresLink
from listsync.postgres.notifications import Notification

TIMES = LeaseTimes(2.0, 0.4, 0.5)
PATIENCE_S = 30.0
_LOOK_S = 0.05
_NUMBERS = count(1)


class StoppableClock:
    """The clock of a process that may stand still: to it, no time passes then; afterwards, all.

    A thread that looks at it meanwhile stands still with it.
    """

    def __init__(self) -> None:
        self._goes = threading.Event()
        self._goes.set()
        self.waiting: set[int | None] = set()
        """The threads that stand still."""

    def stop(self) -> None:
        self._goes.clear()

    def go_on(self) -> None:
        self.waiting.clear()
        self._goes.set()

    def __call__(self) -> float:
        if not self._goes.is_set():
            self.waiting.add(threading.get_ident())
            assert self._goes.wait(PATIENCE_S)
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class FakeRows:
    """Remembers the last epoch in which the agent led."""

    def __init__(self) -> None:
        self.epoch = 0

    def held_epoch(self) -> int:
        return self.epoch

    def note_lead(self, epoch: int, at: datetime) -> None:  # noqa: ARG002 - the port's
        self.epoch = epoch


class Events:
    """Wakes who waits for something that the agents do."""

    def __init__(self) -> None:
        self._happened = threading.Condition()

    def tell(self) -> None:
        with self._happened:
            self._happened.notify_all()

    def wait_for(self, is_so: Callable[[], object], what: Callable[[], object] = str) -> None:
        """Wait until it is so; not all that an agent comes to know is told."""
        end = time.monotonic() + PATIENCE_S
        with self._happened:
            while not is_so():
                assert time.monotonic() < end, what()
                self._happened.wait(_LOOK_S)


class Member:
    """One agent, and what it was told: `calls` in order, `writes` the epochs in which it wrote."""

    def __init__(self, dsn: str, times: LeaseTimes, events: Events) -> None:
        self.events = events
        self.clock = StoppableClock()
        self.calls: list[str] = []
        self.lists = "same"
        self.asked_for: list[str] = []
        self.open_runs: set[str] = set()
        self.heard: list[str] = []
        self.reasons: list[str] = []
        self.rows = FakeRows()
        self.writes: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._dsn = dsn
        number = next(_NUMBERS)
        self.name = f"agent {number}"
        clock = LeaseClock(times, self.clock)
        self.lease = FleetLease("sync_trigger", f"owner-{number}", self.name, times, clock)
        self.membership = FleetMembership(
            self.lease,
            self,
            self.rows,
            self,
            lambda: PostgresLink(SecretStr(self._dsn), name=self.name, settings=SHARES),
            lists=lambda: self.lists,
            policy=RestartPolicy(0.05, 0.2),
        )
        self._threads = [
            threading.Thread(target=self.membership.run, args=(self._stop,)),
            threading.Thread(target=self._write),
        ]

    def start(self) -> None:
        for one in self._threads:
            one.start()

    def end(self) -> None:
        self.clock.go_on()
        self._stop.set()
        self.membership.wake()
        for one in self._threads:
            one.join(PATIENCE_S)
            assert not one.is_alive()

    def await_role(self, role: FleetRole) -> None:
        self.events.wait_for(lambda: self.membership.status.role is role, lambda: self.calls)

    def await_call(self, call: str, times: int = 1) -> None:
        self.events.wait_for(lambda: self.calls.count(call) >= times, lambda: self.calls)

    def await_standstill(self) -> None:
        """Wait until its thread has looked at the clock that was stopped: it hears nothing now."""
        thread = self._threads[0].ident
        self.events.wait_for(lambda: thread in self.clock.waiting, lambda: self.calls)

    @property
    def leads(self) -> bool:
        return self.membership.status.role is FleetRole.LEADER

    def _write(self) -> None:
        """Write as often as the lease lets us, as a sync does."""
        while not self._stop.wait(0.002):
            epoch = self.lease.epoch
            try:
                self.lease.clock.check(epoch)
            except LeaseLostError:
                continue
            self.writes.append((time.monotonic(), epoch))

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.events.tell()

    # As the memory of the fleet.

    def join(self, _: PostgresLink) -> None:
        self._note("join")

    def pull(self, _: PostgresLink) -> None:
        self._note("pull")

    def push(self, link: PostgresLink) -> None:
        with link.within(PATIENCE_S) as connection, connection.transaction():
            self.lease.fenced(connection)
        self._note("push")

    def prune(self, _: PostgresLink) -> None:
        pass

    def drop_left_over(self, _: PostgresLink) -> None:
        self._note("drop")

    # As the agent.

    def hold(self, why: str) -> None:
        self.reasons.append(why)
        self._note("hold")

    def stand_by(self, _: Lease) -> None:
        self._note("stand by")

    def lead(self, _: Lease, *, is_takeover: bool) -> None:
        self._note("take over" if is_takeover else "lead")

    def listening(self) -> None:
        self._note("listening")

    def deaf(self) -> None:
        self._note("deaf")

    def triggered(self, found: Sequence[Notification]) -> None:
        self.heard += [one.payload for one in found]
        self._note("triggered")

    def asked(self, payload: str) -> str:
        self.asked_for.append(payload)
        run = f"run {len(self.asked_for)}"
        self.open_runs.add(run)
        self._note("asked")
        return run

    def is_open(self, run_id: str) -> bool:
        return run_id in self.open_runs

    def changed(self) -> None:
        self.events.tell()


class Members(list[Member]):
    """The agents of one fleet."""

    def leader(self, *, other_than: Member | None = None) -> Member:
        """Wait until one of them leads."""
        found: list[Member] = []

        def is_found() -> bool:
            found[:] = [one for one in self if one.leads and one is not other_than]
            return bool(found)

        self[0].events.wait_for(is_found, lambda: [one.calls for one in self])
        return found[0]

    def others(self, leader: Member) -> list[Member]:
        """Wait until all others stand by."""
        others = [one for one in self if one is not leader]
        for one in others:
            one.await_role(FleetRole.STANDBY)
        return others

    def assert_one_wrote_at_a_time(self) -> None:
        """In the order of time, no epoch comes back, and each belongs to one agent."""
        writes = sorted((at, epoch, one.name) for one in self for at, epoch in one.writes)
        epochs = [epoch for _, epoch, _ in writes]
        assert epochs == sorted(epochs)
        owners = {(epoch, name) for _, epoch, name in writes}
        assert len(owners) == len({epoch for epoch, _ in owners})


@contextmanager
def fleet_of(number: int, dsn: str, times: LeaseTimes = TIMES) -> Iterator[Members]:
    events = Events()
    members = Members(Member(dsn, times, events) for _ in range(number))
    for one in members:
        one.start()
    try:
        yield members
    finally:
        for one in members:
            one.end()
