"""What a webhook costs the Radarr that waits for its answer: a real agent, a real state."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from listsync.web.webhook_routes import MOST_BYTES
from tests.bench.agents import RunningAgent, ask
from tests.bench.figures import Figure
from tests.bench.runs import Bench, bench
from tests.webhooks import sample

_TOKEN = "a-token-for-everything-in-a-bench"
_A_SECOND = 50
_SECONDS = 10
_AT_ONCE = 1000
_CLIENTS = 100
_LARGE = 5


def webhooks() -> Iterator[Figure]:
    """Post as Radarr does, a connection for each event; the copies wait for their destination."""
    with _agent() as (agent, port):
        for n in range(50):
            _post(port, _event(f"warm-{n}"))
        bare = _paced(lambda _: _look(port))
        yield Figure(
            f"webhooks: the machine itself: /healthz at {_A_SECOND}/s, p99", _ms(_p99(bare)), "ms"
        )
        times = _paced(lambda n: _post(port, _event(f"paced-{n}"))[0])
        yield Figure(
            f"webhooks: {_A_SECOND}/s, answered, median", _ms(statistics.median(times)), "ms"
        )
        yield Figure(f"webhooks: {_A_SECOND}/s, answered, p99", _ms(_p99(times)), "ms", 20)
        before = agent.memory_mb()
        took, jobs = _burst(port)
        yield Figure(f"webhooks: {_AT_ONCE:,} at once, until all are answered", took, "s", 10)
        yield Figure(
            "  of them jobs of their own", len(jobs), "jobs", most=_AT_ONCE, least=_AT_ONCE
        )
        large = [_post(port, _large(n))[0] for n in range(_LARGE)]
        yield Figure("webhooks: a body of 5 MB", _ms(statistics.median(large)), "ms", 500)
        yield Figure("  more memory after all of these", agent.memory_mb() - before, "MB", 60)
        same = {number for _ in range(10) for number in _post(port, _event("the same"))[1]}
        yield Figure("webhooks: jobs of one event that comes ten times", len(same), "jobs", 1)


@contextmanager
def _agent() -> Iterator[tuple[RunningAgent, int]]:
    with bench() as one:
        one.write_list([{"kind": "movie", "tmdb_id": 603}], every=0)
        _map(one)
        with RunningAgent(one) as agent:
            with agent.asking() as asking:
                services = ask(asking, "status")[1]["services"]
            (address,) = (row["address"] for row in services if row["name"] == "http")
            yield agent, urlsplit(address).port or 0


def _map(one: Bench) -> None:
    """Map a library whose destination lacks its marker, so that nothing is copied."""
    path: Path = one.folder / "listsync.yaml"
    content = json.loads(path.read_text(encoding="utf-8"))
    places = {name: one.folder / name for name in ("source", "destination")}
    for place in places.values():
        place.mkdir()
    mapping = {
        "from": "/movies",
        "marker": "never",
        **{key: str(at) for key, at in places.items()},
    }
    content["http"] = {
        "listen": "127.0.0.1:0",
        "tokens": [{"name": "bench", "token": _TOKEN}],
    }
    content["transfers"] = {"mappings": [mapping]}
    path.write_text(json.dumps(content), encoding="utf-8")


def _event(name: str) -> dict[str, Any]:
    body = sample("radarr-download")
    body["movieFile"]["path"] = f"/movies/{name}/{name}.mkv"
    return body


def _large(number: int) -> dict[str, Any]:
    body = _event(f"large-{number}")
    body["movie"]["overview"] = "x" * (MOST_BYTES - 10_000)
    return body


def _post(port: int, event: dict[str, Any]) -> tuple[float, list[int]]:
    """Send an event; gives the seconds until it was answered, and its jobs."""
    body = json.dumps(event, indent=2).encode()
    headers = {"X-Api-Key": _TOKEN, "Content-Type": "application/json", "Connection": "close"}
    began = time.monotonic()
    sending = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    sending.request("POST", "/sync/radarr", body, headers)
    answer = sending.getresponse()
    told = json.loads(answer.read())
    took = time.monotonic() - began
    sending.close()
    assert answer.status == 202, told
    jobs: list[int] = told["jobs"]
    return took, jobs


def _look(port: int) -> float:
    """Ask what is answered from memory; gives the seconds until it was answered."""
    began = time.monotonic()
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asking.request("GET", "/healthz", headers={"Connection": "close"})
    asking.getresponse().read()
    asking.close()
    return time.monotonic() - began


def _paced(send: Callable[[int], float]) -> list[float]:
    """Send as many a second as is said, whether or not those before are answered."""
    with ThreadPoolExecutor(_CLIENTS) as clients:
        began = time.monotonic()
        sent = []
        for n in range(_A_SECOND * _SECONDS):
            time.sleep(max(0.0, began + n / _A_SECOND - time.monotonic()))
            sent.append(clients.submit(send, n))
        return [one.result() for one in sent]


def _burst(port: int) -> tuple[float, set[int]]:
    with ThreadPoolExecutor(_CLIENTS) as clients:
        began = time.monotonic()
        sent = [clients.submit(_post, port, _event(f"burst-{n}")) for n in range(_AT_ONCE)]
        jobs = {number for one in sent for number in one.result()[1]}
        return time.monotonic() - began, jobs


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[-1]


def _ms(seconds: float) -> float:
    return 1000 * seconds


PARTS = (webhooks,)
