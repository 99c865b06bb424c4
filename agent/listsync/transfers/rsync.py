"""One run of rsync: started, fed, listened to, watched, and ended.

The options, and why: agent/decisions/0053-copies.md. Names go in on its standard input, parted by
NUL, so that none can be taken for an option, a pattern or a host.
"""

from __future__ import annotations

import logging
import os
import re
import selectors
import shlex
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, Self

from listsync.cancellation import CancelToken
from listsync.lean_dataclasses import dataclass
from listsync.process.child import Child
from listsync.process.supervisor import Command, start
from listsync.transfers.rsync_output import (
    OutputLines,
    RsyncProgress,
    parse_item,
    parse_progress,
)
from listsync.transfers.rsync_program import RsyncProgram

logger = logging.getLogger(__name__)

PARTIAL_FOLDER = ".rsync-partial"
MOST_ERRORS = 64 * 1024
_IN_FRONT = b"./"
"""Of each name: 3.2.7 takes one that begins with # or ; for a comment, in spite of --from0."""
_TICK_S = 0.25
_PIECE = 64 * 1024
_STARTED = {"action": "rsync_started"}
_LOOKS = 4
"""How often within the time limit of a stall it is looked whether anything moves."""


class RunMode(StrEnum):
    """What a run is for."""

    COPY = "copy"
    DRY_RUN = "dry_run"
    COMPARE = "compare"
    """Reads both sides, and tells what differs; copies nothing."""


class RunEnd(StrEnum):
    """Who has ended a run."""

    ITSELF = "itself"
    STOPPED = "stopped"
    """The agent is to end."""
    UNWANTED = "unwanted"
    """A job of it was cancelled."""
    STALLED = "stalled"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class RsyncTask:
    """What one run copies, and how: `files` are below both roots.

    `modify_window_s`: times that differ by no more are the same. `resumes`: what there is of a
    file is used, which costs reading it. `ignores_times`: a file of the same size and time is
    copied all the same. Who is asked to end is killed after `grace_s`.
    """

    source_root: PurePosixPath
    destination_root: PurePosixPath
    files: Sequence[PurePosixPath]
    mode: RunMode = RunMode.COPY
    excludes: Sequence[str] = ()
    bandwidth: str | None = None
    nice: int = 10
    stall_s: float = 300.0
    longest_s: float = 14400.0
    modify_window_s: int = 0
    resumes: bool = False
    ignores_times: bool = False
    grace_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RsyncRun:
    """How a run ended. `errors` is the end of what it said; `items` are files that it named."""

    end: RunEnd
    exit_code: int
    errors: bytes = b""
    items: tuple[PurePosixPath, ...] = ()

    @property
    def is_good(self) -> bool:
        return self.end is RunEnd.ITSELF and self.exit_code == 0


def arguments(program: RsyncProgram, task: RsyncTask) -> tuple[str, ...]:
    """Make the command line of a run."""
    before: list[str] = []
    if program.nice is not None and task.nice:
        before += [program.nice, "-n", str(task.nice)]
    if program.ionice is not None:
        before += [program.ionice, "-t", "-c", "3"]
    roots = [f"{str(root).rstrip('/')}/" for root in (task.source_root, task.destination_root)]
    return (*before, program.path, *_options(program, task), "--", *roots)


def _options(program: RsyncProgram, task: RsyncTask) -> Iterator[str]:
    yield from ("-rt", "--no-h", f"--partial-dir={PARTIAL_FOLDER}")
    yield from ("--info=progress2,stats2", "--no-inc-recursive", "--outbuf=L")
    if task.mode is not RunMode.COPY:
        yield "--dry-run"
    if task.mode is RunMode.COMPARE:
        yield from ("--checksum", "--itemize-changes")
    if task.bandwidth:
        yield f"--bwlimit={task.bandwidth}"
    if program.can_sync_to_disk and task.mode is RunMode.COPY:
        yield "--fsync"
    if task.modify_window_s:
        yield f"--modify-window={task.modify_window_s}"
    if task.resumes:
        yield "--no-whole-file"
    if task.ignores_times:
        yield "--ignore-times"
    yield from task.excludes
    yield from ("--from0", "--files-from=-")


_UMASK = 0o002
"""Copies are as open as their sources, for media servers to read; but not all may write them."""


def umask_of_copies(environ: Mapping[str, str]) -> int:
    """Tell what copies may not be open to: our own umask leaves them to us alone."""
    named = environ.get("UMASK", "").strip()
    return int(named, 8) if re.fullmatch("[0-7]{1,4}", named) else _UMASK


class RsyncRunner:
    """Runs one rsync after the other; *records* is where those that live are on record."""

    def __init__(self, program: RsyncProgram, records: Path | None = None) -> None:
        self._program = program
        self._records = records

    def run(
        self,
        task: RsyncTask,
        token: CancelToken,
        report: Callable[[RsyncProgress], None] = lambda _: None,
        is_unwanted: Callable[[], bool] = lambda: False,
    ) -> RsyncRun:
        """Run it to its end, or to the one that *token*, *is_unwanted* or a time limit makes.

        It is asked to end first, so that it keeps what it has of a file, and is killed later; a
        *token* that is cut has it killed at once. None of its processes is left.

        Raises:
            OSError: it cannot be started.
        """
        command = self._command(task)
        logger.debug(
            "%s for %s files", shlex.join(command.arguments), len(task.files), extra=_STARTED
        )
        child = start(command)
        try:
            with token.breaking(child.kill), _Watched(child, task, token) as watched:
                watched.feed(b"".join(_IN_FRONT + os.fsencode(one) + b"\0" for one in task.files))
                watched.wait(report, is_unwanted)
        finally:
            if child.is_alive:
                child.kill()
            code = child.end()
        return watched.result(code)

    def _command(self, task: RsyncTask) -> Command:
        return Command(
            arguments=arguments(self._program, task),
            purpose="rsync",
            records=self._records,
            is_talked_to=True,
            environment={"LC_ALL": "C.UTF-8"},
            errors=subprocess.PIPE,
            umask=umask_of_copies(os.environ),
        )


class StallWatch:
    """Tells when what is to go on has stood still for *limit_s* seconds."""

    def __init__(self, limit_s: float, now: float) -> None:
        self._limit_s = limit_s
        self._since = self._looked = now
        self._moved: object = None

    def is_stalled(self, now: float, moved: Callable[[], object]) -> bool:
        """Look now and then whether *moved* gives something else than before."""
        if now - self._looked < self._limit_s / _LOOKS:
            return False
        self._looked, before = now, self._moved
        self._moved = moved()
        if self._moved != before:
            self._since = now
        return now - self._since >= self._limit_s


@dataclass
class _Ending:
    """Why a run is being ended, and from when on it is killed."""

    why: RunEnd = RunEnd.ITSELF
    kill_at: float = field(default=float("inf"))


class _Watched:
    """A run that goes on: its three streams, and the reasons to end it."""

    def __init__(self, child: Child, task: RsyncTask, token: CancelToken) -> None:
        now = time.monotonic()
        self._child = child
        self._task = task
        self._token = token
        self._too_long_at = now + task.longest_s
        self._stall = StallWatch(task.stall_s, now)
        self._ending = _Ending()
        self._lines = OutputLines()
        self._errors = deque[bytes]()
        self._items: list[PurePosixPath] = []
        self._progress: RsyncProgress | None = None
        self._left = memoryview(b"")
        self._selector = selectors.PollSelector()
        self._pidfd = os.pidfd_open(child.pid)

    def __enter__(self) -> Self:
        self._selector.register(self._pidfd, selectors.EVENT_READ)
        for stream in (self._child.output, self._child.errors):
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        os.close(self._pidfd)

    def feed(self, names: bytes) -> None:
        """Have *names* written to it as it takes them; it may never do so."""
        self._left = memoryview(names)
        os.set_blocking(self._child.input.fileno(), False)
        self._selector.register(self._child.input, selectors.EVENT_WRITE)

    def wait(
        self, report: Callable[[RsyncProgress], None], is_unwanted: Callable[[], bool]
    ) -> None:
        """Wait for its end, and bring that about where something asks for it."""
        while self._child.is_alive:
            self._token.heartbeat.beat(_TICK_S)
            before = self._progress
            for key, _ in self._selector.select(_TICK_S):
                self._handle(key.fileobj)
            if self._progress is not None and self._progress is not before:
                report(self._progress)
            self._see_to_end(is_unwanted)
        for stream in (self._child.output, self._child.errors):
            while self._take(stream):
                pass

    def result(self, exit_code: int) -> RsyncRun:
        was_cut = exit_code != 0 and self._token.is_cut
        return RsyncRun(
            end=RunEnd.STOPPED if was_cut else self._ending.why,
            exit_code=exit_code,
            errors=b"".join(self._errors)[-MOST_ERRORS:],
            items=tuple(self._items),
        )

    def _handle(self, ready: object) -> None:
        if ready is self._child.input:
            self._write()
        for stream in (self._child.output, self._child.errors):
            if ready is stream and not self._take(stream):
                self._selector.unregister(stream)

    def _write(self) -> None:
        stream = self._child.input
        try:
            self._left = self._left[os.write(stream.fileno(), self._left[:_PIECE]) :]
        except BlockingIOError:
            return
        except OSError:  # it has ended, and says why
            self._left = memoryview(b"")
        if not self._left:
            self._selector.unregister(stream)
            with suppress(OSError):
                stream.close()

    def _take(self, stream: IO[bytes]) -> bool:
        """Read a piece; False where there is none (now, or any more)."""
        try:
            piece = os.read(stream.fileno(), _PIECE)
        except BlockingIOError:
            return False
        if stream is self._child.errors:
            self._keep(piece)
        else:
            self._read(self._lines.take(piece))
        return bool(piece)

    def _keep(self, piece: bytes) -> None:
        self._errors.append(piece)
        while sum(map(len, self._errors)) - len(self._errors[0]) >= MOST_ERRORS:
            self._errors.popleft()

    def _read(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            progress = parse_progress(line)
            if progress is not None:
                self._progress = progress
            elif self._task.mode is RunMode.COMPARE and (item := parse_item(line)) is not None:
                self._items.append(item)

    def _see_to_end(self, is_unwanted: Callable[[], bool]) -> None:
        now = time.monotonic()
        if self._ending.why is RunEnd.ITSELF:
            why = self._why_end(now, is_unwanted)
            if why is not None:
                self._ending = _Ending(why, now + self._task.grace_s)
                self._child.terminate()
        elif now >= self._ending.kill_at:
            self._child.kill()

    def _why_end(self, now: float, is_unwanted: Callable[[], bool]) -> RunEnd | None:
        if self._token.is_set():
            return RunEnd.STOPPED
        if is_unwanted():
            return RunEnd.UNWANTED
        if now >= self._too_long_at:
            return RunEnd.TOO_LONG
        return RunEnd.STALLED if self._stall.is_stalled(now, self._moved) else None

    def _moved(self) -> tuple[int, int]:
        """Give what changes while it goes on, even where it reads for long before it copies."""
        done = 0 if self._progress is None else self._progress.done
        return done, self._child.bytes_moved
