"""The core's memory (`ports.Memory`) in SQLite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
from listsync.domain.media import Definition, TitleKey
from listsync.domain.notices import standing_after
from listsync.domain.run_messages import judgement_of, message_of
from listsync.domain.run_notes import Departure, HandledEntries, Intent, Kept, ListSetback, Notes
from listsync.domain.server import IndexPage, ServerInfo, TitleState
from listsync.domain.server_guard import Trust
from listsync.domain.server_knowledge import Learned
from listsync.domain.sync_records import ListRules, Match, Member, SyncReport, SyncRun
from listsync.errors import StateError
from listsync.store import row_codec as rows
from listsync.store import server_guard as standing
from listsync.store import server_knowledge as learned
from listsync.store.database import Database
from listsync.store.list_snapshots import ListSnapshots
from listsync.store.run_notes import write as write_notes
from listsync.store.server_requests import SqliteServerRequests
from listsync.store.title_status import note_title_status

_RUNS_KEPT = timedelta(days=30)


class SqliteMemory:
    """Implements `ports.Memory`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists = ListSnapshots(database)
        self._server: int | None = None
        self._run_id: str | None = None
        self._index_at: str | None = None
        self._is_status_stale = False
        """Whether anything happened that may have changed what became of titles."""

    def use_server(self, info: ServerInfo) -> str | None:
        """Choose the server by its identity; see the port."""
        known = self._database.read("SELECT id, identity, product FROM servers ORDER BY last_seen")
        now = rows.now()
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
        return self._lists.previous(source, self._server)

    def entries(self, source: str) -> dict[str, ListEntry]:
        return self._lists.entries(source)

    def counts(self, source: str) -> tuple[int, int | None]:
        return self._lists.counts(source)

    def save_reading(
        self,
        rules: ListRules,
        members: Sequence[Member],
        fetched: Fetched,
        at: datetime,
        why: str = "",
    ) -> Kept:
        return self._lists.save_reading(rules, members, fetched, at, why)

    def save_setback_of_list(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        self._lists.save_setback_of_list(rules, outcome, why, at, retry_at)

    def setback_of_list(self, source: str) -> ListSetback | None:
        return self._lists.setback_of_list(source)

    def rename_entries(self, source: str, names: Mapping[str, str]) -> None:
        self._lists.rename_entries(source, names)

    def believe(self, source: str) -> None:
        self._lists.believe(source)

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
            rows.iso(now),
        )
        chosen = self._database.read("SELECT * FROM choices WHERE tmdb NOT NULL OR imdb IS NULL")
        return (
            {lookup: rows.found_from(values) for lookup, *values in found}
            | {row["lookup"]: rows.whole_match_of(row) for row in with_reasons}
            | {row["lookup"]: rows.choice_of(row).match for row in chosen}
        )

    def chosen_ids(self) -> dict[str, str]:
        found = self._database.read("SELECT lookup, imdb FROM choices WHERE tmdb IS NULL")
        return {row["lookup"]: row["imdb"] for row in found if row["imdb"]}

    def handled(self) -> HandledEntries:
        sources = dict(map(tuple, self._database.read("SELECT id, source FROM followed")))
        found = self._database.read(
            f"SELECT {rows.HANDLED_COLUMNS} FROM handled WHERE server = ?",  # noqa: S608 - constant
            self._server,
        )
        return rows.handled_from(found, sources)

    def setbacks(self, now: datetime) -> dict[tuple[Definition, int | None], str]:
        found = self._database.read(
            "SELECT * FROM setbacks WHERE server = ? AND retry_at > ?", self._server, rows.iso(now)
        )
        return {(rows.definition_of(row), row["tvdb"] or None): row["why"] for row in found}

    def trust(self, index: Mapping[TitleKey, TitleState]) -> Trust:
        return standing.trust(self._database, self._place, index)

    def confirm(self) -> None:
        standing.confirm(self._database, self._place)

    def departed(self) -> tuple[Departure, ...]:
        return standing.departed(self._database, self._place)

    def save_cancel_warnings(self, reported: Collection[Departure]) -> None:
        standing.save_cancel_warnings(self._database, self._place, reported)

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
        self._index_at = rows.now()
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
        """Write *notes* and *intents* in one commit; see the port."""
        self._is_status_stale |= bool(notes.handled or notes.sent or notes.seen)
        with self._database.write() as connection:
            write_notes(connection, self._server, notes, intents)

    def begin_run(self, run: SyncRun) -> None:
        self._run_id = run.run_id
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at) VALUES (?, ?, ?)",
                (run.run_id, run.origin, rows.iso(run.started_at)),
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
                    rows.iso(at),
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
                (rows.iso(at - _RUNS_KEPT), report.run.run_id),
            )

    def _note_status(self, since: datetime) -> None:
        """Note what became of titles, if a run that began at *since* can have learned of it."""
        if self._index_at is None:
            return
        read_at = self.server_requests.read_at()
        were_read = read_at is not None and rows.iso(read_at) >= rows.iso(since)
        if self._is_status_stale or were_read:
            note_title_status(self._database, self._place, self._index_at)

    def _write(self, sql: str, values: tuple[object, ...]) -> None:
        """Run one statement of the current server, whose number is its first value."""
        with self._database.write() as connection:
            connection.execute(sql, (self._server, *values))
