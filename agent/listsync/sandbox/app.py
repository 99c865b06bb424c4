"""The sandbox as a running server: application, ready line, end."""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from listsync.sandbox import request_lifecycle
from listsync.sandbox.authentication import random_key
from listsync.sandbox.catalogue import SandboxCatalogue
from listsync.sandbox.control_api import control_routes
from listsync.sandbox.endpoint import ClientConnection
from listsync.sandbox.persistence import StateFile
from listsync.sandbox.responses import etag, invalid
from listsync.sandbox.routes import PREFIX, routes
from listsync.sandbox.server_model import PRODUCTS, SandboxServer, Settings
from listsync.sandbox.state import State

KEEP_ALIVE_S = 5
"""Idle connections are closed after this; so do Overseerr 1.34.0 and Seerr 3.1.0."""
_PARENT_CHECK_S = 1.0
_LAST_WORD_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStart:
    """How a sandbox is started; `attached` ends it with its standard input and its parent."""

    product: str
    host: str
    port: int
    api_key: str
    latency_ms: float
    state: Path | None
    titles: int
    library: int
    attached: bool


async def serve(start: SandboxStart) -> None:
    """Serve until a signal, or until the parent is gone."""
    world = SandboxServer(
        product=PRODUCTS[start.product],
        settings=Settings(api_key=start.api_key, latency_ms=start.latency_ms),
        catalogue=SandboxCatalogue(start.titles),
        library=start.library,
        state=State(),
        later=asyncio.get_running_loop().call_later,
        crash=_crash,
    )
    saved = StateFile(start.state, world) if start.state else None
    if saved is None or not saved.restore():
        world.fill()
    world.settings.api_key = world.settings.api_key or random_key()
    if saved is not None:
        saved.write()
        world.state.changed = saved.note
        world.crash = partial(_save_and_crash, saved)
        request_lifecycle.resume(world)
    await _listen(world, start, saved)


def build_app(world: SandboxServer) -> Starlette:
    """Build the ASGI application."""
    app = Starlette(
        routes=[*routes(world), *control_routes(world)],
        exception_handlers={404: _not_found, 405: _wrong_method},
    )
    app.router.redirect_slashes = False
    return app


async def _listen(world: SandboxServer, start: SandboxStart, saved: StateFile | None) -> None:
    config = uvicorn.Config(
        build_app(world),
        http=ClientConnection,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    with _bind(start.host, start.port) as listener:
        server = _Server(config, _ready_line(listener, world), saved)
        if start.attached:
            threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
        await server.serve(sockets=[listener])


def _bind(host: str, port: int) -> socket.socket:
    """Open the listening socket.

    The protocol is named, as asyncio turns Nagle's algorithm off only where it is; else every
    answer in two parts would take 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    return listener


def _ready_line(listener: socket.socket, world: SandboxServer) -> str:
    host, port = listener.getsockname()[:2]
    facts = {
        "url": f"http://{host}:{port}",
        "api_key": world.settings.api_key,
        "product": world.product.name.lower(),
    }
    return json.dumps(facts)


class _Server(uvicorn.Server):
    """Says when it is ready: one line of JSON on standard output. Saves when it ends."""

    def __init__(self, config: uvicorn.Config, ready_line: str, saved: StateFile | None) -> None:
        super().__init__(config)
        self._ready_line = ready_line
        self._saved = saved

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self._ready_line}\n")
        sys.stdout.flush()
        sys.stderr.write("The sandbox is ready; Ctrl-C ends it.\n")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Save first: after this, uvicorn lets the signal end the process."""
        if self._saved is not None:
            self._saved.write()
        await super().shutdown(sockets)


def _end_with_parent(server: uvicorn.Server) -> None:
    """Wait for the end of standard input, or of the parent, then stop the server."""
    parent = os.getppid()
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], _PARENT_CHECK_S)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            break
    server.should_exit = server.force_exit = True
    threading.Event().wait(_LAST_WORD_S)
    os._exit(1)


def _save_and_crash(saved: StateFile, words: str) -> NoReturn:
    """End the process; what a real database has committed is in the file."""
    saved.write()
    _crash(words)


def _crash(words: str) -> NoReturn:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
    os._exit(1)


async def _not_found(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith(f"{PREFIX}/"):
        return _invalid(request, 404, "not found")
    if request.url.path in ("/", "/login"):
        return HTMLResponse("<!DOCTYPE html><html><title>Sign In</title><body></body></html>")
    return HTMLResponse("<!DOCTYPE html><html><title>Oops - 404</title></html>", 404)


async def _wrong_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    return _invalid(request, 405, f"{request.method} method not allowed", headers)


def _invalid(
    request: Request, status: int, what: str, headers: Mapping[str, str] | None = None
) -> Response:
    reply = invalid(status, what, (request.url.path, what))
    tag = {"ETag": etag(reply.body).decode()}
    kind = reply.kind.decode()
    return Response(reply.body, status, {**(headers or {}), **tag}, media_type=kind)
