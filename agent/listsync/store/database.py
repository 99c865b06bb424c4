"""Opens the one SQLite file: durable settings, migrations, and what to do when it is damaged."""

from __future__ import annotations

import copy
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from listsync.errors import DamagedStateError, NewerStateError, StateError
from listsync.file_access import make_private, own_path
from listsync.store.backup import copy_database, finish
from listsync.store.integrity import (
    Scripts,
    add_functions,
    check_content,
    check_header,
    check_quickly,
    check_tables,
    is_foreign_lock,
    is_of_version,
    note_suspect,
    tells_damage,
    version_of,
)
from listsync.store.shared_tables import note_no_changes

logger = logging.getLogger(__name__)

FILE_NAME = "listsync.db"
PATIENCE_S = 60.0
"""How long a lock of another program (a copy, a backup) is waited for."""

_PARTS = ("-wal", "-shm", "-journal")
_WITHOUT_SECRETS = 18
"""The migration that takes keys out of names; a file from before it may hold some."""
_MOMENT_S = 0.001
_BUSY_MS = 5
"""How long an attempt may take, during which our other threads wait."""
_PAUSE_S = 0.05
_STEPS = 100_000  # of SQLite: some milliseconds

T = TypeVar("T")


class Database:
    """One connection, used by one thread at a time: the others wait.

    WAL with `synchronous=FULL`: what was committed survives a power cut. Exactly one connection
    may be open on the file (SQLite before 3.51.3 can damage a WAL file written by two).

    Another program may hold a lock on the file. Who meets it waits without keeping our own
    threads away: what only reads goes on meanwhile.
    """

    def __init__(
        self,
        path: Path,
        patience_s: float = PATIENCE_S,
        *,
        keeps_copy: bool = True,
    ) -> None:
        """Open *path*; *keeps_copy*: before an upgrade.

        Raises:
            DamagedStateError: its structure is.
            NewerStateError: a newer listsync wrote it.
            StateError: it cannot be opened, though it may be good.
        """
        self._path = path
        self._patience_s = patience_s
        self._is_over: Callable[[], bool] = lambda: False
        self.is_damaged = threading.Event()
        """What was read or written since the start may not be what was meant."""
        self.is_unread = threading.Event()
        """It is as a killed listsync left it, and nobody has looked through it since."""
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        with _named_errors(path), ExitStack() as undo:
            for part in _PARTS:
                own_path(path.with_name(path.name + part))
            make_private(path)
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            undo.callback(self._connection.close)
            _set_up(self._connection, patience_s)
            check_quickly(self._connection)
            checkpoint = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self.log_frames: int = checkpoint[1]
            """How much of the log could be read."""
            _migrate(self._connection, path, keeps_copy=keeps_copy)
            self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            undo.pop_all()

    def with_patience(self, seconds: float) -> Database:
        """Give the same database to somebody who waits for foreign locks only so long."""
        other = copy.copy(self)
        other._patience_s = seconds  # noqa: SLF001 - of our own kind
        return other

    def until_over(self, is_over: Callable[[], bool]) -> Database:
        """Give the same database to a run: when *is_over*, what is left of it writes nothing."""
        other = copy.copy(self)
        other._is_over = is_over  # noqa: SLF001 - of our own kind
        return other

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction; it is on disk when the block is left.

        Within another one of the same thread it is part of that.

        Raises:
            StateError: nothing of the block was written.
        """
        try:
            with self._turn(self._begin) as is_outermost:
                if not is_outermost:
                    yield self._connection
                    return
                try:
                    yield self._connection
                    self._connection.execute("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):  # closed meanwhile, or worse
                        if self._connection.in_transaction:
                            self._connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            self._suspect(error)
            raise StateError(f"cannot write {self._path}: {self._words(error)}") from error

    def _begin(self) -> bool:
        """Begin a transaction, unless this thread, which has the turn, is in one."""
        if self._is_over():
            raise StateError("the run was ended: nothing more of it is written")
        if self._connection.in_transaction:
            return False
        self._connection.execute("BEGIN IMMEDIATE")
        return True

    @contextmanager
    def _turn(self, begin: Callable[[], T]) -> Iterator[T]:
        """Keep other threads away during the block, which begins when no foreign lock is met."""
        until = time.monotonic() + self._patience_s
        while True:
            with self._lock:
                try:
                    begun = begin()
                except sqlite3.Error as error:
                    if not is_foreign_lock(error) or time.monotonic() > until:
                        raise
                else:
                    yield begun
                    return
            time.sleep(_PAUSE_S)

    def _suspect(self, error: sqlite3.Error) -> None:
        """Have the next start look at all of the file, where that may be damaged."""
        if tells_damage(error) and not self.is_damaged.is_set():
            self.is_damaged.set()
            with suppress(OSError):
                note_suspect(self._path)

    def _words(self, error: sqlite3.Error) -> str:
        if not is_foreign_lock(error):
            return str(error)
        return (
            f"another program has held a lock on it for more than {self._patience_s:g} s; "
            "end that program, and copy the state with `listsyncctl backup` instead"
        )

    def on_messages(self, listener: Callable[[], None]) -> None:
        """Let *listener* be called when messages may have been written, by any thread."""
        self._listeners.append(listener)

    def announce(self) -> None:
        """Say, after a transaction, that it may have written messages."""
        for listener in tuple(self._listeners):
            listener()

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows of one query."""
        return self._fetch(sql, values)

    def look_up(self, sql: str, values: Mapping[str, object]) -> list[sqlite3.Row]:
        """Return all rows of one query whose values have names."""
        return self._fetch(sql, dict(values))

    def _fetch(
        self, sql: str, values: tuple[object, ...] | dict[str, object]
    ) -> list[sqlite3.Row]:
        try:
            with self._turn(lambda: self._connection.execute(sql, values).fetchall()) as rows:
                return rows
        except sqlite3.Error as error:
            self._suspect(error)
            raise StateError(f"cannot read {self._path}: {self._words(error)}") from error

    def copy_to(self, path: Path, stop: threading.Event | None = None) -> None:
        """Write a whole copy, as of its end, to *path*, which is new or empty.

        Other threads get their turns meanwhile.

        Raises:
            StateError: it cannot be made, or *stop* was set.
        """

        def let_others() -> None:
            if stop is not None and stop.is_set():
                raise StateError(f"the copy of {self._path} was given up: listsync ends")
            self._lock.release()
            try:
                time.sleep(_MOMENT_S)
            finally:
                self._lock.acquire()

        try:
            with self._lock:
                copy_database(self._connection, path, let_others)
        except sqlite3.Error as error:
            raise StateError(f"cannot copy {self._path}: {error}") from error

    def give_memory_back(self) -> None:
        """Let go of pages that are kept for the next query."""
        with self._lock:
            self._connection.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Close the connection; what was written is folded into the main file."""
        with self._lock:
            self._connection.close()


def copy_files(folder: Path, target: Path) -> Path:
    """Copy the state in *folder* to *target* to play with; returns the copy's path.

    The write-ahead log goes along, so that the copy holds what a killed process had committed.

    Raises:
        StateError: it cannot be read, or there is no room for the copy.
    """
    try:
        for suffix in ("", "-wal"):
            source = folder / (FILE_NAME + suffix)
            if source.exists():
                shutil.copyfile(source, target / source.name)
    except OSError as error:
        raise StateError(f"cannot copy the state in {folder}: {error.strerror}") from error
    return target / FILE_NAME


def copy_as_it_is(folder: Path, target: Path) -> None:
    """Copy the state in *folder*, which nobody works on, without bringing it up to date.

    Raises:
        StateError: it cannot be read, or the copy not written.
    """
    path = folder / FILE_NAME
    with _named_errors(path):
        own_path(path)  # reading it folds its log in, which is writing
        source = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        try:
            copy_database(source, target)
        finally:
            source.close()


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(f"cannot open {path}: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise StateError(f"cannot open {path}: {_words_of(error, path)}") from error
    except sqlite3.DatabaseError as error:
        raise DamagedStateError(path, str(error)) from error


def _words_of(error: sqlite3.Error, path: Path) -> str:
    """Say what is wrong in the words of the system, where SQLite has none."""
    folder = path.parent
    with suppress(OSError):
        if os.statvfs(folder).f_bavail == 0 and "full" not in str(error):
            return f"{error}: the disk is full"
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            return f"{error}: the file system is read-only"
    return str(error)


def _set_up(connection: sqlite3.Connection, patience_s: float) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in (
        f"busy_timeout = {round(patience_s * 1000)}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def inspect(
    path: Path, *, reads_rows: bool = True, is_over: Callable[[], bool] = lambda: False
) -> None:
    """Look for any damage that can be seen, without touching the file or its log.

    *reads_rows*: also for that in rows, which takes a second for 30 MB, until *is_over*.

    Raises:
        DamagedStateError: there is some, or the file is not ours.
        NewerStateError: a newer listsync wrote it.
        StateError: it cannot be read, though it may be good.
    """
    with _named_errors(path):
        try:
            check_header(path)
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                connection.set_progress_handler(is_over, _STEPS)
                check_tables(connection, scripts := _scripts())
                if reads_rows:
                    check_content(connection)
                _refuse_newer(connection, path, scripts)
            finally:
                connection.close()
        except UnicodeDecodeError as error:  # also of a message that quotes what is there
            raise sqlite3.DatabaseError("its schema cannot be read") from error
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # something is not there
                raise sqlite3.DatabaseError(str(error)) from error
            raise


def _scripts() -> list[tuple[int, str]]:
    folder = Path(__file__).with_name("migrations")
    return sorted(
        (int(item.name[:4]), item.read_text(encoding="utf-8")) for item in folder.glob("*.sql")
    )


def _refuse_newer(connection: sqlite3.Connection, path: Path, scripts: Scripts) -> int:
    """Return the version of the schema, which this listsync knows."""
    version, latest = version_of(connection), scripts[-1][0]
    if version > latest:
        raise NewerStateError(
            f"{path} was written by a newer listsync (schema {version}, this one knows {latest});"
            " install the newer one, or use another --state-dir",
            has_our_tables=is_of_version(connection, latest, scripts),
        )
    return version


def _migrate(connection: sqlite3.Connection, path: Path, *, keeps_copy: bool) -> None:
    """Bring the schema up to date, whole or not at all; a copy is kept before."""
    scripts = _scripts()
    version, latest = _refuse_newer(connection, path, scripts), scripts[-1][0]
    due = [script for number, script in scripts if number > version]
    if not due:
        return
    copy_ = _keep_copy(connection, path, version) if version and keeps_copy else None
    steps = ";".join(due)
    add_functions(connection)
    note_no_changes(connection)
    connection.executescript(f"BEGIN;{steps};PRAGMA user_version = {latest};COMMIT;")
    if copy_ is not None:
        for other in set(path.parent.glob(f"{path.stem}-v{version}-*.db")) - {copy_}:
            other.unlink()  # of an upgrade that was cut off
    if 0 < version < _WITHOUT_SECRETS:
        _overwrite_free_space(connection)


def _overwrite_free_space(connection: sqlite3.Connection) -> None:
    """Let nothing be found any more that was taken out; where there is no room, in time."""
    with suppress(sqlite3.OperationalError):
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.stem}-v{version}-{stamp}.db")
    new = path.with_name(f".{target.name}.part")
    try:
        try:
            new.unlink(missing_ok=True)
            connection.execute("VACUUM INTO ?", (str(new),))
            finish(new, target)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"cannot write {target}: {error.strerror or error}") from error
    return target
