"""The state folder: one listsync works in it, and what a crash or a bad disk has left is mended.

The lock dies with its process. A damaged or foreign file is set aside, never deleted; the newest
good backup takes its place. Then, and wherever else what is remembered may not be the whole of
it, the state is in doubt: nothing is requested until a person confirms.

SQLite reads a write-ahead log up to the first frame that is damaged, and takes the rest for what
was never finished. Of that there can be one commit at most, as each is on disk before the next
one begins. Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

from listsync.errors import BusyError, DamagedStateError, NewerStateError, StateError
from listsync.file_access import make_folder, open_for_owner, own_path, sync_folder
from listsync.store.backup import FOLDER, backups_of, finish, is_backup
from listsync.store.database import FILE_NAME, Database, inspect
from listsync.store.integrity import (
    Left,
    checksum_of,
    compare_with_checksum,
    is_unread,
    must_have_log,
    note_between,
    note_left,
    note_open,
    note_suspect,
    was_there,
)
from listsync.store.key_value import Doubt, note_doubt
from listsync.store.shared_tables import join_anew

LOCK_NAME = "listsync.lock"


@contextmanager
def looking_at(folder: Path) -> Iterator[None]:
    """Keep writers out of *folder* without changing anything in it.

    Raises:
        BusyError: a process works in it.
        StateError: the folder cannot be used.
    """
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDONLY)
    except FileNotFoundError:
        yield  # nobody has ever worked here
        return
    except OSError as error:
        raise StateError(f"cannot use the state directory {folder}: {error.strerror}") from error
    try:
        _take(handle, fcntl.LOCK_SH, folder)
        yield
    finally:
        os.close(handle)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of *folder*, which is created (for its owner only) when missing.

    The file stays: removing it would let a second holder in.

    Raises:
        BusyError: another process holds it; its number is in the message.
        StateError: the folder cannot be used.
    """
    try:
        make_folder(own_path(folder))
        handle = open_for_owner(folder / LOCK_NAME, os.O_RDWR)
    except OSError as error:
        raise StateError(f"cannot use the state directory {folder}: {error.strerror}") from error
    try:
        _take(handle, fcntl.LOCK_EX, folder)
        with suppress(OSError):  # on a full disk the number is missing, and the lock holds
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, kind: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
        raise BusyError(f"another listsync (pid {pid}) works in {folder}") from error
    except OSError as error:
        raise StateError(f"cannot lock {folder / LOCK_NAME}: {error.strerror}") from error


logger = logging.getLogger(__name__)


_PARTS = ("", "-wal", "-shm", "-journal")
_CHANGED = f"{FILE_NAME} is not as listsync left it: another program wrote to it, or it is damaged"
_RESTORED = f"a backup was put in the place of {FILE_NAME}"
_LOG_DAMAGED = f"the end of {FILE_NAME}-wal is damaged: the last changes are lost"
_LOG_GONE = f"{FILE_NAME}-wal is gone, though listsync was killed: the last changes may be lost"
_NOTHING = "there was no good backup: nothing is remembered of what was requested or deleted"


@contextmanager
def opened_state(folder: Path) -> Iterator[Database]:
    """Open the state in *folder*, whose lock is held, and close it in good order.

    Raises what `open_state` raises.
    """
    database = open_state(folder)
    try:
        yield database
    finally:
        close_state(database, folder)


def open_state(folder: Path, *, reads_later: bool = False) -> Database:
    """Open the state in *folder*, whose lock is held.

    *reads_later*: what a killed listsync left may be looked through by `read_through`, where the
    machine has run since: a process that ends harms no file.

    Raises:
        NewerStateError: a newer listsync wrote it.
        StateError: it cannot be opened, though it may be good.
    """
    path = folder / FILE_NAME
    try:
        own_path(path)  # raises where a link of somebody else is on the way
        _clear_up(folder)
        if not _is_there(path):
            if _has_past(path):
                _recover(path, f"{path.name} was gone, or empty")
            database = Database(path)
        else:
            database = _open_known(path, reads_later=reads_later)
        note_open(path)
    except OSError as error:
        words = error.strerror or error
        raise StateError(f"cannot use the state directory {folder}: {words}") from error
    return database


def close_state(database: Database, folder: Path) -> None:
    """Close the state, and note how it was left."""
    path, is_damaged = folder / FILE_NAME, database.is_damaged.is_set()
    with suppress(OSError):
        (note_suspect if is_damaged else note_between)(path)
    database.close()
    if not is_damaged:
        with suppress(OSError):  # then nobody knows, and the next one looks closer
            note_left(path, is_unread=database.is_unread.is_set())


def read_through(database: Database, folder: Path, stop: threading.Event) -> None:
    """Look through all of an open state that is unread, by a copy, beside other work.

    Raises:
        DamagedStateError: there is damage; the next start mends it.
        StateError: the copy cannot be made or read, or *stop* was set.
    """
    if not database.is_unread.is_set():
        return
    path = folder / FILE_NAME
    copy = path.with_name(f".{path.stem}-read.db.part")
    try:
        database.copy_to(copy, stop)
        inspect(copy, is_over=stop.is_set)
    except DamagedStateError as error:
        database.is_damaged.set()
        with suppress(OSError):
            note_suspect(path)
        raise DamagedStateError(path, error.why) from error
    finally:
        _remove(copy)
    database.is_unread.clear()


def _open_known(path: Path, *, reads_later: bool) -> Database:
    left, log, has_unread = compare_with_checksum(path), frames_of(path), is_unread(path)
    has_lost_log = must_have_log(path) and not _part(path, "-wal").exists()
    if left is Left.KILLED and (has_lost_log or is_backup(path) or not reads_later):
        left = Left.UNKNOWN
    if left is Left.SAME:
        note_between(path)
    try:
        _look(path, left)
        if left not in (Left.SAME, Left.KILLED) and is_backup(path):
            _build(path, lambda new: copyfile(path, new), _RESTORED)
            return Database(path)
        database = Database(path)
    except DamagedStateError as error:
        _recover(path, error.why)
        return Database(path)
    if left is Left.KILLED or (left is Left.SAME and has_unread):
        database.is_unread.set()
    try:
        if left is Left.OTHER:
            _doubt(database, Doubt.of(_CHANGED))
        elif has_lost_log:
            _doubt(database, Doubt.of(_LOG_GONE))
        elif commits_after(log, database.log_frames):
            _doubt(database, Doubt.of(_LOG_DAMAGED))
    except BaseException:
        database.close()
        raise
    return database


def _doubt(database: Database, doubt: Doubt) -> None:
    """Keep *doubt*; what a fleet remembers is to be taken up whole."""
    with database.write() as connection:
        join_anew(connection)
    note_doubt(database, doubt)


def _look(path: Path, left: Left) -> None:
    """Look for damage where the file is not known to be as it was left."""
    if left is Left.SAME:
        return
    try:
        inspect(path, reads_rows=left is not Left.KILLED)
    except NewerStateError as error:
        if left is Left.OTHER and error.has_our_tables:
            raise DamagedStateError(path, "the number of its schema is wrong") from error
        raise


def _is_there(path: Path) -> bool:
    """Tell whether there is a file with anything in it, be that in its log."""
    with suppress(FileNotFoundError):
        log = path.with_name(f"{path.name}-wal")
        return path.stat().st_size > 0 or (log.exists() and log.stat().st_size > 0)
    return False


def _has_past(path: Path) -> bool:
    """Tell whether there was a state here before."""
    return was_there(path) or any(backups_of(path.parent)) or any(_set_aside(path))


def _set_aside(path: Path) -> Iterator[Path]:
    return path.parent.glob(f"{path.stem}-damaged-*.db")


def _clear_up(folder: Path) -> None:
    """Remove what a killed process had begun to write, and set aside what it had begun to."""
    path = folder / FILE_NAME
    for pattern in (f".{path.stem}*.part", f".{path.stem}*.part-*"):
        for place in (folder, folder / FOLDER):
            for one in place.glob(pattern):
                one.unlink(missing_ok=True)
    # Beside another file, a log that is not its own would be taken for its own.
    others = _PARTS[1:] if not path.exists() else _PARTS[1:3] if is_backup(path) else ()
    if any(_part(path, suffix).exists() for suffix in others):
        _move(path, _free_name(path), others)


def _recover(path: Path, why: str) -> None:
    """Set the file aside and put the newest good backup in its place, or an empty state.

    Raises:
        StateError: there is no room, say. The next start tries again.
    """
    aside = None
    if any(_part(path, suffix).exists() for suffix in _PARTS):
        aside = _free_name(path)
        _move(path, aside, _PARTS)
    doubt = f"the state could not be used ({why})"
    if aside is not None:
        doubt += f" and is set aside as {aside.name}"
    for backup in backups_of(path.parent):
        words = f"{doubt}; listsync goes on with the backup {backup.name}"
        if _restored(path, backup, words):
            break
    else:
        words = f"{doubt}; {_NOTHING}"
        _build(path, lambda _: None, words)
    logger.error("%s; requests are on hold", words, extra={"action": "state_recovered"})


def _restored(path: Path, backup: Path, words: str) -> bool:
    try:
        _build(path, lambda new: copyfile(backup, new), words)
    except (DamagedStateError, NewerStateError) as error:
        logger.warning(
            "the backup %s is not used: %s", backup, error, extra={"action": "backup_damaged"}
        )
        return False
    return True


def _build(path: Path, fill: Callable[[Path], object], words: str) -> None:
    """Make a state that is in doubt from the start, and give it its name when it is on disk."""
    new = path.with_name(f".{path.stem}-new.db.part")
    _remove(new)
    try:
        fill(new)
        if new.exists():
            inspect(new)
        database = Database(new, keeps_copy=False)
        try:
            _doubt(database, Doubt.of(words))
        finally:
            database.close()
        finish(new, path)
    except sqlite3.Error as error:
        raise StateError(f"cannot write {path}: {error}") from error
    finally:
        _remove(new)


def _remove(path: Path) -> None:
    for suffix in _PARTS:
        _part(path, suffix).unlink(missing_ok=True)


def _move(path: Path, aside: Path, parts: Sequence[str]) -> None:
    """Rename what is there, the file itself first: without it nobody believes the rest."""
    for suffix in parts:
        with suppress(FileNotFoundError):
            _part(path, suffix).rename(_part(aside, suffix))
    checksum_of(path).unlink(missing_ok=True)
    sync_folder(path.parent)


def _free_name(path: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (
        path.with_name(f"{path.stem}-damaged-{stamp}{f'-{turn}' if turn else ''}.db")
        for turn in range(1000)
    )
    return next(one for one in names if not any(_part(one, part).exists() for part in _PARTS))


def _part(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_BIG_ENDIAN = 1  # the bit of the magic number that tells how checksums are made


def frames_of(path: Path) -> Sequence[bool]:
    """Tell of each frame in the log of the database *path* whether it ends a commit.

    Those of an earlier use of the log do not. Where the header is damaged, the first frame tells
    of which use they are.
    """
    with suppress(OSError), path.with_name(f"{path.name}-wal").open("rb") as file:
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size:
            return ()
        _, _, page_size, _, *salts, _, _ = _HEADER.unpack(head)
        is_whole = _is_whole_header(head)
        page_size = page_size if is_whole else _page_size(path)
        commits = []
        while len(frame := file.read(_FRAME.size)) == _FRAME.size:
            _, pages, *marks, _, _ = _FRAME.unpack(frame)
            if not is_whole:
                salts, is_whole = marks, True
            commits.append(pages > 0 and marks == salts)
            file.seek(page_size, 1)
        return commits
    return ()


def _is_whole_header(head: bytes) -> bool:
    """Tell whether the header of the log is as it was written."""
    order = ">" if head[3] & _BIG_ENDIAN else "<"
    first = second = 0
    for one, other in struct.iter_unpack(f"{order}II", head[:24]):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return head[24:] == struct.pack(">II", first, second)


def _page_size(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(16)
        size = int.from_bytes(file.read(2), "big")
    return size if size > 1 else 65536


def commits_after(frames: Sequence[bool], read: int) -> bool:
    """Tell whether commits follow the first *read* frames that were on disk for sure."""
    return sum(frames[read:]) > 1
