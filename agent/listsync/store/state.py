"""What the agent, its commands and a sync find in the state, by noun (`ports.state`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from listsync.domain.media import Edition
from listsync.domain.run_notes import Intent, Notes
from listsync.domain.server import TAKEN, ResponseKind
from listsync.store import (
    handled_titles,
    list_snapshots,
    match_cache,
    request_log,
    reviews,
    server_requests,
)
from listsync.store.database import Database
from listsync.store.exclusions import SqliteExclusions, put_excluded
from listsync.store.feeds import SqliteFeeds
from listsync.store.handled_titles import SqliteDepartures, SqliteHandledTitles
from listsync.store.history import SqliteNotices, SqliteRunHistory, SqliteRunLog
from listsync.store.items import SqliteItems
from listsync.store.list_snapshots import (
    SqliteListRecords,
    SqliteListSetbacks,
    SqliteListSnapshots,
)
from listsync.store.match_cache import SqliteMatchCache
from listsync.store.request_log import SqliteFailedRequests, SqliteRequestHistory, SqliteRequestLog
from listsync.store.reviews import SqliteReviews
from listsync.store.row_codec import iso_now
from listsync.store.server_guard import SqliteServerGuard, SqliteServerRecords
from listsync.store.server_index import SqliteIndexCache, TitleStatusTable
from listsync.store.server_requests import SqliteServerRequests
from listsync.store.statistics import SqliteStatistics
from listsync.store.title_history import SqliteEntries, SqliteTitleRecords


class SqliteAgentState:
    """Implements `ports.state.AgentState`: of the server that was reached last."""

    def __init__(self, database: Database) -> None:
        self.server = SqliteServerRecords(database)
        number = self.server.number
        self.lists = SqliteListRecords(database)
        self.reviews = SqliteReviews(database, number)
        self.items = SqliteItems(database, number)
        self.entries = SqliteEntries(database, number)
        self.titles = SqliteTitleRecords(database, number, self.reviews)
        self.exclusions = SqliteExclusions(database, number)
        self.runs = SqliteRunHistory(database)
        self.requests = SqliteRequestHistory(database, number)
        self.notices = SqliteNotices(database)
        self.feeds = SqliteFeeds(database)
        self.statistics = SqliteStatistics(database, number)


def write_notes(
    connection: sqlite3.Connection, server: int, notes: Notes, intents: Sequence[Intent]
) -> None:
    """Write *notes* and *intents*.

    Runs between two requests, so it makes no statement that has nothing to do.
    """
    at = iso_now()
    if notes.handled:
        handled_titles.put(connection, server, notes.handled, at)
    if notes.sent or notes.dropped:
        _write_sent(connection, server, notes, at)
    if notes.seen:
        server_requests.note_seen(connection, server, notes.seen, at)
    if notes.failed:
        request_log.put_failed(connection, server, notes.failed)
    if notes.matches:
        match_cache.put(connection, server, notes.matches, notes.misses)
    if notes.chosen:
        reviews.note_chosen(connection, notes.chosen)
    if notes.seekers:
        list_snapshots.put_lookups(connection, notes.seekers)
    if notes.looked:
        handled_titles.put_looks(connection, server, notes.looked)
    put_excluded(connection, notes.excluded)
    if intents:
        request_log.put_intents(connection, server, intents, at)


def _write_sent(connection: sqlite3.Connection, server: int, notes: Notes, at: str) -> None:
    answered = [one for one in notes.sent if one.answered.kind != ResponseKind.UNSURE]
    done = [*(sent.body for sent in answered), *notes.dropped]
    request_log.drop_intents(connection, server, done)
    request_log.put_sent(connection, server, notes.sent, at)
    taken = [sent.body for sent in answered if sent.answered.kind in TAKEN]
    there = [Edition(body.key, body.four_k) for body in taken]
    server_requests.note_request(connection, server, there)


class SqliteMemory:
    """Implements `ports.state.Memory`: one object for each noun, and one commit for all.

    *followed* are the names of the lists that the configuration follows, if they are known.
    """

    def __init__(self, database: Database, followed: Collection[str] | None = None) -> None:
        self._database = database
        self.guard = SqliteServerGuard(database)
        server = self.guard.number
        self._statuses = TitleStatusTable(database, server)
        self.snapshots = SqliteListSnapshots(database, self.guard.chosen)
        self.list_setbacks = SqliteListSetbacks(database)
        self.index = SqliteIndexCache(database, server, self._statuses)
        self.server_requests = SqliteServerRequests(database, server)
        self.matches = SqliteMatchCache(database, server)
        self.handled = SqliteHandledTitles(database, server)
        self.failed_requests = SqliteFailedRequests(database, server)
        self.departures = SqliteDepartures(database, server, self._statuses)
        self.requests = SqliteRequestLog(database, server)
        self.runs = SqliteRunLog(database, self.guard.chosen, self._statuses, followed)
        self.notices = SqliteNotices(database)

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        """Write *notes* and *intents* in one commit; see the port."""
        self._statuses.is_stale |= bool(notes.handled or notes.sent or notes.seen)
        server = self.guard.number()
        with self._database.write() as connection:
            write_notes(connection, server, notes, intents)
