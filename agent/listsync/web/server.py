"""uvicorn in a thread of ours: bound before it serves, bounded in what a client may hold open."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from listsync.errors import StateError, root_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from listsync.web.settings import ListenAddress

MOST_CONNECTIONS = 256
_HEAD_S = 10.0
"""How long a client may take for the head of a request."""
_KEEP_ALIVE_S = 30
_MOST_HEAD_BYTES = 32 * 1024
_GRACE_S = 1
"""How long answers may still take when the server ends."""
_BACKLOG = 128


def listen(address: ListenAddress) -> socket.socket:
    """Bind and listen.

    The protocol is named, as asyncio turns Nagle's algorithm off only where it is.

    Raises:
        StateError: the address cannot be had.
    """
    family = socket.AF_INET6 if address.host.version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address.host), address.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        words = f"cannot listen at {address.authority} (http.listen): {root_of(error)}"
        raise StateError(words) from error
    return listener


class BoundedConnection(H11Protocol):
    """A connection of uvicorn's that is closed when a head does not come in time.

    Above `MOST_CONNECTIONS` a new one is closed at once, so that half-open ones hold no memory.
    """

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first head."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head come within `_HEAD_S` seconds of its first."""
        before: RequestResponseCycle | None = self.cycle
        if self._head_timer is None and (before is None or before.response_complete):
            self._await_head()
        try:
            super().data_received(data)
        except UnicodeDecodeError:  # of a path that is not ASCII
            self.send_400_response("Invalid HTTP request received.")
        if self.cycle is not before:
            self._forget_timer()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(_HEAD_S, self.transport.abort)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class HttpServer:
    """Serves *application* at an open *listener*, which it closes; `run` once, in one thread."""

    def __init__(self, application: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            application,
            http=BoundedConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
            h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        )
        self._server = _Server(config)
        self._listener = listener

    def run(self, stop: threading.Event) -> None:
        """Serve until *stop* is set; `wake` makes it look at once."""
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(self._server.serve_until(stop, self._listener))
        finally:
            self._listener.close()

    def wake(self) -> None:
        """Let `run` look at its *stop* now; from any thread, at any time."""
        self._server.wake()


class _Server(uvicorn.Server):
    """Leaves signals alone, and sleeps until it is woken: uvicorn looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    async def serve_until(self, stop: threading.Event, listener: socket.socket) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        self._stop = stop
        try:
            await self.serve(sockets=[listener])
        finally:
            with self._lock:
                self._loop = None

    def wake(self) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._woken.set)

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator there
        """Leave them to the agent."""
        return nullcontext()

    async def main_loop(self) -> None:
        """Wait for the end."""
        while not self._stop.is_set():
            await self._woken.wait()
            self._woken.clear()
        self.should_exit = True
