"""Real sandboxes, one process for each product and test worker, emptied before each test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest

from listsync.sandbox.__main__ import KEEP_ALIVE_S
from listsync.sandbox.process import SandboxProcess

Json = dict[str, Any]
BREAKING_BAD = 1396
DUNE = 438631
SALT_ARCHIVE = 9900001
COPPER_LEDGER = 9900002
SPECIALS_ONLY = 9900003
FAMILY, QUOTA, NOBODY = 2, 3, 4


@dataclass
class Server:
    """One sandbox as a caller sees it."""

    process: SandboxProcess
    _clients: dict[int, httpx.Client] = field(default_factory=dict, repr=False)

    @property
    def http(self) -> httpx.Client:
        """One for each thread: httpcore may close a connection that another was just given."""
        thread = threading.get_ident()
        if thread not in self._clients:
            # Ended before the sandbox does it, which the next POST would meet.
            limits = httpx.Limits(keepalive_expiry=KEEP_ALIVE_S / 5)
            url = f"{self.process.url}/api/v1"
            self._clients[thread] = httpx.Client(
                base_url=url,
                timeout=30,
                limits=limits,
                verify=False,
            )
        return self._clients[thread]

    def close(self) -> None:
        """End all connections."""
        while self._clients:
            self._clients.popitem()[1].close()

    @property
    def product(self) -> str:
        return self.process.product

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        user: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call with the right key; *path* is sent as it is, with its query."""
        sent = {"X-Api-Key": self.process.api_key, **(headers or {})}
        if user is not None:
            sent["X-API-User"] = str(user)
        return self.http.request(method, path, json=body, headers=sent)

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.call("GET", path, **how)

    def ask(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """Call without a key; *path* counts from the server's address."""
        return self.http.get(f"{self.process.url}{path}", headers=headers)

    def read(self, path: str, **how: Any) -> Any:
        """Read what must be there."""
        answer = self.get(path, **how)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, query: str, rest: str = "") -> Json:
        found: Json = self.read(f"/search?query={quote(query, safe='')}{rest}")
        return found

    def order(self, body: Json, **how: Any) -> httpx.Response:
        return self.call("POST", "/request", body, **how)

    def film(self, tmdb_id: int = DUNE, *, user: int | None = None, **more: Any) -> httpx.Response:
        body = {"mediaType": "movie", "mediaId": tmdb_id, "is4k": False, **more}
        return self.order(body, user=user)

    def series(
        self,
        tmdb_id: int = BREAKING_BAD,
        seasons: list[int] | Literal["all"] = "all",
        *,
        user: int | None = None,
        **more: Any,
    ) -> httpx.Response:
        body = {"mediaType": "tv", "mediaId": tmdb_id, "is4k": False, "seasons": seasons, **more}
        return self.order(body, user=user)

    def status(self, kind: str, tmdb_id: int, *, four_k: bool = False) -> int | None:
        """Look a title's status up in the index; None without a row."""
        for row in self.read("/media?take=1000")["results"]:
            if (row["mediaType"], row["tmdbId"]) == (kind, tmdb_id):
                status: int = row["status4k" if four_k else "status"]
                return status
        return None

    def admin(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """Use a control endpoint, over the connection that is open."""
        verb = method or ("GET" if body is None else "POST")
        answer = self.http.request(verb, f"{self.process.url}/sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def shelve(self, kind: str, tmdb_id: int, **row: Any) -> None:
        self.admin("media", {"kind": kind, "tmdbId": tmdb_id, **row})


def numbers(rows: list[Json], name: str = "seasonNumber") -> list[int]:
    return [row[name] for row in rows]


def words(answer: httpx.Response) -> str:
    """Read what a handler says in an error."""
    assert set(answer.json()) == {"message"}
    text: str = answer.json()["message"]
    return text


def until_seen(server: Server, calls: int) -> None:
    """Wait until that many calls have come to the only fault."""
    deadline = time.monotonic() + 5
    while server.admin("faults")[0]["seen"] < calls and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)


@pytest.fixture(autouse=True)
def _forks(forked_programs: None) -> None:
    """Start sandboxes quickly."""


@pytest.fixture(scope="session")
def running() -> Iterator[dict[str, Server]]:
    """Start a sandbox for every product that is asked for."""
    servers: dict[str, Server] = {}
    yield servers
    for server in servers.values():
        server.close()
        server.process.close()


def _emptied(running: dict[str, Server], product: str) -> Server:
    if product not in running:  # a test that is cold may be the first: that does no harm
        running[product] = Server(SandboxProcess(product, titles=50).__enter__())
    server = running[product]
    server.http.post(f"{server.process.url}/sandbox/reset", json={"sending_ms": 0})
    return server


@pytest.fixture
def overseerr(running: dict[str, Server]) -> Server:
    return _emptied(running, "overseerr")


@pytest.fixture
def seerr(running: dict[str, Server]) -> Server:
    return _emptied(running, "seerr")


@pytest.fixture(params=("overseerr", "seerr"))
def each(request: pytest.FixtureRequest, running: dict[str, Server]) -> Server:
    """Each of the two products whose answers were observed live."""
    return _emptied(running, request.param)


@pytest.fixture(params=("overseerr", "jellyseerr", "seerr"))
def any_product(request: pytest.FixtureRequest, running: dict[str, Server]) -> Server:
    """Each of the three."""
    return _emptied(running, request.param)


@pytest.fixture(params=("jellyseerr", "seerr"))
def forked(request: pytest.FixtureRequest, running: dict[str, Server]) -> Server:
    """The two that came out of Overseerr."""
    return _emptied(running, request.param)


@pytest.fixture
def server(seerr: Server) -> Server:
    """One server where all three do the same."""
    return seerr
