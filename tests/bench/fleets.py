"""What it costs that several agents share the work, and how soon another takes over."""

from __future__ import annotations

import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg

from listsync.cancellation import CancelToken
from listsync.domain.fleet import LEASE_S
from listsync.domain.run_notes import Intent, Notes
from listsync.fleet.fence import LeaseFence
from tests.bench.agents import RunningAgent, ask, films
from tests.bench.figures import Figure
from tests.bench.runs import Bench, bench
from tests.builders import film_body
from tests.integration.fleet.sharing import agents
from tests.postgres_server import PostgresServer, new_database

_AGENTS = 5
_SYNCS = 5
_TAKEOVER_S = LEASE_S + 5
_MANY = 100_000
_INTENTS = 500


@contextmanager
def _database() -> Iterator[str]:
    with closing(PostgresServer()) as server, new_database(server.dsn("postgres")) as dsn:
        yield dsn


def _agent_of(one: Bench, name: str, titles: int, **postgres: object) -> RunningAgent:
    """Start an agent in a folder of its own, which follows so many titles."""
    own = Bench(one.sandbox, one.folder / name)
    if not own.folder.exists():
        own.folder.mkdir()
        own.write_list(films(titles), every=0)
        file = own.folder / "listsync.yaml"
        config = json.loads(file.read_text(encoding="utf-8"))
        if postgres:
            config["postgres"] = postgres
        file.write_text(json.dumps(config), encoding="utf-8")
    return RunningAgent(own)


def _calls(one: Bench) -> int:
    calls: dict[str, int] = one.sandbox.admin("log")["calls"]
    return sum(calls.values())


def _sync(agent: RunningAgent) -> float:
    """Have the agent that leads sync; returns how long that takes."""
    with agent.asking() as asking:
        ask(asking, "trigger", origin="bench")
    began = agent.wait_for("sync_started")
    return agent.wait_for("sync_ended") - began


def _day(one: Bench, leader: RunningAgent) -> int:
    """Let a day with some syncs pass; returns the calls of the server."""
    for _ in range(_SYNCS):
        _sync(leader)
    return _calls(one)


@contextmanager
def _fleet(one: Bench, dsn: str, count: int, titles: int) -> Iterator[list[RunningAgent]]:
    """Start so many agents; the first one leads."""
    with ExitStack() as stack:
        started: list[RunningAgent] = []
        for number in range(count):
            name = f"agent-{number}"
            options = {"dsn": dsn, "fleet": True, "agent_name": name}
            started.append(stack.enter_context(_agent_of(one, name, titles, **options)))
            started[-1].wait_for("fleet_standby" if number else "fleet_lead")
        yield started


def fleet_calls() -> Iterator[Figure]:
    """The same day with one agent and with five, and what each of them holds in memory."""
    with (
        bench(titles=1000) as one,
        _agent_of(one, "alone", 300) as agent,
    ):
        alone = _day(one, agent)
        alone_mb = agent.memory_mb()
    with (
        bench(titles=1000) as one,
        _database() as dsn,
        _fleet(one, dsn, _AGENTS, 300) as (leader, *others),
    ):
        together = _day(one, leader)
        time.sleep(2)
        held, stand_by = leader.memory_mb(), [other.memory_mb() for other in others]
    yield Figure("one agent: calls of a day of 5 syncs, 300 titles", alone, "calls")
    yield Figure(f"{_AGENTS} agents: the same, to that", together / alone, "x", 1.0)
    yield Figure("one agent: memory after it", alone_mb, "MB")
    yield Figure(f"{_AGENTS} agents: memory of the leader after it", held, "MB")
    yield Figure("  of one that stands by", statistics.median(stand_by), "MB")


def fleet_takeover() -> Iterator[Figure]:
    """From the leader's death to another's first sync."""
    with bench() as one, _database() as dsn, _fleet(one, dsn, 2, 10) as (leader, other):
        _sync(leader)
        os.kill(leader.pid, signal.SIGKILL)
        began = time.monotonic()
        yield Figure(
            "takeover after a kill of the leader", other.wait_for("fleet_lead") - began, "s"
        )
        begun = other.wait_for("sync_started") - began
        yield Figure("  until the sync that it begins with", begun, "s", _TAKEOVER_S)
    with bench() as one, _database() as dsn, _fleet(one, dsn, 2, 10) as (leader, other):
        _sync(leader)
        began = time.monotonic()
        os.kill(leader.pid, signal.SIGTERM)
        left = other.wait_for("fleet_lead") - began
        yield Figure("takeover where the leader is stopped", left, "s", 5)


def fleet_requests() -> Iterator[Figure]:
    """What it costs to share each intent before its request: 1,000 titles, turn by turn."""
    alone: list[float] = []
    shared: list[float] = []
    for _ in range(3):
        for spent, is_fleet in ((alone, False), (shared, True)):
            with bench(titles=1000) as one, _database() as dsn:
                options = {"dsn": dsn, "fleet": True} if is_fleet else {}
                with _agent_of(one, "agent", 1000, **options) as agent:
                    if is_fleet:
                        agent.wait_for("fleet_lead")
                    spent.append(_sync(agent))
    cost = statistics.median(shared) - statistics.median(alone)
    yield Figure("first sync of 1,000, alone", statistics.median(alone), "s")
    ratio = statistics.median(shared) / statistics.median(alone)
    yield Figure("  as the leader of a fleet, to that", ratio, "x")
    yield Figure("  more for each request", cost, "ms")


def fleet_intents() -> Iterator[Figure]:
    """What stands before each request, besides noting the intent in our own state."""
    noted: list[float] = []
    shared: list[float] = []
    with (
        _database() as dsn,
        tempfile.TemporaryDirectory() as folder,
        agents(dsn, Path(folder), "leader") as (leader,),
    ):
        leader.join()
        leader.lead()
        fence = LeaseFence(leader.lease, leader.link.another, leader.exchange.push, CancelToken())
        with closing(fence):
            fence.share()
            for number in range(_INTENTS):
                began = time.perf_counter()
                wish = Intent(f"Film {number}", ("mine",), film_body(number))
                leader.memory.record(Notes(), [wish])
                done = time.perf_counter()
                fence.share()
                fence.check()
                noted.append(done - began)
                shared.append(time.perf_counter() - done)
    yield Figure("an intent, noted in our own state: median", 1e3 * statistics.median(noted), "ms")
    yield Figure("  shared with the fleet: median", 1e3 * statistics.median(shared), "ms")
    yield Figure("  p99", 1e3 * statistics.quantiles(shared, n=100)[98], "ms")


def fleet_join() -> Iterator[Figure]:
    """An agent that remembers 100,000 titles brings them, and an empty one takes them."""
    with bench(titles=_MANY, library=_MANY + 2000) as one, _database() as dsn:
        with _agent_of(one, "agent-0", _MANY) as agent:
            _sync(agent)
        file = one.folder / "agent-0" / "listsync.yaml"
        config = json.loads(file.read_text(encoding="utf-8"))
        config["postgres"] = {"dsn": dsn, "fleet": True, "agent_name": "agent-0"}
        file.write_text(json.dumps(config), encoding="utf-8")
        for number, what in enumerate(("brings", "takes")):
            options = {"dsn": dsn, "fleet": True, "agent_name": f"agent-{number}"}
            began = time.monotonic()
            with _agent_of(one, f"agent-{number}", _MANY, **options) as agent:
                took = agent.wait_for("fleet_joined") - began
                yield Figure(f"an agent joins and {what} {_MANY:,} titles", took, "s")
                yield Figure("  its memory then", agent.memory_mb(), "MB")
        with psycopg.connect(dsn) as link:
            sizes = link.execute(
                "SELECT count(*), pg_total_relation_size('listsync_rows') FROM listsync_rows"
            ).fetchall()
    ((rows, size),) = sizes
    yield Figure("  rows in PostgreSQL", rows, "")
    yield Figure("  size in PostgreSQL", size / 1024**2, "MB")


PARTS = (fleet_calls, fleet_takeover, fleet_intents, fleet_requests, fleet_join)
