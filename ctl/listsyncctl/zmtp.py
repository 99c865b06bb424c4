"""Questions over ZMTP, the wire protocol of ZeroMQ, as a REQ socket would ask them.

libzmq takes longer to import than `status` may last; a question needs little of it: a greeting,
a handshake without security, a request and its reply.

Sources: `protocol.zmtp_frames` for the frames; RFC 28/REQREP (rfc.zeromq.org) for the empty frame
before a body, and for who answers a REQ; libzmq 4.3.5 for what it really sends:
tests/integration/ctl/test_zmtp.py.
"""

from __future__ import annotations

import time
from _socket import socket

from listsync.protocol.zmtp_frames import (
    COMMAND,
    ERROR,
    GREETING,
    LONG,
    MAJOR,
    MAX_PING_CONTEXT,
    MORE,
    NULL,
    PING,
    PONG,
    READY,
    SIGNATURE_END,
    are_possible,
    frame,
    socket_type,
)

_READY_OF_REQ = READY + b"\x0bSocket-Type\0\0\0\x03REQ" + b"\x08Identity\0\0\0\0"
_ANSWERING = {b"REP", b"ROUTER"}
_MAX_COMMAND = 512
_PIECE = 65536


class StrangerError(Exception):
    """The other side does not speak ZMTP, or is no socket that answers one question."""


class HungUpError(ConnectionError):
    """The other side hung up; *met*: after a good handshake."""

    def __init__(self, *, met: bool) -> None:
        super().__init__("closed before the answer")
        self.met = met


def ask(connection: socket, body: bytes, *, until: float, most: int) -> bytes:
    """Ask *body* over a fresh *connection*, which stays the caller's; give the reply's one frame.

    The whole exchange ends at *until* (`time.monotonic`), however slowly bytes come; the reply
    has at most *most* bytes. Nothing of *body* is sent before the handshake is done.

    Raises:
        TimeoutError: no whole reply came until then.
        HungUpError: the connection ended before.
        StrangerError: what came is no ZMTP, no REP or ROUTER, or no reply of one frame.

    """
    talk = Talk(connection)
    talk.send(body, until=until)
    return talk.receive(until=until, most=most)


class Talk:
    """One question after the other over a fresh *connection*, which stays the caller's.

    Each is sent, and its reply received, before the next. Both raise what `ask` does: the end.
    """

    def __init__(self, connection: socket) -> None:
        self._wire = _Wire(connection)
        self._has_met = False

    def send(self, body: bytes, *, until: float) -> None:
        """Shake hands first, where that has not been done."""
        self._wire.until = until
        try:
            if not self._has_met:
                _shake_hands(self._wire)
                self._has_met = True
            self._wire.write(frame(MORE, b"") + frame(0, body))
        except ConnectionError:
            raise HungUpError(met=self._has_met) from None

    def receive(self, *, until: float, most: int) -> bytes:
        self._wire.until = until
        try:
            return _reply(self._wire, most)
        except ConnectionError:
            raise HungUpError(met=True) from None


class _Wire:
    """Whole pieces of a stream, until a moment."""

    def __init__(self, connection: socket) -> None:
        self.until = 0.0
        self._connection = connection
        self._came = bytearray()

    def write(self, what: bytes) -> None:
        self._connection.settimeout(self._left_s())
        self._connection.sendall(what)

    def read(self, size: int) -> bytes:
        while len(self._came) < size:
            self._connection.settimeout(self._left_s())
            piece = self._connection.recv(_PIECE)
            if not piece:
                raise ConnectionResetError
            self._came += piece
        taken = bytes(self._came[:size])
        del self._came[:size]
        return taken

    def _left_s(self) -> float:
        left_s = self.until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


def _shake_hands(wire: _Wire) -> None:
    wire.write(GREETING)
    # In pieces: what is no ZeroMQ shows it in its first bytes, and may never send 64.
    if wire.read(1) != GREETING[:1] or wire.read(9)[-1:] != SIGNATURE_END:
        raise StrangerError("no greeting of ZMTP")
    if wire.read(2)[0] < MAJOR:
        raise StrangerError("an older ZMTP")
    if wire.read(len(NULL)) != NULL:
        raise StrangerError("wants another security mechanism")
    wire.read(32)
    wire.write(frame(COMMAND, _READY_OF_REQ))
    _, command = _read_frame(wire, 0)
    try:
        kind = socket_type(command)
    except ValueError as error:
        raise StrangerError(str(error)) from None
    if kind not in _ANSWERING:
        raise StrangerError("a socket that does not answer")


def _reply(wire: _Wire, most: int) -> bytes:
    flags, _ = _read_part(wire, 0)
    if not flags & MORE:
        raise StrangerError("no body")
    flags, body = _read_part(wire, most)
    if flags & MORE:
        raise StrangerError("more than one body")
    return body


def _read_part(wire: _Wire, most: int) -> tuple[int, bytes]:
    """Read the next frame that is not a command; pings are answered, unknown commands ignored."""
    while True:
        flags, body = _read_frame(wire, most)
        if not flags & COMMAND:
            return flags, body
        if body.startswith(ERROR):
            raise StrangerError("refused")
        if body.startswith(PING):
            # The first two bytes say when the other side loses its patience: later than we do.
            context = body[len(PING) + 2 :]
            if len(context) > MAX_PING_CONTEXT:
                raise StrangerError("a ping that is too long")
            wire.write(frame(COMMAND, PONG + context))


def _read_frame(wire: _Wire, most: int) -> tuple[int, bytes]:
    """Read flags and body; *most* is for a part of a message, commands have their own bound."""
    flags = wire.read(1)[0]
    if not are_possible(flags):
        raise StrangerError("impossible flags")
    size = int.from_bytes(wire.read(8 if flags & LONG else 1), "big")
    if size > (_MAX_COMMAND if flags & COMMAND else most):
        raise StrangerError("a frame that is too large")
    return flags, wire.read(size)
