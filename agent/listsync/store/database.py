"""Opens the one SQLite file: durable settings, migrations, and what to do when it is damaged."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from listsync.errors import StateError

logger = logging.getLogger(__name__)

FILE_NAME = "listsync.db"


class Database:
    """One connection, used by one thread at a time: the others wait.

    WAL with `synchronous=FULL`: what was committed survives a power cut. Exactly one connection
    may be open on the file (SQLite before 3.51.3 can damage a WAL file written by two).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        with _named_errors(path), ExitStack() as undo:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            undo.callback(self._connection.close)
            _set_up(self._connection)
            _check(self._connection)
            _migrate(self._connection, path)
            undo.pop_all()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction; it is on disk when the block is left.

        Raises:
            StateError: nothing of the block was written.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):  # closed meanwhile, or worse
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise StateError(f"cannot write {self._path}: {error}") from error
                raise

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
            with self._lock:
                return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StateError(f"cannot read {self._path}: {error}") from error

    def copy_to(self, path: Path) -> None:
        """Write a copy as of now to *path*, which does not exist yet; raises StateError."""
        try:
            with self._lock:
                self._connection.execute("VACUUM INTO ?", (str(path),))
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


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StateError(f"cannot open {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise StateError(
            f"{path} is damaged ({error}); move it away together with its -wal and -shm "
            "files, or put a backup in its place"
        ) from error


def _set_up(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in (
        "busy_timeout = 5000",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _check(connection: sqlite3.Connection) -> None:
    """Look for damage; `quick_check` answers rows, it does not raise."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found.splitlines()[-1])  # above it stands a headline


def _scripts() -> list[tuple[int, str]]:
    folder = Path(__file__).with_name("migrations")
    return sorted(
        (int(item.name[:4]), item.read_text(encoding="utf-8")) for item in folder.glob("*.sql")
    )


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date, each step whole or not at all; a copy is kept before."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    scripts = _scripts()
    if version > scripts[-1][0]:
        raise StateError(
            f"{path} was written by a newer listsync (schema {version}, this one knows "
            f"{scripts[-1][0]}); install the newer one, or use another --state-dir"
        )
    due = [(number, script) for number, script in scripts if number > version]
    if due and version > 0:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        connection.execute(
            "VACUUM INTO ?", (str(path.with_name(f"{path.stem}-v{version}-{stamp}.db")),)
        )
    for number, script in due:
        connection.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
