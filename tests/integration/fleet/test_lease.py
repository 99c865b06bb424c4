"""The lease on a real server: one leads at a time, whatever stands still or is cut."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
import pytest
from psycopg import Connection

from listsync.domain.fleet import LeaseTimes
from listsync.errors import LeaseLostError
from listsync.fleet.lease import _MAKE_LOCK, FleetFormatError, FleetLease, LeaseClock

_LONG = LeaseTimes(600.0, 100.0, 20.0)
_NUMBERS = count(1)


def a_lease(times: LeaseTimes = _LONG, clock: LeaseClock | None = None) -> FleetLease:
    number = next(_NUMBERS)
    return FleetLease("sync_trigger", f"owner-{number}", f"agent {number}", times, clock)


@contextmanager
def connected(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as one:
        a_lease().prepare(one)
        yield one


def run_out(connection: Connection) -> None:
    connection.execute("UPDATE listsync_fleets SET expires_at = clock_timestamp()")


def test_a_clock_of_the_server_that_was_set_back_keeps_nobody_out_for_long(
    postgres_dsn: str,
) -> None:
    with connected(postgres_dsn) as one:
        first, second = a_lease(), a_lease()
        assert first.acquire(one) is not None
        one.execute("UPDATE listsync_fleets SET expires_at = expires_at + interval '1 year'")
        seen = second.look(one)
        assert 590 < seen.left_s <= 600, "no less: who leads may count on the whole of it"
        assert second.acquire(one) is None
        assert first.renew(one) is not None


def test_what_comes_after_the_lease_was_given_back_renews_nothing(postgres_dsn: str) -> None:
    clock = StoppedClock()
    lease = a_lease(clock=LeaseClock(_LONG, clock))
    with connected(postgres_dsn) as one:
        held = lease.acquire(one)
        assert held is not None
        lease.clock.end()  # as another thread does, while ours waits for the answer
        lease.clock.renew(held.epoch, clock.now)
        assert lease.clock.left_s() == 0


class StoppedClock:
    """Stands still until it is told to go on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_of_two_gets_it_and_the_other_learns_who(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        first, second = a_lease(), a_lease()
        held = first.acquire(one)
        assert held is not None
        assert (held.epoch, held.owner, first.epoch) == (1, first.owner, 1)
        assert second.acquire(two) is None
        seen = second.look(two)
        assert (seen.leader, seen.epoch, second.epoch) == (first.name, 1, 0)
        assert 500 < seen.left_s <= 600


def test_many_at_once_get_it_once(postgres_dsn: str) -> None:
    with connected(postgres_dsn):
        pass
    begin, got = threading.Barrier(6), list[int]()

    def take() -> None:
        with psycopg.connect(postgres_dsn, autocommit=True) as own:
            lease = a_lease()
            begin.wait(30)
            if (held := lease.acquire(own)) is not None:
                got.append(held.epoch)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert got == [1]


def test_tables_that_several_make_at_once_are_made_once(postgres_dsn: str) -> None:
    begin, ids = threading.Barrier(6), list[str]()

    def prepare() -> None:
        with psycopg.connect(postgres_dsn, autocommit=True) as own:
            begin.wait(30)
            ids.append(a_lease().prepare(own))

    threads = [threading.Thread(target=prepare) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(ids) == 6
    assert len(set(ids)) == 1


def test_what_has_run_out_is_renewed_no_more_and_another_takes_it(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        first, second = a_lease(), a_lease()
        first.acquire(one)
        assert first.renew(one) is not None
        run_out(two)
        assert first.renew(one) is None
        held = second.acquire(two)
        assert held is not None
        assert held.epoch == 2
        assert first.renew(one) is None


def test_it_is_renewed_through_a_new_connection_when_the_old_one_is_ended(
    postgres_dsn: str,
) -> None:
    with connected(postgres_dsn) as other:
        first = a_lease()
        with psycopg.connect(postgres_dsn, autocommit=True) as old:
            first.acquire(old)
            other.execute("SELECT pg_terminate_backend(%s)", (old.info.backend_pid,))
            with pytest.raises(psycopg.OperationalError):
                first.renew(old)
        with psycopg.connect(postgres_dsn, autocommit=True) as new:
            renewed = first.renew(new)
        assert renewed is not None
        assert renewed.epoch == 1
        assert a_lease().acquire(other) is None


def test_what_is_released_is_free_at_once_and_the_others_are_woken(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        first, second = a_lease(), a_lease()
        two.execute("LISTEN sync_trigger_fleet")
        first.acquire(one)
        first.release(one)
        assert [told.payload for told in two.notifies(timeout=30, stop_after=1)] == ["free"]
        held = second.acquire(two)
        assert held is not None
        assert held.epoch == 2
        first.release(one)  # whose it is not any more
        assert second.renew(two) is not None


def test_nothing_is_shared_under_a_lease_that_does_not_hold_for_long_enough(
    postgres_dsn: str,
) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        first, second = a_lease(), a_lease()
        with pytest.raises(LeaseLostError):
            first.fenced(one, 20)
        first.acquire(one)
        assert [first.fenced(one, 20), first.fenced(one, 20)] == [1, 2]
        assert second.unfenced(two) == 3
        with pytest.raises(LeaseLostError):
            first.fenced(one, 601)
        with pytest.raises(LeaseLostError):
            first.fenced(one, 20, epoch=2)
        run_out(two)
        second.acquire(two)
        with pytest.raises(LeaseLostError):
            first.fenced(one, 0)
        assert second.fenced(two, 20) == 4, "what was refused has raised nothing"


def test_a_lease_that_ran_out_while_the_row_was_waited_for_is_lost(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        first = a_lease(LeaseTimes(1.0, 0.3, 0.5))
        first.acquire(one)
        began, errors = threading.Event(), list[type[Exception]]()

        def share() -> None:
            began.set()
            try:
                with one.transaction():
                    first.fenced(one, 0.5)
            except LeaseLostError as error:
                errors.append(type(error))

        with two.transaction(force_rollback=True):
            two.execute("SELECT 1 FROM listsync_fleets FOR UPDATE")
            thread = threading.Thread(target=share)
            thread.start()
            began.wait(30)
            two.execute("SELECT pg_sleep(1)")
        thread.join(30)
        assert errors == [LeaseLostError]


@pytest.mark.parametrize("is_leader", [True, False], ids=["the-leader", "whoever-says-something"])
def test_who_stands_still_while_it_shares_something_keeps_nobody_waiting(
    postgres_dsn: str, *, is_leader: bool
) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        two.execute("SET statement_timeout = '20s'")
        first, second = a_lease(LeaseTimes(3.0, 1.0, 1.0)), a_lease()
        first.acquire(one)
        one.execute("BEGIN")
        first.fenced(one) if is_leader else first.unfenced(one)
        run_out(two)
        held = second.acquire(two)
        assert held is not None
        assert held.epoch == 2
        with pytest.raises(psycopg.Error):
            one.execute("COMMIT")
        assert two.execute("SELECT revision FROM listsync_fleets").fetchone() == (0,)


def test_the_clock_of_our_own_counts_from_before_a_renewal_was_sent() -> None:
    now = StoppedClock()
    clock = LeaseClock(LeaseTimes(45, 10, 20), now)
    with pytest.raises(LeaseLostError):
        clock.check()
    clock.set(3, sent_at=990)
    assert clock.left_s() == 35
    clock.check()
    clock.check(3)
    with pytest.raises(LeaseLostError):
        clock.check(2)
    now.now += 15.5  # the process stood still
    with pytest.raises(LeaseLostError):
        clock.check()
    clock.renew(3, sent_at=985)  # an older renewal, told late
    assert clock.left_s() == 19.5
    clock.set(3, sent_at=now.now)
    clock.check()
    clock.end()
    with pytest.raises(LeaseLostError):
        clock.check()


def test_what_postgresql_answers_late_is_worth_less(postgres_dsn: str) -> None:
    now = StoppedClock()
    clock = LeaseClock(_LONG, now)
    with connected(postgres_dsn) as one:
        lease = a_lease(clock=clock)
        lease.acquire(one)
        began = now.now
        now.now += 590
        lease.renew(one)
        assert clock.left_s() == began + 590 + 600 - now.now
        assert clock.elapsed_s() == now.now


def test_a_lease_is_renewed_within_what_takes_long_only_when_it_is_time(
    postgres_dsn: str,
) -> None:
    now = StoppedClock()
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        lease = a_lease(clock=LeaseClock(_LONG, now))
        lease.acquire(one)
        run_out(two)
        lease.renew_if_due(one)
        now.now += 101
        with pytest.raises(LeaseLostError):
            lease.renew_if_due(one)


def test_tables_of_an_older_version_are_brought_up_to_date_by_one_of_many(
    postgres_dsn: str,
) -> None:
    with connected(postgres_dsn) as one, connected(postgres_dsn) as two:
        leader = a_lease()
        assert leader.acquire(one) is not None
        one.execute("ALTER TABLE listsync_fleets DROP COLUMN pruned")
        with one.transaction(force_rollback=True):
            one.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKE_LOCK,))
            waiting = threading.Thread(target=lambda: a_lease().prepare(two))
            waiting.start()
            until_it_waits_for_a_lock(one)
        waiting.join(30)
        seen = a_lease().look(one)
        assert (seen.epoch, seen.leader) == (1, leader.name), "who leads goes on"
        assert one.execute("SELECT pruned FROM listsync_fleets").fetchone() == (0,)


def until_it_waits_for_a_lock(connection: Connection) -> None:
    asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    end = time.monotonic() + 30
    while connection.execute(asked).fetchone() == (0,):
        assert time.monotonic() < end


def test_who_is_too_old_for_a_fleet_takes_no_part(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one:
        one.execute("UPDATE listsync_fleets SET format = 1000")
        lease = a_lease()
        for asked in (lease.prepare, lease.look):
            with pytest.raises(FleetFormatError, match="update this one"):
                asked(one)
        assert lease.acquire(one) is None


def test_fleets_of_two_channels_have_nothing_to_do_with_each_other(postgres_dsn: str) -> None:
    with connected(postgres_dsn) as one:
        other = FleetLease("another", "owner", "agent", _LONG)
        first = a_lease()
        assert other.prepare(one) != first.prepare(one)
        assert first.acquire(one) is not None
        assert other.acquire(one) is not None
