"""One question over ZMTP, the wire protocol of ZeroMQ, as a REQ socket would ask it.

libzmq takes longer to import than `status` may last; one question needs little of it: a greeting,
a handshake without security, a request and its reply.

Sources: RFC 37/ZMTP (3.1) for the greeting, the frames, and READY, ERROR, PING and PONG; RFC
28/REQREP for the empty frame before a body, and for who answers a REQ (both rfc.zeromq.org);
libzmq 4.3.5 for what it really sends: tests/integration/ctl/test_zmtp.py.
"""

from __future__ import annotations

import time
from _socket import socket

_MORE, _LONG, _COMMAND = 1, 2, 4
_SIGNATURE_END = b"\x7f"
_MAJOR = 3
_NULL = b"NULL".ljust(20, b"\0")
_GREETING = b"\xff" + bytes(8) + _SIGNATURE_END + bytes((_MAJOR, 1)) + _NULL + bytes(32)
_READY, _ERROR, _PING, _PONG = b"\x05READY", b"\x05ERROR", b"\x04PING", b"\x04PONG"
_READY_OF_REQ = _READY + b"\x0bSocket-Type\0\0\0\x03REQ" + b"\x08Identity\0\0\0\0"
_ANSWERING = {b"REP", b"ROUTER"}
_MAX_COMMAND = 512
_MAX_PING_CONTEXT = 16
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
    wire = _Wire(connection, until)
    met = False
    try:
        _shake_hands(wire)
        met = True
        wire.write(_frame(_MORE, b"") + _frame(0, body))
        return _reply(wire, most)
    except ConnectionError:
        raise HungUpError(met=met) from None


class _Wire:
    """Whole pieces of a stream, until a moment."""

    def __init__(self, connection: socket, until: float) -> None:
        self._connection = connection
        self._until = until
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
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s


def _shake_hands(wire: _Wire) -> None:
    wire.write(_GREETING)
    # In pieces: what is no ZeroMQ shows it in its first bytes, and may never send 64.
    if wire.read(1) != _GREETING[:1] or wire.read(9)[-1:] != _SIGNATURE_END:
        raise StrangerError("no greeting of ZMTP")
    if wire.read(2)[0] < _MAJOR:
        raise StrangerError("an older ZMTP")
    if wire.read(len(_NULL)) != _NULL:
        raise StrangerError("wants another security mechanism")
    wire.read(32)
    wire.write(_frame(_COMMAND, _READY_OF_REQ))
    _, command = _read_frame(wire, 0)
    if not command.startswith(_READY):
        raise StrangerError("not ready")
    if _properties(command.removeprefix(_READY)).get(b"socket-type") not in _ANSWERING:
        raise StrangerError("a socket that does not answer")


def _properties(metadata: bytes) -> dict[bytes, bytes]:
    """Read the properties of READY, by their names in lower case."""
    found = {}
    while metadata:
        name, metadata = _cut(metadata, 1)
        value, metadata = _cut(metadata, 4)
        found[name.lower()] = value
    return found


def _cut(data: bytes, digits: int) -> tuple[bytes, bytes]:
    """Cut off a string that begins with its size, a number of *digits* bytes."""
    end = digits + int.from_bytes(data[:digits], "big")
    if len(data) < end:
        raise StrangerError("a property that is cut off")
    return data[digits:end], data[end:]


def _reply(wire: _Wire, most: int) -> bytes:
    flags, _ = _read_part(wire, 0)
    if not flags & _MORE:
        raise StrangerError("no body")
    flags, body = _read_part(wire, most)
    if flags & _MORE:
        raise StrangerError("more than one body")
    return body


def _read_part(wire: _Wire, most: int) -> tuple[int, bytes]:
    """Read the next frame that is not a command; pings are answered, unknown commands ignored."""
    while True:
        flags, body = _read_frame(wire, most)
        if not flags & _COMMAND:
            return flags, body
        if body.startswith(_ERROR):
            raise StrangerError("refused")
        if body.startswith(_PING):
            # The first two bytes say when the other side loses its patience: later than we do.
            context = body[len(_PING) + 2 :]
            if len(context) > _MAX_PING_CONTEXT:
                raise StrangerError("a ping that is too long")
            wire.write(_frame(_COMMAND, _PONG + context))


def _read_frame(wire: _Wire, most: int) -> tuple[int, bytes]:
    """Read flags and body; *most* is for a part of a message, commands have their own bound."""
    flags = wire.read(1)[0]
    if flags > _MORE | _LONG | _COMMAND or (flags & _COMMAND and flags & _MORE):
        raise StrangerError("impossible flags")
    size = int.from_bytes(wire.read(8 if flags & _LONG else 1), "big")
    if size > (_MAX_COMMAND if flags & _COMMAND else most):
        raise StrangerError("a frame that is too large")
    return flags, wire.read(size)


def _frame(flags: int, body: bytes) -> bytes:
    if len(body) > 255:
        return bytes((flags | _LONG,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body
