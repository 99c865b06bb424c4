"""A deadline that holds for the connection too: for a head that drips in, for many small answers.

httpx and httpcore bound each single read, so a byte a second keeps them waiting for ever. Here no
wait of a connection is longer than what is left of the time of the request that it serves, and
none outlasts the run that asks.
"""

from __future__ import annotations

import math
import os
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import partial
from ipaddress import ip_address
from typing import Any, Self

import httpcore

from listsync.cancellation import CancelToken, call_bounded
from listsync.http.redirects import places_of
from listsync.lean_dataclasses import dataclass

NAME_S = 20.0
"""How much longer a connection to a name may take: a resolver asks its second server after 5 s."""
_MOMENT_S = 1.0
_DAY_S = 86400.0
_ENDED = "the run was ended"

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


class until:  # noqa: N801 - it reads as what it does: `with until(...)`
    """Lets this thread wait for no connection beyond *moment*, of the monotonic clock.

    Nor beyond that of a block around this one.
    """

    __slots__ = ("_before", "_moment")

    def __init__(self, moment: float) -> None:
        self._moment = moment
        self._before: Token[float] | None = None

    def __enter__(self) -> None:
        self._before = _ends_at.set(min(self._moment, _ends_at.get()))

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _ends_at.reset(self._before)


_Check = Callable[[socket.socket], None]
_before_sending: ContextVar[_Check | None] = ContextVar("before_sending", default=None)


class before_sending:  # noqa: N801 - as above
    """Has *check* called with the socket, each time that bytes of this thread are about to leave.

    Nothing leaves where it raises.
    """

    __slots__ = ("_before", "_check")

    def __init__(self, check: _Check | None) -> None:
        self._check = check
        self._before: Token[_Check | None] | None = None

    def __enter__(self) -> None:
        self._before = _before_sending.set(self._check)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _before_sending.reset(self._before)


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float:
    """Cut *timeout* to what is left; raises *error* when nothing is."""
    left = min(_ends_at.get() - time.monotonic(), _DAY_S)
    if left <= 0:
        raise error("the deadline is over")
    return left if timeout is None else min(timeout, left)


CONNECT_S = 5.0
LEAST_WHOLE_S = 120.0
"""Enough for a page of the index (1 MB) at 10 kB/s."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds things may take: a connection, silence, and an answer as a whole.

    `answer_s` is waited for each piece of an answer. All of it may take longer, so that large
    pages still come from a server that is slow; but not for ever.
    """

    connect_s: float
    answer_s: float
    whole_s: float

    @classmethod
    def of(cls, timeout_s: float) -> Self:
        """Derive all from `server.timeout_s`."""
        return cls(
            connect_s=min(CONNECT_S, timeout_s),
            answer_s=timeout_s,
            whole_s=max(LEAST_WHOLE_S, 4 * timeout_s),
        )

    def at_most(self, seconds: float) -> Timeouts:
        """Give what is as patient, but never waits longer than so long as a whole."""
        return Timeouts(
            connect_s=min(self.connect_s, seconds),
            answer_s=min(self.answer_s, seconds),
            whole_s=min(self.whole_s, seconds),
        )

    @property
    def for_httpcore(self) -> dict[str, float]:
        """As httpcore wants them with each call."""
        return {
            "connect": self.connect_s,
            "pool": self.answer_s,
            "read": self.answer_s,
            "write": self.answer_s,
        }


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
    """A connection; *stream* encrypts it, and is asked where the socket itself is not enough.

    What is written leaves with the first wait for an answer, in one piece with all before it:
    each piece of its own costs a call of the system, and wakes the server.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, token: CancelToken, *, is_nested: bool = False
    ) -> None:
        self._stream = stream
        self._token = token
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._is_nested = is_nested
        self._unsent: list[bytes] = []
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        self._breaking = token.breaking(self._break_off)
        self._breaking.begin()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            with suppress(httpcore.WriteError):  # the server may have said why it listens no more
                self._send(timeout)
        left = self._waiting(timeout, httpcore.ReadTimeout, httpcore.ReadError)
        try:
            if self._is_nested:
                data = self._stream.read(max_bytes, left)
            else:
                self._socket.settimeout(left)
                data = self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        # What a broken connection gave looks like an answer that is whole.
        self._refuse_after_cut(httpcore.ReadError)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            self._waiting(timeout, httpcore.WriteTimeout, httpcore.WriteError)
            self._unsent.append(buffer)

    def _send(self, timeout: float | None) -> None:
        data = b"".join(self._unsent)
        self._unsent.clear()
        check = _before_sending.get()
        if check is not None:
            check(self._socket)
        left = self._waiting(timeout, httpcore.WriteTimeout, httpcore.WriteError)
        try:
            if self._is_nested:
                self._stream.write(data, left)
            else:
                self._socket.settimeout(left)
                self._socket.sendall(data)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._breaking.end()
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        is_nested = isinstance(self._socket, ssl.SSLSocket)
        stream = self._stream
        try:
            left = self._waiting(timeout, httpcore.ConnectTimeout, httpcore.ConnectError)
            # The socket is given away to the encryption, so a cut needs one of its own.
            with _second(self._socket) as spare, self._token.breaking(partial(_shut_down, spare)):
                stream = stream.start_tls(ssl_context, server_hostname, left)
            self._refuse_after_cut(httpcore.ConnectError)
        except BaseException:
            stream.close()
            raise
        finally:
            self._breaking.end()
        return _Stream(stream, self._token, is_nested=is_nested)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return bool(self._readable.poll(0))
        return self._stream.get_extra_info(info)

    def _waiting(
        self,
        timeout: float | None,
        late: type[httpcore.TimeoutException],
        broken: type[httpcore.NetworkError],
    ) -> float:
        """Say how long may be waited, and show that it is."""
        self._refuse_after_cut(broken)
        left = _left(timeout, late)
        self._token.heartbeat.beat(left)
        return left

    def _refuse_after_cut(self, error: type[httpcore.NetworkError]) -> None:
        if self._token.is_cut:
            raise error(_ENDED)

    def _break_off(self) -> None:
        _shut_down(self._socket)


def _second(connected: socket.socket) -> socket.socket:
    """Give a second way to the same connection; an SSLSocket has none of its own.

    Raises:
        ConnectError: there is no room for it.
    """
    try:
        return socket.socket(fileno=os.dup(connected.fileno()))
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


def _shut_down(connected: socket.socket) -> None:
    """Wake the thread that waits; closing the socket would not, and another might get it."""
    with suppress(OSError):
        # Not that of an SSLSocket, which forgets its encryption while somebody reads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
