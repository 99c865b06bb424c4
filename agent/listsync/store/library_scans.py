"""Scans of folders on their way to media servers (`library_scans`, `scan_servers`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from listsync.domain.history import Page
from listsync.domain.messages import Message
from listsync.domain.transfers import LibraryScan, NewScan, ScanState
from listsync.store.database import Database
from listsync.store.job_rows import path_from, path_text, plain, texts
from listsync.store.messages import put_messages
from listsync.store.row_codec import iso, page_of, time_from

QUIET = timedelta(seconds=15)
"""How long a scan waits for others of its folder, ..."""
QUIET_BY = timedelta(minutes=2)
"""... and how long the first does, if they go on coming."""
_KEPT = timedelta(days=30)
_MOST_FORGOTTEN = 100
_MOST_TOGETHER = 500
_MOST_EXPECTED = 500
"""Files of one folder that a media server is asked for."""
_NEWER_THAN_ALL = 2**63 - 1
_OPEN = "state IN ('waiting', 'sent')"
_ENDED = frozenset(ScanState) - {ScanState.WAITING, ScanState.SENT}


class SqliteScanQueue:
    """Implements `ports.transfers.ScanQueue`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def follow(self, servers: Sequence[str], at: datetime) -> None:
        known = {row["name"] for row in self._database.read("SELECT name FROM scan_servers")}
        if known == {*servers}:
            return
        with self._database.write() as connection:
            connection.execute("DELETE FROM scan_servers")
            connection.executemany(
                "INSERT INTO scan_servers (name) VALUES (?)", [(name,) for name in servers]
            )
            connection.execute(
                "UPDATE library_scans SET state = 'cancelled', ended_at = ?,"  # noqa: S608 - constants
                " why = 'there is no such media server any more'"
                f" WHERE {_OPEN} AND server NOT IN (SELECT name FROM scan_servers)",
                (iso(at),),
            )

    def due(self, server: str, at: datetime) -> tuple[LibraryScan, ...]:
        rows = self._database.read(
            f"SELECT * FROM library_scans WHERE server = ? AND {_OPEN} AND due_at <= ?"  # noqa: S608 - so
            " ORDER BY due_at, id LIMIT ?",
            *(server, iso(at), _MOST_TOGETHER),
        )
        return tuple(map(_scan_of, rows))

    def next_due(self, server: str, at: datetime) -> datetime | None:  # noqa: ARG002 - the port's
        ((due,),) = self._database.read(
            f"SELECT min(due_at) FROM library_scans WHERE server = ? AND {_OPEN}",  # noqa: S608 - so
            server,
        )
        return time_from(due)

    def settle(
        self, scans: Sequence[LibraryScan], messages: Sequence[Message], at: datetime
    ) -> None:
        with self._database.write() as connection:
            for scan in scans:
                _settle(connection, scan, at)
            numbers = put_messages(connection, messages, at)
            _forget(connection, at)
        if numbers:
            self._database.announce()

    def page(
        self,
        state: Collection[ScanState] | None,
        limit: int,
        after: int | None,
        skip: int = 0,
    ) -> Page[LibraryScan]:
        states = json.dumps([*(state or ScanState)])
        which = "state IN (SELECT value FROM json_each(?))"
        last = _NEWER_THAN_ALL if after is None else after
        found = self._database.read(
            f"SELECT * FROM library_scans WHERE {which} AND id < ?"  # noqa: S608 - constants
            " ORDER BY id DESC LIMIT ? + 1 OFFSET ?",
            *(states, last, limit, skip),
        )
        count = f"SELECT count(*) FROM library_scans WHERE {which}"  # noqa: S608 - so
        total = None if after is not None else self._database.read(count, states)[0][0]
        return page_of(total, [*map(_scan_of, found[:limit])], found, "id")

    def of_folder(self, folder: str, limit: int) -> tuple[LibraryScan, ...]:
        rows = self._database.read(
            "SELECT * FROM library_scans WHERE folder = ? ORDER BY id DESC LIMIT ?",
            *(path_text(folder), limit),
        )
        return tuple(map(_scan_of, rows))

    def retry(self, numbers: Collection[int], at: datetime) -> tuple[int, ...]:
        with self._database.write() as connection:
            rows = connection.execute(
                "UPDATE OR IGNORE library_scans SET state = 'waiting', due_at = ?, tries = 0,"
                " ended_at = NULL, why = '' WHERE id IN (SELECT value FROM json_each(?))"
                " AND state NOT IN ('sent', 'shown')"
                " AND server IN (SELECT name FROM scan_servers) RETURNING id",
                (iso(at), json.dumps([*numbers])),
            ).fetchall()
        return tuple(row["id"] for row in rows)

    def resume(self, server: str, at: datetime) -> None:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE OR IGNORE library_scans SET state = 'waiting', due_at = ?, tries = 0,"
                " ended_at = NULL, why = '' WHERE server = ? AND state = 'needs_attention'"
                " AND server IN (SELECT name FROM scan_servers)",
                (iso(at), server),
            )


def put_scans(connection: sqlite3.Connection, scans: Iterable[NewScan], at: datetime) -> None:
    """Have every media server look at folders; one that it waits to look at is joined."""
    scans = tuple(scans)
    servers = [row["name"] for row in connection.execute("SELECT name FROM scan_servers")]
    for scan in scans if servers else ():
        for server in servers:
            _put(connection, server, scan, at)


def _put(connection: sqlite3.Connection, server: str, scan: NewScan, at: datetime) -> None:
    found = connection.execute(
        "SELECT * FROM library_scans WHERE server = ? AND folder = ? AND state = 'waiting'",
        (server, path_text(scan.folder)),
    ).fetchone()
    if found is None:
        values = server, path_text(scan.folder), path_text(scan.health_root)
        connection.execute(
            "INSERT INTO library_scans (server, folder, health_root, state, expects, created_at,"
            " due_at) VALUES (?, ?, ?, 'waiting', ?, ?, ?)",
            (*values, texts(scan.expects[:_MOST_EXPECTED]), iso(at), iso(at + QUIET)),
        )
        return
    expects = dict.fromkeys((*json.loads(found["expects"]), *scan.expects))
    by = datetime.fromisoformat(found["created_at"]) + QUIET_BY
    connection.execute(
        "UPDATE library_scans SET expects = ?, due_at = iif(tries, due_at, ?) WHERE id = ?",
        (texts([*expects][:_MOST_EXPECTED]), iso(min(at + QUIET, max(by, at))), found["id"]),
    )


def _settle(connection: sqlite3.Connection, scan: LibraryScan, at: datetime) -> None:
    """Write how a scan stands; one that is to be sent again is folded into one that waits."""
    changed = connection.execute(
        "UPDATE OR IGNORE library_scans SET state = ?, due_at = ?, sent_at = ?, tries = ?,"  # noqa: S608 - so
        f" why = ?, ended_at = ? WHERE id = ? AND {_OPEN}",
        (
            scan.state,
            iso(scan.due_at),
            iso(scan.sent_at) if scan.sent_at else None,
            scan.tries,
            plain(scan.why),
            iso(at) if scan.state in _ENDED else None,
            scan.number,
        ),
    ).rowcount
    if not changed and scan.state is ScanState.WAITING:
        connection.execute(
            "UPDATE library_scans SET state = 'cancelled', ended_at = ?,"  # noqa: S608 - constants
            f" why = 'another scan of the folder waits' WHERE id = ? AND {_OPEN}",
            (iso(at), scan.number),
        )


def _forget(connection: sqlite3.Connection, at: datetime) -> None:
    connection.execute(
        "DELETE FROM library_scans WHERE id IN"
        " (SELECT id FROM library_scans WHERE ended_at < ? LIMIT ?)",
        (iso(at - _KEPT), _MOST_FORGOTTEN),
    )


def _scan_of(row: sqlite3.Row) -> LibraryScan:
    return LibraryScan(
        number=row["id"],
        server=row["server"],
        state=ScanState(row["state"]),
        wanted=NewScan(
            folder=path_from(row["folder"]),
            health_root=PurePosixPath(path_from(row["health_root"])),
            expects=tuple(json.loads(row["expects"])),
        ),
        due_at=datetime.fromisoformat(row["due_at"]),
        tries=row["tries"],
        sent_at=time_from(row["sent_at"]),
        why=row["why"],
    )
