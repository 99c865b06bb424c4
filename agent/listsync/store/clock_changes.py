"""The points in time that the state holds, put right when somebody has set the clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial

from listsync.store.database import Database
from listsync.store.row_codec import iso

_PAST = {
    "servers": ("first_seen", "last_seen", "confirmed_at", "requests_read_at"),
    "followed": ("last_try", "last_success", "shrunk_at"),
    "entries": ("first_seen",),
    "handled": ("at",),
    "imported": ("at",),
    "matches": ("at",),
    "intents": ("at",),
    "requests": ("at",),
    "runs": ("started_at", "ended_at"),
    "notices": ("since", "ended_at"),
    "excluded": ("at",),
    "films": ("at",),
    "choices": ("at",),
    "facts": ("at",),
    "server_requests": ("at",),
    "notify_targets": ("failing_since", "sent_at"),
    "messages": ("at",),
    "deliveries": ("ended_at",),
    "webhook_events": ("at",),
    "transfer_jobs": ("created_at", "started_at", "ended_at"),
    "transfer_attempts": ("started_at", "ended_at"),
    "library_scans": ("created_at", "sent_at", "ended_at"),
}
"""Columns that tell when something happened."""
CLOCK_WAS_AHEAD = (
    "the clock was ahead when listsync ran last: times that were yet to come are past"
)
_PLANNED = (
    ("followed", "retry_at", "last_try"),
    ("matches", "recheck_at", "at"),
    ("notify_targets", "paused_until", "failing_since"),
    ("transfer_jobs", "next_at", "created_at"),
    ("library_scans", "due_at", "created_at"),
)
"""Columns that tell when something is done again, and since when that is planned."""


def follow_step(database: Database, step: timedelta, *, since: datetime, now: datetime) -> None:
    """Move what was noted since *since* (by the clock as it was) by *step*, to where it is *now*.

    What was noted before may be right: it moves only where it would be yet to come. How long a
    list has shrunk is never made longer. Raises StateError.
    """
    with database.write() as connection:
        _move(connection, step, iso(since), iso(now - step))
        if step > timedelta():
            connection.execute(
                f"UPDATE followed SET shrunk_at = {_moved('shrunk_at', step)}"  # noqa: S608 - constants
                " WHERE shrunk_at < ?",
                (iso(since),),
            )


def pull_back(
    database: Database,
    now: datetime,
    *,
    longest_pause: Callable[[int], timedelta],
    look_every: timedelta,
) -> bool:
    """Move what is yet to come, though it has happened, to before *now*; returns if any was.

    A clock that was ahead has dated it. Nothing is then put off for longer than it ever is: a
    request that failed so many times for its *longest_pause*, a series for *look_every*. Raises
    StateError.
    """
    latest = max(_latest(database), default="")
    is_ahead = latest > iso(now)
    with database.write() as connection:
        if is_ahead:
            _move(connection, now - datetime.fromisoformat(latest), iso(now), latest)
        _bound_pauses(connection, now, longest_pause)
        _bound_looks(connection, now.date(), (now + look_every).date())
    return is_ahead


class PullBack:
    """`pull_back`, done once: it reads much, and an agent is ready without it."""

    def __init__(
        self,
        database: Database,
        *,
        longest_pause: Callable[[int], timedelta],
        look_every: timedelta,
    ) -> None:
        self._pull_back = partial(
            pull_back, database, longest_pause=longest_pause, look_every=look_every
        )
        self._is_done = False

    def once(self, now: datetime) -> bool:
        """Tell whether anything was pulled back now; raises StateError: try again."""
        if self._is_done:
            return False
        was_ahead = self._pull_back(now)
        self._is_done = True
        return was_ahead


def _latest(database: Database) -> Iterator[str]:
    for table, columns in _PAST.items():
        for column in columns:
            (row,) = database.read(f"SELECT max({column}) FROM {table}")  # noqa: S608 - constants
            yield row[0] or ""


def _move(connection: sqlite3.Connection, step: timedelta, since: str, until: str) -> None:
    for table, column, planned_at in _PLANNED:
        connection.execute(
            f"UPDATE {table} SET {column} = {_moved(column, step)}"  # noqa: S608 - constants
            f" WHERE {planned_at} > ? AND {planned_at} <= ? AND {column} IS NOT NULL",
            (since, until),
        )
    for table, columns in _PAST.items():
        for column in columns:
            connection.execute(
                f"UPDATE {table} SET {column} = {_moved(column, step)}"  # noqa: S608 - constants
                f" WHERE {column} > ? AND {column} <= ?",
                (since, until),
            )


def _moved(column: str, step: timedelta) -> str:
    seconds = step.total_seconds()
    return f"strftime('%Y-%m-%dT%H:%M:%f+00:00', {column}, '{seconds:+.3f} seconds')"


def _bound_pauses(
    connection: sqlite3.Connection, now: datetime, longest_pause: Callable[[int], timedelta]
) -> None:
    for tries, retry_at in connection.execute(
        "SELECT DISTINCT tries, retry_at FROM setbacks WHERE retry_at > ?", (iso(now),)
    ).fetchall():
        latest = iso(now + longest_pause(tries))
        if retry_at > latest:
            connection.execute(
                "UPDATE setbacks SET retry_at = ? WHERE tries = ? AND retry_at = ?",
                (latest, tries, retry_at),
            )


def _bound_looks(connection: sqlite3.Connection, today: date, latest: date) -> None:
    connection.execute(
        "UPDATE season_looks SET next_on = ? WHERE next_on > ?",
        (today.isoformat(), latest.isoformat()),
    )
