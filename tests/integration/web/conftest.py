"""A real server at a free port, with commands that a test answers itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import httpx
import pytest

from listsync.commands.context import Caller
from listsync.commands.dispatch import Reply
from listsync.protocol import METHODS, Access, Reason, RefusedCommand
from listsync.web.application import Backend, build
from listsync.web.routes import HttpRoute
from listsync.web.server import HttpServer
from listsync.web.settings import EVERYTHING, AccessToken, HttpSettings, ListenAddress, TokenScope
from listsync.web.sync_routes import SyncRoutes

FEEDER = "a-token-for-feeds-in-tests-only!"
ALL, READER = "a-token-for-everything-in-tests", "a-token-for-reading-in-tests-only"
TOKENS = (
    AccessToken(name="me", secret=ALL, scopes=EVERYTHING),
    AccessToken(name="radarr", secret=FEEDER, scopes=frozenset({TokenScope.FEED})),
    AccessToken(name="reader", secret=READER, scopes=frozenset({TokenScope.READ})),
)
Responder = Callable[[Mapping[str, object]], Reply]


@dataclass
class FakeCommands:
    """Answers commands from a table, and remembers what was asked."""

    answers: dict[str, Responder] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __call__(self, method: str, params: Mapping[str, object], caller: Caller) -> Reply:
        if METHODS[method] is Access.CONTROL and not caller.may_control:
            return RefusedCommand(Reason.FORBIDDEN, f"{caller.name} may only look")
        self.asked.append((method, params))
        return self.answers[method](params)


@dataclass
class WebServer:
    """The HTTP server, open."""

    url: str
    port: int
    backend: Backend
    commands: FakeCommands

    def follow(self, **changed: object) -> None:
        self.backend.follow(replace(self.backend.settings, **changed))  # type: ignore[arg-type]

    def client(self, token: str | None = ALL) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Without TLS: to load all authorities takes longer than a test.
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=30, trust_env=False, verify=False
        )


@pytest.fixture
def commands() -> FakeCommands:
    return FakeCommands({"ping": lambda _: {"pong": True, "pid": 1}})


@pytest.fixture
def routes() -> Callable[[Backend], tuple[HttpRoute, ...]]:
    return lambda backend: SyncRoutes(backend).routes()


@pytest.fixture
def web(
    commands: FakeCommands, routes: Callable[[Backend], tuple[HttpRoute, ...]]
) -> Iterator[WebServer]:
    listener = ListenAddress.parse("127.0.0.1:0").open()
    port = listener.getsockname()[1]
    settings = HttpSettings(listen=ListenAddress.parse(f"127.0.0.1:{port}"), tokens=TOKENS)
    backend = Backend(commands, settings)
    server, stop = (
        HttpServer(build(backend, routes(backend)), listener, backend.end),
        threading.Event(),
    )
    thread = threading.Thread(target=server.run, args=(stop.is_set,))
    thread.start()
    try:
        yield WebServer(f"http://127.0.0.1:{port}", port, backend, commands)
    finally:
        stop.set()
        server.wake()
        thread.join(30)
        backend.close()
        assert not thread.is_alive()
