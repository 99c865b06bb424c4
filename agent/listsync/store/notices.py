"""What a person should learn, and since when (`notices`)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from listsync.domain.history import Key, Page
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin, Severity
from listsync.store import row_codec as rows
from listsync.store.database import Database

_KEPT = timedelta(days=30)


class SqliteNoticeLog:
    """Implements `ports.runs.NoticeLog`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, origin: Origin) -> tuple[NoticeRecord, ...]:
        found = self._database.read(
            "SELECT * FROM notices WHERE origin = ? AND ended_at IS NULL ORDER BY id", origin
        )
        return tuple(map(record_of, found))

    def latest(
        self, *, only_open: bool, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[NoticeRecord]:
        since, number = after or ("~", 0)  # behind all times
        found = self._database.look_up(
            "SELECT * FROM notices WHERE (since, id) < (:since, :id)"
            " AND (ended_at IS NULL OR NOT :only_open)"
            " ORDER BY since DESC, id DESC LIMIT :limit + 1 OFFSET :skip",
            {"since": since, "id": number, "only_open": only_open, "limit": limit, "skip": skip},
        )
        count = "SELECT count(*) FROM notices WHERE ended_at IS NULL OR NOT ?"
        total = None if after else self._database.read(count, only_open)[0][0]
        last = found[limit - 1] if len(found) > limit else None
        key = (last["since"], last["id"]) if last else None
        return Page(total, tuple(map(record_of, found[:limit])), key)

    def replace(self, origin: Origin, now: Sequence[NoticeRecord], at: datetime) -> None:
        with self._database.write() as connection:
            put_open(connection, origin, now, at)


def put_open(
    connection: sqlite3.Connection, origin: Origin, now: Sequence[NoticeRecord], at: datetime
) -> None:
    """Note what is open *now* of what *origin* says; all else of it is over since *at*.

    Every notice comes through here, in the transaction of what it tells of: what is to be sent of
    it belongs there as well.
    """
    known: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for row in connection.execute(
        "SELECT id, kind, list FROM notices WHERE origin = ? AND ended_at IS NULL ORDER BY id",
        (origin,),
    ):
        known[row["kind"], row["list"]].append(row["id"])
    for one in now:
        same = known[one.notice.kind, one.notice.list_name]
        _put(connection, origin, one, same.pop(0) if same else None)
    connection.executemany(
        "UPDATE notices SET ended_at = ? WHERE id = ?",
        [(rows.iso(at), number) for numbers in known.values() for number in numbers],
    )
    connection.execute("DELETE FROM notices WHERE ended_at < ?", (rows.iso(at - _KEPT),))


def _put(
    connection: sqlite3.Connection, origin: Origin, one: NoticeRecord, number: int | None
) -> None:
    notice = one.notice
    connection.execute(
        "INSERT INTO notices (id, origin, kind, severity, list, text, since, run)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " severity = excluded.severity, text = excluded.text, run = excluded.run",
        (
            *(number, origin, notice.kind, notice.severity, notice.list_name, notice.text),
            *(rows.iso(one.since), one.run_id),
        ),
    )


def record_of(row: sqlite3.Row) -> NoticeRecord:
    kind = NoticeKind(row["kind"])
    passes = kind.needs_person and row["severity"] == Severity.WARNING
    return NoticeRecord(
        notice=Notice(kind=kind, text=row["text"], list_name=row["list"], passes=passes),
        since=datetime.fromisoformat(row["since"]),
        run_id=row["run"],
        ended_at=rows.moment(row["ended_at"]),
    )
