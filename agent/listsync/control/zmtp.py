"""The agent's side of ZMTP 3, the wire protocol of ZeroMQ, with one client; no input or output.

libzmq gathers all parts of a message before anybody can look at the first one, however many come.
Here one request is the most that is ever kept of a client, and what is no request is dropped as it
comes.

Sources: `protocol.zmtp_frames` for the frames; RFC 28/REQREP (rfc.zeromq.org) for the envelope
before a body, and for who may ask a REP; libzmq 4.3.5 for what its clients really send:
tests/integration/control/test_messages.py.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from listsync.lean_dataclasses import dataclass
from listsync.protocol import MAX_BYTES
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

_READY_OF_REP = READY + b"\x0bSocket-Type\0\0\0\x03REP"
_ASKING = {b"REQ", b"DEALER"}
_MAX_COMMAND = 1024
_MAX_ROUTING = 8
"""How many frames may stand before the empty one: a proxy on the way adds one."""
_MAX_ROUTING_BYTES = 255
_MAX_UNSENT = 65536

_T = TypeVar("_T")
_Steps = Generator[None, None, _T]


class RefusedPeerError(Exception):
    """The client does not speak as one does to a REP socket: it is to be hung up on."""


@dataclass(frozen=True, slots=True)
class ZmtpMessage:
    """One whole message; *envelope* goes back before the reply, *frames* is how many the body had.

    Of a body of several frames, which is no request, only the first is kept.
    """

    envelope: bytes
    body: bytes
    frames: int


class Conversation:
    """Bytes that came from one client in, its messages one at a time and bytes for it out."""

    def __init__(self) -> None:
        self.unsent = bytearray(GREETING)
        self.message: ZmtpMessage | None = None
        """What is to be answered; nothing more is looked at before it is."""
        self.has_met = False
        self._came = bytearray()
        self._at = 0
        self._wanted = 0
        self._reader = self._read()

    @property
    def is_listening(self) -> bool:
        """Whether more bytes may come: not while an answer is due, or is not taken."""
        return self.message is None and len(self.unsent) < _MAX_UNSENT

    @property
    def missing(self) -> int:
        """How many bytes the next step lacks; at most a frame's."""
        return max(0, self._wanted - len(self._came))

    def receive(self, data: bytes) -> None:
        """Take what came; raises RefusedPeerError."""
        self._came += data
        self._go_on()

    def reply(self, body: bytes) -> None:
        """Answer `message`, if there is one, and go on to the next; raises RefusedPeerError."""
        if self.message is not None:
            self.unsent += self.message.envelope + frame(0, body)
            self.message = None
            self._go_on()

    def sent(self, count: int) -> None:
        """Note that the first *count* bytes of `unsent` have left; raises RefusedPeerError."""
        del self.unsent[:count]
        self._go_on()

    def end(self) -> None:
        """Let go of all that is kept, which else waits for the garbage collector."""
        self._reader.close()

    def _go_on(self) -> None:
        while self.is_listening and len(self._came) >= self._wanted:
            next(self._reader)
        del self._came[: self._at]
        self._wanted -= self._at
        self._at = 0

    # What follows yields where it lacks `_wanted` bytes, or where `is_listening` may have ended.

    def _read(self) -> _Steps[None]:
        yield from self._shake_hands()
        self.has_met = True
        while True:
            self.message = yield from self._read_message()
            yield

    def _shake_hands(self) -> _Steps[None]:
        # In pieces: what is no ZeroMQ shows it in its first bytes, and may never send 64.
        if (yield from self._take(1)) != GREETING[:1]:
            raise RefusedPeerError("no greeting of ZMTP")
        if (yield from self._take(9))[-1:] != SIGNATURE_END:
            raise RefusedPeerError("no greeting of ZMTP")
        if (yield from self._take(2))[0] < MAJOR:
            raise RefusedPeerError("an older ZMTP")
        if (yield from self._take(len(NULL))) != NULL:
            raise RefusedPeerError("wants another security mechanism")
        yield from self._take(32)
        self.unsent += frame(COMMAND, _READY_OF_REP)
        flags, command = yield from self._read_frame()
        if not flags & COMMAND:
            raise RefusedPeerError("not ready")
        try:
            kind = socket_type(command)
        except ValueError as error:
            raise RefusedPeerError(str(error)) from None
        if kind not in _ASKING:
            raise RefusedPeerError("a socket that does not ask")

    def _read_message(self) -> _Steps[ZmtpMessage]:
        envelope = None
        while envelope is None:
            envelope = yield from self._read_envelope()
        flags, body = yield from self._read_part()
        frames = 1
        while flags & MORE:
            flags, _ = yield from self._read_part()
            frames += 1
        return ZmtpMessage(envelope, body, frames)

    def _read_envelope(self) -> _Steps[bytes | None]:
        """Read all before a body; None for a message without one, which no REP answers."""
        envelope = b""
        for _ in range(_MAX_ROUTING + 1):
            flags, part = yield from self._read_part()
            if not flags & MORE:
                return None
            envelope += frame(MORE, part[:_MAX_ROUTING_BYTES])
            if not part:
                return envelope
            if len(part) > _MAX_ROUTING_BYTES:
                break
        raise RefusedPeerError("an envelope without end")

    def _read_part(self) -> _Steps[tuple[int, bytes]]:
        """Read the next frame that is not a command; pings are answered, others not heeded."""
        while True:
            flags, body = self._cut_frame() or (yield from self._read_frame())
            if not flags & COMMAND:
                return flags, body
            if body.startswith(ERROR):
                raise RefusedPeerError("refuses us")
            if body.startswith(PING):
                # The first two bytes say when the client loses its patience: that is its affair.
                context = body[len(PING) + 2 :]
                if len(context) > MAX_PING_CONTEXT:
                    raise RefusedPeerError("a ping that is too long")
                self.unsent += frame(COMMAND, PONG + context)
                yield

    def _read_frame(self) -> _Steps[tuple[int, bytes]]:
        while (found := self._cut_frame()) is None:
            yield
        return found

    def _cut_frame(self) -> tuple[int, bytes] | None:
        """Take the next frame if it is there whole; else say how much is wanted."""
        came, at = self._came, self._at
        begin = at + 2
        if len(came) < begin:
            self._wanted = begin
            return None
        flags, size = came[at], came[at + 1]
        if not are_possible(flags):
            raise RefusedPeerError("impossible flags")
        if flags & LONG:
            begin = at + 9
            size = int.from_bytes(came[at + 1 : begin], "big")
            if len(came) < begin:
                self._wanted = begin
                return None
        if size > (_MAX_COMMAND if flags & COMMAND else MAX_BYTES):
            raise RefusedPeerError("a frame that is too large")
        if len(came) < begin + size:
            self._wanted = begin + size
            return None
        self._wanted = self._at = begin + size
        return flags, bytes(came[begin : begin + size])

    def _take(self, size: int) -> _Steps[bytes]:
        self._wanted = self._at + size
        while len(self._came) < self._wanted:
            yield
        taken = bytes(self._came[self._at : self._wanted])
        self._at = self._wanted
        return taken
