"""What HTTP costs: memory, time to start, and what its clients take from a sync."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import zmq

from listsync.store.database import Database
from listsync.store.state import SqliteAgentState
from listsync.web.application import Backend, build
from listsync.web.dashboard.dashboard import Dashboard
from listsync.web.server import HttpServer
from listsync.web.settings import EVERYTHING, AccessToken, HttpSettings, ListenAddress
from tests.bench import crowd_of_clients
from tests.bench.agents import RunningAgent, ask, films
from tests.bench.figures import Figure
from tests.bench.pages import LISTS, fill
from tests.bench.runs import Bench, bench
from tests.unit.agent.commands.world import World, a_list, rules

TOKEN = "a-token-for-everything-in-a-bench"
_ROUNDS = 5
_PAGES = ("/", "/ui/lists", "/ui/items", "/ui/review", "/ui/runs", "/ui/notices", "/ui/settings")


def http_load() -> Iterator[Figure]:
    """Compare an agent with it open to one without, then look at what its clients cost."""
    yield from _start()
    yield from _page()
    yield from _beside("a sync that waits for its server", 1.05, latency_ms=20, titles=1000)
    yield from _beside("a sync that computes", 1.25, latency_ms=0, titles=4000)


def open_http(one: Bench) -> None:
    """Open the HTTP transport of the configuration, wherever there is room."""
    path = one.folder / "listsync.yaml"
    content = json.loads(path.read_text(encoding="utf-8"))
    tokens = [{"name": "bench", "token": TOKEN}]
    content["http"] = {"listen": "127.0.0.1:0", "tokens": tokens}
    path.write_text(json.dumps(content), encoding="utf-8")


def http_port(agent: RunningAgent) -> int:
    """Ask where it is."""
    with agent.asking() as asking:
        services = ask(asking, "status")[1]["services"]
    (address,) = (one["address"] for one in services if one["name"] == "http")
    return urlsplit(address).port or 0


def get(port: int, path: str) -> tuple[float, bytes]:
    """Ask once; gives how long it took in seconds, and the body."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    began = time.monotonic()
    asking.request("GET", path, headers={"X-Api-Key": TOKEN})
    answer = asking.getresponse()
    body = answer.read()
    took = time.monotonic() - began
    asking.close()
    assert answer.status == 200, (path, answer.status)
    return took, body


def _start() -> Iterator[Figure]:
    ready: dict[bool, list[float]] = {False: [], True: []}
    memory: dict[bool, float] = {}
    with bench() as one:
        for is_open in (False, True):
            one.write_list(films(10), every=0)
            if is_open:
                open_http(one)
            for _ in range(_ROUNDS):
                with RunningAgent(one) as agent:
                    ready[is_open].append(agent.ready_s)
                    for path in _PAGES if is_open else ():
                        get(http_port(agent), path)
                    time.sleep(1)
                    memory[is_open] = agent.memory_mb()
    more = statistics.median(ready[True]) - statistics.median(ready[False])
    yield Figure("http: later from exec to READY=1", more, "s", 0.4)
    yield Figure("http: more memory, every page shown", memory[True] - memory[False], "MB", 25)


def _page() -> Iterator[Figure]:
    with _filled_agent() as port:
        get(port, "/")
        times = [get(port, "/")[0] for _ in range(_ROUNDS)]
        page = get(port, "/")[1].decode()
        found = re.findall(r'(?:src|href)="(/[^"]+)"', page)
        assets = {path for path in found if "assets" in path}
        sizes = [len(gzip.compress(get(port, path)[1])) for path in assets]
    total = (len(gzip.compress(page.encode())) + sum(sizes)) / 1000
    ms = 1000 * statistics.median(times)
    yield Figure("http: overview, 100,000 items, 300 lists", ms, "ms", 50)
    yield Figure(f"http: the same with {len(assets)} assets, packed", total, "kB", 100)


@contextmanager
def _filled_agent() -> Iterator[int]:
    """Serve the dashboard of an agent with much in its state; gives the port."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "state.db")
        fill(database)
        world = World()
        world.state = SqliteAgentState(database)  # type: ignore[assignment]  # the real one
        world.follow(*(rules(f"list-{number}") for number in range(LISTS)))
        world.show(*(a_list(f"list-{number}") for number in range(LISTS)))
        address = ListenAddress.parse("127.0.0.1:0")
        tokens = (AccessToken(name="bench", secret=TOKEN, scopes=EVERYTHING),)
        backend = Backend(world.commands.call, HttpSettings(listen=address, tokens=tokens))
        listener = address.open()
        port: int = listener.getsockname()[1]
        server = HttpServer(build(backend, Dashboard(backend).routes()), listener, backend.end)
        stop = threading.Event()
        thread = threading.Thread(target=server.run, args=(stop.is_set,))
        thread.start()
        try:
            yield port
        finally:
            stop.set()
            server.wake()
            thread.join(10)
            backend.close()
            database.close()


def _beside(what: str, most: float, *, latency_ms: float, titles: int) -> Iterator[Figure]:
    """Time syncs with and without a crowd of clients, turn by turn."""
    quiet, crowded, told = [], [], []
    for _ in range(3):
        quiet.append(_sync_s(latency_ms, titles, None))
        crowd: list[float] = []
        crowded.append(_sync_s(latency_ms, titles, crowd))
        told.append(crowd)
    ratio = statistics.median(crowded) / statistics.median(quiet)
    yield Figure(f"http: {what}, beside a crowd", ratio, "x", most)
    waits, healths, shares = map(statistics.median, zip(*told, strict=True))
    yield Figure("  /sync/progress, p99", 1000 * waits, "ms", 30)
    yield Figure("  /healthz, p99", 1000 * healths, "ms", 30)
    yield Figure("  what the clients take themselves", shares, "cores")


def _sync_s(latency_ms: float, titles: int, crowd: list[float] | None) -> float:
    """Run one first sync; with *crowd*, clients ask meanwhile: see there what they tell."""
    with bench(latency_ms=latency_ms, titles=titles) as one, ExitStack() as stack:
        one.write_list(films(titles), every=0)
        open_http(one)
        agent = stack.enter_context(RunningAgent(one))
        asking = stack.enter_context(agent.asking())
        if crowd is None:
            return _timed(agent, asking)
        line = [sys.executable, crowd_of_clients.__file__, str(http_port(agent)), TOKEN]
        with subprocess.Popen(
            line, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as clients:
            assert clients.stdout is not None
            assert clients.stdout.readline() == "ready\n"
            took = _timed(agent, asking)
            told, _ = clients.communicate("")
        crowd += map(float, told.split())
        return took


def _timed(agent: RunningAgent, asking: zmq.Socket[bytes]) -> float:
    ask(asking, "trigger", origin="bench")
    began = agent.wait_for("sync_started")
    return agent.wait_for("sync_ended") - began


PARTS = (http_load,)
