"""What stands before each request in a fleet, over a real PostgreSQL."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.fleet import LeaseTimes
from listsync.errors import LeaseLostError, NotSharedError
from listsync.fleet.fence import LeaseFence
from listsync.fleet.lease import FleetLease, LeaseClock
from listsync.postgres.connection import PostgresLink

_TIMES = LeaseTimes(600.0, 100.0, 20.0)


class SetClock:
    """Goes on when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Leader:
    """An agent that leads, with a fence that counts what it shares."""

    def __init__(self, dsn: str) -> None:
        self.clock = SetClock()
        lease_clock = LeaseClock(_TIMES, self.clock)
        self.lease = FleetLease("sync_trigger", "me", "first", _TIMES, lease_clock)
        self.dsn = SecretStr(dsn)
        self.token = CancelToken()
        self.connections = 0
        self.shared = 0
        self.before_push: Callable[[PostgresLink], object] = lambda _: None

    def fence(self) -> LeaseFence:
        return LeaseFence(self.lease, self.connect, self.push, self.token)

    def connect(self) -> PostgresLink:
        self.connections += 1
        return PostgresLink(self.dsn)

    def push(self, link: PostgresLink) -> None:
        self.before_push(link)
        with link.within(20) as connection, connection.transaction():
            self.lease.fenced(connection)
        self.shared += 1


@contextmanager
def leading(dsn: str) -> Iterator[tuple[Leader, psycopg.Connection]]:
    leader = Leader(dsn)
    with psycopg.connect(dsn, autocommit=True) as other:
        leader.lease.prepare(other)
        assert leader.lease.acquire(other) is not None
        yield leader, other


def test_one_connection_serves_a_whole_sync(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, _):
        fence = leader.fence()
        for _ in range(3):
            fence.share()
            fence.check()
        fence.close()
        assert (leader.shared, leader.connections) == (3, 1)


def test_a_connection_that_was_ended_is_opened_anew(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, other):
        fence = leader.fence()
        fence.share()
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
        other.execute(f"{ended} datname = current_database() AND pid <> pg_backend_pid()")
        fence.share()
        fence.close()
        assert (leader.shared, leader.connections) == (2, 2)


def test_while_the_lease_holds_a_server_that_is_away_is_waited_for(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, _):
        leader.dsn, there = SecretStr("host=127.0.0.1 port=1"), leader.dsn

        def back_at_the_third(timeout: float | None = None) -> bool:  # noqa: ARG001 - a token's
            if leader.connections == 2:
                leader.dsn = there
            return False

        leader.token.wait = back_at_the_third  # type: ignore[method-assign]
        fence = leader.fence()
        fence.share()
        fence.close()
        assert (leader.shared, leader.connections) == (1, 3)


@pytest.mark.parametrize("passed_s", [581, 700], ids=["too-little-left", "over"])
def test_when_too_little_is_left_nothing_is_shared(postgres_dsn: str, passed_s: float) -> None:
    with leading(postgres_dsn) as (leader, _):
        fence = leader.fence()
        leader.clock.now += passed_s
        leader.dsn = SecretStr("host=127.0.0.1 port=1")
        error = NotSharedError if passed_s < 600 else LeaseLostError
        with pytest.raises(error):
            fence.share()
        assert leader.shared == 0


def test_who_has_lost_the_lease_shares_nothing(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, other):
        fence = leader.fence()
        other.execute("UPDATE listsync_fleets SET epoch = epoch + 1, owner = 'other'")
        with pytest.raises(LeaseLostError):
            fence.share()
        fence.close()


def test_a_sync_of_an_earlier_epoch_sends_nothing(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, other):
        fence = leader.fence()
        other.execute("UPDATE listsync_fleets SET expires_at = clock_timestamp()")
        assert leader.lease.acquire(other) is not None
        with pytest.raises(LeaseLostError):
            fence.check()
        with pytest.raises(LeaseLostError):
            fence.share()
        assert leader.shared == 0


def test_what_is_too_short_for_a_write_is_renewed_first(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, other):
        fence = leader.fence()
        leader.clock.now += 590
        waited = threading.Event()

        def wait(timeout: float | None = None) -> bool:  # noqa: ARG001 - a token's
            leader.lease.renew(other)
            waited.set()
            return False

        leader.token.wait = wait  # type: ignore[method-assign]
        fence.check()
        assert waited.is_set()


def test_a_lease_that_is_over_or_a_run_that_ends_is_not_waited_for(postgres_dsn: str) -> None:
    with leading(postgres_dsn) as (leader, _):
        fence = leader.fence()
        leader.clock.now += 590
        leader.token.set()
        with pytest.raises(LeaseLostError):
            fence.check()
        leader.clock.now += 20
        with pytest.raises(LeaseLostError):
            fence.check()


def test_a_sync_that_is_cut_off_waits_neither_for_a_connection_nor_for_an_answer(
    postgres_dsn: str,
) -> None:
    with leading(postgres_dsn) as (leader, other):
        fence = leader.fence()
        fence.share()
        begun = threading.Event()

        def cut_off() -> None:
            assert begun.wait(30)
            leader.token.cut()

        threading.Thread(target=cut_off).start()

        def wait_for_ever(link: PostgresLink) -> None:
            with link.within(600) as one:
                begun.set()
                one.execute("SELECT pg_sleep(600)")

        leader.before_push = wait_for_ever
        with pytest.raises(NotSharedError):
            fence.share()
        with socket.create_server(("127.0.0.1", 0)) as silent:
            host, port = silent.getsockname()
            leader.dsn = SecretStr(f"host={host} port={port} user=a dbname=a")
            began = time.monotonic()
            with pytest.raises(NotSharedError, match="is to end"):
                fence.share()
            assert time.monotonic() - began < 5, "it did not wait for the 10 s of a connection"
        del other


def test_who_does_not_lead_has_no_fence(postgres_dsn: str) -> None:
    with pytest.raises(LeaseLostError):
        Leader(postgres_dsn).fence()
