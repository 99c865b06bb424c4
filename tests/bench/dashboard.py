"""What pages of the dashboard cost where there is much, as own CPU from request to response."""

from __future__ import annotations

import asyncio
import gzip
import re
import statistics
import time
from collections.abc import Iterator

import httpx

from listsync.web.application import Backend, Call, build
from listsync.web.authorization import COOKIE
from listsync.web.dashboard.dashboard import Dashboard
from listsync.web.dashboard.live import Broadcaster
from listsync.web.settings import EVERYTHING, AccessToken, HttpSettings, ListenAddress
from tests.bench.figures import Figure

MOST_PAGE_MS, MOST_PAGE_KB = 50.0, 100.0
_ROUNDS = 5
_TOKEN = AccessToken(name="bench", secret="a-token-of-the-bench", scopes=EVERYTHING)
_PAGES = {
    "the overview": ("/", MOST_PAGE_MS),
    "lists": ("/ui/lists", MOST_PAGE_MS),
    "items by a title": ("/ui/items?q=dragon", None),
    "review": ("/ui/review", None),
}


def dashboard(commands: Call) -> Iterator[Figure]:
    address = ListenAddress.parse("127.0.0.1:4222")
    backend = Backend(commands, HttpSettings(listen=address, tokens=(_TOKEN,)))
    made = Dashboard(backend)
    application = build(backend, made.routes(), made.error_page)
    cookie = backend.tokens.open_session(_TOKEN, time.time())

    async def measure() -> list[Figure]:
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", cookies={COOKIE: cookie}
        ) as client:
            costs = [
                Figure(f"{what} in a browser: own CPU", await _ms(client, path), "ms", most)
                for what, (path, most) in _PAGES.items()
            ]
            return [
                *costs,
                Figure(
                    "  the first page with all it loads", await _kb(client), "KB", MOST_PAGE_KB
                ),
            ]

    try:
        yield from asyncio.run(measure())
        cost = asyncio.run(_after_a_run_ms(made))
        yield Figure("  the overview after a run: own CPU", cost, "ms", MOST_PAGE_MS)
        yield Figure("a look for all who watch: own CPU", asyncio.run(_look_ms(made)), "ms")
    finally:
        backend.close()


async def _ms(client: httpx.AsyncClient, path: str) -> float:
    costs = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        answer = await client.get(path)
        costs.append(time.process_time() - before)
        assert answer.status_code == 200, answer.text
    return 1000 * statistics.median(costs)


async def _kb(client: httpx.AsyncClient) -> float:
    """Add up what a browser loads: the page as it is, and packed what it is made of."""
    page = (await client.get("/")).text
    size = len(page.encode())
    for path in set(re.findall(r'(?:src|href)="(/ui/assets/[^"]+)"', page)):
        size += len(gzip.compress((await client.get(path)).content))
    return size / 1000


async def _look_ms(made: Dashboard) -> float:
    broadcaster: Broadcaster = made.broadcaster
    costs = []
    for _ in range(_ROUNDS):
        before = time.process_time()
        await broadcaster.look()
        costs.append(time.process_time() - before)
    return 1000 * statistics.median(costs)


async def _after_a_run_ms(made: Dashboard) -> float:
    """Measure a look for which all is asked for anew."""
    made.latest.forget()
    before = time.process_time()
    await made.broadcaster.look()
    return 1000 * (time.process_time() - before)
