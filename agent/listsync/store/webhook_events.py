"""Webhooks of Radarr and Sonarr, and what they asked for (`webhook_events`, `event_jobs`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from listsync.domain.history import Page
from listsync.domain.transfers import (
    EventDecision,
    EventOutcome,
    ImportApp,
    ReceivedEvent,
    WebhookEvent,
)
from listsync.store.database import Database
from listsync.store.job_history import forget_jobs
from listsync.store.job_rows import plain
from listsync.store.library_scans import put_scans
from listsync.store.row_codec import iso, page_of
from listsync.store.transfer_jobs import put_job

_KEPT = timedelta(days=30)
_MOST_FORGOTTEN = 100
"""In one go."""
_NEWER_THAN_ALL = 2**63 - 1


class SqliteWebhookInbox:
    """Implements `ports.transfers.WebhookInbox`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_all(
        self, entries: Sequence[tuple[WebhookEvent, EventDecision]], at: datetime
    ) -> tuple[tuple[int, ...], ...]:
        with self._database.write() as connection:
            _forget(connection, at)
            return tuple(_put(connection, event, decision, at) for event, decision in entries)


def _put(
    connection: sqlite3.Connection, event: WebhookEvent, decision: EventDecision, at: datetime
) -> tuple[int, ...]:
    number = _put_event(connection, event, decision, at)
    numbers = tuple(dict.fromkeys(put_job(connection, job, at) for job in decision.jobs))
    connection.executemany(
        "INSERT INTO event_jobs (event, job) VALUES (?, ?)", [(number, job) for job in numbers]
    )
    put_scans(connection, decision.scans, at)
    return numbers


class SqliteWebhookHistory:
    """Implements `ports.transfers.WebhookHistory`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, limit: int, after: int | None, job: int | None = None, skip: int = 0
    ) -> Page[ReceivedEvent]:
        which, values = "true", list[int]()
        if job is not None:
            which, values = "id IN (SELECT event FROM event_jobs WHERE job = ?)", [job]
        last = _NEWER_THAN_ALL if after is None else after
        found = self._database.read(
            "SELECT *, (SELECT json_group_array(job) FROM event_jobs WHERE event = id) AS jobs"  # noqa: S608 - constants
            f" FROM webhook_events WHERE {which} AND id < ?"
            " ORDER BY id DESC LIMIT ? + 1 OFFSET ?",
            *(*values, last, limit, skip),
        )
        count = f"SELECT count(*) FROM webhook_events WHERE {which}"  # noqa: S608 - so
        total = None if after is not None else self._database.read(count, *values)[0][0]
        return page_of(total, [*map(_event_of, found[:limit])], found, "id")

    def latest(self) -> tuple[ReceivedEvent, str] | None:
        found = self._database.read(
            "SELECT *, '[]' AS jobs FROM webhook_events WHERE path != '' AND app != ?"
            " ORDER BY id DESC LIMIT 1",
            ImportApp.MANUAL,
        )
        return next(((_event_of(row), str(row["content"])) for row in found), None)


def _event_of(row: sqlite3.Row) -> ReceivedEvent:
    return ReceivedEvent(
        number=row["id"],
        at=datetime.fromisoformat(row["at"]),
        app=ImportApp(row["app"]),
        event_type=row["event_type"],
        outcome=EventOutcome(row["outcome"]),
        instance=row["instance"],
        why=row["why"],
        path=row["path"],
        jobs=tuple(sorted(json.loads(row["jobs"]))),
    )


def _put_event(
    connection: sqlite3.Connection, event: WebhookEvent, decision: EventDecision, at: datetime
) -> int:
    paths = (*(file.path for file in event.files), *event.folders)
    ((number,),) = connection.execute(
        "INSERT INTO webhook_events (at, app, instance, event_type, outcome, why, path, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            iso(at),
            event.app,
            plain(event.instance),
            plain(event.event_type),
            decision.outcome,
            plain(decision.why),
            plain(paths[0]) if paths else "",
            plain(event.content),
        ),
    ).fetchall()
    return int(number)


def _forget(connection: sqlite3.Connection, at: datetime) -> None:
    connection.execute(
        "DELETE FROM webhook_events WHERE id IN"
        " (SELECT id FROM webhook_events WHERE at < ? LIMIT ?)",
        (iso(at - _KEPT), _MOST_FORGOTTEN),
    )
    forget_jobs(connection, at)
