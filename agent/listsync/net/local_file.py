"""Reading a file that the user names: bounded, never blocking, judged like an answer."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.net.opening import open_at_once

_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds; `digest` is its SHA-256."""

    data: bytes
    digest: str


def load_file(service: str, path: Path, *, limit_bytes: int) -> Content:
    """Read a regular file whole. Anything else (a folder, a pipe, a device) is not opened.

    Raises:
        RefusedError: NOT_FOUND or PERMISSION; the message names the path.
        UnavailableError: the disk fails, or somebody writes the file at this moment.
        AnswerChangedError: it is larger than *limit_bytes*.
    """
    try:
        _demand_file(service, path, os.stat(path))  # noqa: PTH116 - the pair of the open below
        with os.fdopen(open_at_once(path, os.O_RDONLY), "rb") as file:
            before = os.fstat(file.fileno())
            _demand_file(service, path, before)
            data = b"" if before.st_size > limit_bytes else file.read(limit_bytes + 1)
            after = os.fstat(file.fileno())
    except (OSError, ValueError) as error:
        raise _trouble(service, path, error) from error
    if max(before.st_size, len(data)) > limit_bytes:
        limit = f"{limit_bytes / 1024 / 1024:g} MiB"
        raise AnswerChangedError(service, f"{path} is larger than {limit}; not read")
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise UnavailableError(service, f"{path} is being written; it is read at the next run")
    return Content(data, hashlib.sha256(data).hexdigest())


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
