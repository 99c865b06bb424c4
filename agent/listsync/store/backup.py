"""Whole copies of the state, for a backup or to play with."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from listsync.errors import StateError

_PAGES = 256
"""So many (1 MiB) are copied at a time: a step takes about a millisecond."""
_PARTS = ("-wal", "-shm", "-journal")
"""What SQLite takes for parts of a database that is called as what stands before it."""
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def copy_database(
    source: sqlite3.Connection, target: Path, between: Callable[[], None] = lambda: None
) -> None:
    """Copy what *source* holds to *target*, a new or empty file; raises sqlite3.Error.

    *between* is called after each step. What *source* itself writes meanwhile is in the copy.
    """
    copy = sqlite3.connect(target, isolation_level=None)
    try:
        copy.execute("PRAGMA synchronous = OFF")  # who needs that brings it to disk at the end
        source.backup(copy, pages=_PAGES, progress=lambda *_: between())
        # One file, which can be read where nothing may be written.
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()


def write_backup(path: Path, copy_to: Callable[[Path], None]) -> int:
    """Bring what *copy_to* writes to *path*, checked and on disk, or nothing; returns its size.

    Only its owner may read it.

    Raises:
        StateError: it cannot be written there, or *path* exists.
        OSError: the file system forbids it.
    """
    if path.name.endswith(_PARTS):
        raise StateError(f"{path} is a name of SQLite's own: choose another")
    _refuse_existing(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    new = Path(name)
    try:
        copy_to(new)
        _check(new)
        os.fsync(handle)
        size = os.fstat(handle).st_size
        _name(new, path)
        _sync_folder(path.parent)
        return size
    finally:
        os.close(handle)
        new.unlink(missing_ok=True)


def _check(copy: Path) -> None:
    try:
        connection = sqlite3.connect(copy)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise StateError(f"the copy is damaged ({found}), and was not kept")


def _name(new: Path, path: Path) -> None:
    """Give a finished copy its name, which nobody else may have taken meanwhile."""
    try:
        os.link(new, path)
    except FileExistsError:
        _refuse_existing(path)
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _refuse_existing(path)
        new.rename(path)


def _refuse_existing(path: Path) -> None:
    if os.path.lexists(path):
        raise StateError(f"{path} exists already: a backup never replaces a file")


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system can, and the copy itself is on disk
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
