"""What is known of the requests at a server that its index does not tell."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from listsync.domain.media import Edition, TitleKey
from listsync.domain.server import RequestStatus, ServerRequest
from listsync.domain.server_knowledge import RequestList
from listsync.store.database import Database
from listsync.store.request_log import requested_at
from listsync.store.row_codec import edition_of, iso, time_from

_PUT = """
    INSERT OR REPLACE INTO server_requests (server, kind, tmdb, four_k, status, seasons,
        request_id, lapsed, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteServerRequests:
    """Implements `ports.server.ServerRequests`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def remembered(self) -> tuple[ServerRequest, ...]:
        found = self._database.read(
            "SELECT * FROM server_requests WHERE server = ? AND NOT lapsed", self._server()
        )
        return tuple(map(_request_of, found))

    def read_at(self) -> datetime | None:
        return requests_read_at(self._database, self._server())

    def unknown(self) -> frozenset[Edition]:
        server = self._server()
        known = self._database.read(
            "SELECT kind, tmdb, four_k FROM server_requests WHERE server = ?", server
        )
        return requested_at(self._database, server) - set(map(edition_of, known))

    def save_reading(
        self, found: Sequence[ServerRequest], listed: RequestList, at: datetime
    ) -> None:
        """Keep what was read; see the port. A declined request that counted no more stays so."""
        server = self._server()
        lapsed = {
            edition_of(row): row["request_id"]
            for row in self._database.read(
                "SELECT * FROM server_requests WHERE server = ? AND lapsed", server
            )
        }
        read_at = iso(at)
        with self._database.write() as connection:
            if listed.is_whole:
                connection.execute(
                    "DELETE FROM server_requests WHERE server = ? AND status != ?",
                    (server, int(RequestStatus.NONE)),
                )
            connection.executemany(
                "DELETE FROM server_requests WHERE server = ? AND kind = ? AND tmdb = ?"
                " AND four_k = ?",
                [(server, *one.key, one.four_k) for one in listed.editions],
            )
            connection.executemany(
                _PUT,
                [(server, *_columns(one), _is_lapsed(one, lapsed), read_at) for one in found],
            )
            connection.execute(
                "UPDATE servers SET requests_read_at = ? WHERE id = ?", (read_at, server)
            )


def requests_read_at(database: Database, server: int) -> datetime | None:
    """Return when the list of requests of *server* was read last; None: never."""
    found = database.read("SELECT requests_read_at FROM servers WHERE id = ?", server)
    return time_from(found[0]["requests_read_at"])


def _is_lapsed(one: ServerRequest, lapsed: Mapping[Edition, int]) -> bool:
    """Tell a declined request that the title had when it left its lists from a newer one."""
    is_declined = one.status == RequestStatus.DECLINED
    return is_declined and (one.request_id or 0) <= lapsed.get(one.edition, -1)


def lapse(connection: sqlite3.Connection, server: int | None, title: tuple[object, ...]) -> None:
    """Let a declined request count no more: *title* (kind, tmdb, four_k) has left all lists."""
    connection.execute(
        "UPDATE server_requests SET lapsed = 1 WHERE server = ?1 AND kind = ?2 AND tmdb = ?3"
        " AND four_k = ?4 AND status = ?5 AND NOT EXISTS (SELECT 1 FROM handled"
        "   WHERE server = ?1 AND kind = ?2 AND tmdb = ?3 AND four_k = ?4)",
        (server, *title, int(RequestStatus.DECLINED)),
    )


def forget(connection: sqlite3.Connection, server: int | None, key: tuple[str, int]) -> None:
    """Let nothing that is known of a title's requests keep it from being requested."""
    connection.execute(
        "DELETE FROM server_requests WHERE server = ? AND kind = ? AND tmdb = ? AND status != ?",
        (server, *key, int(RequestStatus.DECLINED)),
    )
    connection.execute(
        "UPDATE server_requests SET lapsed = 1 WHERE server = ? AND kind = ? AND tmdb = ?",
        (server, *key),
    )


def forget_all(connection: sqlite3.Connection, server: int | None) -> None:
    """Have the server's list of requests read anew."""
    connection.execute("DELETE FROM server_requests WHERE server = ?", (server,))
    connection.execute("UPDATE servers SET requests_read_at = NULL WHERE id = ?", (server,))


def requests_of(
    database: Database, server: int | None, key: TitleKey
) -> tuple[ServerRequest, ...]:
    """Return what is known of the requests for one title."""
    found = database.read(
        "SELECT * FROM server_requests WHERE server = ? AND kind = ? AND tmdb = ? AND NOT lapsed",
        server,
        key.kind,
        key.tmdb_id,
    )
    return tuple(map(_request_of, found))


def note_seen(
    connection: sqlite3.Connection, server: int | None, seen: Iterable[ServerRequest], at: str
) -> None:
    """Keep what was found out of single titles."""
    connection.executemany(_PUT, [(server, *_columns(one), False, at) for one in seen])


def note_request(
    connection: sqlite3.Connection, server: int | None, editions: Iterable[Edition]
) -> None:
    """Note that there is a request for each title now, whatever was there before."""
    connection.executemany(
        "DELETE FROM server_requests WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?"
        " AND (lapsed OR status = ?)",
        [
            (server, one.key.kind, one.key.tmdb_id, one.four_k, int(RequestStatus.NONE))
            for one in editions
        ],
    )


def _columns(one: ServerRequest) -> tuple[object, ...]:
    key = one.edition.key
    seasons = json.dumps(sorted(one.seasons))
    return (
        key.kind,
        key.tmdb_id,
        one.edition.four_k,
        int(one.status),
        seasons,
        one.request_id,
    )


def _request_of(row: sqlite3.Row) -> ServerRequest:
    return ServerRequest(
        edition=edition_of(row),
        status=row["status"],
        request_id=row["request_id"],
        seasons=frozenset(json.loads(row["seasons"])),
    )
