"""How commands of a whole agent grow with its state: a hundredth, a tenth, and all of much."""

from __future__ import annotations

import json
import os
import signal
import statistics
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from listsync.store.database import FILE_NAME, Database
from listsync.store.row_codec import iso
from listsync.store.webhook_events import SqliteWebhookInbox
from listsyncctl.client import ask
from tests.bench.agents import RunningAgent
from tests.bench.figures import Figure
from tests.bench.pages import LISTS, fill
from tests.bench.runs import Bench, bench
from tests.transfer_jobs import decision, event, movie

_MOST = 100_000
"""Titles, runs and requests; notices and jobs are a tenth of them."""
_PARTS = (100, 10, 1)
_MOST_PAGE_MS, _MOST_STATUS_MS = 50.0, 50.0
_ROUNDS = 5
_PATIENCE_S = 120.0
_ASKED: Mapping[str, dict[str, Any]] = {
    "status": {},
    "config": {},
    "lists": {},
    "runs": {"limit": 200},
    "items": {"limit": 200},
    "requests": {"limit": 200},
    "review": {"limit": 200},
    "notices": {"limit": 200},
    "explain": {"query": "dragon house 77"},
    "targets": {},
    "stats": {},
    "summary": {},
    "jobs": {"limit": 200},
    "scans": {"limit": 200},
    "webhooks": {"limit": 200},
}


def scale() -> Iterator[Figure]:
    """Ask a real agent for the first page of everything, with states of three sizes."""
    took: dict[str, list[float]] = {method: [] for method in _ASKED}
    memory, killed, ready_s = [], (0.0, 0.0), 0.0
    for part in _PARTS:
        with bench() as one:
            _fill(one, _MOST // part)
            with RunningAgent(one) as agent:
                process = psutil.Process(agent.pid)
                _await_rest(process)  # it makes its daily backup first
                _must_be_there(agent, _MOST // part)
                for method, params in _ASKED.items():
                    took[method].append(_cpu_ms(agent, process, method, params))
                memory.append(process.memory_info().rss / (1 << 20))
                os.kill(agent.pid, signal.SIGKILL)
            with RunningAgent(one) as agent:
                killed = (agent.ready_s, agent.cpu_s())
            with RunningAgent(one) as agent:
                ready_s = agent.ready_s
    yield Figure(f"ready, with {_MOST:,} of each, after an end in order", ready_s, "s", 1.0)
    yield Figure("  after a kill", killed[0], "s", 1.0)
    yield Figure("  own CPU of that start", killed[1], "s", 1.0)
    yield Figure("  memory, when everything was asked for", memory[-1], "MB")
    yield Figure("  the same with a hundredth of it", memory[0], "MB")
    for method, all_ms in took.items():
        most = _MOST_STATUS_MS if method == "status" else _MOST_PAGE_MS
        yield Figure(f"{method}: own CPU of a page", all_ms[-1], "ms", most)
        grown = all_ms[-1] / max(all_ms[0], 0.1)
        yield Figure("  with a hundredth, and how much that grew", all_ms[0], f"ms {grown:.1f} x")


def _await_rest(process: psutil.Process) -> None:
    until_s = time.monotonic() + _PATIENCE_S
    before = -1.0
    while time.monotonic() < until_s and (now := sum(process.cpu_times()[:2])) != before:
        before = now
        time.sleep(1)


def _must_be_there(agent: RunningAgent, count: int) -> None:
    """Hold what the agent knows against what was written: it might have set the state aside."""
    for method, least in {
        "items": count,
        "runs": count,
        "notices": count // 10,
        "jobs": count // 10,
    }.items():
        page: dict[str, Any] = ask([agent.socket], method, {"limit": 1}, timeout_s=60)
        known = page["total"]
        assert known >= least, f"{method}: {known} of {least}"


def _cpu_ms(
    agent: RunningAgent, process: psutil.Process, method: str, params: Mapping[str, Any]
) -> float:
    ask([agent.socket], method, params, timeout_s=60)
    costs = []
    for _ in range(_ROUNDS):
        before = sum(process.cpu_times()[:2])
        for _ in range(4):  # the clock of CPU times ticks each 10 ms
            ask([agent.socket], method, params, timeout_s=60)
        costs.append((sum(process.cpu_times()[:2]) - before) / 4)
    return 1000 * statistics.mean(costs)


def _fill(one: Bench, count: int) -> None:
    state = one.folder / "state"
    state.mkdir(mode=0o700)
    lists = [{"file": f"list-{n}", "name": f"list-{n}"} for n in range(LISTS)]
    server = {"url": one.sandbox.url, "api_key": one.sandbox.api_key}
    config = {"server": server, "lists": lists, "sync": {"every": 0, "on_config_change": False}}
    (one.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")
    database = Database(state / FILE_NAME)
    fill(database, count)
    now = datetime.now(UTC)
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO runs (id, server, origin, started_at, ended_at, result, message)"
            " VALUES (?, 1, 'schedule', ?, ?, 'ok', '')",
            [(f"more{n}", at, at) for n in range(count) for at in [_before(now, n)]],
        )
        connection.executemany(
            "INSERT INTO notices (origin, kind, severity, list, text, since, ended_at)"
            " VALUES ('sync', 'list_failed', 'error', ?, 'it says nothing', ?, ?)",
            [
                (f"list-{n % LISTS}", at, at if n % 50 else None)
                for n in range(count // 10)
                for at in [_before(now, n)]
            ],
        )
    inbox = SqliteWebhookInbox(database)
    for first in range(0, count // 10, 1000):
        names = range(first, min(first + 1000, count // 10))
        jobs = [movie(f"film {n}", size=n) for n in names]
        inbox.put(event(), decision(*jobs), now)
    database.close()


def _before(now: datetime, minutes: int) -> str:
    return iso(now - timedelta(minutes=minutes))


PARTS = (scale,)
