"""Writes messages for whoever wants them, in the transaction of what they tell of (`messages`)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from listsync.domain.messages import (
    MOST_GATHERED,
    DeliveryState,
    Message,
    MessageKind,
    TargetRules,
)
from listsync.parsing.decoding import prepared
from listsync.store.row_codec import iso

_KEPT = timedelta(days=30)
_GUARD = timedelta(hours=6)
"""What is told again within it waits until it is over: what comes and goes is told rarely."""
_GUARD_OF_REVIEWS = timedelta(hours=24)
"""How rarely it is told that more titles wait for a person, who need not hurry."""


def put_messages(
    connection: sqlite3.Connection,
    messages: Iterable[Message],
    at: datetime,
    *,
    only: str | None = None,
) -> tuple[int, ...]:
    """Write messages for whoever wants them, in the transaction of what they tell of.

    What is there already is not written again. Of a notice's end is told only who was told of
    the notice; where that still waits, neither is.
    """
    targets = [
        rules_from(row["rules"]) for row in connection.execute("SELECT rules FROM notify_targets")
    ]
    if not targets:
        return ()
    numbers = []
    for message in messages:
        if only is not None:
            wanted_by = [only]
        else:
            wanted_by = [one.name for one in targets if one.wants(message)]
        if message.kind is MessageKind.RECOVERED:
            reached = _reached_by(connection, message, at)
            wanted_by = [name for name in wanted_by if name in reached]
        number = _insert(connection, message) if wanted_by else None
        if number is None:
            continue
        if message.kind is MessageKind.HEARTBEAT:
            _drop_older(connection, wanted_by, at, "kind = 'heartbeat'", ())
        if message.is_more and message.kind is MessageKind.REVIEW:
            older = "notice = ? AND id != ? AND json_extract(content, '$.is_more')"
            _drop_older(connection, wanted_by, at, older, (message.notice, number))
        if message.kind is MessageKind.TEST:
            connection.executemany(
                "UPDATE notify_targets SET paused_until = NULL WHERE name = ?",
                [(name,) for name in wanted_by],
            )
        _deliver(connection, message, number, wanted_by, at)
        numbers.append(number)
    if numbers:
        _forget(connection, at)
    return tuple(numbers)


def _deliver(
    connection: sqlite3.Connection,
    message: Message,
    number: int,
    targets: Sequence[str],
    at: datetime,
) -> None:
    due = iso(max(at + timedelta(seconds=message.due_s), _guarded(connection, message, number)))
    connection.executemany(
        "INSERT INTO deliveries (target, message, state, due_at, until, message_group)"
        " VALUES (?, ?, 'waiting', ?, ?, ?)",
        [(name, number, due, iso(at + message.lasts), message.group) for name in targets],
    )
    if message.gathers:
        _let_wait(connection, message, targets, due, at)


def _let_wait(
    connection: sqlite3.Connection,
    message: Message,
    targets: Iterable[str],
    due: str,
    at: datetime,
) -> None:
    """Let those of the group that wait, and have not been tried, go out with a newer one."""
    of_group = "target = ? AND state = 'waiting' AND message_group = ?"
    for name in targets:
        ((oldest,),) = connection.execute(
            f"SELECT min(m.at) FROM deliveries JOIN messages m ON m.id = message WHERE {of_group}",  # noqa: S608 - a constant
            (name, message.group),
        )
        if oldest >= iso(at - MOST_GATHERED):
            connection.execute(
                f"UPDATE deliveries SET due_at = max(due_at, ?) WHERE {of_group} AND tries = 0",  # noqa: S608 - so
                (due, name, message.group),
            )


def drop_more(connection: sqlite3.Connection, notices: Iterable[int | None], at: datetime) -> None:
    """Let nobody be told any more that *notices* have grown: they are over."""
    connection.executemany(
        "UPDATE deliveries SET state = 'dropped', ended_at = ?, answer = 'over before it was told'"
        " WHERE state = 'waiting' AND tries = 0 AND message IN ("
        "   SELECT id FROM messages WHERE notice = ? AND json_extract(content, '$.is_more'))",
        [(iso(at), number) for number in notices],
    )


def _forget(connection: sqlite3.Connection, at: datetime) -> None:
    """Delete what is old, but for what waits, and what tells of something that is not over."""
    connection.execute(
        "DELETE FROM messages WHERE at < ? AND id NOT IN"
        " (SELECT message FROM deliveries WHERE state = 'waiting')"
        " AND (notice IS NULL OR notice NOT IN (SELECT id FROM notices WHERE ended_at IS NULL))",
        (iso(at - _KEPT),),
    )


def _insert(connection: sqlite3.Connection, message: Message) -> int | None:
    """Write a message; None: it is there already."""
    row = connection.execute(
        "INSERT INTO messages (key, at, kind, about, notice, content) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO NOTHING RETURNING id",
        (
            message.key,
            iso(message.at),
            message.kind,
            message.about,
            message.notice,
            msgspec.json.encode(message).decode(),
        ),
    ).fetchone()
    return row["id"] if row else None


def _reached_by(connection: sqlite3.Connection, message: Message, at: datetime) -> set[str]:
    """Name who was told of what is over now; who still was not, is told nothing any more."""
    rows = connection.execute(
        "SELECT d.target, d.state, d.tries, d.message FROM deliveries d"
        " JOIN messages m ON m.id = d.message WHERE m.notice = ?",
        (message.notice,),
    ).fetchall()
    connection.executemany(
        "UPDATE deliveries SET state = 'dropped', ended_at = ?, answer = 'over before it was told'"
        " WHERE target = ? AND message = ?",
        [
            (iso(at), row["target"], row["message"])
            for row in rows
            if row["state"] == DeliveryState.WAITING and not row["tries"]
        ],
    )
    return {
        row["target"]
        for row in rows
        if row["state"] == DeliveryState.SENT
        or (row["state"] == DeliveryState.WAITING and row["tries"])
    }


def _guarded(connection: sqlite3.Connection, message: Message, number: int) -> datetime:
    """Tell when a message about something may go out at the earliest: rarely after the last."""
    if not message.about or message.kind is MessageKind.RECOVERED:
        return message.at
    row = connection.execute(
        "SELECT max(m.at) AS at FROM messages m JOIN deliveries d ON d.message = m.id"
        " WHERE about = ? AND id != ? AND kind != 'recovered' AND notice IS NOT ?"
        " AND (state = 'sent' OR tries > 0)",
        (message.about, number, None if message.is_more else message.notice),
    ).fetchone()
    if not row["at"]:
        return message.at
    is_review = message.is_more and message.kind is MessageKind.REVIEW
    guard = _GUARD_OF_REVIEWS if is_review else _GUARD
    return max(message.at, datetime.fromisoformat(row["at"]) + guard)


def _drop_older(
    connection: sqlite3.Connection,
    targets: Iterable[str],
    at: datetime,
    which: str,
    values: tuple[object, ...],
) -> None:
    """Let the newest of some messages alone be sent, unless another is under way."""
    connection.executemany(
        "UPDATE deliveries SET state = 'dropped', ended_at = ?, answer = 'a newer one has come'"  # noqa: S608 - constants
        " WHERE target = ? AND state = 'waiting'"
        f" AND message IN (SELECT id FROM messages WHERE {which})",
        [(iso(at), name, *values) for name in targets],
    )


def rules_from(text: str) -> TargetRules:
    return msgspec.json.decode(text, type=prepared(TargetRules))
