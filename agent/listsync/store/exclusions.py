"""What a person excluded by command, and the forgetting of what was done with a title."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime

from listsync.domain.media import BY_COMMAND, Exclusion, parse_exclusion
from listsync.domain.run_notes import ExcludedEntries
from listsync.store import server_requests
from listsync.store.database import Database
from listsync.store.imported_titles import forget_imported
from listsync.store.row_codec import iso
from listsync.store.server_guard import confirm

_IN = "IN (SELECT value FROM json_each(?))"

_ENTRIES_MEANT = """FROM entries WHERE check_ids = 0 AND (imdb = :imdb OR tvdb = :tvdb)
    OR EXISTS (
        SELECT 1 FROM json_each(:keys) AS one
        WHERE check_ids = 0 AND kind = one.value ->> 0 AND tmdb = one.value ->> 1
    )
    OR lookup IN (
        SELECT lookup FROM json_each(:keys) AS one JOIN matches
            ON server = :server AND kind = one.value ->> 0 AND tmdb = one.value ->> 1
        UNION SELECT lookup FROM json_each(:keys) AS one JOIN choices
            ON kind = one.value ->> 0 AND tmdb = one.value ->> 1
    )
"""


class SqliteExclusions:
    """Implements `ports.titles.Exclusions`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def add(self, item: str, at: datetime) -> None:
        wanted = parse_exclusion(item)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO excluded (item, at) VALUES (?, ?)",
                (item, iso(at)),
            )
            connection.execute(
                "INSERT OR IGNORE INTO excluded_entries (list, entry, said_by)"
                f" SELECT list, entry, :by {_ENTRIES_MEANT}",
                self._meant(connection, wanted),
            )

    def _meant(self, connection: sqlite3.Connection, wanted: Exclusion) -> dict[str, object]:
        """Give the parameters of `_ENTRIES_MEANT`."""
        server, lookups = self._server(), json.dumps(wanted.lookups)
        keys = _keys_of(connection, server, lookups, wanted)
        return {
            "by": BY_COMMAND,
            "server": server,
            "keys": json.dumps(sorted(keys)),
            "imdb": wanted.imdb,
            "tvdb": wanted.tvdb,
        }

    def all(self) -> tuple[str, ...]:
        return tuple(row["item"] for row in self._database.read("SELECT item FROM excluded"))

    def forget(self, item: str, wanted: Exclusion) -> int:
        server, lookups = self._server(), json.dumps(wanted.lookups)
        with self._database.write() as connection:
            keys = _keys_of(connection, server, lookups, wanted)
            # What else excludes them, the next sync says.
            connection.execute(
                "DELETE FROM excluded_entries WHERE said_by = :by AND (list, entry) IN ("  # noqa: S608 - constant
                f"SELECT list, entry {_ENTRIES_MEANT})",
                self._meant(connection, wanted),
            )
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


def put_excluded(connection: sqlite3.Connection, excluded: ExcludedEntries | None) -> None:
    """Keep which entries are excluded, of the lists that it is said of; writes what differs."""
    if excluded is None:
        return
    values = {
        "lists": json.dumps(sorted(excluded.sources)),
        "entries": json.dumps([(*entry, by) for entry, by in excluded.by.items()]),
    }
    connection.execute(
        "DELETE FROM excluded_entries WHERE"
        " list IN (SELECT id FROM followed WHERE source IN (SELECT value FROM json_each(:lists)))"
        " AND (list, entry) NOT IN (SELECT followed.id, value ->> 1 FROM json_each(:entries)"
        "   JOIN followed ON source = value ->> 0)",
        values,
    )
    connection.execute(
        "INSERT INTO excluded_entries (list, entry, said_by)"
        " SELECT followed.id, value ->> 1, value ->> 2 FROM json_each(:entries)"
        "   JOIN followed ON source = value ->> 0 WHERE true"
        " ON CONFLICT DO UPDATE SET said_by = excluded.said_by"
        " WHERE said_by != excluded.said_by",
        values,
    )


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
