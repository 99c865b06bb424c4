"""What a person excluded by command, and the forgetting of what was done with a title."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime

from listsync.domain.media import Exclusion
from listsync.store import server_requests
from listsync.store.database import Database
from listsync.store.imported_titles import forget_imported
from listsync.store.row_codec import iso
from listsync.store.server_guard import confirm

_IN = "IN (SELECT value FROM json_each(?))"


class SqliteExclusions:
    """Implements `ports.titles.Exclusions`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def add(self, item: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO excluded (item, at) VALUES (?, ?)",
                (item, iso(at)),
            )

    def all(self) -> tuple[str, ...]:
        return tuple(row["item"] for row in self._database.read("SELECT item FROM excluded"))

    def forget(self, item: str, wanted: Exclusion) -> int:
        server, lookups = self._server(), json.dumps(wanted.lookups)
        with self._database.write() as connection:
            keys = _keys_of(connection, server, lookups, wanted)
            count: int = connection.execute(
                "DELETE FROM excluded WHERE item = ?", (item,)
            ).rowcount
            count += connection.execute(
                f"DELETE FROM matches WHERE server = ? AND lookup {_IN}",  # noqa: S608 - constant
                (server, lookups),
            ).rowcount
            count += connection.execute(
                f"DELETE FROM choices WHERE lookup {_IN} OR imdb = ?",  # noqa: S608 - constant
                (lookups, wanted.imdb),
            ).rowcount
            if begin := wanted.lookup_beginning:
                count += connection.execute(
                    "DELETE FROM matches WHERE server = ? AND substr(lookup, 1, ?) = ?",
                    (server, len(begin), begin),
                ).rowcount
            for key in keys:
                count += connection.execute(
                    "DELETE FROM choices WHERE kind = ? AND tmdb = ?", key
                ).rowcount
            return count + sum(_forget_title(connection, server, key) for key in keys)

    def forget_all(self) -> int:
        server = self._server()
        with self._database.write() as connection:
            server_requests.forget_all(connection, server)
            count = forget_imported(connection, server)
            count += sum(
                connection.execute(
                    f"DELETE FROM {table} WHERE server = ?",  # noqa: S608 - constants
                    (server,),
                ).rowcount
                for table in ("handled", "matches", "setbacks")
            )
        # Not before: what holds requests back must not be lifted while the memory still counts.
        confirm(self._database, server)
        return count


def _keys_of(
    connection: sqlite3.Connection, server: int | None, lookups: str, wanted: Exclusion
) -> set[tuple[str, int]]:
    """Find the titles meant: by themselves, by what the id was taken for, by who has the id."""
    if wanted.key is not None:
        return {(wanted.key.kind.value, wanted.key.tmdb_id)}
    found = connection.execute(
        f"SELECT kind, tmdb FROM matches WHERE server = ? AND lookup {_IN}"  # noqa: S608 - constant
        " AND tmdb IS NOT NULL UNION SELECT kind, tmdb FROM choices"
        f" WHERE (lookup {_IN} OR imdb = ?) AND tmdb IS NOT NULL"
        " UNION SELECT handled.kind, handled.tmdb FROM handled JOIN entries"
        " ON entries.list = handled.list AND entries.entry = handled.entry"
        " WHERE handled.server = ? AND (entries.imdb = ? OR entries.tvdb = ?)",
        (server, lookups, lookups, wanted.imdb, server, wanted.imdb, wanted.tvdb),
    )
    return {(row["kind"], row["tmdb"]) for row in found}


def _forget_title(connection: sqlite3.Connection, server: int | None, key: tuple[str, int]) -> int:
    server_requests.forget(connection, server, key)
    return forget_imported(connection, server, key) + sum(
        connection.execute(
            f"DELETE FROM {table} WHERE server = ? AND kind = ? AND tmdb = ?",  # noqa: S608 - constants
            (server, *key),
        ).rowcount
        for table in ("handled", "setbacks", "matches")
    )
