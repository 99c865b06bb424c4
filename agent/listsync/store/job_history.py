"""What people ask about jobs, and have done with them (`transfer_jobs`)."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from listsync.domain.history import Page
from listsync.domain.transfers import (
    FailureClass,
    JobAttempt,
    JobKind,
    JobState,
    TransferCounts,
    TransferJob,
)
from listsync.store.database import Database
from listsync.store.job_rows import LIVE, job_of
from listsync.store.row_codec import iso, page_of, time_from

_NEWER_THAN_ALL = 2**63 - 1
_KEPT = timedelta(days=30)
_MOST_FORGOTTEN = 100
"""In one go."""


class SqliteJobHistory:
    """Implements `ports.transfers.JobHistory`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        state: Collection[JobState] | None,
        limit: int,
        after: int | None,
        kind: JobKind | None = None,
        skip: int = 0,
    ) -> Page[TransferJob]:
        which, values = "true", list[str]()
        if state is not None:
            which += " AND state IN (SELECT value FROM json_each(?))"
            values.append(json.dumps([*state]))
        if kind is not None:
            which += " AND kind = ?"
            values.append(kind)
        last = _NEWER_THAN_ALL if after is None else after
        found = self._database.read(
            f"SELECT * FROM transfer_jobs WHERE {which} AND id < ?"  # noqa: S608 - constants
            " ORDER BY id DESC LIMIT ? + 1 OFFSET ?",
            *(*values, last, limit, skip),
        )
        count = f"SELECT count(*) FROM transfer_jobs WHERE {which}"  # noqa: S608 - so
        total = None if after is not None else self._database.read(count, *values)[0][0]
        return page_of(total, [*map(job_of, found[:limit])], found, "id")

    def find(self, number: int) -> TransferJob | None:
        rows = self._database.read("SELECT * FROM transfer_jobs WHERE id = ?", number)
        return job_of(rows[0]) if rows else None

    def attempts(self, number: int) -> tuple[JobAttempt, ...]:
        rows = self._database.read(
            "SELECT * FROM transfer_attempts WHERE job = ? ORDER BY number", number
        )
        return tuple(map(_attempt_of, rows))

    def retry(self, numbers: Collection[int], at: datetime) -> tuple[int, ...]:
        with self._database.write() as connection:
            rows = connection.execute(
                "UPDATE OR IGNORE transfer_jobs SET state = 'queued', next_at = ?, attempts = 0,"
                " ended_at = NULL, cancel_requested = 0, rerun = 0, why = '',"
                " blocked_on = ''"
                " WHERE id IN (SELECT value FROM json_each(?))"
                " AND state IN ('retry_wait', 'blocked', 'needs_attention', 'cancelled')"
                " RETURNING id",
                (iso(at), json.dumps([*numbers])),
            ).fetchall()
        return tuple(sorted(row["id"] for row in rows))

    def failed_since(self, since: datetime) -> tuple[int, ...]:
        rows = self._database.read(
            "SELECT id FROM transfer_jobs WHERE (state = 'needs_attention' AND ended_at >= ?1)"
            " OR (state = 'retry_wait' AND started_at >= ?1) ORDER BY id",
            iso(since),
        )
        return tuple(row["id"] for row in rows)

    def cancel(self, number: int, at: datetime) -> bool:
        with self._database.write() as connection:
            return (
                connection.execute(
                    "UPDATE transfer_jobs SET rerun = 0, cancel_requested = 1,"
                    " ended_at = iif(state = 'running', NULL, ?1),"
                    " why = iif(state = 'running', why, 'cancelled'),"
                    " state = iif(state = 'running', state, 'cancelled')"
                    " WHERE id = ?2 AND state NOT IN ('succeeded', 'skipped', 'cancelled')",
                    (iso(at), number),
                ).rowcount
                > 0
            )

    def counts(self, since: datetime | None, until: datetime | None = None) -> TransferCounts:
        rows = self._database.look_up(
            _COUNTS + (_FORGOTTEN if since is None else ""),
            {"since": iso(since) if since else "", "until": iso(until) if until else "~"},
        )
        return _counts_of(map(_Counted._make, rows))

    def counts_since(self, since: Sequence[datetime | None]) -> tuple[TransferCounts, ...]:
        """Go through what has ended once for all of *since*, and once through what is live."""
        live = [*map(_Counted._make, self._database.read(_LIVE_COUNTS))]
        forgotten = [*map(_Counted._make, self._database.read(_FORGOTTEN_COUNTS))]
        ended = self._database.read(
            f"SELECT state, kind, {', '.join([_SINCE] * len(since))} FROM transfer_jobs"  # noqa: S608 - constants
            f" WHERE ended_at NOT NULL AND NOT {LIVE} GROUP BY state, kind",
            *(iso(at) if at else "" for at in since for _ in range(2)),
        )
        found = []
        for place, at in enumerate(since):
            columns = 2 + 2 * place
            here = [_Counted(*row[:2], *row[columns : columns + 2]) for row in ended]
            counted = [one for one in here if one.number]
            found.append(_counts_of([*live, *counted, *(() if at else forgotten)]))
        return tuple(found)


class _Counted(NamedTuple):
    """How many jobs of some kind are in some state, and what they copied."""

    state: str
    kind: str
    number: int
    bytes: int


_SINCE = "sum(ended_at >= ?), sum(iif(ended_at >= ?, bytes, 0))"
_LIVE_COUNTS = (
    f"SELECT state, kind, count(*) AS number, 0 AS bytes FROM transfer_jobs WHERE {LIVE}"  # noqa: S608 - so
    " GROUP BY state, kind"
)
_FORGOTTEN_COUNTS = "SELECT state, kind, number, bytes FROM forgotten_jobs"


_COUNTS = (
    "SELECT state, kind, count(*) AS number, sum(bytes) AS bytes FROM transfer_jobs"  # noqa: S608 - so
    " INDEXED BY transfer_jobs_ended WHERE ended_at >= :since AND ended_at < :until"
    f" AND NOT {LIVE} GROUP BY state, kind UNION ALL {_LIVE_COUNTS}"
)
_FORGOTTEN = f" UNION ALL {_FORGOTTEN_COUNTS}"


def _counts_of(rows: Iterable[_Counted]) -> TransferCounts:
    states, copied = Counter[JobState](), Counter[JobKind]()
    bytes_ = 0
    for row in rows:
        state = JobState(row.state)
        states[state] += row.number
        if state is JobState.SUCCEEDED:
            copied[JobKind(row.kind)] += row.number
            bytes_ += row.bytes
    movies, episodes = copied[JobKind.MOVIE], copied[JobKind.EPISODE]
    return TransferCounts(by_state=states, movies=movies, episodes=episodes, bytes=bytes_)


def _attempt_of(row: sqlite3.Row) -> JobAttempt:
    return JobAttempt(
        number=row["number"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=time_from(row["ended_at"]),
        exit_code=row["exit_code"],
        failure=FailureClass(row["failure"]) if row["failure"] else None,
        bytes=row["bytes"],
        why=row["why"],
        errors=row["errors"],
    )


def forget_jobs(connection: sqlite3.Connection, at: datetime) -> None:
    """Delete what has ended long ago, but for what needs somebody; what it came to is kept."""
    rows = connection.execute(
        "SELECT id, state, kind, bytes FROM transfer_jobs"
        " WHERE ended_at < ? AND state != 'needs_attention' LIMIT ?",
        (iso(at - _KEPT), _MOST_FORGOTTEN),
    ).fetchall()
    if not rows:
        return
    connection.executemany(
        "INSERT INTO forgotten_jobs (state, kind, number, bytes) VALUES (?, ?, 1, ?)"
        " ON CONFLICT (state, kind) DO UPDATE SET number = number + 1,"
        " bytes = bytes + excluded.bytes",
        [(row["state"], row["kind"], row["bytes"]) for row in rows],
    )
    connection.executemany(
        "DELETE FROM transfer_jobs WHERE id = ?", [(row["id"],) for row in rows]
    )
