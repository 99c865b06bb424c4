"""Messages and how far each target has taken them (`messages`, `deliveries`, `notify_targets`)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from listsync.domain.messages import (
    LONGEST_PAUSE,
    SOON,
    TEST_KEY,
    Delivery,
    DeliveryState,
    Message,
    MessageKind,
    TargetRules,
    TargetStatus,
)
from listsync.parsing.decoding import prepared
from listsync.store.database import Database
from listsync.store.messages import put_messages, rules_from
from listsync.store.row_codec import iso, time_from

_MOST_TOGETHER = 500
_DELIVERY = "SELECT d.*, m.kind, m.content FROM deliveries d JOIN messages m ON m.id = d.message"


class SqliteOutbox:
    """Implements `ports.outbox.Outbox`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def follow(self, targets: Sequence[TargetRules], at: datetime) -> Mapping[str, str]:
        rules = {one.name: _rules_text(one) for one in targets}
        known = self._database.read("SELECT name, rules FROM notify_targets")
        texts: dict[str, str] = {row["name"]: row["rules"] for row in known}
        if texts == rules:
            return dict(zip(rules, rules, strict=True))
        names = _names_now(
            {name: rules_from(text).identity for name, text in texts.items()}, targets
        )
        with self._database.write() as connection:
            gone = [(name,) for name in texts if name not in names]
            connection.executemany("DELETE FROM notify_targets WHERE name = ?", gone)
            connection.executemany(
                "UPDATE deliveries SET state = 'dropped', ended_at = ?, answer = 'no target'"
                " WHERE target = ? AND state = 'waiting'",
                [(iso(at), name) for (name,) in gone],
            )
            _rename(connection, names)
            connection.executemany(
                "INSERT INTO notify_targets (name, rules) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET rules = excluded.rules",
                rules.items(),
            )
        return names

    def put(
        self, messages: Sequence[Message], at: datetime, *, only: str | None = None
    ) -> tuple[int, ...]:
        with self._database.write() as connection:
            numbers = put_messages(connection, messages, at, only=only)
        self._database.announce()
        return numbers

    def next_due(self, target: str, now: datetime) -> datetime | None:
        ((due, paused),) = self._database.read(
            "SELECT (SELECT min(due_at) FROM deliveries WHERE target = ?1 AND state = 'waiting'),"
            " (SELECT paused_until FROM notify_targets WHERE name = ?1)",
            target,
        )
        if due is None:
            return None
        found = datetime.fromisoformat(max(due, paused or ""))
        return found if found - now <= LONGEST_PAUSE else now

    def take(self, target: str, now: datetime) -> tuple[Delivery, ...]:
        due = self.next_due(target, now)
        if due is None or due > now:
            return ()
        first = self._next_of(target)
        if first is not None and _is_stale(first, now):
            self.settle(target, [first["message"]], DeliveryState.DROPPED, now, "is too old")
            return ()
        found, unread = [], []
        for row in self._together_with(first, now) if first else ():
            try:
                found.append(_delivery(row))
            except msgspec.MsgspecError:  # of another version: nobody can read it any more
                unread.append(row["message"])
        if unread:
            self.settle(target, unread, DeliveryState.DEAD, now, "it cannot be read any more")
        return tuple(found)

    def _next_of(self, target: str) -> sqlite3.Row | None:
        """Find what is sent next: a test first, as somebody waits for it."""
        waiting = f"{_DELIVERY} WHERE d.target = ? AND d.state = 'waiting'"
        keys = "SELECT id FROM messages WHERE key BETWEEN ? AND ?"
        tests = f"{waiting} AND d.message IN ({keys}) LIMIT 1"
        oldest = f"{waiting} ORDER BY d.due_at, d.message LIMIT 1"
        found = self._database.read(tests, target, TEST_KEY, TEST_KEY + "~")
        return next(iter(found or self._database.read(oldest, target)), None)

    def _together_with(self, first: sqlite3.Row, now: datetime) -> Sequence[sqlite3.Row]:
        """Find what is sent with *first*: what was tried with it, or else what is as new.

        So a receiver that knows messages by their ids sees the same one again.
        """
        if not first["message_group"]:
            return (first,)
        return self._database.read(
            f"{_DELIVERY} WHERE d.target = ? AND d.state = 'waiting' AND d.message_group = ?"
            " AND (d.tries > 0) = ? AND d.due_at <= max(?, ?)"
            " ORDER BY d.due_at, d.message LIMIT ?",
            first["target"],
            first["message_group"],
            first["tries"] > 0,
            iso(now + SOON),
            first["due_at"],
            _MOST_TOGETHER,
        )

    def begin(self, target: str, numbers: Sequence[int]) -> None:
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE deliveries SET tries = tries + 1 WHERE target = ? AND message = ?",
                [(target, number) for number in numbers],
            )

    def settle(
        self, target: str, numbers: Sequence[int], state: DeliveryState, at: datetime, answer: str
    ) -> None:
        with self._database.write() as connection:
            connection.executemany(
                "UPDATE deliveries SET state = ?, ended_at = ?, answer = ?"
                " WHERE target = ? AND message = ? AND state = 'waiting'",
                [(state, iso(at), answer, target, number) for number in numbers],
            )
            if state is DeliveryState.SENT:
                connection.execute(
                    "UPDATE notify_targets SET failures = 0, failing_since = NULL,"
                    " paused_until = NULL, sent_at = ?, answer = ? WHERE name = ?",
                    (iso(at), answer, target),
                )

    def put_off(
        self, target: str, numbers: Sequence[int], until: datetime, at: datetime, why: str
    ) -> int:
        with self._database.write() as connection:
            connection.execute(
                "UPDATE notify_targets SET failures = failures + 1, paused_until = ?, answer = ?,"
                " failing_since = coalesce(failing_since, ?) WHERE name = ?",
                (iso(until), why, iso(at), target),
            )
            connection.executemany(
                "UPDATE deliveries SET answer = ? WHERE target = ? AND message = ?",
                [(why, target, number) for number in numbers],
            )
            return connection.execute(
                "UPDATE deliveries SET state = 'dead', ended_at = ?1"
                " WHERE target = ?2 AND state = 'waiting' AND until <= ?1",
                (iso(at), target),
            ).rowcount

    def failures(self, target: str) -> int:
        rows = self._database.read("SELECT failures FROM notify_targets WHERE name = ?", target)
        return rows[0]["failures"] if rows else 0

    def try_again(self, targets: Collection[str]) -> None:
        names = json.dumps([*targets])
        paused = "paused_until IS NOT NULL AND name IN (SELECT value FROM json_each(?))"
        if self._database.read(f"SELECT 1 FROM notify_targets WHERE {paused}", names):  # noqa: S608
            with self._database.write() as connection:
                connection.execute(
                    f"UPDATE notify_targets SET paused_until = NULL WHERE {paused}",  # noqa: S608
                    (names,),
                )

    def statuses(self) -> tuple[TargetStatus, ...]:
        rows = self._database.read(
            "SELECT t.*,"
            " (SELECT count(*) FROM deliveries WHERE target = t.name AND state = 'waiting')"
            " AS waiting,"
            " (SELECT count(*) FROM deliveries d JOIN messages m ON m.id = d.message"
            " WHERE d.target = t.name AND d.state = 'dead' AND m.kind != 'test'"
            " AND d.ended_at > coalesce(t.sent_at, '')) AS dead,"
            " (SELECT d.answer FROM deliveries d JOIN messages m ON m.id = d.message"
            " WHERE d.target = t.name AND d.state = 'dead' AND m.kind = 'test'"
            " AND d.ended_at > coalesce(t.sent_at, '') ORDER BY d.ended_at DESC LIMIT 1)"
            " AS failed_test"
            " FROM notify_targets t ORDER BY name"
        )
        return tuple(map(_status, rows))

    def of_test(self, id_: str) -> tuple[Delivery, ...]:
        begin = f"{TEST_KEY}{id_}:"
        rows = self._database.read(
            f"{_DELIVERY} WHERE m.key BETWEEN ? AND ? ORDER BY d.target",
            begin,
            begin + "~",
        )
        return tuple(map(_delivery, rows))


def _names_now(identities: Mapping[str, str], targets: Sequence[TargetRules]) -> dict[str, str]:
    """Give, by the names of targets that were known, those that they have among *targets*."""
    found: dict[str, str] = {}
    ways: tuple[Callable[[str, TargetRules], bool], ...] = (
        lambda name, one: name == one.name and identities[name] == one.identity,
        lambda name, one: bool(one.identity) and identities[name] == one.identity,
        lambda name, one: name == one.name,
    )
    for is_same in ways:
        for one in targets:
            if one.name not in found.values():
                same = (name for name in identities if name not in found and is_same(name, one))
                if (name := next(same, None)) is not None:
                    found[name] = one.name
    return found


def _rename(connection: sqlite3.Connection, names: Mapping[str, str]) -> None:
    """Call targets as they are called now: by way of names that none can have."""
    moves = [(new, before) for before, new in names.items() if before != new]
    for table, column in (("notify_targets", "name"), ("deliveries", "target")):
        rename = f"UPDATE {table} SET {column} = ? WHERE {column} = ?"  # noqa: S608 - constants
        connection.executemany(rename, [(f"\n{new}", before) for new, before in moves])
        connection.executemany(
            f"DELETE FROM {table} WHERE {column} = ?",  # noqa: S608 - constants
            [(new,) for new, _ in moves],
        )
        connection.executemany(rename, [(new, f"\n{new}") for new, _ in moves])


def _is_stale(row: sqlite3.Row, now: datetime) -> bool:
    """Tell a heartbeat that says nothing any more: that a sync ran an hour ago is no news."""
    until: str = row["until"]
    return row["kind"] == MessageKind.HEARTBEAT and until <= iso(now)


def _rules_text(rules: TargetRules) -> str:
    fields = msgspec.to_builtins(rules)
    return json.dumps(
        {key: sorted(one) if isinstance(one, list) else one for key, one in fields.items()}
    )


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(
        number=row["message"],
        target=row["target"],
        message=msgspec.json.decode(row["content"], type=prepared(Message)),
        state=DeliveryState(row["state"]),
        tries=row["tries"],
        answer=row["answer"],
        ended_at=time_from(row["ended_at"]),
    )


def _status(row: sqlite3.Row) -> TargetStatus:
    return TargetStatus(
        name=row["name"],
        waiting=row["waiting"],
        dead=row["dead"],
        failures=row["failures"],
        failing_since=time_from(row["failing_since"]),
        paused_until=time_from(row["paused_until"]),
        sent_at=time_from(row["sent_at"]),
        answer=row["answer"],
        failed_test=row["failed_test"] or "",
    )
