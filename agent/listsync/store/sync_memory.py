"""What a sync remembers, by noun (`ports.state.Memory`), in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from listsync.domain.run_notes import Intent, Notes
from listsync.store.database import Database
from listsync.store.departures import SqliteDepartures
from listsync.store.failed_requests import SqliteFailedRequests
from listsync.store.handled_titles import SqliteHandledTitles
from listsync.store.history import SqliteRunLog
from listsync.store.index_cache import SqliteIndexCache
from listsync.store.list_snapshots import SqliteListSetbacks, SqliteListSnapshots
from listsync.store.match_cache import SqliteMatchCache
from listsync.store.notices import SqliteNoticeLog
from listsync.store.request_log import SqliteRequestLog
from listsync.store.run_notes import write as write_notes
from listsync.store.server_guard import SqliteServerGuard
from listsync.store.server_requests import SqliteServerRequests
from listsync.store.title_status import TitleStatusTable


class SqliteMemory:
    """Implements `ports.state.Memory`: one object for each noun, and one commit for all."""

    def __init__(self, database: Database) -> None:
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
        self.runs = SqliteRunLog(database, self.guard.chosen, self._statuses)
        self.notices = SqliteNoticeLog(database)

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        """Write *notes* and *intents* in one commit; see the port."""
        self._statuses.is_stale |= bool(notes.handled or notes.sent or notes.seen)
        server = self.guard.number()
        with self._database.write() as connection:
            write_notes(connection, server, notes, intents)
