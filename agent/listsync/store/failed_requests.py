"""Requests that cannot work as they are (`setbacks`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from listsync.domain.media import Definition, TitleKey
from listsync.domain.run_notes import FailedRequest
from listsync.store import row_codec as rows
from listsync.store.database import Database

_Failed = Mapping[tuple[Definition, int | None], FailedRequest]


class SqliteFailedRequests:
    """Implements `ports.titles.FailedRequests`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self) -> _Failed:
        return _failed_from(
            self._database.read("SELECT * FROM setbacks WHERE server = ?", self._server())
        )


def failed_for(database: Database, server: int | None, key: TitleKey) -> _Failed:
    """Return what of one title failed."""
    return _failed_from(
        database.read(
            "SELECT * FROM setbacks WHERE server = ? AND kind = ? AND tmdb = ?",
            *(server, key.kind, key.tmdb_id),
        )
    )


def put(connection: sqlite3.Connection, server: int, failed: _Failed) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO setbacks (server, kind, tmdb, four_k, tvdb, why, tries, retry_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(server, title.key.kind, title.key.tmdb_id, title.four_k, tvdb or 0),
                *(one.why, one.tries, rows.iso(one.retry_at)),
            )
            for (title, tvdb), one in failed.items()
        ],
    )


def _failed_from(found: Iterable[sqlite3.Row]) -> _Failed:
    return {
        (rows.definition_of(row), row["tvdb"] or None): FailedRequest(
            row["why"], row["tries"], datetime.fromisoformat(row["retry_at"])
        )
        for row in found
    }
