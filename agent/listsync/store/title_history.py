"""Entries that fit what a person asks for, and all that is stored of one title."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime

from listsync.domain.history import Choice, EntryRow, Lookup, TitleOverview
from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, Edition, MediaType, TitleKey
from listsync.domain.server import ABSENT, TitleState, index_of
from listsync.store.database import Database
from listsync.store.handled_titles import HANDLED_COLUMNS, handled_from, series_to_watch
from listsync.store.imported_titles import imported_of
from listsync.store.list_snapshots import list_of
from listsync.store.match_cache import SqliteFacts, whole_match_of
from listsync.store.request_log import failed_for, request_of
from listsync.store.reviews import SqliteReviews
from listsync.store.row_codec import edition_of, entry_fits, entry_of, looking_for
from listsync.store.server_index import pages_with
from listsync.store.server_requests import requests_of

_MOST_REQUESTS = 10
_ASKED = ("requested", "covered")
_INDEX_READ = """
    SELECT max(started_at) AS at FROM runs WHERE server = :server AND (
        result IN ('ok', 'partly', 'cancelled')
        OR EXISTS (SELECT 1 FROM requests WHERE requests.run = runs.id)
    )
"""
"""Since when the index is no older; requests of that run or later ones are not in it."""
_ENTRIES = """
    FROM (
        SELECT list, entry FROM entries INDEXED BY entries_in_order
        WHERE absent_reads = 0 AND {fits}
        UNION
        SELECT list, entry FROM handled
        WHERE server = :server AND kind = :kind AND tmdb = :kind_number
        UNION
        SELECT list, entry FROM entries WHERE kind = :kind AND (list, entry) IN (
            SELECT list, entry FROM entries INDEXED BY entries_in_order
            WHERE :kind_number NOT NULL AND tmdb = :kind_number
        )
        UNION
        SELECT list, entry FROM entries WHERE lookup IN (
            SELECT lookup FROM matches
            WHERE server = :server AND kind = :kind AND tmdb = :kind_number AND tmdb NOT NULL
            UNION SELECT lookup FROM choices WHERE kind = :kind AND tmdb = :kind_number
        )
    ) AS fitting
    JOIN entries USING (list, entry)
    JOIN followed ON followed.id = fitting.list
    WHERE entries.absent_reads = 0
"""
"""Entries that fit a query, also by what they were taken for before anything was done."""


class SqliteEntries:
    """Implements `ports.titles.ListEntries`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def find(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        server = self._server()
        found = self._database.look_up(
            f"SELECT followed.*, entries.* {_ENTRIES.format(fits=entry_fits(query))}"
            " ORDER BY followed.id, entries.rank, entries.entry LIMIT :limit",
            {"server": server, "limit": limit, **looking_for(query)},
        )
        return self._entry_rows(server, found)

    def _entry_rows(
        self, server: int | None, found: Collection[sqlite3.Row]
    ) -> tuple[EntryRow, ...]:
        """Make rows of entries, joined with their lists, whole."""
        return tuple(
            EntryRow(
                row=list_of(row),
                entry=entry_of(row),
                entry_id=row["entry"],
                first_seen=datetime.fromisoformat(row["first_seen"]),
                handled=self._handled(server, row["list"], row["entry"]),
            )
            for row in found
        )

    def _handled(
        self, server: int | None, number: int, entry: str
    ) -> tuple[tuple[Edition, datetime], ...]:
        found = self._database.read(
            "SELECT * FROM handled WHERE server = ? AND list = ? AND entry = ? ORDER BY four_k",
            server,
            number,
            entry,
        )
        return tuple((edition_of(row), datetime.fromisoformat(row["at"])) for row in found)

    def sharing(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        server = self._server()
        ids = NO_IDS if one.check_ids else one.ids
        found = self._database.look_up(
            "SELECT followed.*, entries.* FROM entries JOIN followed ON followed.id = entries.list"
            " WHERE absent_reads = 0 AND ("
            "   (entries.title = :title COLLATE NOCASE AND entries.year IS :year)"
            "   OR (check_ids = 0 AND (entries.imdb = :imdb OR entries.tvdb = :tvdb"
            "     OR (entries.tmdb = :tmdb AND entries.kind = :kind))))"
            " ORDER BY followed.id, entries.rank, entry LIMIT :limit",
            {
                "imdb": ids.imdb,
                "tvdb": ids.tvdb,
                "tmdb": ids.tmdb,
                "kind": one.kind,
                "title": one.title,
                "year": one.year,
                "limit": limit,
            },
        )
        return self._entry_rows(server, found)

    def alike(self, source: str, one: ListEntry, key: TitleKey | None) -> Mapping[str, ListEntry]:
        server = self._server()
        found = self._database.look_up(
            "SELECT entries.* FROM entries JOIN followed ON followed.id = entries.list"
            " WHERE absent_reads = 0 AND source = :source"
            " AND (entries.imdb = :imdb OR entries.tvdb = :tvdb"
            "   OR (entries.tmdb = :tmdb AND entries.kind = :kind)"
            "   OR entries.title = :title COLLATE NOCASE"
            "   OR (entries.tmdb = :key_tmdb AND entries.kind = :key_kind)"
            "   OR lookup IN (SELECT lookup FROM matches WHERE server = :server"
            "     AND kind = :key_kind AND tmdb = :key_tmdb"
            "     UNION SELECT lookup FROM choices"
            "     WHERE kind = :key_kind AND tmdb = :key_tmdb)"
            "   OR EXISTS (SELECT 1 FROM matches, json_each(matches.candidates) AS one"
            "     WHERE server = :server AND matches.lookup = entries.lookup"
            "     AND json_extract(one.value, '$[0]') = :key_kind"
            "     AND json_extract(one.value, '$[1]') = :key_tmdb))"
            " ORDER BY rank, entry",
            {
                "server": server,
                "source": source,
                "imdb": one.ids.imdb,
                "tvdb": one.ids.tvdb,
                "tmdb": one.ids.tmdb,
                "kind": one.kind,
                "title": one.title,
                "key_kind": key.kind if key else None,
                "key_tmdb": key.tmdb_id if key else None,
            },
        )
        return {row["entry"]: entry_of(row) for row in found}

    def kinds_before(self, source: str, entry_id: str) -> Mapping[MediaType | None, int]:
        found = self._database.look_up(
            "SELECT entries.kind, count(*) AS entries FROM entries"
            " JOIN followed ON followed.id = entries.list AND source = :source"
            " JOIN entries AS this ON this.list = entries.list AND this.entry = :entry"
            " WHERE entries.absent_reads = 0"
            " AND (entries.rank, entries.entry) < (this.rank, this.entry) GROUP BY entries.kind",
            {"source": source, "entry": entry_id},
        )
        return {MediaType(row["kind"]) if row["kind"] else None: row["entries"] for row in found}


class SqliteTitleRecords:
    """Implements `ports.titles.TitleRecords`; see there."""

    def __init__(
        self, database: Database, server: Callable[[], int | None], reviews: SqliteReviews
    ) -> None:
        self._database = database
        self._server = server
        self._reviews = reviews

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        return self._match(name), self._reviews.choice(name)

    def _match(self, name: str) -> Lookup | None:
        server = self._server()
        found = self._database.read(
            "SELECT * FROM matches WHERE server = ? AND lookup = ?", server, name
        )
        if not found:
            return None
        again_at = found[0]["recheck_at"]
        return Lookup(
            match=whole_match_of(found[0]),
            at=datetime.fromisoformat(found[0]["at"]),
            again_at=datetime.fromisoformat(again_at) if again_at else None,
        )

    def overview(self, key: TitleKey, now: datetime) -> TitleOverview:
        server = self._server()
        title = (server, key.kind, key.tmdb_id)
        handled = self._database.read(
            f"SELECT {HANDLED_COLUMNS} FROM handled"  # noqa: S608 - constant
            " WHERE server = ? AND kind = ? AND tmdb = ?",
            *title,
        )
        sources = dict(map(tuple, self._database.read("SELECT id, source FROM followed")))
        requests = self._database.read(
            "SELECT * FROM requests WHERE server = ? AND kind = ? AND tmdb = ?"
            " ORDER BY id DESC LIMIT ?",
            *title,
            _MOST_REQUESTS,
        )
        read_at = self._database.look_up(_INDEX_READ, {"server": server})[0]["at"]
        return TitleOverview(
            state=self._state(server, key),
            handled=handled_from(
                [*handled, *imported_of(self._database, *title)],
                sources,
            ),
            watched=self._watched(server, key, now),
            failed=failed_for(self._database, server, key),
            requested_since=frozenset(
                edition_of(row)
                for row in requests
                if read_at and row["at"] >= read_at and row["answer"] in _ASKED
            ),
            facts=SqliteFacts(self._database).get(key),
            requests=tuple(map(request_of, requests)),
            requests_total=self._count_requests(*title),
            at_server=requests_of(self._database, server, key),
        )

    def _count_requests(self, server: int | None, kind: str, tmdb: int) -> int:
        (row,) = self._database.read(
            "SELECT count(*) AS number FROM requests WHERE server = ? AND kind = ? AND tmdb = ?",
            server,
            kind,
            tmdb,
        )
        return int(row["number"])

    def _watched(self, server: int | None, key: TitleKey, now: datetime) -> Mapping[Edition, date]:
        """Tell since when new seasons of the title are due to be looked for."""
        if server is None or key.kind is not MediaType.TV:
            return {}
        due = series_to_watch(self._database, server, now)
        return {title: since for title, since in due.items() if title.key == key}

    def _state(self, server: int | None, key: TitleKey) -> TitleState | None:
        """Unite what the index says of the title."""
        pages = pages_with(self._database, server, key)
        return None if pages is None else index_of(pages).get(key, ABSENT)
