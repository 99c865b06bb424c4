"""Whether the state file is sound, and whether it is what listsync left when it ended.

Sound: its structure, that it is ours, and what is in it.

SQLite notices damage to the structure of a file, not to what is written in it. So a listsync that
ends in good order leaves a checksum beside the file, and what the kernel says of it; while one
works, `open` stands there instead, and `between` while it opens or closes the file, with the run
of the machine and the file's number.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path

from listsync.domain.decisions import Found, How
from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType
from listsync.domain.messages import DeliveryState, MessageKind
from listsync.domain.notices import NoticeKind, Origin, Severity
from listsync.domain.server import ResponseKind
from listsync.domain.transfers import (
    CopyScope,
    EventOutcome,
    FailureClass,
    ImportApp,
    JobKind,
    JobState,
    ScanState,
)
from listsync.file_access import boot_id, replace_whole, sync_folder
from listsync.redaction import without_credentials, without_secrets


def add_functions(connection: sqlite3.Connection) -> None:
    """Let *connection* run every migration."""
    for function in (without_credentials, without_secrets):
        connection.create_function(function.__name__, 1, _of_texts(function))


def _of_texts(function: Callable[[str], str]) -> Callable[[str | None], str | None]:
    return lambda text: None if text is None else function(text)


_JSON = {
    ("requests", "lists"),
    ("requests", "seasons"),
    ("intents", "lists"),
    ("intents", "seasons"),
    ("matches", "reasons"),
    ("matches", "candidates"),
    ("followed", "validators"),
    ("server_requests", "seasons"),
    ("runs", "lists"),
    ("runs", "notices"),
    ("facts", "facts"),
    ("notebook", "value"),
    ("arr_names", "names"),
    ("servers", "learned"),
    ("feeds", "counts"),
    ("feeds", "left_out"),
    ("messages", "content"),
    ("notices", "titles"),
    ("notify_targets", "rules"),
    ("transfer_jobs", "label"),
    ("transfer_jobs", "superseded"),
    ("library_scans", "expects"),
    ("fleet_changes", "key"),
}
_WORDS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("followed", "outcome"): ListOutcome,
    ("requests", "answer"): ResponseKind,
    ("matches", "found"): Found,
    ("matches", "how"): How,
    ("notices", "kind"): NoticeKind,
    ("notices", "severity"): Severity,
    ("notices", "origin"): Origin,
    ("messages", "kind"): MessageKind,
    ("deliveries", "state"): DeliveryState,
    ("webhook_events", "app"): ImportApp,
    ("webhook_events", "outcome"): EventOutcome,
    ("transfer_jobs", "state"): JobState,
    ("transfer_jobs", "kind"): JobKind,
    ("transfer_jobs", "scope"): CopyScope,
    ("transfer_jobs", "app"): ImportApp,
    ("transfer_jobs", "failure"): FailureClass,
    ("transfer_attempts", "failure"): FailureClass,
    ("forgotten_jobs", "state"): JobState,
    ("forgotten_jobs", "kind"): JobKind,
    ("library_scans", "state"): ScanState,
}
_TIMES = {
    "since",
    "first_seen",
    "last_seen",
    "last_try",
    "last_success",
    "started_at",
    "ended_at",
    "at",
    "until",
}
_DAMAGES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}
_AT_ONCE = 1000
"""Rows."""
_LARGEST_VERSION = 1000
"""A number beyond that is no version of a schema."""

Scripts = Sequence[tuple[int, str]]


def tells_damage(error: sqlite3.Error) -> bool:
    """Tell whether what is in the file may not be what was written."""
    return _code_of(error) in _DAMAGES


def is_foreign_lock(error: sqlite3.Error) -> bool:
    """Tell whether another program is in the way; our own threads never are."""
    return _code_of(error) == sqlite3.SQLITE_BUSY


def _code_of(error: sqlite3.Error) -> int | None:
    """Give SQLite's number of an error, without what it says besides."""
    code: int | None = getattr(error, "sqlite_errorcode", None)  # not every error has one
    return None if code is None else code & 0xFF


def check_header(path: Path) -> None:
    """Look at what makes a file read-only to SQLite; raises sqlite3.DatabaseError."""
    with path.open("rb") as file:
        head = file.read(100)
    if not set(head[18:20]) <= {1, 2}:
        raise sqlite3.DatabaseError("its header names no known format")


def check_quickly(connection: sqlite3.Connection) -> None:
    """Look for damage to the structure; raises sqlite3.DatabaseError."""
    _must_be_ok(connection, "PRAGMA quick_check(1)")


def check_tables(connection: sqlite3.Connection, scripts: Scripts) -> None:
    """Look for a file that is not ours; raises sqlite3.DatabaseError."""
    version = version_of(connection)
    is_new = version == 0 and not _columns(connection)
    is_newer = version > scripts[-1][0]
    if not (is_new or is_newer or (version and is_of_version(connection, version, scripts))):
        raise sqlite3.DatabaseError("its tables are not those of listsync")


def check_content(connection: sqlite3.Connection) -> None:
    """Look for any damage that can be seen, in every index and row.

    Raises:
        sqlite3.DatabaseError: what is wrong.
    """
    _must_be_ok(connection, "PRAGMA integrity_check(1)")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise sqlite3.DatabaseError("rows belong to others that are not there")
    for table, columns in _columns(connection).items():
        readers = {name: _reader(table, name, kind) for name, kind in columns.items()}
        _must_be_readable(connection, table, {name: one for name, one in readers.items() if one})


def version_of(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= _LARGEST_VERSION:
        raise sqlite3.DatabaseError(f"{version} is no version of its schema")
    return version


def _must_be_ok(connection: sqlite3.Connection, check: str) -> None:
    """Both checks answer rows, they do not raise."""
    found = connection.execute(check).fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found.splitlines()[-1])  # above it stands a headline


def is_of_version(connection: sqlite3.Connection, version: int, scripts: Scripts) -> bool:
    """Tell whether the file has the tables of the schema of *version*."""
    there = _columns(connection)
    steps = tuple(script for number, script in scripts if number <= version)
    return all(there.get(table) == columns for table, columns in _made_by(steps).items())


@lru_cache(maxsize=2)
def _made_by(steps: tuple[str, ...]) -> dict[str, dict[str, str]]:
    model = sqlite3.connect(":memory:", isolation_level=None)
    try:
        add_functions(model)
        for step in steps:
            model.executescript(step)
        return _columns(model)
    finally:
        model.close()


def _columns(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """Give the columns of each table and their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables,"
        " pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
        " AND tables.name NOT LIKE 'sqlite_%'"
    ):
        found.setdefault(table, {})[column] = kind
    return found


def _must_be_readable(
    connection: sqlite3.Connection, table: str, readers: Mapping[str, Callable[[bytes], object]]
) -> None:
    """Read all values of the columns of *readers*; what is there more often, once among many."""
    for rows in _rows(connection, table, [*readers]):
        for (column, read), values in zip(readers.items(), zip(*rows, strict=True), strict=True):
            try:
                for value in {*values} - {None}:
                    read(value)
            except (ValueError, zlib.error) as error:
                raise sqlite3.DatabaseError(f"{table}.{column}: {error}"[:200]) from None


def _rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str]
) -> Iterator[list[tuple[bytes, ...]]]:
    if not columns:
        return
    cursor = connection.cursor()
    cursor.row_factory = None
    before, connection.text_factory = connection.text_factory, bytes
    try:
        names = ", ".join(f'"{one}"' for one in columns)
        cursor.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608 - names of the schema
        while rows := cursor.fetchmany(_AT_ONCE):
            yield rows
    finally:
        connection.text_factory = before
        cursor.close()


def _reader(table: str, column: str, kind: str) -> Callable[[bytes], object] | None:
    if kind == "BLOB":
        return zlib.decompress
    if kind != "TEXT":
        return None
    text = text_reader(table, column)
    return bytes.decode if text is None else lambda value: text(value.decode())


def text_reader(table: str, column: str) -> Callable[[str], object] | None:
    """Give what reads a text of *column*, if not any text will do; it raises ValueError."""
    if (table, column) in _JSON:
        return lambda text: text and json.loads(text)
    if (table, column) in _WORDS:
        return _WORDS[table, column]
    if column == "kind":
        return MediaType
    if column == "next_on":
        return date.fromisoformat
    if column in _TIMES or column.endswith("_at"):
        return lambda text: text and datetime.fromisoformat(text)
    return None


_OPEN, _BETWEEN, _UNREAD = "open", "between", "unread"
_COARSEST_S = 0.05
"""Kernels know the time of a change to 1 to 10 ms."""
_LARGE = 8 * 1024 * 1024
"""Bytes: to read so many takes longer than anybody notices."""


class Left(Enum):
    """How the file is, compared with how it was left.

    `KILLED`: who worked with it was killed, and the machine has run since, so that it is what the
    kernel was given. `UNKNOWN`: nobody ended in good order.
    """

    SAME = "same"
    OTHER = "other"
    KILLED = "killed"
    UNKNOWN = "unknown"


def checksum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def compare_with_checksum(path: Path) -> Left:
    """Compare the file with its checksum; with a log beside it, it is not all there is."""
    noted, place = _noted(path)
    if noted in (_OPEN, _BETWEEN) and place and place == _place_of(path):
        return Left.KILLED
    if noted in ("", _OPEN, _BETWEEN) or _has_log(path):
        return Left.UNKNOWN
    is_untouched = place.removeprefix(f"{_UNREAD} ") == _touched(path) != ""
    return Left.SAME if is_untouched or noted == _digest(path) else Left.OTHER


def was_there(path: Path) -> bool:
    """Tell whether a listsync has ever worked with the file."""
    return checksum_of(path).exists()


def note_open(path: Path) -> None:
    """Note that the file is open, with its log beside it."""
    _write_checksum(path, f"{_OPEN} {_place_of(path)}")


def note_between(path: Path) -> None:
    """Note that the file is about to be opened or closed: its log may be there or not."""
    _write_checksum(path, f"{_BETWEEN} {_place_of(path)}")


def note_suspect(path: Path) -> None:
    """Note that the file may be damaged: the next one looks at all of it."""
    _write_checksum(path, _BETWEEN)


def must_have_log(path: Path) -> bool:
    """Tell whether a killed process must have left a log."""
    return _noted(path)[0] == _OPEN


def is_unread(path: Path) -> bool:
    """Tell whether a file that is as it was left has not been looked through since a kill."""
    return _noted(path)[1].startswith(_UNREAD)


def note_left(path: Path, *, is_unread: bool = False) -> None:
    """Note what the file is, which is closed now; not where its log is still there."""
    if _has_log(path):
        return
    touched = ""
    if path.stat().st_size >= _LARGE:
        time.sleep(_COARSEST_S)  # what is written from now on has another time
        touched = _touched(path)
    _write_checksum(path, " ".join(filter(None, (_digest(path), is_unread * _UNREAD, touched))))


def _place_of(path: Path) -> str:
    """Name this run of the machine, and the file; empty where that cannot be known."""
    with suppress(OSError):
        facts = path.stat()
        return f"{boot_id()} {facts.st_dev}:{facts.st_ino}"
    return ""


def _touched(path: Path) -> str:
    """Say what the kernel tells of the file in this run; empty where that may hide a change."""
    with suppress(OSError):
        place, facts = _place_of(path), path.stat()
        times = (facts.st_mtime_ns, facts.st_ctime_ns)
        if place and any(one % 10**9 for one in times):  # else the file system knows but seconds
            return f"{place} {facts.st_size} {' '.join(map(str, times))}"
    return ""


def _has_log(path: Path) -> bool:
    with suppress(OSError):
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    return False


def _noted(path: Path) -> tuple[str, str]:
    """Read what is noted of the file, and what of its place or of its content."""
    with suppress(OSError):
        text = checksum_of(path).read_text(encoding="ascii", errors="replace")
        noted, _, more = text.strip().partition(" ")
        return noted, more
    return "", ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_checksum(path: Path, text: str) -> None:
    """Replace what is noted; where that cannot be done, nothing is noted any more.

    Raises:
        OSError: not even that.
    """
    target = checksum_of(path)
    try:
        replace_whole(
            target, f"{text}\n".encode(), beside=target.with_name(f".{target.name}.part")
        )
    except OSError:
        target.unlink(missing_ok=True)
        sync_folder(target.parent)
