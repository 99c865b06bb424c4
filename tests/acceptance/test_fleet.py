"""Agents that share the work: whatever ends, stops or is cut off, each title is asked for once.

Times are a tenth of the real ones, and bounds those of a machine that does other things besides.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from listsync.domain.fleet import LeaseTimes
from listsync.sandbox.process import SandboxProcess
from tests.acceptance.agent_process import AgentProcess, until
from tests.crash_points import CRASH_POINTS, OF_A_FLEET
from tests.fleet import FIRST, TIMES, AgentFleet, agent_fleet
from tests.thorough import tries

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.timeout(tries(300, 3600))
"""Several whole programs in each test: on a machine with much to do they take a minute or two."""

TITLES = 300
LATENCY_MS = 5
SOON_S = 5.0
StartFleet = Callable[..., AgentFleet]


@pytest.fixture
def start_fleet(tmp_path: Path) -> Iterator[StartFleet]:
    """Start a request server and prepare agents that share a database."""
    with ExitStack() as stack:

        def start(
            dsn: str, *, latency_ms: float = LATENCY_MS, times: LeaseTimes = TIMES
        ) -> AgentFleet:
            sandbox = stack.enter_context(SandboxProcess(titles=TITLES, latency_ms=latency_ms))
            return stack.enter_context(agent_fleet(tmp_path, dsn, sandbox, times))

        yield start


def fault_of_posts(fleet: AgentFleet, kind: str, seconds: float, after: int) -> None:
    """Have the POST after so many others take long."""
    order = {"kind": kind, "method": "POST", "path": "/request", "seconds": seconds}
    fleet.sandbox.admin("faults", order | {"after": after})


def until_in_a_post(fleet: AgentFleet) -> None:
    """Wait until the fault has struck: its POST is under way."""

    def is_struck() -> bool:
        orders = fleet.sandbox.admin("faults")
        found = orders["faults"] if isinstance(orders, dict) else orders
        return any(one["struck"] for one in found)

    until("a POST that takes long", is_struck)


def remove(fleet: AgentFleet, *numbers: int) -> None:
    """Have films deleted at the request server."""
    for number in numbers:
        fleet.sandbox.admin("media", {"kind": "movie", "tmdbId": number, "remove": True})


def kill_leader(fleet: AgentFleet) -> None:
    """Kill who leads, see another lead in time, and start the killed one again."""
    name, epoch, _ = fleet.lease()
    leader = fleet.agents[name]
    fleet.kill(leader)
    took_s = fleet.takeover_s(epoch)
    assert took_s <= fleet.times.lease_s + SOON_S
    fleet.start(name)


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 5])
def test_leaders_killed_again_and_again_have_each_title_requested_once(
    start_fleet: StartFleet, postgres_dsn: str, count: int
) -> None:
    fleet = start_fleet(postgres_dsn)
    numbers = fleet.write_list(TITLES)
    fleet.start_all(count)
    for turn in range(tries(2, 12)):
        wanted = len(fleet.posted()) + fleet.chance.randint(1, 60)
        if wanted >= TITLES:
            break
        fleet.until_posted(wanted)
        time.sleep(fleet.chance.random() * LATENCY_MS / 1000)  # at any moment of a request
        if turn % 2 and (leader := fleet.leader()) is not None:
            until_in_the_sync(leader)
        kill_leader(fleet)
    fleet.until_all(numbers)
    fleet.until_at_rest()
    fleet.assert_each_once(numbers)


def until_in_the_sync(agent: AgentProcess) -> None:
    until("a sync", lambda: agent.status["running"] is not None)


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.parametrize("point", [*OF_A_FLEET][: tries(1, len(OF_A_FLEET))])
def test_a_leader_killed_at_a_named_place_has_each_title_requested_once(
    start_fleet: StartFleet, postgres_dsn: str, forked_scripts: None, point: str
) -> None:
    del forked_scripts
    fleet = start_fleet(postgres_dsn, latency_ms=40)  # the lease is renewed before all is posted
    numbers = fleet.write_list(40)
    nth = "3" if "intent" in point else "1"
    leader = fleet.start("agent1", [sys.executable, str(CRASH_POINTS), point, nth, "run"])
    assert leader.wait() == -signal.SIGKILL, leader.log
    assert len(fleet.posted()) < len(numbers)
    fleet.kill(leader)
    fleet.start("agent2").until_ready()
    fleet.start("agent1").until_ready()
    fleet.until_all(numbers)
    fleet.until_at_rest()
    fleet.assert_each_once(numbers)


@pytest.mark.slow
def test_a_request_that_a_killed_leader_left_running_is_waited_for(
    start_fleet: StartFleet, postgres_dsn: str
) -> None:
    fleet = start_fleet(postgres_dsn)
    fleet.timeout_s = 10.0
    numbers = fleet.write_list(20)
    fault_of_posts(fleet, "slow_before", 5.0, after=10)
    fleet.start_all(2)
    until_in_a_post(fleet)
    began = time.monotonic()
    kill_leader(fleet)
    fleet.until_all(numbers)
    time.sleep(max(0.0, began + 5.5 - time.monotonic()))  # until the server is surely done with it
    fleet.until_at_rest()
    fleet.assert_each_once(numbers)


@pytest.mark.slow
@pytest.mark.parametrize("is_in_a_post", [True, False], ids=["in-a-post", "between"])
def test_a_leader_that_stood_still_for_two_leases_sends_nothing_more(
    start_fleet: StartFleet, postgres_dsn: str, *, is_in_a_post: bool
) -> None:
    fleet = start_fleet(postgres_dsn)
    numbers = fleet.write_list(60)
    if is_in_a_post:
        fault_of_posts(fleet, "slow_before", 0.6, after=20)
    fleet.start_all(2)
    if is_in_a_post:
        until_in_a_post(fleet)
    else:
        fleet.until_posted(20)
    name, epoch, _ = fleet.lease()
    leader = fleet.agents[name]  # a machine with much to do may have had another lead meanwhile
    leader.signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        other = fleet.until_led(epoch)
        assert other is not leader
        until("all is requested", lambda: set(numbers) <= set(fleet.posted()), within_s=60)
        time.sleep(max(0.0, began + 2 * fleet.times.lease_s - time.monotonic()))
    finally:
        leader.signal(signal.SIGCONT)
    until("it stands by", lambda: leader.status["fleet"]["role"] == "standby")
    fleet.until_at_rest()
    fleet.assert_each_once(numbers)


@pytest.mark.slow
def test_connections_that_the_server_ends_in_a_post_cost_nothing(
    start_fleet: StartFleet, postgres_dsn: str
) -> None:
    fleet = start_fleet(postgres_dsn, times=LeaseTimes(30.0, 2.0, 2.0))  # which is not lost
    numbers = fleet.write_list(60)
    fault_of_posts(fleet, "slow_before", 0.6, after=20)
    leader = fleet.start_all(2)
    epoch = fleet.lease()[1]
    until_in_a_post(fleet)
    assert fleet.end_backends() >= 2
    fleet.until_all(numbers)
    fleet.until_at_rest()
    fleet.assert_each_once(numbers)
    assert fleet.lease()[:2] == (next(n for n, a in fleet.agents.items() if a is leader), epoch)


@pytest.mark.slow
def test_without_postgresql_nothing_is_requested_and_it_goes_on_when_it_is_back(
    start_fleet: StartFleet, postgres_server: PostgresServer
) -> None:
    from tests.postgres_server import new_database  # noqa: PLC0415 - most tests need none

    with new_database(postgres_server.dsn("postgres")) as dsn:
        fleet = start_fleet(dsn)
        numbers = fleet.write_list(150)
        fleet.start_all(2)
        fleet.until_posted(20)
        postgres_server.stop()
        try:
            time.sleep(fleet.times.lease_s)
            before = len(fleet.posted())
            time.sleep(2.0)
            assert len(fleet.posted()) == before < len(numbers)
        finally:
            postgres_server.start()
        until("all is requested", lambda: set(numbers) <= set(fleet.posted()), within_s=90)
        fleet.until_at_rest()
        fleet.assert_each_once(numbers)


@pytest.mark.slow
def test_five_agents_ask_no_more_than_one_and_any_of_them_can_be_asked(
    start_fleet: StartFleet, postgres_dsn: str
) -> None:
    fleet = start_fleet(postgres_dsn, latency_ms=0)
    numbers = fleet.write_list(20)
    leader = fleet.start_all(5)
    fleet.until_posted(len(numbers))  # which asks no agent for a sync
    fleet.until_at_rest()
    fleet.sandbox.admin("reset-log", {})
    before = len(leader.runs)
    fleet.others(leader)[2].ask("trigger")
    leader.until_synced(before + 1)
    of_one = fleet.sandbox.admin("log")["total"]
    with psycopg.connect(fleet.dsn, autocommit=True) as anybody:
        anybody.execute("SELECT pg_notify('sync_trigger', %s)", (json.dumps({"source": "me"}),))
    leader.until_synced(before + 2)
    assert fleet.sandbox.admin("log")["total"] == 2 * of_one
    for one in fleet.others(leader):
        assert "Background sync started" not in one.log
    assert fleet.posted() == []


@pytest.mark.slow
def test_what_was_excluded_stays_so_where_its_lists_fail_right_after_a_takeover(
    start_fleet: StartFleet, postgres_dsn: str
) -> None:
    fleet = start_fleet(postgres_dsn, latency_ms=0)
    numbers = fleet.write_list(5)
    shrinks, vanishes = range(FIRST + 100, FIRST + 112), range(FIRST + 200, FIRST + 203)
    files = [fleet.write_exclusions(*one) for one in (("shrinks", shrinks), ("gone", vanishes))]
    leader = fleet.start_all(2, files)
    fleet.until_all(numbers)
    fleet.until_at_rest()
    fleet.write_exclusions("shrinks", shrinks[:1])
    (fleet.folder / "gone.csv").unlink()
    new = FIRST + 50
    fleet.write_numbers([*numbers, *shrinks, *vanishes, new])
    fleet.kill(leader)
    fleet.until_posted(len(numbers) + 1)
    fleet.until_at_rest()
    fleet.assert_each_once([*numbers, new])


@pytest.mark.slow
def test_what_a_person_says_at_any_agent_counts_also_where_a_leader_that_is_stopped_hands_over(
    start_fleet: StartFleet, postgres_dsn: str
) -> None:
    fleet = start_fleet(postgres_dsn, latency_ms=0, times=LeaseTimes())
    numbers = fleet.write_list(20)
    leader = fleet.start_all(2)
    fleet.until_all(numbers)
    fleet.until_at_rest()
    (other,) = fleet.others(leader)
    forgotten, *deleted = numbers[:4]
    excluded, new = FIRST + 50, FIRST + 51
    other.ask("exclude", item=f"tmdb:movie/{excluded}")
    other.ask("forget", item=f"tmdb:movie/{forgotten}")
    remove(fleet, forgotten, *deleted)
    fleet.write_numbers([*numbers, excluded, new])
    other.ask("trigger")
    fleet.until_posted(len(numbers) + 2)
    fleet.until_at_rest()
    assert fleet.posted()[len(numbers) :] == [forgotten, new]
    name, epoch, _ = fleet.lease()
    assert fleet.agents[name] is leader
    assert leader.terminate() == 0
    fleet.kill(leader)
    assert fleet.takeover_s(epoch) < 30  # of a lease of 45
    other.until_logged("Background sync completed")
    assert fleet.leader() is other
    fleet.until_at_rest()
    assert len(fleet.posted()) == len(numbers) + 2
