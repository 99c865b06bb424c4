"""How much was requested, when, for which lists, and what has become of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass

DAYS = 30


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """`available`: of those *requested*, what has become so since; `failed`: refused, or lost."""

    movies: int = 0
    series: int = 0
    available: int = 0
    existing: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def requested(self) -> int:
        return self.movies + self.series

    def __add__(self, other: RequestCounts) -> RequestCounts:
        return RequestCounts(
            self.movies + other.movies,
            self.series + other.series,
            self.available + other.available,
            self.existing + other.existing,
            self.failed + other.failed,
            self.cancelled + other.cancelled,
        )


NOTHING_COUNTED = RequestCounts()


class ListTotals(NamedTuple):
    """What was requested for one list, since each of some points in time, and ever; what of it."""

    since: tuple[int, ...]
    requested: int = 0
    available: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStatistics:
    """Counts since each of some points in time, the latest first, of days, and by list.

    `ever` is all; `first_at` when that began. `days` are those between the points that were named.
    """

    since: tuple[RequestCounts, ...]
    days: tuple[RequestCounts, ...]
    ever: RequestCounts
    lists: tuple[tuple[str, ListTotals], ...]
    first_at: datetime | None


def days_before(now: datetime, zone: tzinfo, count: int = DAYS) -> tuple[date, ...]:
    """Name the last days where people live, today being the last one."""
    today = now.astimezone(zone).date()
    return tuple(today - timedelta(days=ago) for ago in range(count - 1, -1, -1))


def beginnings(days: Sequence[date], zone: tzinfo) -> tuple[datetime, ...]:
    """Say when each day begins: the first moment of it, in a night with another hour, too."""
    return tuple(_beginning(day, zone) for day in days)


def _beginning(day: date, zone: tzinfo) -> datetime:
    at = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    # Where the clock jumps over midnight, the day begins with the jump.
    while at.astimezone(zone).date() < day:
        at += timedelta(minutes=15)
    return at
