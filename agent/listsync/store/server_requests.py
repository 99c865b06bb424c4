"""What is known of the requests at a server that its index does not tell."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from listsync.domain.media import Definition
from listsync.domain.server import RequestStatus, ServerRequest
from listsync.store import rows
from listsync.store.database import Database


class SqliteServerRequests:
    """Implements `ports.ServerRequests` for one server; see there."""

    def __init__(self, database: Database, server: int) -> None:
        self._database = database
        self._server = server

    def remembered(self) -> tuple[ServerRequest, ...]:
        found = self._database.read(
            "SELECT * FROM server_requests WHERE server = ? AND NOT lapsed", self._server
        )
        return tuple(map(_request_of, found))


def note_seen(
    connection: sqlite3.Connection, server: int | None, seen: Iterable[ServerRequest], at: str
) -> None:
    """Keep what was found out of single titles."""
    connection.executemany(
        "INSERT OR REPLACE INTO server_requests (server, kind, tmdb, four_k, status, seasons,"
        " request_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(server, *_columns(one), at) for one in seen],
    )


def note_request(
    connection: sqlite3.Connection, server: int | None, definitions: Iterable[Definition]
) -> None:
    """Note that there is a request for each title now, whatever was there before."""
    connection.executemany(
        "DELETE FROM server_requests WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?"
        " AND status = ?",
        [
            (server, one.key.kind, one.key.tmdb_id, one.four_k, int(RequestStatus.NONE))
            for one in definitions
        ],
    )


def _columns(one: ServerRequest) -> tuple[object, ...]:
    key = one.definition.key
    seasons = json.dumps(sorted(one.seasons))
    return (
        key.kind,
        key.tmdb_id,
        one.definition.four_k,
        int(one.status),
        seasons,
        one.request_id,
    )


def _request_of(row: sqlite3.Row) -> ServerRequest:
    return ServerRequest(
        definition=rows.definition_of(row),
        status=row["status"],
        request_id=row["request_id"],
        seasons=frozenset(json.loads(row["seasons"])),
    )
