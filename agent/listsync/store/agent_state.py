"""What the agent and its commands find in the state, by noun (`ports.state.AgentState`)."""

from __future__ import annotations

from listsync.store.database import Database
from listsync.store.exclusions import SqliteExclusions
from listsync.store.history import SqliteRunHistory
from listsync.store.items import SqliteItems
from listsync.store.list_snapshots import SqliteListRecords
from listsync.store.notices import SqliteNoticeLog
from listsync.store.request_log import SqliteRequestHistory
from listsync.store.reviews import SqliteReviews
from listsync.store.server_guard import SqliteServerRecords
from listsync.store.title_history import SqliteEntries, SqliteTitleRecords


class SqliteAgentState:
    """Implements `ports.state.AgentState`: of the server that was reached last."""

    def __init__(self, database: Database) -> None:
        self.server = SqliteServerRecords(database)
        number = self.server.number
        self.lists = SqliteListRecords(database)
        self.reviews = SqliteReviews(database, number)
        self.items = SqliteItems(database, number, self.reviews)
        self.entries = SqliteEntries(database, number)
        self.titles = SqliteTitleRecords(database, number, self.reviews)
        self.exclusions = SqliteExclusions(database, number)
        self.runs = SqliteRunHistory(database)
        self.requests = SqliteRequestHistory(database, number)
        self.notices = SqliteNoticeLog(database)
