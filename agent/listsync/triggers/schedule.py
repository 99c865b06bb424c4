"""Says when a sync is due: every so often or by cron, whatever the clock does meanwhile.

`next_due` and `kept_due` tell when; `ScheduleTrigger` waits for it. It compares wall clock times
at least every 30 s, because a long sleep would not count the time that a computer is suspended.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from cronsim import CronSim, CronSimError

from listsync.domain.events import Due, Event

EVERYTHING = ""
"""The key of the schedule that all lists follow; any other key is a list's source."""
_LONGEST_WAIT = timedelta(seconds=30)
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
        try:
            CronSim(self.expression, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(str(error)) from error


Rule = Every | Cron


def next_due(
    rule: Rule, *, last: datetime | None, now: datetime, jitter: timedelta = timedelta()
) -> datetime | None:
    """Return when the next sync is due, in UTC; None = never.

    *last* is when the last one started; without one (None) it is due now. What was missed is
    made up for once, *jitter* from now. A *last* more than one interval ahead of *now* comes
    from a clock that was wrong.
    """
    if _step(rule, now) is None:
        return None
    if last is None:
        return now
    due = _step(rule, last)
    if due is None:
        return None
    return now + jitter if due <= now else kept_due(rule, due=due, now=now)


def kept_due(rule: Rule, *, due: datetime, now: datetime) -> datetime:
    """Return *due*, or one from now if the clock has been set back by more than an interval."""
    first = _step(rule, now)
    second = first and _step(rule, first)
    return first if first and second and due > second else due


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


class ScheduleTrigger:
    """Emits one `Due` for each due time that has come.

    *due_times* (key to aware time; `EVERYTHING` or a source) is called at each look, so it is
    where the owner applies `kept_due`. The same due time of a key is never emitted twice.
    """

    def __init__(
        self,
        due_times: Callable[[], Mapping[str, datetime]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._due_times = due_times
        self._now = now
        self._emitted: dict[str, datetime] = {}

    def run(self, emit: Callable[[Event], None], stop: threading.Event) -> None:
        """Block until *stop* is set."""
        while not stop.is_set():
            stop.wait(self._look(emit).total_seconds())

    def _look(self, emit: Callable[[Event], None]) -> timedelta:
        """Emit what is due; return how long nothing will be, as far as is known."""
        now = self._now()
        times = self._due_times()
        ahead = {key: at for key, at in times.items() if self._emitted.get(key) != at}
        due = {key: at for key, at in ahead.items() if at <= now}
        self._emitted.update(due)
        if due:
            emit(Due(frozenset() if EVERYTHING in due else frozenset(due)))
        return min([_LONGEST_WAIT, *(at - now for at in ahead.values() if at > now)])


def _step(rule: Rule, after: datetime) -> datetime | None:
    """Return the first time after *after* that *rule* names; None = never."""
    match rule:
        case Every(interval):
            return after + interval if interval else None
        case Cron(expression, zone):
            # An hour that comes twice is named in its first pass only; seen from the second
            # pass, CronSim names that past time once more.
            found = (at.astimezone(UTC) for at in CronSim(expression, after.astimezone(zone)))
            return next((at for at in found if at > after), None)
