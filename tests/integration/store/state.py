"""A state file that syncs have written to, for tests."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry
from listsync.store.database import Database
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.sync.deduplication import members_of
from listsync.sync.list_intake import save_reading
from tests.fakes import SERVER

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)


def rules(name: str, *, four_k: bool = False) -> ListRules:
    return ListRules(source=f"file:/{name}", name=name, service="file", four_k=four_k)


class StateFile:
    """A state file: what a sync writes down in it, and what commands find in it."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.state = SqliteAgentState(self.database)
        self.memory = SqliteMemory(self.database)
        self.memory.guard.use(SERVER)
        self._readings = Counter[str]()

    def read(self, name: str, *entries: ListEntry, at: datetime | None = None) -> None:
        """Note that list *name* was read whole: at AT first, then a second later each time."""
        at = at or AT + timedelta(seconds=self._readings[name])
        self._readings[name] += 1
        fetched = Fetched(entries=entries, declared=len(entries))
        save_reading(
            self.memory.snapshots, rules(name), members_of(rules(name), entries), fetched, at
        )
