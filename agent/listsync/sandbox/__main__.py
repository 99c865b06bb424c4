"""`python -m listsync.sandbox`: serve a request server to try things on."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import select
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from listsync.lean_dataclasses import dataclass
from listsync.process.guard import attach
from listsync.sandbox import control_api, request_lifecycle
from listsync.sandbox.catalogue import SandboxCatalogue
from listsync.sandbox.control_api import control_routes
from listsync.sandbox.endpoint import ClientConnection
from listsync.sandbox.persistence import StateFile
from listsync.sandbox.responses import etag, invalid
from listsync.sandbox.routes import PREFIX, routes
from listsync.sandbox.server_model import PRODUCTS, SandboxServer, Settings
from listsync.sandbox.state import State
from listsync.sandbox.validation import random_key

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
    server = SandboxServer(
        product=PRODUCTS[start.product],
        settings=Settings(api_key=start.api_key, latency_ms=start.latency_ms),
        catalogue=SandboxCatalogue(start.titles),
        library=start.library,
        state=State(),
        later=asyncio.get_running_loop().call_later,
        crash=_crash,
    )
    saved = StateFile(start.state, server) if start.state else None
    if saved is None or not saved.restore():
        server.fill()
    server.settings.api_key = server.settings.api_key or random_key()
    if saved is not None:
        saved.write()
        server.state.changed = saved.note
        server.crash = partial(_save_and_crash, saved)
        request_lifecycle.resume(server)
    await _listen(server, start, saved)


def build_app(server: SandboxServer) -> Starlette:
    """Build the ASGI application."""
    app = Starlette(
        routes=[*routes(server), *control_routes(server)],
        exception_handlers={404: _not_found, 405: _wrong_method},
    )
    app.router.redirect_slashes = False
    return app


async def _listen(server: SandboxServer, start: SandboxStart, saved: StateFile | None) -> None:
    config = uvicorn.Config(
        build_app(server),
        http=ClientConnection,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )
    with _bind(start.host, start.port) as listener:
        uvicorn_server = _Server(config, _ready_line(listener, server), saved)
        if start.attached:
            threading.Thread(target=_end_with_parent, args=(uvicorn_server,), daemon=True).start()
        await uvicorn_server.serve(sockets=[listener])


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


def _ready_line(listener: socket.socket, server: SandboxServer) -> str:
    host, port = listener.getsockname()[:2]
    facts = {
        "url": f"http://{host}:{port}",
        "api_key": server.settings.api_key,
        "product": server.product.name.lower(),
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


def _end_with_parent(uvicorn_server: uvicorn.Server) -> None:
    """Wait for the end of standard input, or of the parent, then stop the server."""
    parent = os.getppid()
    while os.getppid() == parent:
        readable, _, _ = select.select([sys.stdin], [], [], _PARENT_CHECK_S)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            break
    uvicorn_server.should_exit = uvicorn_server.force_exit = True
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted; *arguments* are those of the command line by default."""
    start = SandboxStart(**vars(_parser().parse_args(arguments)))
    if start.attached:
        attach()
    try:
        asyncio.run(serve(start))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as problem:
        sys.exit(f"cannot listen on {start.host}:{start.port}: {problem}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="listsync sandbox",
        description="Serve a request server to try things on, until it is told to end.",
        epilog=control_api.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--product", choices=PRODUCTS, default="seerr", help="whom to behave like")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=5055, help="port to listen on; 0 picks a free one")
    add("--api-key", default="", help="key to accept; a random one by default")
    add("--latency-ms", type=float, default=0, help="how long every answer takes at least")
    add(
        "--state", type=_file, help="file to keep everything in, so that a restart changes nothing"
    )
    add("--titles", type=_count, default=0, help="how many invented films to add")
    add("--library", type=_count, default=0, help="how many titles are available at first")
    add("--attached", action="store_true", help="end when standard input ends")
    return parser


def _file(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"no such directory: {path.parent}")
    return path


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 999_999:
        raise argparse.ArgumentTypeError("must be from 0 to 999999")
    return number


if __name__ == "__main__":
    main()
