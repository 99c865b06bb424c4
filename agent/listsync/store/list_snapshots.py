"""The lists that are followed and their last good readings (`followed`, `entries`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TypeVar

from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
from listsync.domain.run_notes import Kept, ListSetback
from listsync.domain.sync_records import ListRules, Member
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.sync.shrink_guard import is_believed, is_sudden_shrink, words_of_shrink

_T = TypeVar("_T")

_BATCH = 500
_GONE_AFTER_READS = 2


class ListSnapshots:
    """The part of `ports.Memory` that keeps lists; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def previous(self, source: str, server: int | None) -> Validators | None:
        """Give the validators, unless something waits for a fresh reading: see the port."""
        found = self._database.read(
            "SELECT validators FROM followed WHERE source = ? AND validators IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM entries WHERE list = followed.id"
            "   AND absent_reads > 0)"
            " AND NOT EXISTS (SELECT 1 FROM departed WHERE list = followed.id AND server = ?)",
            source,
            server,
        )
        return Validators(**json.loads(found[0]["validators"])) if found else None

    def entries(self, source: str) -> dict[str, ListEntry]:
        found = self._database.read(
            f"SELECT entry, {rows.ENTRY_COLUMNS} FROM entries"  # noqa: S608 - constant
            " WHERE list = (SELECT id FROM followed WHERE source = ?) AND absent_reads = 0"
            " ORDER BY rank, entry",
            source,
        )
        return {name: rows.entry_from(values) for name, *values in found}

    def counts(self, source: str) -> tuple[int, int | None]:
        found = self._database.read("SELECT read, declared FROM followed WHERE source = ?", source)
        return (found[0]["read"], found[0]["declared"]) if found else (0, None)

    def save_reading(
        self,
        rules: ListRules,
        members: Sequence[Member],
        fetched: Fetched,
        at: datetime,
        why: str = "",
    ) -> Kept:
        """Keep what was read; see the port. The validators are written last."""
        number = self._follow(rules, fetched.outcome, why, at)
        if fetched.is_unchanged:
            self._read_well(number, fetched, at, count=None)
            return Kept()
        known = self._known_entries(number)
        values = {member.entry_id: rows.columns_of(member.entry) for member in members}
        changed = [name for name, row in values.items() if known.get(name) != (*row, 0)]
        self._put_entries(number, [(name, *values[name]) for name in changed], at)
        new = frozenset(name for name in changed if name not in known)
        if not fetched.outcome.whole:
            return Kept(new)
        missing = [name for name in known if name not in values]
        kept = replace(self._judge_missing(number, known, missing, fetched, at), new=new)
        if kept.held:
            self._follow(rules, fetched.outcome, words_of_shrink(kept.held), at)
        if kept.held or fetched.doubt:
            # Without validators: an unchanged list could never show that it has recovered.
            fetched = replace(fetched, validators=None)
        self._read_well(number, fetched, at, count=fetched.read)
        return kept

    def rename_entries(self, source: str, names: Mapping[str, str]) -> None:
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

    def _judge_missing(
        self,
        number: int,
        known: Mapping[str, tuple[object, ...]],
        missing: Sequence[str],
        fetched: Fetched,
        at: datetime,
    ) -> Kept:
        """Count what a whole reading lacks, as far as the reading is believed."""
        since, last = self._database.read(
            "SELECT shrunk_at, last_success FROM followed WHERE id = ?", number
        )[0]
        if fetched.doubt:
            return Kept(doubted=sum(1 for name in missing if not known[name][-1]))
        present = sum(1 for row in known.values() if not row[-1])
        gone = sum(1 for name in missing if not known[name][-1])
        is_shrink = is_sudden_shrink(present, gone)
        if is_shrink != (since is not None):
            self._note_shrink(number, rows.iso(at) if is_shrink else None)
        if is_shrink and not is_believed(datetime.fromisoformat(since) if since else None, at):
            return Kept(held=len(missing))
        if last != rows.iso(at):  # two readings of one instant are one
            self._count_absent(number, missing)
        return Kept()

    def _note_shrink(self, number: int, since: str | None) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE followed SET shrunk_at = ? WHERE id = ?", (since, number))

    def _known_entries(self, number: int) -> dict[str, tuple[object, ...]]:
        found = self._database.read(
            f"SELECT entry, {rows.ENTRY_COLUMNS}, absent_reads FROM entries"  # noqa: S608 - constant
            " WHERE list = ?",
            number,
        )
        return {row[0]: tuple(row)[1:] for row in found}

    def _follow(self, rules: ListRules, outcome: ListOutcome, why: str, at: datetime) -> int:
        with self._database.write() as connection:
            number: int = connection.execute(
                "INSERT INTO followed (source, service, name, last_try, outcome, why)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
                " name = excluded.name, last_try = excluded.last_try,"
                " outcome = excluded.outcome, why = excluded.why RETURNING id",
                (rules.source, rules.service, rules.name, rows.iso(at), outcome, why),
            ).fetchone()[0]
        return number

    def _put_entries(
        self, number: int, values: Sequence[tuple[object, ...]], at: datetime
    ) -> None:
        sql = (
            f"INSERT INTO entries (list, first_seen, entry, {rows.ENTRY_COLUMNS})"  # noqa: S608 - constant
            f" VALUES (?, ?, ?, {rows.ENTRY_MARKS}) ON CONFLICT (list, entry)"
            f" DO UPDATE SET {rows.ENTRY_UPDATES}, absent_reads = 0,"
            # What is sought by another name now has not been looked up by it yet.
            f" lookup = iif({rows.ENTRY_IS_SAME}, lookup, NULL)"
        )
        for batch in _batches(values):
            with self._database.write() as connection:
                connection.executemany(sql, [(number, rows.iso(at), *value) for value in batch])

    def _count_absent(self, number: int, names: Sequence[str]) -> None:
        """Count one more fresh whole reading without *names*; after two they have left."""
        for batch in _batches(names):
            with self._database.write() as connection:
                connection.executemany(
                    "UPDATE entries SET absent_reads = absent_reads + 1"
                    " WHERE list = ? AND entry = ?",
                    [(number, name) for name in batch],
                )
            with self._database.write() as connection:
                connection.execute(
                    "DELETE FROM entries WHERE list = ? AND absent_reads >= ?",
                    (number, _GONE_AFTER_READS),
                )

    def _read_well(
        self, number: int, fetched: Fetched, at: datetime, *, count: int | None
    ) -> None:
        validators = json.dumps(asdict(fetched.validators)) if fetched.validators else None
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET last_success = ?, failures = 0, retry_at = NULL,"
                " validators = ?,"
                " read = coalesce(?, read), declared = iif(? IS NULL, declared, ?)"
                " WHERE id = ?",
                (rows.iso(at), validators, count, count, fetched.declared, number),
            )

    def save_setback_of_list(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        number = self._follow(rules, outcome, why, at)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET failures = failures + 1, retry_at = ? WHERE id = ?",
                (rows.iso(retry_at) if retry_at else None, number),
            )

    def setback_of_list(self, source: str) -> ListSetback | None:
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
            retry_at=datetime.fromisoformat(retry_at) if retry_at else None,
        )

    def believe(self, source: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET shrunk_at = ? WHERE source = ? AND shrunk_at IS NOT NULL",
                (rows.iso(datetime.fromtimestamp(0, UTC)), source),
            )


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
