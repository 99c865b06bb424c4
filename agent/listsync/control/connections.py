"""Who is connected to the control socket: a bounded number, of each of which little is kept."""

from __future__ import annotations

import errno
import logging
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

import zmq

from listsync.control.authorization import Peer
from listsync.control.zmtp import Conversation, RefusedPeerError, ZmtpMessage

logger = logging.getLogger(__name__)

Forward = Callable[[bytes, Peer, ZmtpMessage], None]
_CREDENTIALS = struct.Struct("3i")
_ADDRESS = struct.Struct(">iQ")
_HANDSHAKE_S = 2.0
_LOOK_S = 0.25
"""How often is looked for silent peers, and for room, while there is a reason to."""
_PIECE = 2048
"""Short, so that what a busy client sends keeps the others waiting little."""
_LARGEST_PIECE = 16384
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}


class Connections:
    """Takes clients in, hears what they say, answers, and sends away who is one too many.

    At most *most* at a time: when one more comes, of the user who has most of them the one that
    has been silent for longest goes, so that nobody keeps another user out. *forward* gets each
    whole message, with an address for a later `reply` and who sent it.
    """

    def __init__(
        self, poller: zmq.Poller, listener: socket.socket, *, most: int, forward: Forward
    ) -> None:
        self._poller = poller
        self._most = most
        self._forward = forward
        self._all: dict[int, _Connection] = {}
        self._serial = 0
        self._full_until = 0.0
        self._is_crowded = False
        self._listen(listener)

    @property
    def wait_s(self) -> float | None:
        """How soon `look` has something to do; None: only when something comes."""
        strangers = any(not one.talk.has_met for one in self._all.values())
        return _LOOK_S if strangers or self._full_until else None

    def listen_at(self, listener: socket.socket) -> None:
        """Listen there from now on; who is connected stays."""
        if not self._full_until:
            self._poller.unregister(self._listener.fileno())
        self._full_until = 0.0
        self._listener.close()
        self._listen(listener)

    def close(self) -> None:
        """Hang up on everybody and stop listening."""
        for one in list(self._all.values()):
            self._drop(one)
        self._listener.close()

    def handle(self, descriptor: int, event: int) -> None:
        """Do what became possible at *descriptor*."""
        if descriptor == self._listener.fileno():
            self._accept()
        elif (one := self._all.get(descriptor)) is not None:
            self._guarded(one, lambda: self._move(one, event))

    def reply(self, address: bytes, body: bytes) -> None:
        """Answer the message from *address*, if its sender is still there."""
        descriptor, serial = _ADDRESS.unpack(address)
        one = self._all.get(descriptor)
        if one is not None and one.serial == serial:
            self._guarded(one, lambda: self._answer(one, body))

    def look(self) -> None:
        """Send away who does not shake hands in time; listen again after there was no room."""
        now = time.monotonic()
        for one in list(self._all.values()):
            if not one.talk.has_met and now - one.since > _HANDSHAKE_S:
                self._drop(one)
        if self._full_until and now > self._full_until:
            self._full_until = 0.0
            self._poller.register(self._listener.fileno(), zmq.POLLIN)

    def _listen(self, listener: socket.socket) -> None:
        self._listener = listener
        self._poller.register(listener.fileno(), zmq.POLLIN)

    def _accept(self) -> None:
        # One at a time: the last descriptor is then given to somebody who waits for it.
        try:
            line, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            self._wait_for_room(error)
            return
        if self._is_crowded:
            self._is_crowded = False
            logger.warning(
                "control connections are taken again", extra={"action": "control_roomy"}
            )
        self._take_in(line)

    def _wait_for_room(self, error: OSError) -> None:
        """Leave new ones in the queue for a moment; who has been silent for one makes room."""
        if not self._is_crowded:
            self._is_crowded = True
            logger.error(
                "new control connections wait (%s)",
                error.strerror,
                extra={"action": "control_crowded", "connections": len(self._all)},
            )
        self._poller.unregister(self._listener.fileno())
        self._full_until = time.monotonic() + _LOOK_S
        if self._all and time.monotonic() - (one := self._most_dispensable()).heard_at > _LOOK_S:
            self._drop(one)

    def _take_in(self, line: socket.socket) -> None:
        line.setblocking(False)
        self._serial += 1
        one = _Connection(line, self._serial)
        if len(self._all) >= self._most:
            self._drop(self._most_dispensable())
        self._all[line.fileno()] = one
        self._guarded(one, lambda: self._settle(one))

    def _most_dispensable(self) -> _Connection:
        users = Counter(one.caller.uid for one in self._all.values())
        crowd, _ = users.most_common(1)[0]
        return min(
            (one for one in self._all.values() if one.caller.uid == crowd),
            key=lambda one: (one.talk.message is not None, one.heard_at),
        )

    def _guarded(self, one: _Connection, act: Callable[[], None]) -> None:
        """Do something for *one*: its failure is its own, and ends nothing but it."""
        try:
            act()
        except (OSError, RefusedPeerError):
            self._drop(one)
        except Exception:
            logger.exception(
                "a control connection failed", extra={"action": "control_connection_failed"}
            )
            self._drop(one)

    def _move(self, one: _Connection, event: int) -> None:
        if event & zmq.POLLIN:
            try:
                piece = one.line.recv(min(max(_PIECE, one.talk.missing), _LARGEST_PIECE))
            except BlockingIOError:
                # It was said of another one, whose descriptor this has got since.
                return
            if not piece:
                self._drop(one)
                return
            one.heard_at = time.monotonic()
            one.talk.receive(piece)
        elif event & zmq.POLLERR:
            self._drop(one)
            return
        self._settle(one)

    def _answer(self, one: _Connection, body: bytes) -> None:
        one.is_forwarded = False
        one.talk.reply(body)
        self._settle(one)

    def _settle(self, one: _Connection) -> None:
        """Pass on what has come, send what can be sent, and wait for what can come next."""
        if one.talk.unsent:
            with suppress(BlockingIOError):
                one.talk.sent(one.line.send(one.talk.unsent))
        if one.talk.message is not None and not one.is_forwarded:
            one.is_forwarded = True
            address = _ADDRESS.pack(one.line.fileno(), one.serial)
            self._forward(address, one.caller, one.talk.message)
        events = zmq.POLLIN if one.talk.is_listening else 0
        events |= zmq.POLLOUT if one.talk.unsent else 0
        if events != one.events:
            one.events = events
            self._poller.register(one.line.fileno(), events)

    def _drop(self, one: _Connection) -> None:
        if self._all.pop(one.line.fileno(), None) is not None and one.events:
            self._poller.unregister(one.line.fileno())
        one.line.close()
        one.talk.end()


class _Connection:
    """One client: its line, who it is, and how far the talk has come."""

    __slots__ = ("caller", "events", "heard_at", "is_forwarded", "line", "serial", "since", "talk")

    def __init__(self, line: socket.socket, serial: int) -> None:
        self.line = line
        self.serial = serial
        pid, uid, gid = _CREDENTIALS.unpack(
            line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        self.caller = Peer(uid, gid, pid)
        self.talk = Conversation()
        self.since = self.heard_at = time.monotonic()
        self.events = 0
        self.is_forwarded = False
