"""The dashboard at a free port, over commands that a test answers itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest

from listsync.web.application import Backend, build
from listsync.web.dashboard.dashboard import Dashboard
from listsync.web.dashboard.render import Renderer
from listsync.web.server import HttpServer
from listsync.web.settings import HttpSettings, ListenAddress
from listsync.web.sync_routes import SyncRoutes
from tests import job_replies
from tests.integration.web.conftest import TOKENS, FakeCommands, Responder, WebServer
from tests.integration.web.dashboard import facts

RENDERER = Renderer()
"""Templates are compiled once for all tests."""


def table() -> dict[str, Responder]:
    """Answer every command of the pages, each time anew."""

    def always(make: Callable[[], Mapping[str, object]]) -> Responder:
        return lambda _: make()

    return {
        "status": always(facts.status),
        "config": lambda asked: facts.config(defaults=asked["defaults"] is True),
        "progress": always(facts.progress),
        "lists": lambda asked: facts.one_list() if "name" in asked else facts.lists(),
        "runs": lambda asked: facts.one_run() if "run_id" in asked else facts.runs(),
        "items": always(facts.items),
        "explain": always(facts.explain),
        "review": always(facts.review),
        "notices": always(facts.notices),
        "stats": always(facts.stats),
        "review_decide": lambda asked: {
            "ok": True,
            "message": "The Thing is The Thing (1982) [movie/1091]: the next sync requests it.",
            "id": asked["id"],
            "title": "The Thing",
            "key": "movie/1091",
            "lists": ["mine"],
        },
        "trigger": lambda _: {"run_id": "ba9876543210", "state": "started"},
        **{
            name: lambda _: {"ok": True, "message": "Done."}
            for name in ("pause", "resume", "reload", "exclude")
        },
        "jobs": lambda asked: job_replies.one_job() if "id" in asked else jobs_in(asked),
        "scans": always(job_replies.scans),
        "job_retry": lambda asked: job_replies.retried(int(str(asked["id"]))),
        "jobs_retry_failed": lambda _: job_replies.retried(12, 13),
        "job_cancel": lambda _: {"ok": True, "message": "Cancelled."},
        "scan_retry": lambda _: {"ok": True, "message": "On its way."},
        "cancel": lambda _: {"ok": True, "message": "Cancelling.", "run_id": "ba9876543210"},
        "forget": lambda _: {"ok": True, "message": "Forgot it.", "count": 2},
    }


def jobs_in(asked: Mapping[str, object]) -> Mapping[str, object]:
    """Give copies in the states that are asked for."""
    states = asked.get("state")
    if not isinstance(states, list):
        return job_replies.jobs()
    return job_replies.jobs(*(one for one in job_replies.several() if one["state"] in states))


@contextmanager
def dashboard(commands: FakeCommands, base_path: str = "", port: int = 0) -> Iterator[WebServer]:
    """Open an HTTP server with the dashboard and the routes that its script uses."""
    listener = ListenAddress.parse(f"127.0.0.1:{port}").open()
    port = listener.getsockname()[1]
    address = ListenAddress.parse(f"127.0.0.1:{port}")
    backend = Backend(commands, HttpSettings(listen=address, tokens=TOKENS, base_path=base_path))
    made = Dashboard(backend, RENDERER)
    routes = (*SyncRoutes(backend).routes(), *made.routes())
    server = HttpServer(build(backend, routes, made.error_page), listener, backend.end)
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop.is_set,))
    thread.start()
    try:
        yield WebServer(f"http://127.0.0.1:{port}{base_path}", port, backend, commands)
    finally:
        stop.set()
        server.wake()
        thread.join(30)
        backend.close()
        assert not thread.is_alive()


@pytest.fixture
def commands() -> FakeCommands:
    return FakeCommands(table())


@pytest.fixture
def web(commands: FakeCommands) -> Iterator[WebServer]:
    with dashboard(commands) as one:
        yield one
