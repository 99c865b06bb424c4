"""Says when a schedule has come round.

It compares wall clock times at least every 30 s, because a long sleep would not count the time
that a computer is suspended, and notices when somebody has set the clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from listsync.domain.clock import SYSTEM_CLOCK, Clock, ClockSteps
from listsync.domain.events import ClockSet, Due, Event, RetryDue

_Kind = type[Due] | type[RetryDue]

_LONGEST_WAIT = timedelta(seconds=30)
_OWNER = timedelta(seconds=1)
"""How long the owner takes, at most, to know the next time after one has come."""


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
