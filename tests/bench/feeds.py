"""What feeds of 100,000 titles cost: kept, written, not written; and others beside them."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from listsync.commands.feeds import Feeds
from listsync.domain.feeds import FeedContent, FeedForm, FeedTitle
from listsync.domain.media import MediaType
from listsync.store.feeds import SqliteFeeds
from listsync.web.application import Backend, build
from listsync.web.feed_routes import FeedRoutes
from listsync.web.server import HttpServer
from listsync.web.settings import EVERYTHING, AccessToken, HttpSettings, ListenAddress
from listsync.web.sync_routes import SyncRoutes
from tests.bench.figures import Figure
from tests.builders import MOVIE, entry, rules
from tests.integration.web.feed_house import FeedHouse

TITLES = 100_000
_TOKEN = "a-token-for-everything-in-a-bench"
_SWITCH_S = 0.001
"""As in the agent."""
_CLIENTS = """
import http.client, sys, threading, time

def get(path):
    asking = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
    asking.request("GET", path, headers={"X-Api-Key": sys.argv[2]})
    assert asking.getresponse().read()

def read(done):
    for _ in range(5):
        get("/feeds/mine/radarr.json")
    done.set()

done, waits = threading.Event(), []
get("/healthz")
threading.Thread(target=read, args=(done,)).start()
while not done.is_set():
    began = time.perf_counter()
    get("/healthz")
    waits.append(time.perf_counter() - began)
    time.sleep(0.01)
waits.sort()
print(waits[int(len(waits) * 0.99)], len(waits))
"""
"""Reads the feed again and again, from another process, and asks for the health meanwhile."""


def feeds() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        house = FeedHouse(Path(folder))
        house.follow(entry("Dune", 2021, MOVIE)).sync()
        kept_s = _kept_s(house)
        gc.collect()
        gc.freeze()  # an agent has no heap of a bench, which a search for garbage goes through
        feeds_ = Feeds(house.context)
        found_s = _seconds(lambda: feeds_.find("mine", FeedForm.RADARR))
        feed = feeds_.find("mine", FeedForm.RADARR)
        written_s = _seconds(lambda: feeds_.write(feed))
        with _served(Backend(house.agent.commands.call, _settings()), feeds_) as port:
            late_s, asked = _health_beside(port)
        house.database.close()
    yield Figure(f"a feed of {TITLES:,}: kept", 1000 * kept_s, "ms", 1000)
    yield Figure("  written", 1000 * written_s, "ms", 1000)
    yield Figure("  answered with 304", 1000 * found_s, "ms", 10)
    yield Figure("  /healthz while it is read again and again, p99", 1000 * late_s, "ms", 30)
    yield Figure("    of so many", asked, "")


def _kept_s(house: FeedHouse) -> float:
    titles = tuple(
        FeedTitle(MediaType.MOVIE, f"A Film Called {n}", 1950 + n % 70, n, f"tt{n:07}")
        for n in range(1, TITLES + 1)
    )
    store, content = SqliteFeeds(house.database), FeedContent(titles=titles)
    return _seconds(lambda: store.save(rules(), content, datetime.now(UTC)))


def _settings() -> HttpSettings:
    tokens = (AccessToken(name="bench", secret=_TOKEN, scopes=EVERYTHING),)
    return HttpSettings(listen=ListenAddress.parse("127.0.0.1:0"), tokens=tokens)


@contextmanager
def _served(backend: Backend, feeds_: Feeds) -> Iterator[int]:
    """Serve feeds as the agent does; gives the port."""
    routes = (*SyncRoutes(backend).routes(), *FeedRoutes(backend, feeds_).routes())
    listener = backend.settings.listen.open()
    server, stop = HttpServer(build(backend, routes), listener, backend.end), threading.Event()
    thread = threading.Thread(target=server.run, args=(stop.is_set,))
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_S)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        server.wake()
        thread.join(10)
        backend.close()
        sys.setswitchinterval(before)


def _health_beside(port: int) -> tuple[float, int]:
    command = [sys.executable, "-c", _CLIENTS, str(port), _TOKEN]
    told = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    late_s, asked = told.split()
    return float(late_s), int(asked)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


PARTS = (feeds,)
