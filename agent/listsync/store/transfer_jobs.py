"""Copies that wait, run or have ended, with their attempts (`transfer_jobs`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from listsync.domain.messages import Message
from listsync.domain.transfers import (
    FailureClass,
    ImportApp,
    JobAttempt,
    JobKind,
    JobState,
    NewJob,
    NewScan,
    TransferJob,
)
from listsync.store.database import Database
from listsync.store.job_history import forget_jobs
from listsync.store.job_rows import (
    LIVE,
    WAITING,
    job_of,
    label_text,
    path_text,
    plain,
    texts,
)
from listsync.store.library_scans import put_scans
from listsync.store.messages import put_messages
from listsync.store.row_codec import iso, time_from

MOST_OF_BATCH = 500
LEASE = timedelta(seconds=60)
_RENEWED_EVERY = timedelta(seconds=20)
_SETTLES = timedelta(seconds=2)
"""How long a job waits for others of its folder, ..."""
_SETTLES_BY = timedelta(seconds=20)
"""... and how long the first of them does, if they go on coming."""
_BLOCKED = timedelta(minutes=5)
"""How often what is blocked is tried, should nobody say that it can go on."""
_MOST_ATTEMPTS = 50
_SMALL = 4 * 1000**3
"""Bytes up to which a file is copied before larger ones."""


class SqliteJobQueue:
    """Implements `ports.transfers.JobQueue`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, owner: str, busy: Collection[PurePosixPath], at: datetime
    ) -> tuple[TransferJob, ...]:
        values = {
            "at": iso(at),
            "busy": json.dumps([*map(path_text, busy)]),
            "most": MOST_OF_BATCH,
        }
        leased = iso(at), owner, iso(at + LEASE)
        with self._database.write() as connection:
            rows = connection.execute(_NEXT, values).fetchall()
            connection.executemany(_LEASE, [(*leased, row["id"]) for row in rows])
        running = JobState.RUNNING
        taken = (replace(job_of(row), state=running, blocked_on="", started_at=at) for row in rows)
        return tuple(sorted(taken, key=lambda job: job.wanted.place.relative))

    def renew(self, owner: str, at: datetime) -> frozenset[int]:
        running = "state = 'running' AND owner = ?"
        with self._database.write() as connection:
            connection.execute(
                f"UPDATE transfer_jobs SET lease_until = ? WHERE {running} AND lease_until < ?",  # noqa: S608 - constants
                (iso(at + LEASE), owner, iso(at + LEASE - _RENEWED_EVERY)),
            )
            rows = connection.execute(
                f"SELECT id FROM transfer_jobs WHERE {running} AND cancel_requested",  # noqa: S608 - so
                (owner,),
            ).fetchall()
        return frozenset(row["id"] for row in rows)

    def note_begun(self, numbers: Collection[int]) -> None:
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE transfer_jobs SET has_begun = 1 WHERE id = ?",
                [(number,) for number in numbers],
            )

    def settle(
        self,
        jobs: Sequence[TransferJob],
        attempts: Mapping[int, JobAttempt],
        scans: Sequence[NewScan],
        messages: Sequence[Message],
        at: datetime,
    ) -> None:
        with self._database.write() as connection:
            for job in jobs:
                _settle(connection, job, attempts.get(job.number), at)
            put_scans(connection, scans, at)
            numbers = put_messages(connection, messages, at)
            forget_jobs(connection, at)
        if numbers:
            self._database.announce()

    def has_copied(self, root: PurePosixPath, relative: PurePosixPath) -> bool:
        return bool(
            self._database.read(
                "SELECT 1 FROM copied_files WHERE destination_root = ? AND relative = ?",
                *(path_text(root), path_text(relative)),
            )
        )

    def note_copied(self, root: PurePosixPath, relative: PurePosixPath) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO copied_files (destination_root, relative) VALUES (?, ?)",
                (path_text(root), path_text(relative)),
            )

    def forget_copied(self, root: PurePosixPath, relatives: Collection[PurePosixPath]) -> None:
        with self._database.write() as connection:
            connection.executemany(
                "DELETE FROM copied_files WHERE destination_root = ? AND relative = ?",
                [(path_text(root), path_text(one)) for one in relatives],
            )

    def recover(self, is_alive: Callable[[str], bool], at: datetime) -> tuple[TransferJob, ...]:
        rows = self._database.read("SELECT * FROM transfer_jobs WHERE state = 'running'")
        alive = {owner for owner in {row["owner"] for row in rows} if is_alive(owner)}
        left = [r for r in rows if r["owner"] not in alive or r["lease_until"] < iso(at)]
        return tuple(map(job_of, left))

    def next_due(self, after: datetime) -> datetime | None:
        ((due,),) = self._database.read(
            "SELECT min(next_at) FROM transfer_jobs INDEXED BY transfer_jobs_next"  # noqa: S608 - so
            f" WHERE {WAITING} AND next_at > ?",
            iso(after),
        )
        return time_from(due)

    def block(self, root: PurePosixPath, why: str, at: datetime) -> int:
        values = {"root": path_text(root), "why": plain(why), "at": iso(at)}
        which = f"{WAITING} AND next_at <= :at AND :root IN (destination_root, source_root)"
        look = f"SELECT 1 FROM transfer_jobs INDEXED BY transfer_jobs_due WHERE {which} LIMIT 1"  # noqa: S608 - constants
        if not self._database.look_up(look, values):
            return 0
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE transfer_jobs SET state = 'blocked', blocked_on = :root, why = :why,"  # noqa: S608 - so
                f" next_at = :next WHERE {which}",
                {**values, "next": iso(at + _BLOCKED)},
            ).rowcount

    def unblock(self, blocked_on: str, at: datetime) -> int:
        which = "state = 'blocked' AND blocked_on = ?"
        name = path_text(blocked_on)
        look = f"SELECT 1 FROM transfer_jobs WHERE {which} LIMIT 1"  # noqa: S608 - constants
        if not self._database.read(look, name):
            return 0
        with self._database.write() as connection:
            return connection.execute(
                "UPDATE transfer_jobs SET state = 'queued', blocked_on = '', next_at = ?"  # noqa: S608 - so
                f" WHERE {which}",
                (iso(at), name),
            ).rowcount


_FREE = (
    f"{WAITING} AND destination_root NOT IN (SELECT value FROM json_each(:busy))"  # noqa: S608 - so
    " AND source_root NOT IN (SELECT value FROM json_each(:busy))"
    " AND NOT EXISTS (SELECT 1 FROM transfer_jobs AS other INDEXED BY transfer_jobs_running"
    "   WHERE other.state = 'running'"
    "   AND other.destination_root = job.destination_root AND (other.folder = job.folder"
    "     OR substr(job.folder || '/', 1, length(other.relative) + 1) = other.relative || '/'"
    "     OR substr(other.folder || '/', 1, length(job.relative) + 1) = job.relative || '/'))"
)
_NEXT = (
    "WITH first AS (SELECT destination_root, source_root, folder FROM transfer_jobs AS job"  # noqa: S608 - constants
    f" INDEXED BY transfer_jobs_due WHERE {_FREE} AND next_at <= :at"
    " ORDER BY priority, next_at LIMIT 1)"
    " SELECT job.* FROM first CROSS JOIN transfer_jobs AS job INDEXED BY transfer_jobs_folder"
    " USING (destination_root, folder)"
    f" WHERE {WAITING} AND job.source_root = first.source_root AND next_at <= :at"
    " ORDER BY priority, next_at, id LIMIT :most"
)
_LEASE = (
    "UPDATE transfer_jobs SET state = 'running', started_at = ?, owner = ?, lease_until = ?,"
    " blocked_on = '' WHERE id = ?"
)
"""One by one: where SQLite keeps a list of rows for an UPDATE, that alone takes it 0.7 ms."""


def put_job(connection: sqlite3.Connection, job: NewJob, at: datetime) -> int:
    """Write a job, or join the one of its destination that is live or has failed."""
    values = _values_of(job)
    values |= {"at": iso(at), "next": iso(_due_at(connection, job, values, at))}
    found = connection.execute(_REVIVE, values).fetchone()
    if found is None:
        found = connection.execute(_PUT, values).fetchone()
    if _settles(job):
        connection.execute(
            f"UPDATE transfer_jobs SET next_at = :next WHERE {_SETTLING}",  # noqa: S608 - constants
            values,
        )
    number: int = found["id"]
    return number


def _settles(job: NewJob) -> bool:
    """Tell what comes with others of its folder; all else is copied at once."""
    return job.kind is JobKind.EPISODE and job.app is not ImportApp.MANUAL


def _due_at(
    connection: sqlite3.Connection, job: NewJob, values: Mapping[str, object], at: datetime
) -> datetime:
    if not _settles(job):
        return at
    ((text,),) = connection.execute(
        f"SELECT min(created_at) FROM transfer_jobs WHERE {_SETTLING}",  # noqa: S608 - constants
        {**values, "at": iso(at)},
    )
    first = time_from(text)
    return at + _SETTLES if first is None else min(at + _SETTLES, first + _SETTLES_BY)


_SETTLING = (
    f"{WAITING} AND destination_root = :destination_root AND folder = :folder"
    " AND state = 'queued' AND next_at > :at"
)
_WANTED = (
    "kind",
    "scope",
    "app",
    "instance",
    "source_root",
    "destination_root",
    "relative",
    "folder",
    "media_server_root",
    "label",
    "size",
    "is_upgrade",
    "superseded",
    "priority",
)
_WIDTH = "instr('file sidecars folder', {})"
_NEWER = (
    "kind = :kind, app = :app, instance = :instance, source_root = :source_root,"
    " media_server_root = :media_server_root,"
    f" scope = iif({_WIDTH.format('scope')} > {_WIDTH.format(':scope')}, scope, :scope),"
    " label = :label, size = coalesce(:size, size), is_upgrade = max(is_upgrade, :is_upgrade),"
    " superseded = iif(:superseded = '[]', superseded, :superseded),"
    " priority = min(priority, :priority), event_count = event_count + 1"
)
_QUEUED = (
    "state = 'queued', attempts = 0, rerun = 0, cancel_requested = 0, ended_at = NULL,"
    " why = '', blocked_on = ''"
)
_SAME = "destination_root = :destination_root AND relative = :relative"
_REVIVE = (
    f"UPDATE transfer_jobs SET {_QUEUED}, next_at = :next, {_NEWER}"  # noqa: S608 - constants
    f" WHERE id = (SELECT max(id) FROM transfer_jobs WHERE {_SAME} AND state = 'needs_attention')"
    f" AND NOT EXISTS (SELECT 1 FROM transfer_jobs WHERE {_SAME} AND {LIVE}) RETURNING id"
)
_PUT = (
    f"INSERT INTO transfer_jobs ({', '.join(_WANTED)}, state, created_at, next_at)"  # noqa: S608 - so
    f" VALUES ({', '.join(f':{name}' for name in _WANTED)}, 'queued', :at, :next)"
    f" ON CONFLICT (destination_root, relative) WHERE {LIVE} DO UPDATE SET {_NEWER},"
    " rerun = (state = 'running'), attempts = iif(state = 'retry_wait', 0, attempts),"
    " next_at = iif(state IN ('queued', 'retry_wait'), excluded.next_at, next_at),"
    " state = iif(state = 'retry_wait', 'queued', state) RETURNING id"
)


def _values_of(job: NewJob) -> dict[str, object]:
    place = job.place
    return {
        "kind": job.kind,
        "scope": job.scope,
        "app": job.app,
        "instance": plain(job.instance),
        "source_root": path_text(place.source_root),
        "destination_root": path_text(place.destination_root or place.source_root),
        "relative": path_text(place.relative),
        "folder": path_text(place.relative.parent),
        "media_server_root": plain(place.media_server_root),
        "label": label_text(job.label),
        "size": job.size,
        "is_upgrade": job.is_upgrade,
        "superseded": texts(job.superseded),
        "priority": _priority(job),
    }


def _priority(job: NewJob) -> int:
    """Tell how soon a job is copied, the lowest first: nobody waits for a large file in vain."""
    if job.app is ImportApp.MANUAL:
        return 0
    if job.is_upgrade:
        return 1
    return 2 if job.size is not None and job.size <= _SMALL else 3


_IS_CANCELLED = f"cancel_requested AND :{LIVE}"
"""Who was to be cancelled just before it was to go on."""
_SETTLE = (
    f"UPDATE transfer_jobs SET state = iif({_IS_CANCELLED}, 'cancelled', :state),"  # noqa: S608 - constants
    f" next_at = :next_at, ended_at = iif({_IS_CANCELLED}, :at, :ended_at),"
    " attempts = :attempts, bytes = :bytes, seconds = :seconds, failure = :failure, why = :why,"
    " size = iif(rerun, size, :size), blocked_on = :blocked_on, owner = NULL, lease_until = NULL"
    " WHERE id = :id AND state = 'running' RETURNING rerun, state"
)


def _settle(
    connection: sqlite3.Connection, job: TransferJob, attempt: JobAttempt | None, at: datetime
) -> None:
    values = {
        "id": job.number,
        "at": iso(at),
        "state": job.state,
        "next_at": iso(job.next_at),
        "ended_at": iso(job.ended_at) if job.ended_at else None,
        "attempts": job.attempts,
        "size": job.wanted.size,
        "bytes": job.bytes,
        "seconds": job.seconds,
        "failure": job.failure,
        "why": plain(job.why),
        "blocked_on": path_text(job.blocked_on),
    }
    found = connection.execute(_SETTLE, values).fetchone()
    if found is None:
        return
    if attempt is not None:
        _put_attempt(connection, job.number, attempt)
    if job.state is JobState.SUCCEEDED:
        connection.execute(
            "INSERT OR IGNORE INTO copied_files (destination_root, relative)"
            " SELECT destination_root, relative FROM transfer_jobs WHERE id = ?",
            (job.number,),
        )
    if found["rerun"]:
        _run_again(connection, job.number, found["state"], at)


def _run_again(connection: sqlite3.Connection, number: int, state: str, at: datetime) -> None:
    """Queue what was requested again while it ran; where it has ended well, as another job."""
    values = {"id": number, "at": iso(at)}
    if state in (JobState.SUCCEEDED, JobState.SKIPPED, JobState.CANCELLED):
        names = ", ".join(_WANTED)
        connection.execute("UPDATE transfer_jobs SET rerun = 0 WHERE id = :id", values)
        connection.execute(
            f"INSERT INTO transfer_jobs ({names}, state, created_at, next_at)"  # noqa: S608 - constants
            f" SELECT {names}, 'queued', :at, :at FROM transfer_jobs WHERE id = :id",
            values,
        )
    elif state != JobState.BLOCKED:
        connection.execute(
            f"UPDATE transfer_jobs SET {_QUEUED}, next_at = :at WHERE id = :id",  # noqa: S608 - so
            values,
        )


def _put_attempt(connection: sqlite3.Connection, number: int, attempt: JobAttempt) -> None:
    """Write an attempt; one that the environment failed again is written over the last."""
    last = connection.execute(
        "SELECT number, started_at, failure FROM transfer_attempts WHERE job = ?"
        " ORDER BY number DESC LIMIT 1",
        (number,),
    ).fetchone()
    goes_on = last is not None and FailureClass.ENVIRONMENT == attempt.failure == last["failure"]
    new = last["number"] + (not goes_on) if last else 1
    connection.execute(
        "INSERT OR REPLACE INTO transfer_attempts (job, number, started_at, ended_at, exit_code,"
        " failure, bytes, why, errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            new,
            last["started_at"] if goes_on else iso(attempt.started_at),
            iso(attempt.ended_at) if attempt.ended_at else None,
            attempt.exit_code,
            attempt.failure,
            attempt.bytes,
            plain(attempt.why),
            plain(attempt.errors),
        ),
    )
    connection.execute(
        "DELETE FROM transfer_attempts WHERE job = ? AND number <= ?",
        (number, new - _MOST_ATTEMPTS),
    )
