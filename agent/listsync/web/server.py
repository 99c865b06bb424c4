"""uvicorn in a thread of ours: bound before it serves, bounded in what a client may hold open."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.loops.auto import auto_loop_factory
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from listsync.web.hosts import network_of, plain
from listsync.web.middleware import MOST_HEAD_BYTES

if TYPE_CHECKING:
    from starlette.types import ASGIApp


MOST_CONNECTIONS = 256
_HEAD_S = 10.0
"""How long a client may take for the head of a request."""
_WRITE_S = 20.0
"""How long a client may take to read what is written, before more of it."""
_SEND_BUFFER = 128 * 1024
_KEEP_ALIVE_S = 30
_GRACE_S = 1
"""How long answers may still take when the server ends."""


class _Deadline:
    """Closes a connection when something takes too long."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        return self._timer is not None

    def begin(self, seconds: float) -> None:
        """Begin to wait, anew if it did already."""
        self.end()
        self._timer = self._loop.call_later(seconds, self._transport.abort)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedConnection(H11Protocol):
    """A connection of uvicorn's that is closed when a head does not come in time.

    Above `MOST_CONNECTIONS`, or what one client may hold of them, a new one is closed at once:
    half-open ones hold no memory, and nobody alone keeps all others out.
    """

    _head: _Deadline
    _reading: _Deadline

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head = _Deadline(self.loop, transport)
        self._reading = _Deadline(self.loop, transport)
        if len(self.connections) > MOST_CONNECTIONS or self._has_too_many():
            transport.abort()
            return
        sending = transport.get_extra_info("socket")
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._head.begin(_HEAD_S)

    def _has_too_many(self) -> bool:
        assert isinstance(self.config, _BoundedConfig)  # noqa: S101 - as `HttpServer` makes it
        address = plain(self.client[0] if self.client else "")
        own = network_of(address)
        ours = (one for one in self.connections if isinstance(one, BoundedConnection))
        open_already = sum(network_of(one.client[0]) == own for one in ours if one.client)
        return open_already > self.config.most_of(address)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._head.end()
        self._reading.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head come within `_HEAD_S` seconds of its first."""
        before: RequestResponseCycle | None = self.cycle
        if not self._head.is_running and (before is None or before.response_complete):
            self._head.begin(_HEAD_S)
        try:
            super().data_received(data)
        except UnicodeDecodeError:  # of a path that is not ASCII
            self.send_400_response("Invalid HTTP request received.")
        if self.cycle is not before:
            self._head.end()

    def pause_writing(self) -> None:
        """Give a client that does not read a while, and no more."""
        super().pause_writing()
        self._reading.begin(_WRITE_S)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        self._reading.end()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the form of all refusals; who is answered already is left."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # nothing is sent behind this
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._send_refusal(msg)
        self.transport.close()

    def _send_refusal(self, msg: str) -> None:
        body = json.dumps({"success": False, "reason": "parse", "message": msg}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
        ]
        answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        with suppress(h11.LocalProtocolError):  # who asks by HEAD is sent no body
            for event in (answer, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")


class _BoundedConfig(uvicorn.Config):
    """Knows how many connections a client at an address may hold."""

    most_of: Callable[[str], int]


class HttpServer:
    """Serves *application* at an open *listener*, which it closes; `run` once, in one thread.

    *ending* is called on the loop when it is over, to end what would go on for ever. *most_of*
    says how many connections a client at an address may hold.
    """

    def __init__(
        self,
        application: ASGIApp,
        listener: socket.socket,
        ending: Callable[[], None],
        most_of: Callable[[str], int] = lambda _: MOST_CONNECTIONS,
    ) -> None:
        config = _BoundedConfig(
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
            h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        )
        config.most_of = most_of
        for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):  # what matters, we log
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._server = _Server(config, ending)
        self._listener = listener

    def run(self, is_over: Callable[[], bool]) -> None:
        """Serve until *is_over* says so; `wake` makes it look at once."""
        try:
            with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
                runner.run(self._server.serve_until(is_over, self._listener))
        finally:
            self._listener.close()

    def wake(self) -> None:
        """Let `run` look whether it is over now; from any thread, at any time."""
        self._server.wake()


class _Server(uvicorn.Server):
    """Leaves signals alone, and sleeps until it is woken: uvicorn looks ten times a second."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    async def serve_until(self, is_over: Callable[[], bool], listener: socket.socket) -> None:
        with self._lock:
            self._loop = asyncio.get_running_loop()
        self._is_over = is_over
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave no connection behind, whatever its client still does not read."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()

    async def main_loop(self) -> None:
        """Wait for the end."""
        while not self._is_over():
            await self._woken.wait()
            self._woken.clear()
        self.should_exit = True
        self._ending()
