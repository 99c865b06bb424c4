"""The core's memory (`ports.Memory`) in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from listsync.domain.learned import Learned
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
from listsync.domain.media import Definition, TitleKey
from listsync.domain.memory import Departure, HandledEntries, Intent, Kept, ListSetback, Notes
from listsync.domain.messages import judgement_of, message_of
from listsync.domain.notices import standing_after
from listsync.domain.server import TAKEN, IndexPage, RequestAnswer, ServerInfo, TitleState
from listsync.domain.syncing import ListRules, Match, Member, SyncReport, SyncRun
from listsync.domain.trust import Trust
from listsync.errors import StateError
from listsync.store import learned, rows, server_requests, standing
from listsync.store.database import Database
from listsync.store.server_requests import SqliteServerRequests
from listsync.store.title_status import note_title_status
from listsync.sync.patience import (
    is_believed,
    is_sudden_shrink,
    pause_before_recheck,
    words_of_shrink,
)

_T = TypeVar("_T")

_BATCH = 500
_GONE_AFTER_READS = 2
_RUNS_KEPT = timedelta(days=30)
_RETRY_DAYS = (1, 2, 4, 8, 16, 30)
_PUT_MATCH = """
    INSERT INTO matches (server, lookup, found, how, kind, tmdb, title, score, reasons,
        candidates, tries, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET found = excluded.found, how = excluded.how, kind = excluded.kind,
        tmdb = excluded.tmdb, title = excluded.title, score = excluded.score,
        reasons = excluded.reasons, candidates = excluded.candidates,
        tries = iif(matches.found = excluded.found, tries, 0) + 1,
        at = excluded.at, recheck_at = NULL
"""


class SqliteMemory:
    """Implements `ports.Memory`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._server: int | None = None
        self._run_id: str | None = None
        self._index_at: str | None = None
        self._is_status_stale = False
        """Whether anything happened that may have changed what became of titles."""

    def use_server(self, info: ServerInfo) -> str | None:
        """Choose the server by its identity; see the port."""
        known = self._database.read("SELECT id, identity, product FROM servers ORDER BY last_seen")
        now = _iso(datetime.now(UTC))
        with self._database.write() as connection:
            self._server = connection.execute(
                "INSERT INTO servers (identity, product, version, first_seen, last_seen)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (identity) DO UPDATE SET product ="
                " excluded.product, version = excluded.version, last_seen = excluded.last_seen"
                " RETURNING id",
                (info.identity, info.product, info.version, now, now),
            ).fetchone()[0]
            connection.execute(
                "UPDATE runs SET server = ? WHERE id = ?", (self._server, self._run_id)
            )
            if known and all(row["identity"] != info.identity for row in known):
                connection.execute(
                    "UPDATE servers SET confirmed = NOT EXISTS (SELECT 1 FROM handled WHERE"
                    " server = ?) WHERE id = ?",
                    (known[-1]["id"], self._server),
                )
        if not known or known[-1]["identity"] == info.identity:
            return None
        if any(row["identity"] == info.identity for row in known):
            return "this is not the server of the last run; its own memory is used"
        return "this is a new server: what was asked for at the last one is not remembered here"

    def previous(self, source: str) -> Validators | None:
        found = self._database.read("SELECT validators FROM followed WHERE source = ?", source)
        if not found or found[0]["validators"] is None:
            return None
        return Validators(**json.loads(found[0]["validators"]))

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
            self._count_absent(number, self._absent_entries(number))
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
        if self._holds(number, known, missing, at):
            self._follow(rules, fetched.outcome, words_of_shrink(len(missing)), at)
            # Without validators: an unchanged list could never show that it has recovered.
            fetched = replace(fetched, validators=None)
            self._read_well(number, fetched, at, count=fetched.read)
            return Kept(new, len(missing))
        self._count_absent(number, missing)
        self._read_well(number, fetched, at, count=fetched.read)
        return Kept(new)

    def _holds(
        self,
        number: int,
        known: Mapping[str, tuple[object, ...]],
        missing: Sequence[str],
        at: datetime,
    ) -> bool:
        """Tell whether what is missing is still believed to be there; notes since when it is."""
        present = sum(1 for row in known.values() if not row[-1])
        gone = sum(1 for name in missing if not known[name][-1])
        since = self._database.read("SELECT shrunk_at FROM followed WHERE id = ?", number)[0][0]
        if not is_sudden_shrink(present, gone):
            if since is not None:
                self._note_shrink(number, None)
            return False
        if since is None:
            self._note_shrink(number, _iso(at))
        return not is_believed(datetime.fromisoformat(since) if since else None, at)

    def _note_shrink(self, number: int, since: str | None) -> None:
        with self._database.write() as connection:
            connection.execute("UPDATE followed SET shrunk_at = ? WHERE id = ?", (since, number))

    def _absent_entries(self, number: int) -> list[str]:
        sql = "SELECT entry FROM entries WHERE list = ? AND absent_reads > 0"
        return [row["entry"] for row in self._database.read(sql, number)]

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
                (rules.source, rules.service, rules.name, _iso(at), outcome, why),
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
                connection.executemany(sql, [(number, _iso(at), *value) for value in batch])

    def _count_absent(self, number: int, names: Sequence[str]) -> None:
        """Count one more whole reading without *names*; after two they have left the list."""
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
                (_iso(at), validators, count, count, fetched.declared, number),
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
                (_iso(retry_at) if retry_at else None, number),
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

    def matches(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        found = self._database.read(
            "SELECT lookup, how, kind, tmdb, title, score FROM matches"
            " WHERE server = ? AND kind IS NOT NULL",
            self._server,
        )
        with_reasons = self._database.read(
            "SELECT * FROM matches WHERE server = ? AND (kind IS NULL"
            "   OR lookup IN (SELECT value FROM json_each(?)))"
            " AND (recheck_at IS NULL OR recheck_at > ?)",
            self._server,
            json.dumps(list(whole)),
            _iso(now),
        )
        chosen = self._database.read("SELECT * FROM choices")
        return (
            {lookup: rows.found_from(values) for lookup, *values in found}
            | {row["lookup"]: rows.whole_match_of(row) for row in with_reasons}
            | {row["lookup"]: rows.choice_of(row).match for row in chosen}
        )

    def handled(self) -> HandledEntries:
        sources = dict(map(tuple, self._database.read("SELECT id, source FROM followed")))
        found = self._database.read(
            f"SELECT {rows.HANDLED_COLUMNS} FROM handled WHERE server = ?",  # noqa: S608 - constant
            self._server,
        )
        return rows.handled_from(found, sources)

    def setbacks(self, now: datetime) -> dict[tuple[Definition, int | None], str]:
        found = self._database.read(
            "SELECT * FROM setbacks WHERE server = ? AND retry_at > ?", self._server, _iso(now)
        )
        return {(rows.definition_of(row), row["tvdb"] or None): row["why"] for row in found}

    def believe(self, source: str) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE followed SET shrunk_at = ? WHERE source = ? AND shrunk_at IS NOT NULL",
                (_iso(datetime.fromtimestamp(0, UTC)), source),
            )

    def trust(self, index: Mapping[TitleKey, TitleState]) -> Trust:
        return standing.trust(self._database, self._place, index)

    def confirm(self) -> None:
        standing.confirm(self._database, self._place)

    def departed(self) -> tuple[Departure, ...]:
        return standing.departed(self._database, self._place)

    def settle_departure(self, one: Departure, run: SyncRun, *, cancelled: bool) -> None:
        self._is_status_stale |= cancelled
        standing.settle(self._database, self._place, one, run, cancelled=cancelled)

    def series_to_watch(self, now: datetime) -> Mapping[Definition, date]:
        return standing.series_to_watch(self._database, self._place, now)

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        return standing.requested_since(self._database, self._place, since)

    def learned(self) -> Learned:
        return learned.load(self._database, self._server)

    def save_learned(self, one: Learned) -> None:
        learned.save(self._database, self._place, one)

    @property
    def _place(self) -> int:
        """The number of the server; `use_server` comes first."""
        if self._server is None:
            raise StateError("no server was named yet")
        return self._server

    def open_intents(self) -> tuple[Intent, ...]:
        found = self._database.read("SELECT * FROM intents WHERE server = ?", self._server)
        return tuple(rows.intent_of(row) for row in found)

    @property
    def server_requests(self) -> SqliteServerRequests:
        return SqliteServerRequests(self._database, self._place)

    def index_pages(self) -> tuple[IndexPage, ...]:
        found = self._database.read(
            "SELECT * FROM index_pages WHERE server = ? ORDER BY page", self._server
        )
        return tuple(rows.index_page_of(row) for row in found)

    def save_index(self, pages: tuple[IndexPage, ...]) -> None:
        known = {
            (row["page"], row["etag"])
            for row in self._database.read(
                "SELECT page, etag FROM index_pages WHERE server = ?", self._server
            )
        }
        self._index_at = _iso(datetime.now(UTC))
        for number, page in enumerate(pages):
            if page.etag is None or (number, page.etag) not in known:
                self._is_status_stale = True
                self._write(
                    "INSERT OR REPLACE INTO index_pages (server, page, etag, total, titles)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (number, page.etag, page.total, rows.packed_titles(page)),
                )
        self._write("DELETE FROM index_pages WHERE server = ? AND page >= ?", (len(pages),))

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        """Write *notes* and *intents* in one commit; see the port.

        Runs between two requests, so it makes no statement that has nothing to do.
        """
        at = _iso(datetime.now(UTC))
        self._is_status_stale |= bool(notes.handled or notes.sent or notes.seen)
        with self._database.write() as connection:
            if notes.handled:
                self._write_handled(connection, notes, at)
            if notes.sent or notes.dropped:
                self._write_sent(connection, notes, at)
            if notes.seen:
                server_requests.note_seen(connection, self._server, notes.seen, at)
            if notes.setbacks:
                self._write_setbacks(connection, notes)
            if notes.matches:
                self._write_matches(connection, notes)
            if notes.seekers:
                self._write_seekers(connection, notes)
            if notes.looked:
                self._write_looks(connection, notes)
            connection.executemany(
                "INSERT OR REPLACE INTO intents (server, label, lists, kind, tmdb, four_k,"
                " seasons, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(self._server, *rows.intent_columns(one), at) for one in intents],
            )

    def _write_looks(self, connection: sqlite3.Connection, notes: Notes) -> None:
        connection.executemany(
            "INSERT OR REPLACE INTO season_looks (server, tmdb, four_k, next_on)"
            " VALUES (?, ?, ?, ?)",
            [
                (self._server, one.key.tmdb_id, one.four_k, day.isoformat())
                for one, day in notes.looked.items()
            ],
        )

    def _write_handled(self, connection: sqlite3.Connection, notes: Notes, at: str) -> None:
        connection.executemany(
            "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, season_rules, seasons,"
            " aired_before, at)"
            " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM followed WHERE source = ?"
            " ON CONFLICT DO UPDATE SET season_rules = excluded.season_rules,"
            " seasons = excluded.seasons, aired_before = excluded.aired_before,"
            # New seasons are those since it was acted on for this title first.
            " at = iif(kind = excluded.kind AND tmdb = excluded.tmdb, at, excluded.at),"
            " kind = excluded.kind, tmdb = excluded.tmdb",
            [
                (self._server, *rows.handled_columns(one), at, one.member.rules.source)
                for one in notes.handled
            ],
        )

    def _write_sent(self, connection: sqlite3.Connection, notes: Notes, at: str) -> None:
        answered = [one for one in notes.sent if one.answered.answer != RequestAnswer.UNSURE]
        done = [*(sent.body for sent in answered), *notes.dropped]
        connection.executemany(
            "DELETE FROM intents WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?",
            [(self._server, *rows.body_columns(body)[:3]) for body in done],
        )
        connection.executemany(
            "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
            " answer, detail, request_id, asked_as, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(self._server, *rows.sent_columns(sent), at) for sent in notes.sent],
        )
        taken = [sent.body for sent in answered if sent.answered.answer in TAKEN]
        there = [Definition(body.key, body.four_k) for body in taken]
        server_requests.note_request(connection, self._server, there)

    def _write_setbacks(self, connection: sqlite3.Connection, notes: Notes) -> None:
        at = datetime.now(UTC)
        for one in notes.setbacks:
            key = (
                self._server,
                one.definition.key.kind,
                one.definition.key.tmdb_id,
                one.definition.four_k,
                one.tvdb_id or 0,
            )
            tries = connection.execute(
                "INSERT INTO setbacks (server, kind, tmdb, four_k, tvdb, why, tries, retry_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 1, '') ON CONFLICT DO UPDATE"
                " SET tries = tries + 1, why = excluded.why RETURNING tries",
                (*key, one.why),
            ).fetchone()[0]
            connection.execute(
                "UPDATE setbacks SET retry_at = ? WHERE server = ? AND kind = ? AND tmdb = ?"
                " AND four_k = ? AND tvdb = ?",
                (_iso(at + _pause(_RETRY_DAYS, tries)), *key),
            )

    def _write_matches(self, connection: sqlite3.Connection, notes: Notes) -> None:
        """Keep what was found for good; what was not is due again, after growing pauses."""
        at = datetime.now(UTC)
        connection.executemany(
            _PUT_MATCH,
            [
                (self._server, lookup, *rows.match_columns(match), _iso(at))
                for lookup, match in notes.matches.items()
            ],
        )
        missed = {lookup: one for lookup, one in notes.matches.items() if one.key is None}
        for lookup, match in missed.items():
            (tries,) = connection.execute(
                "SELECT tries FROM matches WHERE server = ? AND lookup = ?", (self._server, lookup)
            ).fetchone()
            pause = pause_before_recheck(tries, is_provisional=match.is_provisional)
            connection.execute(
                "UPDATE matches SET recheck_at = ? WHERE server = ? AND lookup = ?",
                (_iso(at + pause), self._server, lookup),
            )

    def _write_seekers(self, connection: sqlite3.Connection, notes: Notes) -> None:
        connection.executemany(
            "UPDATE entries SET lookup = ?1 WHERE list = (SELECT id FROM followed"
            " WHERE source = ?2) AND entry = ?3 AND lookup IS NOT ?1",
            [
                (lookup, member.rules.source, member.entry_id)
                for lookup, members in notes.seekers.items()
                for member in members
            ],
        )

    def begin_run(self, run: SyncRun) -> None:
        self._run_id = run.run_id
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at) VALUES (?, ?, ?)",
                (run.run_id, run.origin, _iso(run.started_at)),
            )

    def is_first_run(self) -> bool:
        return not self._database.read(
            "SELECT 1 FROM runs WHERE server = ?"
            " AND (result = 'ok' OR (result = 'partly' AND requested > 0)) LIMIT 1",
            self._server,
        )

    def end_run(self, report: SyncReport, at: datetime) -> None:
        counts = {
            one.name: {"outcome": one.outcome, **(Counter(one.verdicts) + Counter(one.departed))}
            for one in report.lists
        }
        self._note_status(report.run.started_at)
        before = self._database.read(standing.LAST_NOTICES)
        notices = standing_after(
            rows.notices_of(before[0]["notices"] if before else None), judgement_of(report, at)
        )
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = ?, why = ?, message = ?, requested = ?,"
                " calls = ?, lists = ?, notices = ? WHERE id = ?",
                (
                    _iso(at),
                    report.result,
                    report.why,
                    message_of(report),
                    len(report.requested),
                    report.calls,
                    json.dumps(counts),
                    rows.notices_text(notices),
                    report.run.run_id,
                ),
            )
            connection.execute(
                "DELETE FROM runs WHERE started_at < ? AND id != ? AND (result IS NULL"
                " OR result NOT IN ('ok', 'partly') OR EXISTS (SELECT 1 FROM runs AS later"
                " WHERE later.server = runs.server AND later.started_at > runs.started_at"
                " AND later.result IN ('ok', 'partly')))",
                (_iso(at - _RUNS_KEPT), report.run.run_id),
            )

    def _note_status(self, since: datetime) -> None:
        """Note what became of titles, if a run that began at *since* can have learned of it."""
        if self._index_at is None:
            return
        read_at = self.server_requests.read_at()
        were_read = read_at is not None and _iso(read_at) >= _iso(since)
        if self._is_status_stale or were_read:
            note_title_status(self._database, self._place, self._index_at)

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        """Run one statement of the current server, whose number is its first value."""
        with self._database.write() as connection:
            connection.execute(sql, (self._server, *values))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _pause(days: Sequence[int], tries: int) -> timedelta:
    return timedelta(days=days[min(tries, len(days)) - 1])


def _batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))
