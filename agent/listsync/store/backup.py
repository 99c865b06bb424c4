"""Whole copies of the state, for a backup or to play with."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.errors import StateError
from listsync.file_access import sync_folder

FOLDER = "backups"
"""Where, in the state directory, backups are that listsync makes by itself."""
KEPT = 7
_DAILY = f"listsync-{'[0-9]' * 6}-*.db"
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


def is_backup(path: Path) -> bool:
    """Tell a backup by its form: it needs no log, which the file of a listsync at work does."""
    with path.open("rb") as file:
        return file.read(19)[18:] == b"\x01"


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
        sync_folder(path.parent)
        return size
    finally:
        os.close(handle)
        new.unlink(missing_ok=True)


def backups_of(folder: Path) -> list[Path]:
    """Find what may take the place of the state in *folder*, the newest first.

    After the backups by number come those that were made before an upgrade.
    """
    daily = sorted((folder / FOLDER).glob(_DAILY), key=_number_of, reverse=True)
    return [*daily, *sorted(folder.glob("listsync-v*.db"), key=_version_of, reverse=True)]


def next_backup(folder: Path, now: datetime) -> Path:
    """Name the next backup in *folder*; by their numbers they sort as they were made.

    Clocks may be set, so their times need not. Raises OSError.
    """
    place = folder / FOLDER
    place.mkdir(mode=0o700, exist_ok=True)
    number = max(map(_number_of, place.glob(_DAILY)), default=0) + 1
    return place / f"listsync-{number:06d}-{now:%Y%m%dT%H%M%SZ}.db"


def made_at(backup: Path) -> datetime | None:
    """Say when a backup was made, as its name tells."""
    with suppress(ValueError):
        text = backup.stem.rsplit("-", 1)[-1]
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return None


def newest_at(folder: Path) -> datetime | None:
    """Say when the newest of the backups by number was made, if that is known."""
    daily = sorted((folder / FOLDER).glob(_DAILY), key=_number_of)
    return made_at(daily[-1]) if daily else None


def back_up_daily(folder: Path, copy_to: Callable[[Path], None], now: datetime) -> None:
    """Make a backup if the newest one is older than a day; raises StateError, OSError."""
    newest = newest_at(folder)
    if newest is None or not timedelta() <= now - newest < timedelta(days=1):
        write_backup(next_backup(folder, now), copy_to)
        prune(folder)


def prune(folder: Path) -> None:
    """Remove the oldest backups beyond those that are kept; raises OSError."""
    daily = sorted((folder / FOLDER).glob(_DAILY), key=_number_of, reverse=True)
    for one in daily[KEPT:]:
        one.unlink(missing_ok=True)


def _number_of(backup: Path) -> int:
    digits = backup.stem.split("-")[1]
    return int(digits) if digits.isdecimal() else 0


def _version_of(copy: Path) -> tuple[int, str]:
    digits, _, stamp = copy.stem.removeprefix("listsync-v").partition("-")
    return (int(digits) if digits.isdecimal() else 0, stamp)


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


def finish(new: Path, path: Path) -> None:
    """Bring a finished file to disk, for its owner only, and then to its name; raises OSError."""
    handle = os.open(new, os.O_RDWR)
    try:
        os.fchmod(handle, 0o600)
        os.fsync(handle)
    finally:
        os.close(handle)
    new.replace(path)
    sync_folder(path.parent)
