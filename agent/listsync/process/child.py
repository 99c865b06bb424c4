"""One child of the agent: lines from it, lines to it, and its end."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, cast

from listsync.process.records import ChildRecord, bytes_moved

logger = logging.getLogger(__name__)

MOST_OF_LINE = 1024 * 1024
_PIECE = 64 * 1024
_LOOK = os.WEXITED | os.WNOHANG | os.WNOWAIT  # it keeps its number until `end`


class LineReader:
    """Reads lines from *fd*, which stays the caller's to close, never beyond a deadline."""

    def __init__(self, fd: int, most: int = MOST_OF_LINE) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._most = most
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._buffer = bytearray()

    def next(self, deadline_s: float) -> bytes | None:
        """Wait for the next line, given without its end; None when there will be none.

        Raises:
            TimeoutError: *deadline_s* went by.
            ValueError: the line is too long.
        """
        until = time.monotonic() + deadline_s
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > self._most:
                raise ValueError("too long")
            if not self._poll.poll(1000 * max(0.0, until - time.monotonic())):
                raise TimeoutError
            piece = os.read(self._fd, _PIECE)
            if not piece:
                return None
            self._buffer += piece
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line


class Child:
    """A child that is running, or has ended and is to be cleared away by `end`.

    Until then its process id, and that of its group, belong to nobody else. `kill` and
    `terminate` may be called by any thread; everything else by one at a time. *lifeline* is our
    end of the guard's pipe.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        record: ChildRecord | None,
        lifeline: int | None,
        most_of_line: int = MOST_OF_LINE,
    ) -> None:
        self._process = process
        self.record = record
        self._lifeline = lifeline
        self._lines = LineReader(self.output.fileno(), most_of_line)

    @property
    def pid(self) -> int:
        """Its process id; that of its guard, where it has one."""
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdout)

    @property
    def errors(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stderr)

    @property
    def input(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    @property
    def exit_code(self) -> int | None:
        """How it ended, a signal being negative; None while it runs."""
        if self._process.returncode is not None:
            return self._process.returncode
        found = os.waitid(os.P_PID, self.pid, _LOOK)
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    @property
    def bytes_moved(self) -> int:
        """How much its group has read and written by now; it stands still while that hangs."""
        return bytes_moved(self.pid)

    @property
    def is_alive(self) -> bool:
        return self.exit_code is None

    def send(self, data: bytes) -> None:
        """Write to its input; raises OSError when it does not listen any more."""
        self.input.write(data)

    def line(self, deadline_s: float) -> bytes | None:
        """Wait for a line; see `LineReader.next`."""
        return self._lines.next(deadline_s)

    def wait(self, deadline_s: float) -> int | None:
        """Wait for its end; returns its exit code, None when it goes on."""
        with suppress(OSError):
            pidfd = os.pidfd_open(self.pid)
            try:
                poll = select.poll()
                poll.register(pidfd, select.POLLIN)
                poll.poll(1000 * deadline_s)
            finally:
                os.close(pidfd)
        return self.exit_code

    def terminate(self) -> None:
        """Ask it to end, and its whole group; it may take its time. Any thread may call it."""
        self._send_signal(signal.SIGTERM if self._lifeline is None else signal.SIGUSR1)

    def kill(self) -> None:
        """Kill it at once: its whole group, and by its guard all that it has started."""
        self._send_signal(signal.SIGKILL if self._lifeline is None else signal.SIGTERM)

    def _send_signal(self, number: signal.Signals) -> None:
        with suppress(OSError):
            pidfd = os.pidfd_open(self.pid)
            try:
                # Raises where that number belongs to somebody else by now.
                os.waitid(os.P_PIDFD, pidfd, _LOOK)
                signal.pidfd_send_signal(pidfd, number)
            finally:
                os.close(pidfd)

    def end(self, grace_s: float = 5.0) -> int:
        """End all of it and forget it; doing it twice does no harm. Returns its exit code.

        It ends by itself when its input ends, or else its guard ends it; if not, it is killed.
        """
        if self._process.returncode is None:
            self._close_pipes()
            if self._lifeline is not None:
                if self._process.stdin is not None:
                    self.wait(grace_s)
                os.close(self._lifeline)
            if self.wait(grace_s) is None:
                logger.warning(
                    "killing a child process that hangs", extra={"action": "child_killed"}
                )
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            if self.record is not None:
                self.record.clear()
        return self._process.returncode

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
