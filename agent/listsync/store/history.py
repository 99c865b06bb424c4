"""Runs, and what a person should learn, since when and until when (`runs`, `notices`)."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from listsync.domain.history import Key, Page, RunRow
from listsync.domain.message_of_notice import messages_of_changes
from listsync.domain.message_texts import beat_of_start, beats_of_end, messages_of_run
from listsync.domain.notices import (
    Notice,
    NoticeKind,
    NoticeRecord,
    Origin,
    Severity,
    SyncFindings,
    changes,
    open_after,
    renewed,
)
from listsync.domain.report import SyncReport, SyncRun, Verdict
from listsync.domain.run_messages import message_of
from listsync.store.database import Database
from listsync.store.messages import drop_more, put_messages
from listsync.store.row_codec import iso, page_of, time_from
from listsync.store.server_index import TitleStatusTable

_KEPT = timedelta(days=30)
_OPEN = "SELECT * FROM notices WHERE origin = ? AND ended_at IS NULL ORDER BY id"


class SqliteNotices:
    """Implements `ports.runs.Notices`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def emit(self, origin: Origin, now: Sequence[NoticeRecord], at: datetime) -> None:
        with self._database.write() as connection:
            emit_notices(connection, origin, now, at)
        self._database.announce()

    def open(self, origin: Origin) -> tuple[NoticeRecord, ...]:
        return tuple(map(record_of, self._database.read(_OPEN, origin)))

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
        return page_of(total, [*map(record_of, found[:limit])], found, "since", "id")


def emit_notices(
    connection: sqlite3.Connection, origin: Origin, now: Sequence[NoticeRecord], at: datetime
) -> None:
    """Take what is open *now* of what *origin* says; all else of it is over since *at*.

    The one way in of all notices, in the transaction of what they tell of: who sends messages of
    them writes these here, of the `NoticeChanges`.
    """
    found = changes(map(record_of, connection.execute(_OPEN, (origin,))), now)
    drop_more(connection, [one.number for one in found.ended], at)
    opened = tuple(_opened(connection, origin, one) for one in found.opened)
    connection.executemany(
        "UPDATE notices SET severity = ?, text = ?, run = ?, titles = ?, count = ? WHERE id = ?",
        map(_values_of, found.renewed),
    )
    connection.executemany(
        "UPDATE notices SET ended_at = ? WHERE id = ?",
        [(iso(at), one.number) for one in found.ended],
    )
    ended = tuple(replace(one, ended_at=at) for one in found.ended)
    messages = messages_of_changes(replace(found, opened=opened, ended=ended), at)
    put_messages(connection, messages, at)
    connection.execute("DELETE FROM notices WHERE ended_at < ?", (iso(at - _KEPT),))


def _opened(connection: sqlite3.Connection, origin: Origin, one: NoticeRecord) -> NoticeRecord:
    number = connection.execute(
        "INSERT INTO notices (severity, text, run, titles, count, id, origin, kind, list, since)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_values_of(one), origin, *one.is_about, iso(one.since)),
    ).lastrowid
    return replace(one, number=number)


def _values_of(one: NoticeRecord) -> tuple[object, ...]:
    notice = one.notice
    titles = None if notice.titles is None else json.dumps(sorted(notice.titles))
    return notice.severity, notice.text, one.run_id, titles, notice.count, one.number


def _emit_findings(
    connection: sqlite3.Connection, found: SyncFindings, followed: Collection[str] | None = None
) -> None:
    before = map(record_of, connection.execute(_OPEN, (Origin.SYNC,)))
    emit_notices(connection, Origin.SYNC, open_after(before, found, followed), found.at)


def record_of(row: sqlite3.Row) -> NoticeRecord:
    kind = NoticeKind(row["kind"])
    passes = kind.needs_person and row["severity"] == Severity.WARNING
    return NoticeRecord(
        notice=Notice(
            kind=kind,
            text=row["text"],
            list_name=row["list"],
            passes=passes,
            titles=frozenset(json.loads(row["titles"])) if row["titles"] else None,
            count=row["count"],
        ),
        since=datetime.fromisoformat(row["since"]),
        run_id=row["run"],
        ended_at=time_from(row["ended_at"]),
        number=row["id"],
    )


class SqliteRunLog:
    """Implements `ports.runs.RunLog`; *followed* are the names of the lists that are, if known."""

    def __init__(
        self,
        database: Database,
        server: Callable[[], int | None],
        statuses: TitleStatusTable,
        followed: Collection[str] | None = None,
    ) -> None:
        self._database = database
        self._followed = followed
        self._server = server
        self._statuses = statuses

    def begin(self, run: SyncRun) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at) VALUES (?, ?, ?)",
                (run.run_id, run.origin, iso(run.started_at)),
            )
            put_messages(connection, [beat_of_start(run)], run.started_at)
        self._database.announce()

    def is_first(self) -> bool:
        return not self._database.read(
            "SELECT 1 FROM runs WHERE server = ?"
            " AND (result = 'ok' OR (result = 'partly' AND requested > 0)) LIMIT 1",
            self._server(),
        )

    def end(self, report: SyncReport, at: datetime, found: SyncFindings) -> None:
        counts = {
            one.name: {"outcome": one.outcome, **(Counter(one.verdicts) + Counter(one.departed))}
            for one in report.lists
        }
        own = renewed((), report.notices, at, report.run.run_id)
        self._statuses.write(report.run)
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = ?, why = ?, message = ?, requested = ?,"
                " calls = ?, lists = ?, notices = ? WHERE id = ?",
                (
                    iso(at),
                    report.result,
                    report.why,
                    message_of(report),
                    len(report.requested),
                    report.calls,
                    json.dumps(counts),
                    _notices_text(own),
                    report.run.run_id,
                ),
            )
            connection.execute(
                "DELETE FROM runs WHERE started_at < ? AND id != ? AND (result IS NULL"
                " OR result NOT IN ('ok', 'partly') OR EXISTS (SELECT 1 FROM runs AS later"
                " WHERE later.server = runs.server AND later.started_at > runs.started_at"
                " AND later.result IN ('ok', 'partly')))",
                (iso(at - _KEPT), report.run.run_id),
            )
            _emit_findings(connection, found, self._followed)
            put_messages(connection, messages_of_run(report, at), at)
            # One that was stopped before it could begin has no row yet: `note_end` writes it.
            for row in connection.execute(
                "SELECT * FROM runs WHERE id = ?", (report.run.run_id,)
            ).fetchall():
                put_messages(connection, beats_of_end(_run(row)), at)
        self._database.announce()


class SqliteRunHistory:
    """Implements `ports.runs.RunHistory`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        at, run_id = after or ("~", "")  # behind all times
        found = self._database.look_up(
            "SELECT * FROM runs WHERE id IN (SELECT id FROM runs"  # passed over in the index alone
            "   WHERE (started_at, id) < (:at, :id)"
            "   ORDER BY started_at DESC, id DESC LIMIT :limit + 1 OFFSET :skip"
            " ) ORDER BY started_at DESC, id DESC",
            {"limit": limit, "skip": skip, "at": at, "id": run_id},
        )
        total = None if after else self._database.read("SELECT count(*) FROM runs")[0][0]
        return page_of(total, [*map(_run, found[:limit])], found, "started_at", "id")

    def find(self, run_id: str) -> RunRow | None:
        # By comparison and not by LIKE, in which a % would stand for anything.
        found = self._database.read(
            "SELECT * FROM runs WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1"
            " AND id < ?1 || char(0x10FFFF) LIMIT 2",
            run_id,
        )
        return _run(found[0]) if len(found) == 1 else None

    def results(self, start: datetime, end: datetime) -> Mapping[str, int]:
        found = self._database.read(
            "SELECT result, count(*) AS number FROM runs"
            " WHERE started_at >= ? AND started_at < ? AND result IS NOT NULL GROUP BY result",
            iso(start),
            iso(end),
        )
        return {row["result"]: row["number"] for row in found}

    def note_end(self, row: RunRow, found: SyncFindings) -> None:
        began, ended = (iso(at) if at else None for at in (row.started_at, row.ended_at))
        with self._database.write() as connection:
            noted = connection.execute(
                "INSERT INTO runs (id, origin, started_at, ended_at, result, why, message,"
                " requested, calls) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at,"
                " result = excluded.result, why = excluded.why, message = excluded.message,"
                " requested = excluded.requested, calls = excluded.calls"
                " WHERE result IS NULL OR result = 'cut_off'",
                (
                    row.run_id,
                    row.origin,
                    began,
                    ended,
                    row.result,
                    row.why,
                    row.message,
                    row.requested,
                    row.calls,
                ),
            )
            if noted.rowcount:
                _emit_findings(connection, found)
                put_messages(connection, beats_of_end(row), found.at)
        self._database.announce()

    def close_cut_off(self, at: datetime) -> None:
        with self._database.write() as connection:
            close_open_runs(connection, at, "the process ended")


def close_open_runs(connection: sqlite3.Connection, at: datetime, why: str) -> None:
    """Note that no run goes on, as each that has no end was cut off, and *why*."""
    connection.execute(
        "UPDATE runs SET ended_at = ?, result = 'cut_off', message = ? WHERE result IS NULL",
        (iso(at), f"cut off: {why}"),
    )


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(
        run_id=row["id"],
        origin=row["origin"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=time_from(row["ended_at"]),
        result=row["result"],
        why=row["why"] or "",
        message=row["message"] or "",
        requested=row["requested"] or 0,
        calls=row["calls"] or 0,
        counts=_counts_of(row["lists"]),
        notices=tuple(one.notice for one in notices_of(row["notices"]) if one.run_id == row["id"]),
    )


def _notices_text(notices: Sequence[NoticeRecord]) -> str:
    """Write what a run said."""
    return json.dumps(
        [
            {
                "kind": one.notice.kind,
                "text": one.notice.text,
                "list": one.notice.list_name,
                "since": iso(one.since),
                "run": one.run_id,
            }
            for one in notices
        ],
        ensure_ascii=False,
    )


def notices_of(text: str | None) -> tuple[NoticeRecord, ...]:
    """Read what `_notices_text` wrote."""
    return tuple(
        NoticeRecord(
            notice=Notice(kind=NoticeKind(one["kind"]), text=one["text"], list_name=one["list"]),
            since=datetime.fromisoformat(one["since"]),
            run_id=one["run"],
        )
        for one in json.loads(text or "[]")
    )


def _counts_of(text: str | None) -> Counter[Verdict]:
    """Add up what became of the entries of all lists of a run."""
    counts: Counter[Verdict] = Counter()
    for one in json.loads(text or "{}").values():
        counts.update({verdict: one.get(verdict.value, 0) for verdict in Verdict})
    return +counts
