"""How commands and pages of a whole agent grow with its state: a hundredth, a tenth, and all."""

from __future__ import annotations

import json
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psutil

from listsync.store.database import FILE_NAME, Database
from listsync.store.row_codec import iso
from listsync.store.webhook_events import SqliteWebhookInbox
from listsyncctl.client import ask
from tests.bench.agents import RunningAgent
from tests.bench.figures import Figure
from tests.bench.http_load import get, http_port, open_http
from tests.bench.pages import LISTS, fill
from tests.bench.runs import Bench, bench
from tests.transfer_jobs import decision, event, movie, put_event

_MOST = 100_000
"""Titles, runs and requests; notices and jobs are a tenth of them."""
_PARTS = (100, 10, 1)
_MOST_PAGE_MS = 50.0
_ROUNDS = 5
_PATIENCE_S = 120.0
_ASKED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "status": ("status", {}),
    "progress": ("progress", {}),
    "config": ("config", {}),
    "config lists[7]": ("config", {"path": "lists[7]"}),
    "lists": ("lists", {}),
    "lists NAME": ("lists", {"name": "list-150"}),
    "runs": ("runs", {"limit": 200}),
    "runs, far back": ("runs", {"limit": 200, "offset": 90_000}),
    "runs ID": ("runs", {"run_id": "run50", "limit": 200}),
    "items": ("items", {"limit": 200}),
    "items, far back": ("items", {"limit": 200, "offset": 90_000}),
    "items QUERY": ("items", {"query": "dragon", "limit": 200}),
    "items QUERY that few have": ("items", {"query": "dragon 12", "limit": 200}),
    "items of a list": ("items", {"list": "list-150", "limit": 200}),
    "requests": ("requests", {"limit": 200}),
    "requests of a title": ("requests", {"title": "movie/77", "limit": 200}),
    "requests of a list": ("requests", {"list": "list-150", "limit": 200}),
    "review": ("review", {"limit": 200}),
    "review, decided": ("review", {"decided": True, "limit": 200}),
    "notices": ("notices", {"limit": 200}),
    "notices, open": ("notices", {"open": True, "limit": 200}),
    "explain": ("explain", {"query": "dragon house 77"}),
    "explain ID": ("explain", {"query": "movie/77"}),
    "targets": ("targets", {}),
    "stats": ("stats", {}),
    "summary": ("summary", {}),
    "jobs": ("jobs", {"limit": 200}),
    "jobs, far back": ("jobs", {"limit": 200, "offset": 9_000}),
    "scans": ("scans", {"limit": 200}),
    "webhooks": ("webhooks", {"limit": 200}),
    "mapping": ("mapping", {"path": "/films/Film 77 (2001)/Film 77.mkv"}),
}
_PAGES = (
    "/",
    "/ui/lists",
    "/ui/list?name=list-150",
    "/ui/items",
    "/ui/items?q=dragon",
    "/ui/item?q=movie/77",
    "/ui/review",
    "/ui/runs",
    "/ui/runs/run50",
    "/ui/notices",
    "/ui/jobs",
    "/ui/stats",
    "/ui/settings",
    "/api/v1/overview",
    "/metrics",
    "/health",
    "/stats",
    "/jobs?limit=100",
)


def scale() -> Iterator[Figure]:
    """Ask a real agent for a page of everything, with states of three sizes."""
    took: dict[str, list[float]] = {what: [] for what in (*_ASKED, *_PAGES)}
    memory, killed, ready_s = [], (0.0, 0.0), 0.0
    for part in _PARTS:
        with bench() as one:
            _fill(one, _MOST // part)
            open_http(one)
            with RunningAgent(one) as agent:
                process = psutil.Process(agent.pid)
                _await_rest(process)  # it makes its daily backup first
                _must_be_there(agent, _MOST // part)
                for what, asked in _ASKED.items():
                    took[what].append(_cpu_ms(process, partial(_ask, agent, *asked)))
                port = http_port(agent)
                for path in _PAGES:
                    took[path].append(_cpu_ms(process, partial(get, port, path)))
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
    for what, all_ms in took.items():
        yield Figure(f"{what}: own CPU of a page", all_ms[-1], "ms", _MOST_PAGE_MS)
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


def _ask(agent: RunningAgent, method: str, params: Mapping[str, Any]) -> None:
    ask([agent.socket], method, params, timeout_s=60)


def _cpu_ms(process: psutil.Process, asking: Callable[[], object]) -> float:
    asking()
    costs = []
    for _ in range(_ROUNDS):
        before = sum(process.cpu_times()[:2])
        for _ in range(4):  # the clock of CPU times ticks each 10 ms
            asking()
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
        put_event(inbox, event(), decision(*jobs), now)
    database.close()


def _before(now: datetime, minutes: int) -> str:
    return iso(now - timedelta(minutes=minutes))


PARTS = (scale,)
