"""What is shown of the state and its places, read when a run has ended: nobody waits for it."""

from __future__ import annotations

import logging

from listsync.app.config_loader import DaemonOptions
from listsync.app.permission_warnings import doubts
from listsync.commands import Shown
from listsync.store.database import Database
from listsync.store.history import SqliteBooks
from listsync.store.state_doubt import load_doubt

logger = logging.getLogger(__name__)


class StateOverview:
    """Keeps what was read last in `shown`. Any thread may use it."""

    def __init__(self, options: DaemonOptions, database: Database, books: SqliteBooks) -> None:
        self._options = options
        self._database = database
        self._books = books
        self.shown = Shown()

    def refresh(self) -> None:
        """Read it anew; raises StateError."""
        options = self._options
        found = doubts(options.config_path, options.state_dir, options.socket)
        for doubt in sorted(set(found) - set(self.shown.doubts)):
            logger.warning("%s", doubt, extra={"action": "open_to_others"})
        state_doubt = load_doubt(self._database)
        self.shown = Shown(
            doubts=found,
            lists={row.source: row for row in self._books.lists()},
            notices=self._books.notices(),
            waiting=self._books.waiting(limit=0).total or 0,
            state_doubt=state_doubt.why if state_doubt else "",
        )
