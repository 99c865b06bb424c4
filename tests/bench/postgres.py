"""What listening to PostgreSQL costs, and how soon a notification is a sync; no fleet."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg
from psycopg import sql

from tests.bench.agents import RunningAgent, films
from tests.bench.figures import Figure
from tests.bench.runs import Bench, bench
from tests.postgres_server import PostgresServer, new_database

_TRIGGERS = 500
_IDLE_MIN = 2
_SETTLED_S = 5.0


@contextmanager
def _server() -> Iterator[tuple[PostgresServer, str]]:
    """Give a server, and the DSN of a database of it."""
    with closing(PostgresServer()) as server, new_database(server.dsn("postgres")) as dsn:
        yield server, dsn


@contextmanager
def _agent(one: Bench, dsn: str | None) -> Iterator[RunningAgent]:
    """Start an agent that listens there, if anywhere."""
    one.write_list(films(10), every=0)
    file = one.folder / "listsync.yaml"
    config = json.loads(file.read_text(encoding="utf-8"))
    if dsn is not None:
        config["postgres"] = {"dsn": dsn}
        file.write_text(json.dumps(config), encoding="utf-8")
    with RunningAgent(one) as agent:
        if dsn is not None:
            agent.wait_for("postgres_connected")
        yield agent


def postgres_trigger() -> Iterator[Figure]:
    """From NOTIFY to the start of the sync, one after the other; beside whoever only listens."""
    started: list[float] = []
    bare: list[float] = []
    with (
        _server() as (_, dsn),
        bench() as one,
        _agent(one, dsn) as agent,
        psycopg.connect(dsn, autocommit=True) as sender,
        psycopg.connect(dsn, autocommit=True) as listening,
    ):
        listening.execute("LISTEN other")
        for number in range(_TRIGGERS):
            payload = json.dumps({"source": f"bench {number}"})
            began = time.monotonic()
            sender.execute("SELECT pg_notify('sync_trigger', %s)", (payload,))
            started.append(1000 * (agent.wait_for("sync_started") - began))
            agent.wait_for("sync_ended")
            began = time.monotonic()
            sender.execute("SELECT pg_notify('other', %s)", (payload,))
            assert list(listening.notifies(timeout=30, stop_after=1))
            bare.append(1000 * (time.monotonic() - began))
    yield Figure(f"NOTIFY -> sync started, {_TRIGGERS} times, p99", _p99(started), "ms", 100)
    yield Figure("  median", statistics.median(started), "ms")
    yield Figure("  NOTIFY -> heard by who only listens, p99", _p99(bare), "ms")


def postgres_idle() -> Iterator[Figure]:
    """Two minutes of nothing, of an agent that listens and of one that does not."""
    with _server() as (server, dsn), bench() as one, bench() as two:
        _have_logged(dsn)
        with _agent(one, dsn) as listening, _agent(two, None) as alone:
            agents = (listening, alone)
            time.sleep(_SETTLED_S)
            asked = _asked(server)
            assert asked, "the server logs nothing"
            wakes = [agent.wake_ups() for agent in agents]
            time.sleep(60 * _IDLE_MIN)
            asked = _asked(server) - asked
            woken = [one.wake_ups() - before for one, before in zip(agents, wakes, strict=True)]
            memory = [agent.memory_mb() for agent in agents]
    yield Figure("listening to PostgreSQL, idle: queries a minute", asked / _IDLE_MIN, "", 1)
    yield Figure("  wake-ups a minute, all threads", woken[0] / _IDLE_MIN, "")
    yield Figure("  of an agent without PostgreSQL", woken[1] / _IDLE_MIN, "", 10)
    yield Figure("  memory", memory[0], "MB")
    yield Figure("  of an agent without PostgreSQL", memory[1], "MB", 50)


def _asked(server: PostgresServer) -> int:
    """Count all that the server was asked so far, where that is logged."""
    return server.log.count("LOG:  ")


def _have_logged(dsn: str) -> None:
    """Let the server log whatever it is asked in sessions that begin now."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        name = sql.Identifier(admin.info.dbname)
        for words in (
            "ALTER DATABASE {} SET log_min_messages = 'log'",
            "ALTER DATABASE {} SET log_statement = 'all'",
        ):
            admin.execute(sql.SQL(words).format(name))


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


PARTS = (postgres_trigger, postgres_idle)
