"""Lists: how each was read, its last good reading, which are named (`followed`, `entries`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TypeVar

from listsync.domain.decisions import Member
from listsync.domain.history import ListRow
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry, ListOutcome, Validators
from listsync.domain.run_notes import Difference, ListSetback, WholeReading
from listsync.store.database import Database
from listsync.store.feeds import forget_unfollowed
from listsync.store.row_codec import ENTRY_COLUMNS, ENTRY_NAMES, entry_from, iso, time_from

_RENUMBERED = ("rank", "bare_id")
_ENTRY_MARKS = ", ".join("?" for _ in ENTRY_NAMES)
_ENTRY_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in ENTRY_NAMES)
_ENTRY_IS_SAME = " AND ".join(
    [
        *(f"{name} IS excluded.{name}" for name in ENTRY_NAMES if name not in _RENUMBERED),
        "(bare_id IS NULL) = (excluded.bare_id IS NULL)",
    ]
)
"""Whether an entry is looked up as before."""

_T = TypeVar("_T")

_BATCH = 500
_GONE_AFTER = 2
"""So many fresh whole readings in a row lack what has left its list."""


class SqliteListSnapshots:
    """Implements `ports.lists.ListSnapshots`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def validators(self, source: str) -> Validators | None:
        """Give the validators, unless something waits for a fresh reading: see the port."""
        found = self._database.read(
            "SELECT validators FROM followed WHERE source = ? AND validators IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM entries WHERE list = followed.id"
            "   AND absent_reads > 0)"
            " AND NOT EXISTS (SELECT 1 FROM departed WHERE list = followed.id AND server = ?)",
            source,
            self._server(),
        )
        return Validators(**json.loads(found[0]["validators"])) if found else None

    def entries(self, source: str) -> dict[str, ListEntry]:
        found = self._database.read(
            f"SELECT entry, {ENTRY_COLUMNS} FROM entries"  # noqa: S608 - constant
            " WHERE list = (SELECT id FROM followed WHERE source = ?) AND absent_reads = 0"
            " ORDER BY rank, entry",
            source,
        )
        return {name: entry_from(values) for name, *values in found}

    def counts(self, source: str) -> tuple[int, int | None]:
        found = self._database.read("SELECT read, declared FROM followed WHERE source = ?", source)
        return (found[0]["read"], found[0]["declared"]) if found else (0, None)

    def add(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        members: Sequence[Member],
        at: datetime,
    ) -> Difference:
        number = _follow(self._database, rules, outcome, why, at)
        known = self._known_entries(number)
        values = {member.entry_id: _columns_of(member.entry) for member in members}
        changed = [name for name, row in values.items() if known.get(name) != (*row, 0)]
        self._put_entries(number, [(name, *values[name]) for name in changed], at)
        missing = tuple(name for name in known if name not in values)
        (row,) = self._database.read("SELECT shrunk_at FROM followed WHERE id = ?", number)
        return Difference(
            new=frozenset(name for name in changed if name not in known),
            missing=missing,
            gone=sum(1 for name in missing if not known[name][-1]),
            present=sum(1 for row in known.values() if not row[-1]),
            shrunk_at=time_from(row["shrunk_at"]),
        )

    def settle(self, rules: ListRules, reading: WholeReading) -> None:
        """Keep what is said of a reading; the validators are written last."""
        if reading.read is None:
            _follow(self._database, rules, reading.outcome, reading.why, reading.at)
        else:
            self._keep_missing(rules.source, reading)
        self._read_well(rules.source, reading)

    def rename(self, source: str, names: Mapping[str, str]) -> None:
        """Call entries otherwise; a name that is taken stays with whom it is."""
        found = self._database.read(
            "SELECT id, entry FROM followed LEFT JOIN entries ON list = id WHERE source = ?",
            source,
        )
        taken = {row["entry"] for row in found}
        values = [
            (new, found[0]["id"], old)
            for old, new in names.items()
            if old in taken and new not in taken
        ]
        for batch in _batches(values):
            with self._database.write() as connection:
                # Until its end the rows of `handled` name entries that are not there.
                connection.execute("PRAGMA defer_foreign_keys = ON")
                for table in ("entries", "handled"):
                    connection.executemany(
                        f"UPDATE {table} SET entry = ? WHERE list = ? AND entry = ?",  # noqa: S608 - constants
                        batch,
                    )

    def believe(self, source: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET shrunk_at = ? WHERE source = ? AND shrunk_at IS NOT NULL",
                (iso(datetime.fromtimestamp(0, UTC)), source),
            )

    def _known_entries(self, number: int) -> dict[str, tuple[object, ...]]:
        found = self._database.read(
            f"SELECT entry, {ENTRY_COLUMNS}, absent_reads FROM entries"  # noqa: S608 - constant
            " WHERE list = ?",
            number,
        )
        return {row[0]: tuple(row)[1:] for row in found}

    def _put_entries(
        self, number: int, values: Sequence[tuple[object, ...]], at: datetime
    ) -> None:
        sql = (
            f"INSERT INTO entries (list, first_seen, entry, {ENTRY_COLUMNS})"  # noqa: S608 - constant
            f" VALUES (?, ?, ?, {_ENTRY_MARKS}) ON CONFLICT (list, entry)"
            f" DO UPDATE SET {_ENTRY_UPDATES}, absent_reads = 0,"
            # What is sought by another name now has not been looked up by it yet.
            f" lookup = iif({_ENTRY_IS_SAME}, lookup, NULL)"
        )
        for batch in _batches(values):
            with self._database.write() as connection:
                connection.executemany(sql, [(number, iso(at), *value) for value in batch])

    def _keep_missing(self, source: str, reading: WholeReading) -> None:
        """Note since when much is missing, and count what is, unless this is the last reading."""
        number, since, last = self._database.read(
            "SELECT id, shrunk_at, last_success FROM followed WHERE source = ?", source
        )[0]
        shrunk_at = iso(reading.shrunk_at) if reading.shrunk_at else None
        if shrunk_at != since:
            with self._database.write() as connection:
                connection.execute(
                    "UPDATE followed SET shrunk_at = ? WHERE id = ?", (shrunk_at, number)
                )
        if last != iso(reading.at):
            self._count_absent(number, reading)

    def _count_absent(self, number: int, reading: WholeReading) -> None:
        """Count one more fresh whole reading that lacked entries; some have left by now."""
        for batch in _batches(reading.absent):
            with self._database.write() as connection:
                connection.executemany(
                    "UPDATE entries SET absent_reads = absent_reads + 1"
                    " WHERE list = ? AND entry = ?",
                    [(number, name) for name in batch],
                )
            with self._database.write() as connection:
                connection.execute(
                    "DELETE FROM entries WHERE list = ? AND absent_reads >= ?",
                    (number, _GONE_AFTER),
                )

    def _read_well(self, source: str, reading: WholeReading) -> None:
        validators = json.dumps(asdict(reading.validators)) if reading.validators else None
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET why = ?1, last_success = ?2, failures = 0, retry_at = NULL,"
                " validators = ?3, read = coalesce(?4, read),"
                " declared = iif(?4 IS NULL, declared, ?5) WHERE source = ?6",
                (
                    *(reading.why, iso(reading.at), validators),
                    *(reading.read, reading.declared, source),
                ),
            )


class SqliteListRecords:
    """Implements `ports.lists.ListRecords`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[ListRow, ...]:
        return tuple(map(list_of, self._database.read("SELECT * FROM followed ORDER BY id")))


class SqliteListSetbacks:
    """Implements `ports.lists.ListSetbacks`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, source: str) -> ListSetback | None:
        found = self._database.read(
            "SELECT outcome, why, failures, retry_at FROM followed"
            " WHERE source = ? AND failures > 0",
            source,
        )
        if not found:
            return None
        outcome, why, failures, retry_at = found[0]
        return ListSetback(
            outcome=ListOutcome(outcome),
            why=why,
            failures=failures,
            retry_at=time_from(retry_at),
        )

    def save(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        number = _follow(self._database, rules, outcome, why, at)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET failures = failures + 1, retry_at = ? WHERE id = ?",
                (iso(retry_at) if retry_at else None, number),
            )


def _follow(
    database: Database, rules: ListRules, outcome: ListOutcome, why: str, at: datetime
) -> int:
    """Note how a list was read last; returns its row."""
    with database.write() as connection:
        number: int = connection.execute(
            "INSERT INTO followed (source, service, name, last_try, outcome, why)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
            " name = excluded.name, last_try = excluded.last_try,"
            " outcome = excluded.outcome, why = excluded.why RETURNING id",
            (rules.source, rules.service, rules.name, iso(at), outcome, why),
        ).fetchone()[0]
    return number


def put_lookups(connection: sqlite3.Connection, seekers: Mapping[str, Sequence[Member]]) -> None:
    """Note by which lookup entries are sought."""
    connection.executemany(
        "UPDATE entries SET lookup = ?1 WHERE list = (SELECT id FROM followed"
        " WHERE source = ?2) AND entry = ?3 AND lookup IS NOT ?1",
        [
            (lookup, member.rules.source, member.entry_id)
            for lookup, members in seekers.items()
            for member in members
        ],
    )


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))


class SqliteConfiguredLists:
    """Implements `ports.lists.ConfiguredLists`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, lists: Iterable[ListRules]) -> None:
        first: dict[str, ListRules] = {}
        for one in lists:
            first.setdefault(one.source, one)
        named = [
            (one.source, one.service, one.name, rank) for rank, one in enumerate(first.values())
        ]
        known = self._database.read(
            "SELECT source, service, name, rank FROM configured_lists ORDER BY rank"
        )
        if named == [tuple(row) for row in known]:
            return
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM configured_lists"
                " WHERE source NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(list(first)),),
            )
            # What stays keeps its id.
            connection.executemany(
                "INSERT INTO configured_lists (source, service, name, rank) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (source) DO UPDATE SET service = excluded.service,"
                " name = excluded.name, rank = excluded.rank",
                named,
            )
            forget_unfollowed(connection)


def list_of(row: sqlite3.Row) -> ListRow:
    """Restore how a list was read last."""
    return ListRow(
        source=row["source"],
        name=row["name"],
        service=row["service"],
        outcome=row["outcome"],
        why=row["why"],
        last_try=datetime.fromisoformat(row["last_try"]),
        last_success=time_from(row["last_success"]),
        read=row["read"],
        declared=row["declared"],
        failures=row["failures"],
        retry_at=time_from(row["retry_at"]),
    )


def _columns_of(entry: ListEntry) -> tuple[object, ...]:
    """Give the values of ENTRY_COLUMNS."""
    kind = entry.kind.value if entry.kind else None
    ids = entry.ids
    return (
        entry.rank,
        entry.title,
        entry.original_title,
        entry.year,
        kind,
        ids.imdb,
        ids.tmdb,
        ids.tvdb,
        ",".join(map(str, entry.seasons)),
        entry.doubt,
        int(entry.check_ids),
        entry.bare_id,
    )
