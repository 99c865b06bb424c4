"""The ZeroMQ REP socket and its thread."""

from __future__ import annotations

import errno
import logging
import os
import resource
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import cast

import zmq

from listsync.control.callers import Caller, caller_of
from listsync.control.desk import Answer, Desk
from listsync.control.place import Place
from listsync.errors import ListsyncError
from listsync.protocol import MAX_BYTES, Code

logger = logging.getLogger(__name__)

BEAT_S = 20.0
"""How old `heartbeat` gets, at most, in a healthy idle socket."""
_CROWDED_S = 0.25
_CROWDED_SHARE = 0.6
_ROOMY_SHARE = 0.5
_AT_ONCE = 64
_LABEL = "ipc:///listsync"


class ControlSocket:
    """Answers control messages at *path*, one at a time, in the thread that calls `run`.

    `open` is called by the thread that starts the others, `run` and then `close` by one thread;
    `wake` by any. *answer* gets a checked method and its parameters, must be quick, and may raise
    `RefusedCommand`. Members of *group* may use the commands that only read.
    """

    def __init__(self, path: Path, answer: Answer, *, group: int | None = None) -> None:
        self.heartbeat = time.monotonic()
        self._place = Place(path.absolute(), group)
        self._desk = Desk(answer, group=group)
        self._crowded = False
        self._limit = 0
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def open(self) -> None:
        """Bind and listen; raises BusyError or StateError."""
        self._limit = _raised_limit()
        try:
            self._listener = self._place.listen()
        except ListsyncError:
            self._woken.close()
            self._waker.close()
            raise
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP)
        for option, value in (
            (zmq.MAXMSGSIZE, MAX_BYTES),
            (zmq.HANDSHAKE_IVL, 2000),
            (zmq.LINGER, 0),
            (zmq.SNDHWM, 64),
            (zmq.RCVHWM, 64),
        ):
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_ACCEPTED)
        self._accept()

    def run(self, stop: threading.Event) -> None:
        """Answer until *stop* is set; `wake` makes it look at once."""
        poller = zmq.Poller()
        poller.register(self._socket, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        poller.register(self._woken.fileno(), zmq.POLLIN)
        while not stop.is_set():
            self.heartbeat = time.monotonic()
            ready = dict(poller.poll(round(1000 * (_CROWDED_S if self._crowded else BEAT_S))))
            if self._woken.fileno() in ready:
                self._woken.recv(4096)
            if self._monitor in ready or self._crowded:
                self._count()
            if self._socket in ready:
                self._serve()

    def wake(self) -> None:
        """Let `run` look at its *stop* now; from any thread, also after `close`."""
        try:
            self._waker.send(b"!")
        except OSError as error:
            # Full: it is being woken anyway. Closed: nobody is left to wake.
            if error.errno not in {errno.EAGAIN, errno.EBADF, errno.EPIPE}:
                raise

    def close(self) -> None:
        """Close everything and remove the file, if it is still ours."""
        self._place.remove()
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close(linger=0)
        self._context.term()
        self._listener.close()
        self._woken.close()
        self._waker.close()

    def _serve(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                first = self._socket.recv(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            more = first.more
            frames = 1
            # Undrained parts would break this socket for good; they are dropped as they come.
            while more:
                more = self._socket.recv(copy=False).more
                frames += 1
            self._send(self._answered(first, frames))

    def _answered(self, first: zmq.Frame, frames: int) -> bytes:
        """Answer one message; its failure is its own, that of the socket ends `run`."""
        if frames > 1:
            return self._desk.refuse(
                Code.INVALID_REQUEST, f"a request is one frame, this was {frames}"
            )
        try:
            return self._desk.reply(first.bytes, _caller_behind(first))
        except Exception:
            logger.exception("a control message failed", extra={"action": "control_failed"})
            return self._desk.refuse(Code.INTERNAL, "the agent failed: see its log")

    def _send(self, reply: bytes) -> None:
        try:
            self._socket.send(reply, zmq.NOBLOCK)
        except zmq.ZMQError:
            logger.exception("a reply was lost", extra={"action": "control_reply_lost"})

    def _accept(self) -> None:
        # libzmq would unlink whatever is at the path, and steal a living agent's: so it gets a
        # descriptor that listens already (and closes it; ours keeps the file and queue alive).
        self._socket.setsockopt(zmq.USE_FD, os.dup(self._listener.fileno()))
        self._socket.bind(_LABEL)
        # It goes by the name of the descriptor's file, not by the one that it was bound with.
        self._bound = cast("bytes", self._socket.getsockopt(zmq.LAST_ENDPOINT))

    def _count(self) -> None:
        """Stop accepting before descriptors run out: libzmq aborts the process at the last one.

        That ends the connections there are, too: libzmq counts them as part of what is unbound.
        """
        while self._monitor.poll(0):
            self._monitor.recv_multipart()
        used = _open_files()
        if not self._crowded and used > _CROWDED_SHARE * self._limit:
            self._crowded = True
            self._socket.unbind(self._bound)
            logger.error(
                "too many open files (%s of %s): new control connections wait",
                used,
                self._limit,
                extra={"action": "control_crowded", "used": used, "limit": self._limit},
            )
        elif self._crowded and used < _ROOMY_SHARE * self._limit:
            self._accept()
            self._crowded = False
            logger.warning(
                "control connections are taken again", extra={"action": "control_roomy"}
            )


def _caller_behind(frame: zmq.Frame) -> Caller | None:
    """Tell who sent *frame*; None for a peer of ZMTP 1 or 2, which libzmq knows nothing of."""
    try:
        return caller_of(str(frame.get("Peer-Address")))
    except zmq.ZMQError:
        return None


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _raised_limit() -> int:
    """Raise the soft limit of open files to the hard one; give what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
