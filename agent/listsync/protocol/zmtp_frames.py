"""Frames of ZMTP 3, the wire protocol of ZeroMQ, as the agent and its client write and read them.

Source: RFC 37/ZMTP (3.1, rfc.zeromq.org) for the greeting, the frames, and READY, ERROR, PING and
PONG.
"""

from __future__ import annotations

MORE, LONG, COMMAND = 1, 2, 4
"""Flags of a frame: another follows, its size has 8 bytes, it is a command."""
SIGNATURE_END = b"\x7f"
MAJOR = 3
NULL = b"NULL".ljust(20, b"\0")
"""The security mechanism: none."""
GREETING = b"\xff" + bytes(8) + SIGNATURE_END + bytes((MAJOR, 1)) + NULL + bytes(32)
READY, ERROR, PING, PONG = b"\x05READY", b"\x05ERROR", b"\x04PING", b"\x04PONG"
MAX_PING_CONTEXT = 16


def are_possible(flags: int) -> bool:
    """Say whether a frame may have *flags*: a command is never a part of several."""
    return flags <= MORE | LONG | COMMAND and flags & (COMMAND | MORE) != COMMAND | MORE


def frame(flags: int, body: bytes) -> bytes:
    """Build a frame; LONG is added where *body* asks for it."""
    if len(body) > 255:
        return bytes((flags | LONG,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


def socket_type(command: bytes) -> bytes | None:
    """Read what kind of socket READY announces; None where it does not say.

    Raises:
        ValueError: *command* is another one, or cut off.

    """
    if not command.startswith(READY):
        raise ValueError("not ready")
    return _properties(command.removeprefix(READY)).get(b"socket-type")


def _properties(metadata: bytes) -> dict[bytes, bytes]:
    """Read properties by their names in lower case."""
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
        raise ValueError("a property that is cut off")
    return data[digits:end], data[end:]
