"""The control socket: bounded connections on one side, the REP socket that answers behind it."""

from __future__ import annotations

import errno
import logging
import math
import resource
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import zmq

from listsync.control.authorization import Peer
from listsync.control.connections import Connections
from listsync.control.rpc import Call, RpcHandler
from listsync.control.unix_socket import SocketFile
from listsync.control.zmtp import ZmtpMessage
from listsync.errors import ListsyncError
from listsync.protocol import Reason

logger = logging.getLogger(__name__)

BEAT_S = 20.0
"""How old `heartbeat` gets, at most, in a healthy idle socket."""
_MOST = 64
_FILES_PER_CONNECTION = 8
_INSIDE = "inproc://control"
_LAST_ANSWER_S = 1.0
"""How long an answer may still take when hearing the clients has failed."""


class ControlSocket:
    """Answers control messages at *path*, one at a time.

    `open` is called by the thread that starts the others, `run` and then `close` by one thread;
    `wake` by any. *call* is `Dispatcher.call`. Members of *group* may use what only reads.

    `run` hears the clients (`Connections`), whose whole requests a REP socket answers in a thread
    of its own: libzmq does not listen at *path* itself because it bounds neither the parts of a
    message nor its connections (agent/decisions/0017).
    """

    def __init__(
        self, path: Path, call: Call, *, group: int | None = None, look_every_s: float = BEAT_S
    ) -> None:
        self._path = path.absolute()
        self._file = SocketFile(self._path, group)
        self._look_every_s = look_every_s
        self._looked_at = self._heard_at = self._answered_at = time.monotonic()
        self._unanswered = 0
        self._is_away = False
        self._rpc = RpcHandler(call, group=group)
        self._failure: BaseException | None = None
        self._answering = threading.Thread(
            target=self._answer_all, name="listsync-control-rep", daemon=True
        )
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    @property
    def heartbeat(self) -> float:
        """When both threads were last seen to be well, by the monotonic clock."""
        return min(self._heard_at, self._answered_at) if self._unanswered else self._heard_at

    def open(self) -> None:
        """Bind and listen; raises BusyError or StateError."""
        try:
            listener = self._file.listen()
        except ListsyncError:
            self._woken.close()
            self._waker.close()
            raise
        self._context = zmq.Context()
        self._context.set(zmq.IO_THREADS, 0)
        self._replying = self._context.socket(zmq.REP)
        self._replying.bind(_INSIDE)
        self._asking = self._context.socket(zmq.DEALER)
        self._asking.connect(_INSIDE)
        self._poller = zmq.Poller()
        self._poller.register(self._asking, zmq.POLLIN)
        self._poller.register(self._woken.fileno(), zmq.POLLIN)
        self._connections = Connections(
            self._poller, listener, most=_most(), forward=self._forward
        )

    def admit(self, group: int | None) -> None:
        """Let members of *group* use the commands that only read, from now on; from any thread.

        Raises BusyError or StateError: all is as it was.
        """
        self._file.admit(group)
        self._rpc.group = group

    def run(self, stop: threading.Event) -> None:
        """Answer until *stop* is set; `wake` makes it look at once."""
        self._answering.start()
        try:
            while not stop.is_set():
                self._hear()
        except BaseException:
            self._end(_LAST_ANSWER_S)
            raise
        self._end()

    def _end(self, wait_s: float | None = None) -> None:
        # An empty message, which no client can send through `_forward`, is the end.
        self._asking.send_multipart([b"", b""])
        self._answering.join(wait_s)

    def wake(self) -> None:
        """Let `run` look at its *stop* now; from any thread, also after `close`."""
        try:
            self._waker.send(b"!")
        except OSError as error:
            # Full: it is being woken anyway. Closed: nobody is left to wake.
            if error.errno not in {errno.EAGAIN, errno.EBADF, errno.EPIPE}:
                raise

    def close(self) -> None:
        """Close everything and remove the file, if it is still ours; once more changes nothing."""
        self._connections.close()  # first: to remove the file takes a descriptor
        self._file.remove()
        if not self._answering.is_alive():  # else the process ends in a moment, as it has failed
            self._asking.close(linger=0)
            self._replying.close(linger=0)
            self._context.term()
        self._woken.close()
        self._waker.close()

    def _hear(self) -> None:
        self._heard_at = now = time.monotonic()
        wait_s = self._connections.wait_s
        idle_s = max(0.0, self._looked_at + self._look_every_s - now)
        for ready, event in self._poller.poll(math.ceil(1000 * min(wait_s or idle_s, idle_s))):
            if ready is self._asking:
                self._pass_back()
            elif ready == self._woken.fileno():
                self._woken.recv(4096)
            else:
                self._connections.handle(ready, event)
        if wait_s is not None:
            self._connections.look()
        if time.monotonic() - self._looked_at >= self._look_every_s:
            self._looked_at = time.monotonic()
            self._be_there()
        if self._failure is not None:
            raise self._failure

    def _forward(self, address: bytes, caller: Peer, message: ZmtpMessage) -> None:
        parts = caller.packed(), b"%d" % message.frames, message.body
        self._asking.send_multipart([address, b"", *parts], zmq.NOBLOCK)
        if not self._unanswered:
            self._answered_at = time.monotonic()
        self._unanswered += 1

    def _pass_back(self) -> None:
        with suppress(zmq.Again):
            while True:
                address, _, reply = self._asking.recv_multipart(zmq.NOBLOCK)
                self._unanswered -= 1
                self._answered_at = time.monotonic()
                self._connections.reply(address, reply)

    def _answer_all(self) -> None:
        """Answer what comes from `_forward`, until the empty message."""
        try:
            while True:
                caller, *message = self._replying.recv_multipart()
                if not message:
                    return
                self._replying.send(self._answered(caller, *message))
        except BaseException as error:  # noqa: BLE001 - `run` raises it
            self._failure = error
            self.wake()

    def _answered(self, caller: bytes, frames: bytes, body: bytes) -> bytes:
        """Answer one message; its failure is its own, that of the socket ends `run`."""
        if frames != b"1":
            words = f"a request is one frame, this was {frames.decode()}"
            return self._rpc.refuse(Reason.INVALID_REQUEST, words)
        try:
            return self._rpc.reply(body, Peer.unpacked(caller))
        except Exception:
            logger.exception("a control message failed", extra={"action": "control_failed"})
            return self._rpc.refuse(Reason.FAILED, "the agent failed: see its log")

    def _be_there(self) -> None:
        """Make the socket again if its file is gone, or another is in its place."""
        if self._file.is_ours():
            return
        try:
            self._connections.listen_at(self._file.listen())
        except ListsyncError as error:
            if not self._is_away:
                words = "the control socket %s is gone and cannot be made again yet: %s"
                logger.warning(words, self._path, error, extra={"action": "control_gone"})
            self._is_away = True
            return
        self._is_away = False
        words = "the control socket %s was gone and was made again"
        logger.warning(words, self._path, extra={"action": "control_remade"})


def _most() -> int:
    """How many connections there is room for beside everything else that has files open."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return _MOST
    return max(1, min(_MOST, limit // _FILES_PER_CONNECTION))
