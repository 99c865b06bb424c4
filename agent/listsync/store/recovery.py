"""Opens the state for work, also what a crash or a bad disk has left of it.

A damaged or foreign file is set aside, never deleted; the newest good backup takes its place.
Then, and wherever else what is remembered may not be the whole of it, the state is in doubt:
nothing is requested until a person confirms.

SQLite reads a write-ahead log up to the first frame that is damaged, and takes the rest for what
was never finished. Of that there can be one commit at most, as each is on disk before the next
one begins. Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
"""

from __future__ import annotations

import logging
import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from listsync.errors import DamagedStateError, NewerStateError, StateError
from listsync.file_access import own_path
from listsync.store import checksum
from listsync.store.backup import FOLDER, backups_of, finish, sync_folder
from listsync.store.checksum import Left
from listsync.store.database import FILE_NAME, Database, inspect
from listsync.store.integrity import is_backup
from listsync.store.key_value import Doubt, note_doubt

logger = logging.getLogger(__name__)


_HEADER = struct.Struct(">IIIIIIII")
_FRAME = struct.Struct(">IIIIII")
_UNFINISHED = 1
_BIG_ENDIAN = 1
"""The bit of the magic number that tells how checksums are made."""


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
        is_whole = _is_whole(head)
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


def _is_whole(head: bytes) -> bool:
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
    return sum(frames[read:]) > _UNFINISHED


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


def open_state(folder: Path) -> Database:
    """Open the state in *folder*, whose lock is held.

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
            database = _open_known(path)
        checksum.note_open(path)
    except OSError as error:
        words = error.strerror or error
        raise StateError(f"cannot use the state directory {folder}: {words}") from error
    return database


def close_state(database: Database, folder: Path) -> None:
    """Close the state, and note how it was left."""
    with suppress(OSError):
        checksum.note_between(folder / FILE_NAME)
    database.close()
    with suppress(OSError):  # then nobody knows, and the next one looks closer
        checksum.note_left(folder / FILE_NAME)


def _open_known(path: Path) -> Database:
    left, log = checksum.compare(path), frames_of(path)
    has_lost_log = checksum.must_have_log(path) and not _part(path, "-wal").exists()
    if left is Left.SAME:
        checksum.note_between(path)
    try:
        _look(path, left)
        if left is not Left.SAME and is_backup(path):
            _build(path, lambda new: _copy(path, new), _RESTORED)
            return Database(path)
        database = Database(path)
    except DamagedStateError as error:
        _recover(path, error.why)
        return Database(path)
    try:
        if left is Left.OTHER:
            note_doubt(database, Doubt.of(_CHANGED))
        elif has_lost_log:
            note_doubt(database, Doubt.of(_LOG_GONE))
        elif commits_after(log, database.log_frames):
            note_doubt(database, Doubt.of(_LOG_DAMAGED))
    except BaseException:
        database.close()
        raise
    return database


def _look(path: Path, left: Left) -> None:
    """Look for damage where the file is not known to be as it was left."""
    if left is Left.SAME:
        return
    try:
        inspect(path)
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
    return checksum.was_there(path) or any(backups_of(path.parent)) or any(_set_aside(path))


def _set_aside(path: Path) -> Iterator[Path]:
    return path.parent.glob(f"{path.stem}-damaged-*.db")


def _clear_up(folder: Path) -> None:
    """Remove what a killed process had begun to write, and set aside what it had begun to."""
    path = folder / FILE_NAME
    for pattern in (f".{path.stem}*.part", f".{path.stem}*.part-*"):
        for place in (folder, folder / FOLDER):
            for one in place.glob(pattern):
                one.unlink(missing_ok=True)
    if not path.exists() and any(_part(path, suffix).exists() for suffix in _PARTS[1:]):
        # Beside another file, a log that is not its own would be taken for its own.
        _move(path, _free_name(path))


def _recover(path: Path, why: str) -> None:
    """Set the file aside and put the newest good backup in its place, or an empty state.

    Raises:
        StateError: there is no room, say. The next start tries again.
    """
    aside = None
    if any(_part(path, suffix).exists() for suffix in _PARTS):
        aside = _free_name(path)
        _move(path, aside)
    doubt = f"the state could not be used ({why})"
    if aside is not None:
        doubt += f" and is set aside as {aside.name}"
    for backup in backups_of(path.parent):
        told = f"{doubt}; listsync goes on with the backup {backup.name}"
        if _restored(path, backup, told):
            break
    else:
        told = f"{doubt}; {_NOTHING}"
        _build(path, lambda _: None, told)
    logger.error("%s; requests are on hold", told, extra={"action": "state_recovered"})


def _restored(path: Path, backup: Path, told: str) -> bool:
    try:
        _build(path, lambda new: _copy(backup, new), told)
    except (DamagedStateError, NewerStateError) as error:
        logger.warning(
            "the backup %s is not used: %s", backup, error, extra={"action": "backup_damaged"}
        )
        return False
    return True


def _build(path: Path, fill: Callable[[Path], None], told: str) -> None:
    """Make a state that is in doubt from the start, and give it its name when it is on disk."""
    new = path.with_name(f".{path.stem}-new.db.part")
    _remove(new)
    try:
        fill(new)
        if new.exists():
            inspect(new)
        database = Database(new, keeps_copy=False)
        try:
            note_doubt(database, Doubt.of(told))
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


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(source.read_bytes())


def _move(path: Path, aside: Path) -> None:
    """Rename all that is there, the file itself first: without it nobody believes the rest."""
    for suffix in _PARTS:
        with suppress(FileNotFoundError):
            _part(path, suffix).rename(_part(aside, suffix))
    checksum.checksum_of(path).unlink(missing_ok=True)
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
