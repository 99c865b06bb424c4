"""What wakes the agent, and who asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """What a signal asks for: USR1 a sync, HUP a reload, TERM and INT the end."""

    SYNC = "sync"
    RELOAD = "reload"
    STOP = "stop"


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
