"""A deadline that holds for the connection too: for a head that drips in, for many small answers.

httpx and httpcore bound each single read, so a byte a second keeps them waiting for ever. Here no
wait of a connection is longer than what is left of the time of the question that it serves, and
none outlasts the run that asks.
"""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar

import httpcore

from listsync.cancellation import CancelToken
from listsync.http.bounded_call import call_bounded
from listsync.http.redirects import places_of

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

NAME_S = 20.0
"""How much longer a connection to a name may take: a resolver asks its second server after 5 s."""
_MOMENT_S = 1.0
_DAY_S = 86400.0
_ENDED = "the run was ended"

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Let this thread wait for no connection beyond *moment*, of the monotonic clock.

    Nor beyond that of a block around this one.
    """
    token = _ends_at.set(min(moment, _ends_at.get()))
    try:
        yield
    finally:
        _ends_at.reset(token)


def keep_deadlines(client: httpx.Client, token: CancelToken) -> None:
    """Make the connections of *client*, those to proxies included, heed `until` and *token*."""
    # httpx hands no network backend to its pools; one that hides them otherwise stays as it is.
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        pool = getattr(transport, "_pool", None)
        backend = getattr(pool, "_network_backend", None)
        if isinstance(backend, httpcore.NetworkBackend):
            pool._network_backend = DeadlineBackend(backend, token)  # type: ignore[union-attr]  # noqa: SLF001


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Cut *timeout* to what is left; raises *error* when nothing is."""
    left = min(_ends_at.get() - time.monotonic(), _DAY_S)
    if left <= 0:
        raise error("the deadline is over")
    return left if timeout is None else min(timeout, left)


class NotResolvedError(httpcore.ConnectTimeout):
    """No connection came within a time in which the name alone should have been looked up."""


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that heed `until`; `cut` of *token* wakes whoever waits for them.

    After `cut` nothing is sent any more, and nothing that comes is taken for an answer.
    """

    def __init__(self, backend: httpcore.NetworkBackend, token: CancelToken) -> None:
        self._backend = backend
        self._token = token

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if self._token.is_cut:
            raise httpcore.ConnectError(_ENDED)
        left = _left(timeout, httpcore.ConnectTimeout)
        connect = partial(
            self._connect_any_place, host, port, timeout, local_address, socket_options
        )
        # Names are looked up by a call that knows no time-out and cannot be interrupted.
        more = _MOMENT_S if _is_address(host) else NAME_S
        longest = _left(left + more, httpcore.ConnectTimeout)
        stream = None
        with suppress(TimeoutError):
            stream = call_bounded(connect, longest, self._token, lambda late: late.close())
        if stream is not None:
            return _Stream(stream, self._token)
        if self._token.is_cut:
            raise httpcore.ConnectError(_ENDED)
        raise httpcore.ConnectTimeout if _is_address(host) else NotResolvedError

    def _connect_any_place(
        self,
        host: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        try:
            places = places_of(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for place in places[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connect(place, port, timeout, local_address, socket_options)
        return self._connect(places[-1], port, timeout, local_address, socket_options)

    def _connect(
        self,
        place: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return self._backend.connect_tcp(place, port, left, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, token: CancelToken) -> None:
        self._stream = stream
        self._token = token

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _left(timeout, httpcore.ReadTimeout)
        # What a broken connection gave looks like an answer that is whole.
        return self._waiting(lambda: self._stream.read(max_bytes, left), left, httpcore.ReadError)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = _left(timeout, httpcore.WriteTimeout)
        self._waiting(lambda: self._stream.write(buffer, left), left, httpcore.WriteError)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        stream = self._waiting(
            lambda: self._stream.start_tls(ssl_context, server_hostname, left),
            left,
            httpcore.ConnectError,
        )
        return _Stream(stream, self._token)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _waiting(
        self, work: Callable[[], T], seconds: float, error: type[httpcore.NetworkError]
    ) -> T:
        self._token.heartbeat.beat(seconds)
        with self._token.breaking(self._break_off):
            done = work()
        if self._token.is_cut:
            raise error(_ENDED)
        return done

    def _break_off(self) -> None:
        """Wake the thread that waits; closing the socket would not, and another might get it."""
        connected = self._stream.get_extra_info("socket")
        if isinstance(connected, socket.socket):
            with suppress(OSError):
                # Not that of an SSLSocket, which forgets its encryption while somebody reads.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
