"""What wakes the agent and who asked; what time it is, and how far the clock was set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from listsync.lean_dataclasses import dataclass

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


class Signal(StrEnum):
    """What a signal asks for: USR1 a sync, HUP a reload or the end, TERM and INT the end."""

    SYNC = "sync"
    RELOAD = "reload"
    STOP = "stop"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """The configuration on disk is not what it was; whether it means something else is open.

    `is_closed`: whether its last writer was seen to close it; None: nobody was seen.
    """

    is_closed: bool | None = None


@dataclass(frozen=True, slots=True)
class WatcherNote:
    """How the configuration is being watched has changed; `note` is empty when all is well."""

    note: str


@dataclass(frozen=True, slots=True)
class Due:
    """Schedules have come round; *keys* are lists' sources, and "" for the one of all others."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetryDue:
    """It is time to try again; *keys* are lists' sources, and "" for the run that failed."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Somebody has set the clock; by how much, each owner of times notices by itself."""


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal came in."""

    signal: Signal


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The running sync has ended."""

    run_id: str


@dataclass(frozen=True, slots=True)
class QueueMoved:
    """What runs, what waits or whether there is a pause is not what it was."""


Event = (
    ConfigChanged | WatcherNote | Due | RetryDue | ClockSet | Signalled | RunFinished | QueueMoved
)
