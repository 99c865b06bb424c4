"""A few facts by name (`ports.Notebook`) in SQLite."""

from __future__ import annotations

import json
from typing import Any

from listsync.store.database import Database


class SqliteNotebook:
    """Implements `ports.Notebook`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, name: str) -> Any:
        found = self._database.read("SELECT value FROM notebook WHERE name = ?", name)
        return json.loads(found[0]["value"]) if found else None

    def save(self, name: str, value: Any) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO notebook (name, value) VALUES (?, ?)",
                (name, json.dumps(value)),
            )
