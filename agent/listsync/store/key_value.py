"""A few facts by name (`notebook`), and why what is remembered may not be the whole of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from listsync.lean_dataclasses import dataclass
from listsync.store.database import Database
from listsync.store.row_codec import iso


class SqliteKeyValueStore:
    """Implements `ports.state.KeyValueStore`; see there."""

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


_NAME = "doubt"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why, and since when."""

    why: str
    since: str

    @classmethod
    def of(cls, why: str) -> Doubt:
        return cls(why, iso(datetime.now(UTC)))


def note_doubt(database: Database, doubt: Doubt) -> None:
    """Keep *doubt*, and what was in doubt before; raises StateError."""
    before = load_doubt(database)
    if before is not None and before.why not in doubt.why:
        doubt = Doubt(f"{before.why}; {doubt.why}"[:1000], before.since)
    SqliteKeyValueStore(database).save(_NAME, asdict(doubt))


def load_doubt(database: Database) -> Doubt | None:
    found = SqliteKeyValueStore(database).load(_NAME)
    return Doubt(**found) if found else None


def lift_doubt(database: Database) -> None:
    """Note that a person knows, and means what is there now; raises StateError."""
    if load_doubt(database) is not None:
        with database.write() as connection:
            connection.execute("DELETE FROM notebook WHERE name = ?", (_NAME,))
