"""Files that others write: opened without waiting, read whole and bounded, and judged.

Whether a program is still writing one: the kernel refuses a read lease while anybody has the
file open for writing. It gives those of other people's files to root alone, and on shares it
does not know or grants none: there a file counts as being written until its last change is a few
seconds old.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import signal
import stat
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

from listsync.errors import (
    BeingWrittenError,
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.lean_dataclasses import dataclass


def open_at_once(path: str | Path, flags: int) -> int:
    """Open without waiting, also what is a pipe that nobody writes to; an opener for `open`."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)


MOST_S = 10.0
"""How long a program that never closes the file is waited for."""
_LOOK_AGAIN_S = 0.05
_QUIET_S = 5.0
_SKEW_S = 60.0
"""How far another machine's clock may be ahead: a change later than that is of no time at all."""

_MOST_IN_MEMORY = 4 * 1024 * 1024
_PIECE = 1024 * 1024

_MOUNTS = Path("/proc/self/mountinfo")
_REFUSING = ("nfs", "cifs", "smb")
"""They also refuse a lease when the server has not granted what it takes."""
_SEEN_FROM_HERE_ONLY = ("fuse", "virtiofs", "9p", "vboxsf")
"""They grant a lease whoever writes elsewhere: on the host of a container, or another machine."""

Check = Callable[[os.stat_result], None]


class Bytes(Protocol):
    """What a file held: bytes, or what gives them slice by slice."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class _Copy:
    """A copy of a large file, on disk: nobody changes it, and memory holds a slice at a time."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        import tempfile  # noqa: PLC0415 - brings much, which an idle agent can do without

        self._size = 0
        with tempfile.TemporaryFile() as copy:
            while piece := file.read(min(_PIECE, most - self._size)):
                self._size += copy.write(piece)
            copy.flush()
            self._file = os.dup(copy.fileno())
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        first, last, _ = part.indices(self._size)
        return os.pread(self._file, max(0, last - first), first)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What a file held, with the facts of it.

    `is_too_large`: `data` is not all of it. `is_unfinished`: a program still
    had it open for writing. `is_torn`: it was written to in the very moment of reading.
    """

    data: Bytes
    facts: os.stat_result
    is_too_large: bool
    is_unfinished: bool
    is_torn: bool


class WriterWait:
    """How long one reading waits for programs that write; `unfinished` are what it did not await.

    *pause* waits for so many seconds, and returns True to give up; None: whoever reads may not
    wait. *seen* names a file of which is known whether its last writer has closed it.
    """

    def __init__(
        self,
        most_s: float = MOST_S,
        pause: Callable[[float], bool | None] | None = time.sleep,
        seen: tuple[Path, bool] | None = None,
    ) -> None:
        self.unfinished: set[Path] = set()
        self._most_s = most_s
        self._pause = pause
        self._seen = seen

    def lasts(self, path: Path, waited_s: float) -> bool:
        """Wait a moment and return True; False when *path* is to be read as it is.

        Raises:
            BeingWrittenError: it is not to be waited for, or not any more.
        """
        if waited_s >= self._most_s:
            return False
        if self._pause is None or self._pause(_LOOK_AGAIN_S):
            raise BeingWrittenError(path)
        return True

    def knows_closed(self, path: Path) -> bool | None:
        return self._seen[1] if self._seen and self._seen[0] == path else None


def read_whole(path: Path, cap: int, check: Check, patience: WriterWait) -> FileContent:
    """Read at most *cap* bytes of a file that *check* lets through, once nobody writes it.

    Raises:
        BeingWrittenError: see `WriterWait`.
        OSError, ValueError: it cannot be opened or read; and what *check* raises.
    """
    look = _Look(path=path, cap=cap, check=check, is_closed=patience.knows_closed(path))
    began = time.monotonic()
    is_over = False
    while True:
        content, quiet_s = look(anyway=is_over)
        if content is not None and (is_over or not content.is_unfinished):
            break
        is_over = not patience.lasts(path, max(quiet_s, time.monotonic() - began))
    if content.is_unfinished:
        patience.unfinished.add(path)
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    path: Path
    cap: int
    check: Check
    is_closed: bool | None

    def __call__(self, *, anyway: bool) -> tuple[FileContent | None, float]:
        """Read the file, what is being written only *anyway*; say also since when it is as it is.

        That is in seconds, by its own time. None: another program has a lease of its own, which
        the kernel has told it now to give up.
        """
        try:
            return self._read(anyway=anyway)
        except BlockingIOError:
            if anyway:
                raise
            return None, 0.0

    def _read(self, *, anyway: bool) -> tuple[FileContent, float]:
        self.check(os.stat(self.path))  # noqa: PTH116 - the pair of the next; opening may act on a device
        with open(self.path, "rb", opener=open_at_once) as file:
            before = os.fstat(file.fileno())
            self.check(before)
            is_written = self._is_being_written(file.fileno(), before)
            is_read = before.st_size <= self.cap and (anyway or not is_written)
            data = _read(file, before.st_size, self.cap + 1) if is_read else b""
            after = os.fstat(file.fileno())
            # Whoever began meanwhile has changed it, or still has it open.
            is_torn = (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size)
            is_written = is_written or is_torn or self._is_being_written(file.fileno(), after)
        content = FileContent(
            data=data,
            facts=before,
            is_too_large=max(before.st_size, len(data)) > self.cap,
            is_unfinished=is_written,
            is_torn=is_torn,
        )
        return content, time.time() - after.st_mtime

    def _is_being_written(self, file: int, facts: os.stat_result) -> bool:
        is_open = is_open_for_writing(file)
        if is_open is not None:
            return is_open
        if self.is_closed is not None:
            return not self.is_closed
        return -_SKEW_S < time.time() - facts.st_mtime < _QUIET_S


def _read(file: IO[bytes], size: int, most: int) -> Bytes:
    return _Copy(file, most) if size > _MOST_IN_MEMORY else file.read(most)


def is_open_for_writing(file: int) -> bool | None:
    """Ask the kernel whether any program has *file* open for writing; None: it does not say."""
    try:
        # Whoever opens it in this instant waits for the instant, and we are sent a signal: one
        # that is ignored by default, in place of the one that would end us.
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        is_refused = error.errno == errno.EAGAIN and not _lies_on(_REFUSING, os.fstat(file))
        return True if is_refused else None
    return None if _lies_on(_SEEN_FROM_HERE_ONLY, os.fstat(file)) else False


def _lies_on(kinds: tuple[str, ...], facts: os.stat_result) -> bool:
    """Tell whether a file lies on a file system whose kind begins like one of *kinds*."""
    device = f"{os.major(facts.st_dev)}:{os.minor(facts.st_dev)}"
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(
        line.split()[2] == device and line.partition(" - ")[2].startswith(kinds) for line in mounts
    )


_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds; `digest` is its SHA-256.

    `is_unfinished`: a program that writes it did not close it in time, so more may come.
    """

    data: Bytes
    digest: str
    is_unfinished: bool = False


def load_file(
    service: str, path: Path, *, limit_bytes: int, patience: WriterWait | None = None
) -> Content:
    """Read a regular file whole. Anything else (a folder, a pipe, a device) is not opened.

    A program that is writing it is waited for, with *patience*.

    Raises:
        RefusedError: NOT_FOUND or PERMISSION; the message names the path.
        UnavailableError: the disk fails, or it is written to without a pause.
        ResponseChangedError: it is larger than *limit_bytes*.
    """
    try:
        found = read_whole(
            path,
            limit_bytes,
            lambda facts: _demand_file(service, path, facts),
            patience or WriterWait(),
        )
    except (OSError, ValueError) as error:
        raise _trouble(service, path, error) from error
    except BeingWrittenError as error:
        raise _being_written(service, path) from error
    if found.is_too_large:
        limit = f"{limit_bytes / 1024 / 1024:g} MiB"
        raise ResponseChangedError(service, f"{path} is larger than {limit}; not read")
    if found.is_torn:
        raise _being_written(service, path)
    return Content(found.data, _digest(found.data), found.is_unfinished)


def _digest(data: Bytes) -> str:
    digest = hashlib.sha256()
    for at in range(0, len(data), _PIECE):
        digest.update(data[at : at + _PIECE])
    return digest.hexdigest()


def _being_written(service: str, path: Path) -> UnavailableError:
    return UnavailableError(service, f"{path} is being written; it is read at the next run")


def _demand_file(service: str, path: Path, facts: os.stat_result) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise RefusedError(service, Refusal.NOT_FOUND, f"{path} is a folder, not a file")
    if not stat.S_ISREG(facts.st_mode):
        raise RefusedError(
            service, Refusal.NOT_FOUND, f"{path} is a pipe, a socket or a device, not a file"
        )


def _trouble(service: str, path: Path, error: OSError | ValueError) -> ListsyncError:
    if isinstance(error, ValueError):  # a name that no file can have
        return RefusedError(service, Refusal.NOT_FOUND, f"{str(path)!r} cannot be a file name")
    if error.errno in _ABSENT:
        return RefusedError(service, Refusal.NOT_FOUND, f"{path} does not exist")
    if error.errno in (errno.EACCES, errno.EPERM):
        return RefusedError(
            service, Refusal.PERMISSION, f"{path} may not be read by the user listsync runs as"
        )
    return UnavailableError(service, f"{path} cannot be read: {error.strerror}")
