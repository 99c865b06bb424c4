"""Starts all children of the agent, from one thread.

The kernel's parent-death signal comes when the *thread* ends that has started a child: this one
lives as long as the agent. It is started with the first child, so that who has none pays nothing.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import field, replace
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from listsync.cancellation import CancelToken
from listsync.lean_dataclasses import dataclass
from listsync.process.child import MOST_OF_LINE, Child
from listsync.process.guard import PARENT
from listsync.process.records import ChildRecord, ProcessIdentity

MARK = "LISTSYNC_CHILD"
MOST_OUTPUT = 1024 * 1024
_GUARD = Path(__file__).with_name("guard.py")
_HANDED_ON = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ")
_PIECE = 64 * 1024

_Begin = Callable[[], "subprocess.Popen[bytes]"]


class NotStartedError(OSError):
    """The program could not be started; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to be started, with an environment of its own: no secrets are handed on.

    `purpose` is one word for people. `records` is where what lives is on record, for the sweep of
    the next start; then the child has a folder of its own as home and for temporary files, and the
    word FOLDER among `arguments` stands for its path. `is_ours`: the program calls `attach` first,
    makes that folder, and ends with its input; any other gets a guard, which does that for it, and
    an input only if it `is_talked_to`. `errors` takes what it writes to its standard error.
    """

    arguments: tuple[str, ...]
    purpose: str
    records: Path | None = None
    is_ours: bool = False
    is_talked_to: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    errors: IO[bytes] | int = subprocess.DEVNULL
    most_of_line: int = MOST_OF_LINE
    umask: int = -1


FOLDER = "\0folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended; `is_cut`: it said more than is kept."""

    exit_code: int
    output: bytes
    errors: bytes
    is_cut: bool


def start(command: Command) -> Child:
    """Start a child that lives until `Child.end`, or as long as the agent.

    Raises:
        NotStartedError: there is no such program, or no room for it; a guarded one exits with 127.
        OSError: it cannot be recorded.
    """
    record = None
    if command.records is not None:
        record = ChildRecord.new(command.records, command.purpose)
        record.write()
    child = None
    try:
        child = _started(command, record)
    finally:
        if child is None and record is not None:
            record.clear()
    return child


def run(
    command: Command, deadline_s: float, token: CancelToken, *, most: int = MOST_OUTPUT
) -> Finished:
    """Run a program to its end; of its output and of its errors *most* bytes are kept each.

    Raises:
        TimeoutError: it takes longer than *deadline_s*, or *token* was cut; it is killed.
        OSError: it cannot be started, or not be recorded.
    """
    child = start(replace(command, errors=subprocess.PIPE))
    token.heartbeat.beat(deadline_s)
    until = time.monotonic() + deadline_s
    try:
        with token.breaking(child.kill):
            kept = [_Kept(child.output, most), _Kept(child.errors, most)]
            _drain(kept, until)
            code = child.wait(max(0.0, until - time.monotonic()))
        if code is None or token.is_cut:
            raise TimeoutError
    finally:
        child.kill()
        child.end()
    output, errors = kept
    return Finished(
        exit_code=code,
        output=bytes(output.data),
        errors=bytes(errors.data),
        is_cut=output.is_cut or errors.is_cut,
    )


class _Kept:
    """The first bytes of a stream; the rest is read and dropped, so that nobody blocks."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        os.set_blocking(stream.fileno(), False)
        self.stream = stream
        self.data = bytearray()
        self.is_cut = False
        self._most = most

    def take(self) -> bool:
        """Read a piece; False at the end."""
        piece = os.read(self.stream.fileno(), _PIECE)
        room = self._most - len(self.data)
        self.data += piece[:room]
        self.is_cut = self.is_cut or len(piece) > room
        return bool(piece)


def _drain(kept: list[_Kept], until: float) -> None:
    """Read all streams to their end; raises TimeoutError when that does not come in time."""
    with selectors.PollSelector() as selector:
        for one in kept:
            selector.register(one.stream, selectors.EVENT_READ, one)
        while selector.get_map():
            ready = selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                if not key.data.take():
                    selector.unregister(key.fileobj)


def _started(command: Command, record: ChildRecord | None) -> Child:
    environment = _environment(command, record)
    folder = str(record.folder) if record else "-"
    arguments = [folder if word == FOLDER else word for word in command.arguments]
    lifeline, guarded = None, list[int]()
    if not command.is_ours:
        theirs, lifeline = os.pipe()
        guarded.append(theirs)
        guard = [sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), str(theirs), folder]
        arguments = [*guard, *arguments]
    has_input = command.is_ours or command.is_talked_to
    try:
        process = _spawner.start(
            lambda: subprocess.Popen(  # noqa: S603 - no shell; who calls names the program
                arguments,
                stdin=subprocess.PIPE if has_input else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=command.errors,
                cwd="/",
                env=environment,
                start_new_session=True,
                pass_fds=tuple(guarded),
                umask=command.umask,
                bufsize=0,
            )
        )
    except BaseException as error:
        if lifeline is not None:
            os.close(lifeline)
        if isinstance(error, (OSError, RuntimeError)):  # no room for the thread is the latter
            raise NotStartedError(str(error)) from error
        raise
    finally:
        for fd in guarded:
            os.close(fd)
    if record is not None:
        record = replace(record, child=ProcessIdentity.of(process.pid))
    child = Child(process, record, lifeline, command.most_of_line)
    if record is not None:
        _write(record, child)
    return child


def _write(record: ChildRecord, child: Child) -> None:
    """Put on record who the child is; it does not live without."""
    try:
        record.write()
    except BaseException:
        child.kill()
        child.end()
        raise


def _environment(command: Command, record: ChildRecord | None) -> dict[str, str]:
    """Make the environment of the child: no secrets, and all that it writes in its folder."""
    made = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    made |= {PARENT: str(os.getpid())} if command.is_ours else {"LANG": "C.UTF-8"}
    if record is not None:
        folder = str(record.folder)
        made |= {MARK: record.mark, "HOME": folder, "TMPDIR": folder}
    return {**made, **command.environment}


class _Spawner:
    """The thread that starts children; there is one in a process, and one in what it forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: SimpleQueue[tuple[_Begin, Future[subprocess.Popen[bytes]]]] | None = None

    def start(self, begin: _Begin) -> subprocess.Popen[bytes]:
        """Call *begin* in the thread; returns what it gives, or raises what it raises."""
        with self._lock:
            orders = self._orders
            if orders is None:
                orders = SimpleQueue()
                arguments = (orders,)
                threading.Thread(
                    target=_serve, args=arguments, name="listsync-children", daemon=True
                ).start()
                self._orders = orders
        result = Future[subprocess.Popen[bytes]]()
        orders.put((begin, result))
        return result.result()


def _serve(orders: SimpleQueue[tuple[_Begin, Future[subprocess.Popen[bytes]]]]) -> None:
    while True:
        begin, result = orders.get()
        try:
            result.set_result(begin())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            result.set_exception(error)
        del begin, result


_spawner = _Spawner()


def _forget_thread() -> None:
    global _spawner  # noqa: PLW0603 - a fork has no thread but the one that made it
    _spawner = _Spawner()


os.register_at_fork(after_in_child=_forget_thread)
