"""When a run that failed for a passing reason is tried again; kept over a restart.

A list that could not be read has a time of its own (`sync.patience`), which is no matter of this.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from listsync.domain.events import SYSTEM_CLOCK, Clock, ClockSteps, put_right
from listsync.domain.report import Retry
from listsync.domain.runs import PlannedRetry, Scope, covers, together, without
from listsync.lean_dataclasses import dataclass
from listsync.ports.state import KeyValueStore

_NAME = "retry"
_STEPS = tuple(timedelta(minutes=one) for one in (1, 2, 5, 15, 30, 60))
_JITTER_SHARE = 0.1
_LONGEST = timedelta(hours=25)
"""Beyond any time that a server may name: what is due later comes from a clock that was wrong."""


def pause_before(number: int, retry: Retry) -> timedelta | None:
    """Say how long to wait before retry *number* (from 1); None: what failed is left alone.

    Titles may be at fault themselves: they get the first steps only.
    """
    if retry.is_slow:
        return _STEPS[-1]
    if retry.titles and number > len(_STEPS):
        return None
    return _STEPS[min(number, len(_STEPS)) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What is to be tried again; `due` is None while that is done, or once it is left alone.

    `number` counts the retries, the one that is due included. `since`: when that was planned;
    `is_own`: by this process, which so knows how much time has passed since.
    """

    retry: Retry
    scope: Scope
    number: int
    due: datetime | None
    since: datetime
    is_own: bool = True

    def after_step(self, step: timedelta) -> _Row:
        """Follow a clock that was set by *step*; what another process planned is not put off."""
        if step > timedelta() and not self.is_own:
            return self
        return replace(self, due=self.due and self.due + step, since=self.since + step)

    def is_open(self, now: datetime) -> bool:
        """Tell whether the time is still to come."""
        return self.due is not None and self.due > now


class BackOff:
    """Keeps when what failed is tried again. Any thread may use it.

    What is changed holds, also where StateError says that it could not be kept; `is_behind` then
    says that `keep` is to be called again. Who only asks does not wait for what is being written.
    """

    def __init__(
        self,
        key_values: KeyValueStore,
        clock: Clock = SYSTEM_CLOCK,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.is_behind = False
        self._key_values = key_values
        self._clock = clock
        self._steps = ClockSteps(self._clock)
        self._draw = draw
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._kept: Any = key_values.load(_NAME)
        self._row = _restored(self._kept, self._clock.now()) if self._kept else None

    def planned(self) -> PlannedRetry | None:
        """Return what is tried again, and when, by the clock as it is now."""
        with self._lock:
            self._now()
            row = self._row
            if row is None or row.due is None:
                return None
            return PlannedRetry(
                at=row.due,
                why=row.retry.why,
                scope=row.scope,
                number=row.number,
                is_slow=row.retry.is_slow,
            )

    def failed(self, scope: Scope, retry: Retry) -> None:
        """Plan to try *scope* again; the run of somebody else does not put off what is planned.

        Raises:
            StateError: it cannot be kept.
        """
        with self._lock:
            now = self._now()
            row = self._row
            number = _next_number(row, retry, now)
            due = self._due(number, retry, now)
            if row is not None and row.is_open(now):
                due = min(filter(None, (row.due, due)), default=None)
            scope = scope if row is None else together(scope, row.scope)
            self._row = _Row(retry=retry, scope=scope, number=number, due=due, since=now)
        self.keep()

    def settled(self, scope: Scope) -> None:
        """Note that *scope* came to an end that no retry would change; raises StateError.

        What is left is tried soon: the server answers.
        """
        with self._lock:
            now = self._now()
            row = self._row
            if row is None:
                return
            if covers(scope, row.scope):
                self._row = None
            elif row.due is not None:
                soon = min(row.due, now + _STEPS[0])
                left = without(row.scope, scope)
                self._row = replace(row, scope=left, number=1, due=soon, since=now)
        self.keep()

    def taken(self) -> None:
        """Note that what was planned is being done; raises StateError."""
        with self._lock:
            if self._row is not None:
                self._row = replace(self._row, due=None)
        self.keep()

    def begin_anew(self) -> None:
        """Note that what was planned is being done in other circumstances; raises StateError."""
        with self._lock:
            self._row = None
        self.keep()

    def cancelled(self) -> None:
        """Note that somebody stopped what was being done, for good; raises StateError."""
        with self._lock:
            now = self._now()
            if self._row is not None and not self._row.is_open(now):
                self._row = None
        self.keep()

    def _now(self) -> datetime:
        """Move the time with a clock that was set; returns what it says now."""
        step = self._steps.taken()
        if step and self._row is not None:
            self._row = self._row.after_step(step)
        return self._clock.now()

    def _due(self, number: int, retry: Retry, now: datetime) -> datetime | None:
        pause = pause_before(number, retry)
        if pause is None:
            return None
        due = now + pause * (1 + _JITTER_SHARE * self._draw())
        return max(due, retry.not_before or due)

    def keep(self) -> None:
        """Write down what is planned, if that has changed; raises StateError."""
        with self._saving:
            self.is_behind = True
            row = self._row
            kept = row and _kept(row)
            if kept != self._kept:
                self._key_values.save(_NAME, kept)
                self._kept = kept
            self.is_behind = False


def _next_number(row: _Row | None, retry: Retry, now: datetime) -> int:
    """Count on where it is the same trouble still."""
    if row is None or _is_other(row.retry, retry):
        return 1
    return row.number if row.is_open(now) else row.number + 1


def _is_other(before: Retry, now: Retry) -> bool:
    if bool(before.titles) != bool(now.titles) or before.is_slow != now.is_slow:
        return True
    return now.titles > before.titles


def _kept(row: _Row) -> dict[str, Any]:
    return {
        "why": row.retry.why,
        "is_slow": row.retry.is_slow,
        "titles": row.retry.titles,
        "lists": None if row.scope is None else sorted(row.scope),
        "number": row.number,
        "due": row.due.isoformat() if row.due else None,
        "since": row.since.isoformat(),
    }


def _restored(kept: dict[str, Any], now: datetime) -> _Row:
    """Restore what was kept; a time that a wrong clock has named begins anew."""
    lists = kept["lists"]
    due = datetime.fromisoformat(kept["due"]) if kept["due"] else None
    since = datetime.fromisoformat(kept["since"]) if kept.get("since") else now
    if due is not None:
        due = min(put_right(due, since=since, now=now), now + _LONGEST)
    return _Row(
        retry=Retry(why=kept["why"], is_slow=kept["is_slow"], titles=kept["titles"]),
        scope=None if lists is None else frozenset(lists),
        number=kept["number"],
        due=due,
        since=min(since, now),
        is_own=False,
    )
