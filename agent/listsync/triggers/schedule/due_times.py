"""The due times of schedules, which outlive a restart, and the trigger that tells of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from listsync.domain.events import SYSTEM_CLOCK, Clock, ClockSet, ClockSteps, Due, Event, RetryDue
from listsync.lean_dataclasses import dataclass
from listsync.ports.state import KeyValueStore
from listsync.triggers.schedule.rules import (
    EVERYTHING,
    Cron,
    Rule,
    due_after_step,
    next_due,
    stable_jitter,
)

_NAME = "timetable"
_Kind = type[Due] | type[RetryDue]

_LONGEST_WAIT = timedelta(seconds=30)
_OWNER = timedelta(seconds=1)
"""How long the owner takes, at most, to know the next time after one has come."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One schedule: when it fired last (or was first seen), and when it will.

    `is_own`: both were noted by this process, which so knows how much time has passed since.
    """

    rule: Rule
    last: datetime | None
    due: datetime | None
    is_own: bool = True

    def after_step(self, step: timedelta, now: datetime) -> _Row:
        """Follow a clock that was set by *step*.

        What another process noted may have been noted by the right clock, before this one began
        with a wrong one: it is not put off then.
        """
        if self.due is None or (step > timedelta() and not self.is_own):
            return self
        last = self.last and self.last + step
        due = due_after_step(self.rule, last=last, due=self.due, step=step, now=now)
        return replace(self, last=last, due=due)


class Timetable:
    """Keeps the due times of schedules by key (`EVERYTHING` or a list's source).

    Any thread may use it; who only asks does not wait for what is being written. What was missed
    while nothing ran is made up for once, with an offset that is always the same on *host*.
    """

    everything = EVERYTHING

    def __init__(
        self,
        key_values: KeyValueStore,
        host: str,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._key_values = key_values
        self._host = host
        self._now = clock.now
        self._steps = ClockSteps(clock)
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._kept: dict[str, Any] = key_values.load(_NAME) or {}
        self._rows: dict[str, _Row] = {}

    def follow(self, rules: Mapping[str, Rule], *, at_once: bool) -> None:
        """Follow *rules* from now on; a key never seen is due now if *at_once*.

        Raises:
            StateError: the due times cannot be kept.
        """
        with self._lock:
            now = self._follow_clock()
            self._rows = {key: self._row(key, rule, now, at_once) for key, rule in rules.items()}
        self._save()

    def fired(self, keys: Iterable[str]) -> None:
        """Note that *keys* were due and have been taken up; raises StateError."""
        with self._lock:
            now = self._follow_clock()
            for key in keys:
                if row := self._rows.get(key):
                    due = next_due(row.rule, last=now, now=now)
                    self._rows[key] = _Row(row.rule, now, due)
        self._save()

    def keys(self) -> frozenset[str]:
        """Return the keys of all schedules."""
        with self._lock:
            return frozenset(self._rows)

    def planned(self) -> dict[str, datetime | None]:
        """Return when each schedule is due by the clock as it is now.

        None: a schedule that never comes round by itself.
        """
        with self._lock:
            self._follow_clock()
            return {key: row.due for key, row in self._rows.items()}

    def due_times(self) -> dict[str, datetime]:
        """Return what is due when, without what never is."""
        return {key: due for key, due in self.planned().items() if due is not None}

    def keep(self) -> None:
        """Write down what has changed, also by the clock; raises StateError."""
        self._save()

    def _follow_clock(self) -> datetime:
        """Move all times with a clock that was set; returns what it says now."""
        step, now = self._steps.taken(), self._now()
        if step:
            self._rows = {key: row.after_step(step, now) for key, row in self._rows.items()}
        return now

    def _row(self, key: str, rule: Rule, now: datetime, at_once: bool) -> _Row:
        running = self._rows.get(key)
        if running is not None and running.rule == rule:
            return running
        kept = self._kept.get(key)
        last = datetime.fromisoformat(kept["last"]) if kept else None if at_once else now
        if last is not None and last > now:
            last = now  # a clock that was ahead has dated it
        if running is not None and isinstance(rule, Cron):
            last = now  # a new time of day has missed nothing
        # Only a restart has.
        jitter = timedelta()
        if running is None and kept:
            jitter = stable_jitter(rule, key, self._host, now)
        due = next_due(rule, last=last, now=now, jitter=jitter)
        is_own = running.is_own if running else kept is None
        return _Row(rule, last, due, is_own)

    def _save(self) -> None:
        with self._saving:
            with self._lock:
                rows = dict(self._rows)
            kept = {key: {"last": row.last.isoformat()} for key, row in rows.items() if row.last}
            if kept != self._kept:
                self._key_values.save(_NAME, kept)
                self._kept = kept


class ScheduleTrigger:
    """Emits one `Due` for each due time that has come, and one `RetryDue` for those of retries.

    *due_times* and *retry_times* (key to aware time; `EVERYTHING` or a source) are called at each
    look. The same due time of a key is never emitted twice. `ClockSet` comes before what is due by
    the new clock, so that the owners can follow it first.
    """

    def __init__(
        self,
        due_times: Callable[[], Mapping[str, datetime]],
        clock: Clock = SYSTEM_CLOCK,
        retry_times: Callable[[], Mapping[str, datetime]] = dict,
    ) -> None:
        self._times: Mapping[_Kind, Callable[[], Mapping[str, datetime]]] = {
            Due: due_times,
            RetryDue: retry_times,
        }
        self._now = clock.now
        self._steps = ClockSteps(clock)
        self._emitted: dict[tuple[_Kind, str], datetime] = {}

    def run(self, emit: Callable[[Event], None], stop: threading.Event) -> None:
        """Block until *stop* is set."""
        while not stop.is_set():
            stop.wait(self._look(emit).total_seconds())

    def _look(self, emit: Callable[[Event], None]) -> timedelta:
        """Emit what is due; return how long nothing will be, as far as is known."""
        if self._steps.taken():
            emit(ClockSet())
            return _OWNER
        now = self._now()
        times = {(kind, key): at for kind, of in self._times.items() for key, at in of().items()}
        ahead = {key: at for key, at in times.items() if self._emitted.get(key) != at}
        due = {key: at for key, at in ahead.items() if at <= now}
        self._emitted.update(due)
        for kind in self._times:
            keys = frozenset(key for of, key in due if of is kind)
            if keys:
                emit(kind(keys))
        if due:
            return _OWNER  # has a new time soon
        return min([_LONGEST_WAIT, *(at - now for at in ahead.values() if at > now)])
