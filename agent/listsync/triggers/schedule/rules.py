"""The rules of schedules: every so often or by cron, whatever the clock does meanwhile."""

from __future__ import annotations

import hashlib
import socket
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from listsync.lean_dataclasses import dataclass

EVERYTHING = ""
"""The key of the schedule of all lists that have none of their own; else a list's source."""
_MOST_JITTER = timedelta(minutes=5)
_JITTER_SHARE = 0.1
_CRON_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Every:
    """So long after the last one; zero means never."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """By the clock on the wall of *zone*, like Debian's cron when summer time begins or ends.

    Raises:
        ValueError: the expression has not five fields, or they mean nothing.
    """

    expression: str
    zone: tzinfo

    def __post_init__(self) -> None:
        """Refuse what could never be followed."""
        if len(self.expression.split()) != _CRON_FIELDS:
            raise ValueError("expected five fields: minute hour day-of-month month day-of-week")
        from cronsim import CronSim, CronSimError  # noqa: PLC0415 - most schedules are no cron's

        try:
            CronSim(self.expression, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(str(error)) from error


Rule = Every | Cron


def next_due(
    rule: Rule, *, last: datetime | None, now: datetime, jitter: timedelta = timedelta()
) -> datetime | None:
    """Return when the next sync is due, in UTC; None = never.

    *last* is when the last one started, not later than *now*; without one (None) it is due
    now. What was missed is made up for once, *jitter* from now.
    """
    if _step(rule, now) is None:
        return None
    if last is None:
        return now
    due = _step(rule, last)
    return now + jitter if due is not None and due <= now else due


def due_after_step(
    rule: Rule, *, last: datetime | None, due: datetime, step: timedelta, now: datetime
) -> datetime:
    """Return what *due* is since the clock was set by *step*, so that it is *now*.

    An interval counts the time that passes. A time of day is one on the new clock: what that has
    jumped over is due, and what it comes to again is not, so soon after *last* (by the new clock).
    """
    if isinstance(rule, Every) or last is None:
        return due + step
    first = _step(rule, now)
    second = first and _step(rule, first)
    if step > timedelta() or first is None or second is None:
        return due
    return second if first - last < (second - first) / 2 else first


def stable_jitter(rule: Rule, key: str, host: str, now: datetime) -> timedelta:
    """Return an offset that is always the same for *key* on *host*: to a tenth, to 5 minutes."""
    first = _step(rule, now)
    second = first and _step(rule, first)
    if not first or not second:
        return timedelta()
    drawn = hashlib.sha256(f"{host}\n{key}".encode()).digest()
    share = int.from_bytes(drawn[:8]) / 2**64
    return share * min(_JITTER_SHARE * (second - first), _MOST_JITTER)


def host_id(machine_id: Path = Path("/etc/machine-id")) -> str:
    """Return what tells this host from others, also after a restart."""
    try:
        found = machine_id.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        found = ""
    return found or socket.gethostname()


def _step(rule: Rule, after: datetime) -> datetime | None:
    """Return the first time after *after* that *rule* names; None = never."""
    match rule:
        case Every(interval):
            return after + interval if interval else None
        case Cron(expression, zone):
            from cronsim import CronSim  # noqa: PLC0415 - see above

            # An hour that comes twice is named in its first pass only; seen from the second
            # pass, CronSim names that past time once more.
            found = (at.astimezone(UTC) for at in CronSim(expression, after.astimezone(zone)))
            return next((at for at in found if at > after), None)
