"""What long replies cost where there is much: 100,000 entries in 300 lists, some of each kind."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from listsync.control.authorization import Peer
from listsync.control.rpc import RpcHandler
from listsync.control.server import ControlSocket
from listsync.protocol import request
from listsync.store.database import Database
from listsync.store.row_codec import iso
from listsync.store.state import SqliteAgentState
from listsyncctl.client import ask
from tests.bench.dashboard import dashboard
from tests.bench.figures import Figure
from tests.unit.agent.commands.world import World, a_list, rules

LISTS, ENTRIES = 300, 100_000
MOST_PAGE_MS, MOST_EXPORT_S, MOST_STATUS_MS = 50.0, 10.0, 50.0
MOST_STATISTICS_MS = 30.0
_ROUNDS = 3
_AT = "2026-01-01T00:00:00+00:00"
_WORDS = ("The", "Last", "Night", "Of", "Summer", "Dragon", "Blue", "Ocean", "House", "Return")


def pages() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "state.db")
        fill(database)
        world = World()
        world.state = SqliteAgentState(database)  # type: ignore[assignment]  # the real ones
        world.follow(*(rules(f"list-{number}") for number in range(LISTS)))
        world.show(*(a_list(f"list-{number}") for number in range(LISTS)))
        took = {what: _page_ms(world, *asked) for what, asked in _ASKED.items()}
        for what, ms in took.items():
            yield Figure(f"a page of {what}: own CPU", ms, "ms", MOST_PAGE_MS)
        yield from dashboard(world.commands.call)
        yield from _export(world, Path(folder))
        yield from _statistics(database, world)
        database.close()


_ASKED: Mapping[str, tuple[str, dict[str, Any], int]] = {
    "items, the first": ("items", {"limit": 200}, 0),
    "items, one in the middle": ("items", {"limit": 200}, 250),
    "items by a title": ("items", {"query": "dragon", "limit": 200}, 0),
    "items by a title that few have": ("items", {"query": "dragon 12", "limit": 200}, 0),
    "items of a list": ("items", {"list": "list-150", "limit": 200}, 0),
    "lists": ("lists", {}, 0),
    "one list": ("lists", {"name": "list-150"}, 0),
    "runs": ("runs", {}, 0),
    "the requests of a run": ("runs", {"run_id": "run50"}, 1),
    "reviews": ("review", {}, 1),
    "explain": ("explain", {"query": "dragon house 77"}, 0),
    "status": ("status", {}, 0),
}


def _statistics(database: Database, world: World) -> Iterator[Figure]:
    """Spread 100,000 requests over a year up to now, and count them."""
    now = datetime.now(UTC)
    year_s = timedelta(days=365).total_seconds()
    rows = [
        (
            f'["list-{n * 7 % LISTS}"]',
            "movie" if n % 4 else "tv",
            n,
            "requested" if n % 20 else "quota",
            iso(now - timedelta(seconds=year_s * (n * 7919 % ENTRIES) / ENTRIES)),
        )
        for n in range(ENTRIES)
    ]
    with database.write() as connection:
        connection.execute("DELETE FROM requests")
        connection.executemany(
            "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer,"
            " detail, at) VALUES (1, 'run1', 'x', ?, ?, ?, 0, '[]', ?, '', ?)",
            rows,
        )
    ms = _page_ms(world, "stats", {}, 0)
    yield Figure("statistics of 100,000 requests: own CPU", ms, "ms", MOST_STATISTICS_MS)


def _page_ms(world: World, method: str, params: dict[str, Any], number: int) -> float:
    """Measure page *number* as the agent makes it, from bytes to bytes."""
    handler = RpcHandler(world.commands.call, group=None)
    cursor: str | None = None
    for _ in range(number):
        cursor = _told(handler, method, {**params, **({"cursor": cursor} if cursor else {})})[
            "next"
        ]
    asked = {**params, **({"cursor": cursor} if cursor else {})}
    _told(handler, method, asked)
    costs = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        _told(handler, method, asked)
        costs.append(time.process_time() - before)
    return 1000 * statistics.median(costs)


def _told(handler: RpcHandler, method: str, params: Mapping[str, object]) -> dict[str, Any]:
    message = request(method, params, id_=uuid4().hex, deadline=time.time() + 60)
    reply = handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1))
    result: dict[str, Any] = json.loads(reply)["result"]
    return result


def _export(world: World, folder: Path) -> Iterator[Figure]:
    """Let the client write everything, and ask for the status beside it."""
    path = folder / "agent.sock"
    control = ControlSocket(path, world.commands.call)
    control.open()
    stop = threading.Event()
    thread = threading.Thread(target=control.run, args=(stop,))
    thread.start()
    try:
        began = time.monotonic()
        line = [sys.executable, "-m", "listsyncctl", "items", "--export", str(folder / "all.csv")]
        with subprocess.Popen(
            line, env={**os.environ, "LISTSYNC_SOCKET": str(path)}, stderr=subprocess.DEVNULL
        ) as export:
            waits = []
            while export.poll() is None:
                asked_at = time.monotonic()
                ask([path], "status", {}, timeout_s=10)
                waits.append(time.monotonic() - asked_at)
                time.sleep(0.05)
        took_s = time.monotonic() - began
        rows = len((folder / "all.csv").read_text(encoding="utf-8").splitlines()) - 1
    finally:
        stop.set()
        control.wake()
        thread.join(10)
        control.close()
    yield Figure("items --export: rows", rows, "", least=ENTRIES)
    yield Figure("  all of it", took_s, "s", MOST_EXPORT_S)
    yield Figure(
        "  status beside it, the median", 1000 * statistics.median(waits), "ms", MOST_STATUS_MS
    )


def fill(database: Database, count: int = ENTRIES) -> None:
    """Write what years with many lists leave behind: *count* entries."""
    with database.write() as connection:
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (1, 'x', 'Seerr', '3', ?, ?)",
            (_AT, _AT),
        )
        connection.executemany(
            "INSERT INTO followed (id, source, service, name, last_try, last_success, outcome)"
            " VALUES (?, ?, 'file', ?, ?, ?, 'complete')",
            [(n + 1, f"file:/list-{n}", f"list-{n}", _AT, _AT) for n in range(LISTS)],
        )
        connection.execute(
            "INSERT INTO configured_lists SELECT id, source, service, name, id FROM followed"
        )
        connection.executemany(
            "INSERT INTO runs (id, server, origin, started_at, ended_at, result, message)"
            " VALUES (?, 1, 'schedule', ?, ?, 'ok', '')",
            [(f"run{n}", f"2026-01-02T00:00:{n:02}+00:00", _AT) for n in range(60)],
        )
        for statement, rows in _rows(count).items():
            connection.executemany(statement, rows)


def _rows(count: int) -> dict[str, list[tuple[object, ...]]]:
    """Give the rows of each table: some handled, some requested, some that wait for a choice."""
    entries: list[tuple[object, ...]] = []
    handled: list[tuple[object, ...]] = []
    requests: list[tuple[object, ...]] = []
    statuses: list[tuple[object, ...]] = []
    matches: list[tuple[object, ...]] = []
    per_list = count // LISTS + 1
    for n in range(count):
        entry, number, kind = f"imdb:tt{n:07}", 100_000 + n, "movie" if n % 4 else "tv"
        title = " ".join(_WORDS[(n * step) % len(_WORDS)] for step in (1, 3, 7)) + f" {n}"
        lookup = entry if n % 2 == 0 else None
        at_list, rank = n // per_list + 1, n % per_list + 1
        entries.append((at_list, entry, rank, title, 1950 + n % 70, kind, entry[5:], lookup))
        if n % 10 < 7:
            handled.append((at_list, entry, kind, number))
        if n % 10 < 5:
            requests.append((f"run{n // 1000}", title, f'["list-{at_list - 1}"]', kind, number))
            statuses.append((kind, number))
        if lookup:
            is_open = n % 100 == 8
            found = ("review", None, None) if is_open else ("found", kind, number)
            matches.append((lookup, *found, title))
    return {
        "INSERT INTO entries (list, entry, rank, title, year, kind, imdb, lookup, first_seen)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{_AT}')": entries,
        "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)"
        f" VALUES (1, ?, ?, 0, ?, ?, '{_AT}')": handled,
        "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer,"
        f" detail, at) VALUES (1, ?, ?, ?, ?, ?, 0, '[]', 'requested', '', '{_AT}')": requests,
        "INSERT INTO title_status VALUES (1, ?, ?, 0, 'available')": statuses,
        "INSERT INTO matches (server, lookup, found, kind, tmdb, title, how, score, reasons,"
        " candidates, tries, at)"
        f" VALUES (1, ?, ?, ?, ?, ?, 'IMDb id', 1, '[]', '[]', 1, '{_AT}')": matches,
    }


PARTS = (pages,)
