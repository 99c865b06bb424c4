"""What a person excluded by command, and the forgetting of what was done with a title."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from listsync.domain.media import Exclusion, MediaType
from listsync.store import server_requests
from listsync.store.database import Database
from listsync.store.row_codec import iso
from listsync.store.server_guard import confirm


class SqliteExclusions:
    """Implements `ports.items.Exclusions`; see there."""

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
        server = self._server()
        with self._database.write() as connection:
            keys = _keys_of(connection, server, item, wanted)
            count: int = connection.execute(
                "DELETE FROM excluded WHERE item = ?", (item,)
            ).rowcount
            count += connection.execute(
                "DELETE FROM matches WHERE server = ? AND lookup IN (?, ?, ?, ?)",
                (server, *_lookups(item)),
            ).rowcount
            count += connection.execute(
                "DELETE FROM choices WHERE lookup IN (?, ?, ?, ?) OR imdb = ?",
                (*_lookups(item), wanted.imdb),
            ).rowcount
            if wanted.key is not None:
                # A number without its kind was looked up together with the title.
                begin = f"tmdb:{wanted.key.tmdb_id}|"
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
            count = sum(
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
    connection: sqlite3.Connection, server: int | None, item: str, wanted: Exclusion
) -> set[tuple[str, int]]:
    """Find the titles meant: by themselves, by what the id was taken for, by who has the id."""
    if wanted.key is not None:
        return {(wanted.key.kind.value, wanted.key.tmdb_id)}
    found = connection.execute(
        "SELECT kind, tmdb FROM matches WHERE server = ? AND lookup IN (?, ?, ?, ?)"
        " AND tmdb IS NOT NULL UNION SELECT kind, tmdb FROM choices"
        " WHERE (lookup IN (?, ?, ?, ?) OR imdb = ?) AND tmdb IS NOT NULL"
        " UNION SELECT handled.kind, handled.tmdb FROM handled JOIN entries"
        " ON entries.list = handled.list AND entries.entry = handled.entry"
        " WHERE handled.server = ? AND (entries.imdb = ? OR entries.tvdb = ?)",
        (
            *(server, *_lookups(item)),
            *(*_lookups(item), wanted.imdb),
            *(server, wanted.imdb, wanted.tvdb),
        ),
    )
    return {(row["kind"], row["tmdb"]) for row in found}


def _forget_title(connection: sqlite3.Connection, server: int | None, key: tuple[str, int]) -> int:
    server_requests.forget(connection, server, key)
    return sum(
        connection.execute(
            f"DELETE FROM {table} WHERE server = ? AND kind = ? AND tmdb = ?",  # noqa: S608 - constants
            (server, *key),
        ).rowcount
        for table in ("handled", "setbacks", "matches")
    )


def _lookups(item: str) -> tuple[str, ...]:
    """Give the lookups that an id can have been remembered by; an IMDb id's name the kind."""
    return (item, *(f"{item}|{kind}" for kind in ("", *MediaType)))
