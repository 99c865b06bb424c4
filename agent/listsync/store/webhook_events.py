"""Webhooks of Radarr and Sonarr, and what they asked for (`webhook_events`, `event_jobs`)."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from listsync.domain.transfers import EventDecision, WebhookEvent
from listsync.store.database import Database
from listsync.store.job_rows import plain
from listsync.store.library_scans import put_scans
from listsync.store.row_codec import iso
from listsync.store.transfer_jobs import forget_jobs, put_job

_KEPT = timedelta(days=30)
_MOST_FORGOTTEN = 100
"""In one go."""


class SqliteWebhookInbox:
    """Implements `ports.transfers.WebhookInbox`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, event: WebhookEvent, decision: EventDecision, at: datetime) -> tuple[int, ...]:
        with self._database.write() as connection:
            _forget(connection, at)
            number = _put_event(connection, event, decision, at)
            numbers = tuple(dict.fromkeys(put_job(connection, job, at) for job in decision.jobs))
            connection.executemany(
                "INSERT INTO event_jobs (event, job) VALUES (?, ?)",
                [(number, job) for job in numbers],
            )
            put_scans(connection, decision.scans, at)
        return numbers


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
