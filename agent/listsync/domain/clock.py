"""What time it is, and by how much somebody has set the clock since."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_LEAST_S = 2.0
"""Less than that is no step that anything here would notice."""
_AT_ONCE_S = 0.05
_TRIES = 5


def _elapsed_s() -> float:
    """Count also the time in which the computer was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class Clock:
    """The clock on the wall, which people and time servers set, beside the time that passes."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    elapsed_s: Callable[[], float] = _elapsed_s


SYSTEM_CLOCK = Clock()


class ClockSteps:
    """Notices that the clock was set. Each owner of times has one of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = self._measure()

    def taken(self) -> timedelta:
        """Say by how much the clock was set since this was asked last; back is negative."""
        offset_s = self._measure()
        step_s = offset_s - self._offset_s
        if abs(step_s) < _LEAST_S:
            return timedelta()
        self._offset_s = offset_s
        return timedelta(seconds=round(step_s, 3))

    def _measure(self) -> float:
        """Read both at once; where something came between the two, read again."""
        offset_s = 0.0
        for _ in range(_TRIES):
            before = self._clock.elapsed_s()
            offset_s = self._clock.now().timestamp() - before
            if self._clock.elapsed_s() - before < _AT_ONCE_S:
                break
        return offset_s


def put_right(due: datetime, *, since: datetime, now: datetime) -> datetime:
    """Give *due* as it was meant at *since*; if that is yet to come, the clock was wrong then."""
    return due if since <= now else now + (due - since)
