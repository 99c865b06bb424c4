"""Looks whether a state file is sound: its structure, that it is ours, and what is in it."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from listsync.domain.decisions import Found, How
from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType
from listsync.domain.notices import NoticeKind, Origin, Severity
from listsync.domain.server import RequestAnswer
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
}
_WORDS: Mapping[tuple[str, str], Callable[[str], object]] = {
    ("followed", "outcome"): ListOutcome,
    ("requests", "answer"): RequestAnswer,
    ("matches", "found"): Found,
    ("matches", "how"): How,
    ("notices", "kind"): NoticeKind,
    ("notices", "severity"): Severity,
    ("notices", "origin"): Origin,
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
}
_LARGEST_VERSION = 1000
"""A number beyond that is no version of a schema."""

Scripts = Sequence[tuple[int, str]]


def is_backup(path: Path) -> bool:
    """Tell a backup by its form: it needs no log, which the file of a listsync at work does."""
    with path.open("rb") as file:
        return file.read(19)[18:] == b"\x01"


def check_header(path: Path) -> None:
    """Look at what makes a file read-only to SQLite; raises sqlite3.DatabaseError."""
    with path.open("rb") as file:
        head = file.read(100)
    if not set(head[18:20]) <= {1, 2}:
        raise sqlite3.DatabaseError("its header names no known format")


def check_quickly(connection: sqlite3.Connection) -> None:
    """Look for damage to the structure; raises sqlite3.DatabaseError."""
    _must_be_ok(connection, "PRAGMA quick_check(1)")


def check_whole(connection: sqlite3.Connection, scripts: Scripts) -> None:
    """Look for any damage that can be seen, and for a file that is not ours.

    Raises:
        sqlite3.DatabaseError: what is wrong.
    """
    _must_be_ok(connection, "PRAGMA integrity_check(1)")
    version = version_of(connection)
    is_new = version == 0 and not _columns(connection)
    is_newer = version > scripts[-1][0]
    if not (is_new or is_newer or (version and is_of_version(connection, version, scripts))):
        raise sqlite3.DatabaseError("its tables are not those of listsync")
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise sqlite3.DatabaseError("rows belong to others that are not there")
    for table, columns in _columns(connection).items():
        for column, kind in columns.items():
            _must_be_readable(connection, table, column, kind)


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


def _must_be_readable(connection: sqlite3.Connection, table: str, column: str, kind: str) -> None:
    read = _reader(table, column, kind)
    if read is None:
        return
    try:
        for value in _values(connection, table, column):
            read(value)
    except (ValueError, zlib.error) as error:
        raise sqlite3.DatabaseError(f"{table}.{column}: {error}"[:200]) from None


def _values(connection: sqlite3.Connection, table: str, column: str) -> Iterator[bytes]:
    before, connection.text_factory = connection.text_factory, bytes
    try:
        sql = f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608 - names of the schema
        for row in connection.execute(sql):
            yield row[0]
    finally:
        connection.text_factory = before


def _reader(table: str, column: str, kind: str) -> Callable[[bytes], object] | None:
    if kind == "BLOB":
        return zlib.decompress
    if kind != "TEXT":
        return None
    text = _text_reader(table, column)
    return bytes.decode if text is None else lambda value: text(value.decode())


def _text_reader(table: str, column: str) -> Callable[[str], object] | None:
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
