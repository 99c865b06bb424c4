"""What ListSync's database holds: lists, what became of titles, users, interval, settings.

Source: `list_sync/database.py` of ListSync (Woahai321/list-sync), read 2026-11, in its versions
since it had three tables; columns came one by one, so each is read where it is there.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from listsync.domain.media import MediaType
from listsync.errors import ListsyncError
from listsync.importers.plan import HandledTitle, MovedList, MovePlan, moved_list
from listsync.lean_dataclasses import dataclass
from listsync.terminal.output import plural
from listsync.text_cleaning import one_line

FILE_NAME = "list_sync.db"
_PARTS = ("", "-wal", "-journal")
_TRIES = 10
_PAUSE_S = 0.3
_OURS = {"lists": {"list_type", "list_id"}, "synced_items": {"title", "media_type", "status"}}
_TABLES = {*_OURS, "overseerr_users", "sync_items", "app_settings", "sync_interval"}
_HANDLED = {"requested", "already_requested", "already_available", "skipped", "available"}
_OPEN = {"not_found", "request_failed", "error", "would_be_synced"}
_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV, "show": MediaType.TV}
_OWNER = "1"
_MOST_NUMBER = 2_147_483_647
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class SavedSetting:
    """One row of `app_settings`."""

    text: str
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class DatabaseContent:
    """What a database says, its settings apart, which may need a key."""

    plan: MovePlan
    settings: Mapping[str, SavedSetting]
    interval: str | None


def read_database(path: Path) -> DatabaseContent:
    """Read the database at *path*, of which nothing is changed, not even while it is in use.

    Raises:
        ListsyncError: it cannot be read, is damaged, or none of ListSync's.
    """
    with _copied(path) as copy, closing(_opened(copy, path)) as connection:
        try:
            return _Reader(connection, path).read()
        except sqlite3.DatabaseError as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ListsyncError:
    return ListsyncError(
        f"{path} is damaged, or no database ({one_line(str(error))}): nothing was taken over"
    )


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """Copy the file with its log: where it lies, nothing may be writable, or is to be written."""
    if not path.is_file():
        raise ListsyncError(f"{path} is no regular file")
    try:
        with tempfile.TemporaryDirectory(prefix="listsync-import-") as folder:
            copy = Path(folder, FILE_NAME)
            _copy_at_rest(path, copy)
            yield copy
    except OSError as error:
        raise ListsyncError(f"{path} cannot be read: {error.strerror or error}") from error


def _copy_at_rest(path: Path, copy: Path) -> None:
    """Copy until nothing was written meanwhile.

    Raises:
        ListsyncError: it is written to all the time.
    """
    for attempt in range(_TRIES):
        before = _stamps(path)
        for part in _PARTS:
            target = copy.with_name(copy.name + part)
            target.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{part}", target)
        if _stamps(path) == before:
            return
        time.sleep(_PAUSE_S * (attempt + 1 < _TRIES))
    raise ListsyncError(f"{path} is being written: stop ListSync first")


def _stamps(path: Path) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for part in _PARTS:
        try:
            facts = Path(f"{path}{part}").stat()
            found.append((facts.st_size, facts.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found


def _opened(copy: Path, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(copy)
    try:
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        _must_be_whole(connection)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _damaged(path, error) from error
    return connection


def _must_be_whole(connection: sqlite3.Connection) -> None:
    said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(said.splitlines()[-1])


class _Reader:
    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._left: list[str] = []

    def read(self) -> DatabaseContent:
        for (name,) in self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'view'"
        ):
            if _text(name).lower() in _TABLES:  # it may compute without end
                what = f"{_text(name)} is a view, not a table"
                raise ListsyncError(f"{self._path} is no database of ListSync: {what}")
        for table, columns in _OURS.items():
            if not columns <= self._columns(table):
                what = f"it has no table {table} as ListSync makes it"
                raise ListsyncError(f"{self._path} is no database of ListSync: {what}")
        lists, handled = self._lists(), self._handled()
        found = (
            f"{self._path}: {plural(len(lists), 'list')}, "
            f"{plural(len(handled), 'title')} that ListSync handled"
        )
        plan = MovePlan(found=(found,), lists=lists, handled=handled, left=tuple(self._left))
        return DatabaseContent(plan, self._settings(), self._interval())

    def _columns(self, table: str) -> set[str]:
        return {row["name"] for row in self._connection.execute(f"PRAGMA table_info({table})")}

    def _rows(self, table: str, names: Sequence[str], rest: str = "") -> Iterator[sqlite3.Row]:
        """Read columns of a table, as far as they are there; nothing where it is not."""
        there = self._columns(table)
        if not there:
            return iter(())
        columns = ", ".join(one if one in there else f"NULL AS {one}" for one in names)
        return self._connection.execute(f"SELECT {columns} FROM {table} {rest}")  # noqa: S608 - names above

    def _lists(self) -> tuple[MovedList, ...]:
        users = {
            str(row["id"]): one_line(str(row["display_name"]))
            for row in self._rows("overseerr_users", ("id", "display_name"))
        }
        lists = []
        for row in self._rows("lists", ("list_type", "list_id", "user_id"), "ORDER BY rowid"):
            user = _user(row["user_id"])
            one, why = moved_list(
                _text(row["list_type"]).lower(), _text(row["list_id"]), request_as=user
            )
            if one is None:
                self._left.append(why)
                continue
            lists.append(one)
            if user is not None and users and user not in users:
                self._left.append(
                    f"user {user} of {one.service}: {one.text} was none of the server's users: "
                    "the list is taken over, and requests nothing until `request_as` names one"
                )
        return tuple(lists)

    def _handled(self) -> tuple[HandledTitle, ...]:
        """Tell titles that were acted on from those that were not, and from what means none."""
        last = self._last_results()
        counts, strange = Counter[str](), Counter[str]()
        found: dict[tuple[MediaType | None, int], HandledTitle] = {}
        for row in self._rows(
            "synced_items",
            ("id", "title", "media_type", "overseerr_id", "tmdb_id", "status", "last_synced"),
        ):
            status = _text(row["status"]).lower()
            if status == "skipped":
                status = last.get(row["id"], status)
            number = _number(row["overseerr_id"]) or _number(row["tmdb_id"])
            if status in _OPEN:
                counts[status] += 1
            elif status not in _HANDLED:
                strange[one_line(status) or "none"] += 1
            elif number is None:
                counts["without a number"] += 1
            else:
                title = _title_of(row, number)
                found[title.kind, number] = title
        self._tell(counts, strange)
        return tuple(found.values())

    def _last_results(self) -> dict[int, str]:
        """Give what the last sync that did not skip a title says of it."""
        rows = self._rows("sync_items", ("id", "item_id", "status"), "ORDER BY id")
        results = ((row["item_id"], _text(row["status"]).lower()) for row in rows)
        return {item: status for item, status in results if item and status != "skipped"}

    def _tell(self, counts: Counter[str], strange: Counter[str]) -> None:
        for status, count in counts.items():
            words = f"{plural(count, 'title')} {status.replace('_', ' ')}"
            why = (
                "nothing tells which title of the server it was"
                if status == "without a number"
                else "looked for, and requested, by the first sync"
            )
            self._left.append(f"{words}: {why}")
        for status, count in strange.items():
            self._left.append(f"{plural(count, 'title')} with the status {status}: not known")

    def _settings(self) -> dict[str, SavedSetting]:
        rows = self._rows("app_settings", ("key", "value", "is_encrypted"))
        return {
            _text(row["key"]).lower(): SavedSetting(_text(row["value"]), bool(row["is_encrypted"]))
            for row in rows
        }

    def _interval(self) -> str | None:
        rows = [row["interval_hours"] for row in self._rows("sync_interval", ("interval_hours",))]
        return None if not rows else _text(rows[-1])


def _text(value: object) -> str:
    """Write what a column holds, whatever its type; SQLite keeps what it is given."""
    return (
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "").strip()
    )


def _number(value: object) -> int | None:
    text = _text(value)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if 0 < number <= _MOST_NUMBER else None


def _user(value: object) -> str | None:
    text = _text(value)
    return text if _number(text) and text != _OWNER else None


def _title_of(row: Mapping[str, Any] | sqlite3.Row, number: int) -> HandledTitle:
    title = one_line(_text(row["title"])) or f"tmdb:{number}"
    kind = _KINDS.get(_text(row["media_type"]).lower())
    return HandledTitle(kind, number, title[:300], _time(row["last_synced"]))


def _time(value: object) -> datetime:
    """Read when it was; what cannot be read, or is yet to come, counts as now."""
    now = datetime.now(UTC)
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError:
        return now
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return min(found, now)
