"""Which lists the configuration in force names (`ports.ConfiguredLists`), for other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable

from listsync.domain.list_rules import ListRules
from listsync.store.database import Database


class SqliteConfiguredLists:
    """Implements `ports.ConfiguredLists`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, lists: Iterable[ListRules]) -> None:
        first: dict[str, ListRules] = {}
        for one in lists:
            first.setdefault(one.source, one)
        named = [
            (one.source, one.service, one.name, rank) for rank, one in enumerate(first.values())
        ]
        known = self._database.read(
            "SELECT source, service, name, rank FROM configured_lists ORDER BY rank"
        )
        if named == [tuple(row) for row in known]:
            return
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM configured_lists"
                " WHERE source NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(list(first)),),
            )
            # What stays keeps its id.
            connection.executemany(
                "INSERT INTO configured_lists (source, service, name, rank) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (source) DO UPDATE SET service = excluded.service,"
                " name = excluded.name, rank = excluded.rank",
                named,
            )
