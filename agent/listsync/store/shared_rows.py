"""What of the state several agents share: which rows changed here, and rows that others wrote."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from listsync.domain.fleet import SharedKey, SharedRow
from listsync.store.database import Database
from listsync.store.history import close_open_runs
from listsync.store.key_value import lift_doubt, load_doubt
from listsync.store.row_codec import time_from
from listsync.store.shared_tables import (
    KEYS,
    SharedTable,
    note_all,
    note_changes,
    note_for_comparison,
    note_no_changes,
    saying,
    shape_of,
    shared_tables,
)
from listsync.store.shared_writes import RowWriter
from listsync.text_cleaning import cut

logger = logging.getLogger(__name__)

_SAID = frozenset({"choices", "excluded"})
"""What only a person says: what was said later counts."""
_COMPARED = (
    "SELECT key FROM fleet_changes WHERE noun = ? AND number = 0"
    " ORDER BY length(key) DESC, key DESC LIMIT 1000"
)
"""The last first: what is gone changes the ordinals of those behind it."""


class _Change(NamedTuple):
    number: int
    is_said: bool


class SqliteSharedRows:
    """Implements `ports.fleet.SharedRows`; see there."""

    nouns = tuple(KEYS)

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables: Mapping[str, SharedTable] = {}

    def fleet(self) -> str:
        with self._database.write() as connection:  # what others write meanwhile has no shape
            found = connection.execute(
                "SELECT id FROM fleet WHERE NOT is_joining AND shape = ?", (shape_of(connection),)
            ).fetchone()
        return str(found["id"]) if found else ""

    def owner(self) -> str:
        return str(self._value("state", ""))

    def revision(self) -> int:
        return int(self._value("revision", 0))

    def held_epoch(self) -> int:
        return int(self._value("held_epoch", 0))

    def _value(self, column: str, otherwise: str | int) -> str | int:
        found = self._database.read(f"SELECT {column} FROM fleet")  # noqa: S608 - a constant
        value: str | int = found[0][0] if found else otherwise
        return value

    def note_lead(self, epoch: int, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE fleet SET held_epoch = ?", (epoch,))
            close_open_runs(connection, at, "its agent ended, or led no more")

    def name_anew(self) -> bool:
        with self._database.write() as connection:
            done = connection.execute(
                "UPDATE fleet SET state = ?"
                " WHERE NOT is_joining AND NOT EXISTS (SELECT 1 FROM fleet_changes)",
                (uuid4().hex,),
            )
        return done.rowcount > 0

    def join(self, fleet: str, pruned: int = 0) -> None:
        with self._database.write() as connection:
            before = connection.execute("SELECT * FROM fleet WHERE id = ?", (fleet,)).fetchone()
            was_member = before and (before["was_member"] or not before["is_joining"])
            number = self._value("number", 0)
            note_changes(connection)
            connection.execute("DELETE FROM fleet")
            connection.execute(
                "INSERT INTO fleet (one, id, state, shape, number, was_member)"
                " VALUES (1, ?, ?, ?, ?, ?)",
                (fleet, uuid4().hex, shape_of(connection), number, bool(was_member)),
            )
            if was_member and before["revision"] < pruned:
                note_for_comparison(connection)
            else:
                connection.execute("DELETE FROM fleet_changes WHERE NOT is_said")
                note_all(connection)

    def drop_gone(self) -> int:
        count = 0
        for noun in reversed(self.nouns):  # those who belong to others first
            while rows := self._database.read(_COMPARED, noun):
                gone = [SharedRow(at=SharedKey(noun, row["key"]), content=None) for row in rows]
                self.discard(gone)
                count += len(gone)
        return count

    def joined(self, *, has_memory: bool) -> None:
        with self._database.write() as connection:
            (was_member,) = connection.execute(
                "UPDATE fleet SET is_joining = 0 RETURNING was_member"
            ).fetchone()
            doubt = load_doubt(self._database) if was_member and has_memory else None
            if doubt is not None:
                lift_doubt(self._database)
        if doubt is not None:
            logger.warning(
                "%s: what this agent's fleet remembers was taken up, so nothing is on hold for it",
                doubt.why,
                extra={"action": "fleet_memory_taken_up"},
            )

    def leave(self) -> None:
        if self._database.read("SELECT 1 FROM fleet"):
            with self._database.write() as connection:
                leave_fleet(connection)

    def changed(self, limit: int) -> Sequence[SharedRow]:
        return self._changed(limit, "")

    def said(self) -> Sequence[SharedRow]:
        return self._changed(-1, " AND is_said")

    def _changed(self, limit: int, which: str) -> Sequence[SharedRow]:
        with self._database.write() as connection:  # all of one point in time
            return _read_changes(connection, self._known(connection), limit, which)

    def note_shared(self, rows: Collection[SharedRow], revision: int) -> None:
        with self._database.write() as connection:
            _drop_changes(connection, rows)
            connection.execute(
                "UPDATE fleet SET revision = ?1 WHERE revision = ?1 - 1 AND NOT is_joining",
                (revision,),
            )

    def apply(self, rows: Sequence[SharedRow], revision: int) -> None:
        with self._database.write() as connection:
            fleet = connection.execute("SELECT * FROM fleet").fetchone()
            tables = self._known(connection)
            taken = [
                row
                for noun, some in _by_noun(rows, tables).items()
                for row in _newer_than_ours(connection, tables[noun], some, fleet)
            ]
            _put(connection, tables, taken)
            connection.execute(
                "UPDATE fleet SET revision = max(revision, ?)",
                (revision,),
            )

    @contextmanager
    def saying(self, share: Callable[[Sequence[SharedRow]], int]) -> Iterator[None]:
        with self._database.write() as connection:
            with saying(connection):
                yield
            rows = _read_changes(connection, self._known(connection), -1, " AND is_said")
            if rows:
                share(rows)
                _drop_changes(connection, rows)

    def _known(self, connection: sqlite3.Connection) -> Mapping[str, SharedTable]:
        if not self._tables:
            self._tables = shared_tables(connection)
        return self._tables

    def left_over(self) -> Sequence[SharedKey]:
        found = self._database.read(
            "SELECT noun, key FROM fleet_changes WHERE NOT is_said"
            " AND EXISTS (SELECT 1 FROM fleet WHERE NOT is_joining)"
        )
        return tuple(SharedKey(row["noun"], row["key"]) for row in found)

    def discard(self, rows: Sequence[SharedRow]) -> None:
        with self._database.write() as connection:
            _put(connection, self._known(connection), rows)


def leave_fleet(connection: sqlite3.Connection) -> None:
    """Belong to no fleet."""
    note_no_changes(connection)
    connection.execute("DELETE FROM fleet")
    connection.execute("DELETE FROM fleet_changes")


def _by_noun(
    rows: Sequence[SharedRow], tables: Mapping[str, SharedTable]
) -> dict[str, list[SharedRow]]:
    """Put rows together, parents first; what only a newer version knows is left out."""
    found: dict[str, list[SharedRow]] = {noun: [] for noun in tables}
    for row in rows:
        found.get(row.at.noun, []).append(row)
    return {noun: some for noun, some in found.items() if some}


def _read_changes(
    connection: sqlite3.Connection, tables: Mapping[str, SharedTable], limit: int, which: str
) -> Sequence[SharedRow]:
    found: list[SharedRow] = []
    has_any = "SELECT 1 FROM fleet_changes WHERE noun = ? LIMIT 1"
    known = [one for one in tables.values() if connection.execute(has_any, (one.noun,)).fetchone()]
    for is_gone, some in ((0, known), (1, known[::-1])):
        for table in some:
            if limit < 0 or len(found) < limit:
                left = limit - len(found) if limit >= 0 else -1
                found += _changes_of(connection, table, is_gone, which, left)
    return found


def _changes_of(
    connection: sqlite3.Connection, table: SharedTable, is_gone: int, which: str, limit: int
) -> Iterator[SharedRow]:
    names = table.content
    values = "".join(f", {table.value_of(name, 't')}" for name in names)
    is_there = f"t.{next(name for name in table.key if name in table.columns)} IS NOT NULL"
    for key, number, there, *content in connection.execute(
        f"SELECT c.key, c.number, {is_there}{values}"  # noqa: S608 - names of the schema
        " FROM (SELECT key, number FROM fleet_changes"
        f"   WHERE noun = ? AND is_gone = ?{which} LIMIT ?) AS c"
        f" LEFT JOIN {table.noun} AS t ON {table.is_row('t', 'c.key')}",
        (table.noun, is_gone, limit),
    ):
        yield SharedRow(
            at=SharedKey(table.noun, key),
            content=dict(zip(names, content, strict=True)) if there else None,
            number=number,
        )


def _drop_changes(connection: sqlite3.Connection, rows: Collection[SharedRow]) -> None:
    connection.executemany(
        "DELETE FROM fleet_changes WHERE noun = ? AND key = ? AND number = ?",
        [(*row.at, row.number) for row in rows],
    )


def _newer_than_ours(
    connection: sqlite3.Connection,
    table: SharedTable,
    rows: Sequence[SharedRow],
    fleet: sqlite3.Row,
) -> Iterator[SharedRow]:
    keys = json.dumps([row.at.key for row in rows])
    found = connection.execute(
        "SELECT key, number, is_said FROM fleet_changes"
        " WHERE noun = ? AND key IN (SELECT value FROM json_each(?))",
        (table.noun, keys),
    )
    ours = {key: _Change(number, bool(is_said)) for key, number, is_said in found}
    for row in rows:
        change = ours.get(row.at.key)
        if change is None or not _is_ours_newer(connection, row, change, fleet):
            yield row


def _is_ours_newer(
    connection: sqlite3.Connection, row: SharedRow, change: _Change, fleet: sqlite3.Row
) -> bool:
    """Tell whether what changed here counts, and not *row*."""
    if row.at.noun in _SAID and (change.is_said or fleet["is_joining"]):
        return change.is_said or _was_said_later(connection, row)
    return row.owner == fleet["state"] and row.number < change.number


def _was_said_later(connection: sqlite3.Connection, row: SharedRow) -> bool:
    """Tell whether a person said here what counts after *row*, of before this state joined."""
    name = "lookup" if row.at.noun == "choices" else "item"
    found = connection.execute(
        f"SELECT at FROM {row.at.noun} WHERE {name} = json_extract(?, '$[0]')",  # noqa: S608 - constants
        (row.at.key,),
    ).fetchone()
    if found is None:
        return False
    said_at = datetime.now(UTC) - timedelta(seconds=row.age_s)
    try:
        if row.content is not None:
            said_at = time_from(str(row.content.get("at"))) or said_at
        return datetime.fromisoformat(found["at"]) > said_at
    except (ValueError, TypeError):  # then nothing of it can be used
        return True


def _put(
    connection: sqlite3.Connection, tables: Mapping[str, SharedTable], rows: Sequence[SharedRow]
) -> None:
    """Write *rows* of others, and count them as unchanged here."""
    (is_joining,) = connection.execute("SELECT is_joining FROM fleet").fetchone()
    writer = RowWriter(connection, is_joining=bool(is_joining))
    connection.execute("UPDATE fleet SET is_applying = 1")
    there = _by_noun([row for row in rows if row.content is not None], tables)
    gone = _by_noun([row for row in rows if row.content is None], tables)
    for noun, some in there.items():
        writer.put(tables[noun], some)
    for noun, some in reversed(gone.items()):
        writer.remove(tables[noun], some)
    connection.executemany(
        "DELETE FROM fleet_changes WHERE noun = ? AND key = ?", [row.at for row in rows]
    )
    connection.execute("UPDATE fleet SET is_applying = 0")
    if writer.bad:
        row, why = writer.bad[0]
        logger.warning(
            "%d rows of the fleet cannot be used and are left out; the first: %s %s: %s",
            *(len(writer.bad), row.at.noun, cut(row.at.key, 200), why),
            extra={"action": "fleet_rows_bad", "rows": len(writer.bad)},
        )
