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
    BeingWrittenError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.files.whole_file import Bytes, WriterWait, read_whole

_PIECE = 1024 * 1024
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
        AnswerChangedError: it is larger than *limit_bytes*.
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
        raise AnswerChangedError(service, f"{path} is larger than {limit}; not read")
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
