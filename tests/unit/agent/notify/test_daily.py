"""Each day is told once, whatever the clock does and however often the agent starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from listsync.domain.message_of_day import LocalDay
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.errors import StateError
from listsync.notify.daily import DailySummaries

AT = time(0, 5)
VIENNA = ZoneInfo("Europe/Vienna")


@dataclass
class World:
    """A machine with a clock, and a state that outlives the agent."""

    now: datetime
    zone: ZoneInfo = VIENNA
    kept: dict[str, Any] = field(default_factory=dict)
    told: list[tuple[date, bool]] = field(default_factory=list)
    quiet: bool = False
    broken: bool = False

    def load(self, name: str) -> Any:
        if self.broken:
            raise StateError("the disk is full")
        return self.kept.get(name)

    def save(self, name: str, value: Any) -> None:
        self.kept[name] = value

    def make(self, day: LocalDay, due: datetime | None) -> Message | None:
        if self.quiet:
            return None
        return Message(
            key=f"{day.date} {'late' if due else ''}",
            kind=MessageKind.DAILY,
            importance=Importance.INFO,
            at=self.now,
            title="",
        )

    def put(self, messages: Sequence[Message], _at: datetime) -> None:
        for one in messages:
            day, _, late = one.key.partition(" ")
            self.told.append((date.fromisoformat(day), bool(late)))

    def start(self, now: datetime | None = None) -> float:
        """Start an agent, and let it look once."""
        self.now = now or self.now
        return DailySummaries(self.make, self.put, self, lambda: self.now).step(AT, self.zone)


def on(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=VIENNA).astimezone(UTC)


@pytest.fixture
def world() -> World:
    """An agent that ran on the 10th, and told the 9th."""
    world = World(on(10, 12))
    world.start()
    assert world.told == [], "what came before the first start is not told"
    return world


def test_a_day_is_told_when_it_is_due_and_once(world: World) -> None:
    assert world.start(on(11, 0, 4)) == 60
    assert world.told == []
    for minute in (5, 6, 7):
        world.start(on(11, 0, minute))
    assert world.told == [(date(2026, 3, 10), False)]


def test_it_sleeps_until_then_but_never_for_longer_than_a_minute(world: World) -> None:
    assert world.start(on(10, 18)) == 60.0
    assert world.start(on(11, 0, 5) - timedelta(seconds=12)) == 12.0


def test_what_was_missed_is_told_late_at_the_start(world: World) -> None:
    world.start(on(11, 9))
    world.start(on(11, 10))
    assert world.told == [(date(2026, 3, 10), True)]


def test_a_few_minutes_are_not_late(world: World) -> None:
    world.start(on(11, 0, 10))
    assert world.told == [(date(2026, 3, 10), False)]


def test_of_a_week_without_the_agent_yesterday_alone_is_told(world: World) -> None:
    world.start(on(18, 9))
    world.start(on(18, 10))
    assert world.told == [(date(2026, 3, 17), True)]


def test_what_could_not_be_read_is_told_as_soon_as_it_can(world: World) -> None:
    world.broken = True
    assert world.start(on(11, 0, 5)) == 60
    world.broken = False
    world.start(on(11, 8))
    assert world.told == [(date(2026, 3, 10), True)]


def test_a_day_with_nothing_to_tell_is_over(world: World) -> None:
    world.quiet = True
    world.start(on(11, 0, 5))
    world.quiet = False  # something fails at noon
    world.start(on(11, 12))
    assert world.told == []


def test_a_clock_that_was_ahead_keeps_no_day_from_being_told(world: World) -> None:
    world.start(datetime(2031, 1, 1, tzinfo=UTC))
    world.told.clear()
    world.start(on(11, 12))
    assert world.told == [], "it may have been told"
    world.start(on(12, 0, 5))
    assert world.told == [(date(2026, 3, 11), False)]


def test_a_clock_that_is_set_back_tells_no_day_again(world: World) -> None:
    world.start(on(11, 0, 5))
    world.start(on(10, 23, 50))
    world.start(on(11, 0, 5))
    assert world.told == [(date(2026, 3, 10), False)]


@pytest.mark.parametrize(
    ("zone", "first", "days"),
    [
        ("America/Havana", datetime(2026, 3, 6, 12, tzinfo=UTC), 4),
        ("America/Havana", datetime(2026, 10, 30, 12, tzinfo=UTC), 4),
        ("America/Santiago", datetime(2026, 9, 4, 12, tzinfo=UTC), 4),
        ("Africa/Cairo", datetime(2026, 4, 22, 12, tzinfo=UTC), 4),
        ("Asia/Beirut", datetime(2026, 3, 27, 12, tzinfo=UTC), 4),
    ],
)
def test_where_the_clocks_change_at_midnight_each_day_is_told_once(
    zone: str, first: datetime, days: int
) -> None:
    world = World(first, ZoneInfo(zone))
    world.start()
    for minute in range(0, days * 24 * 60, 5):
        world.start(first + timedelta(minutes=minute))
    begun = first.astimezone(world.zone).date()
    assert world.told == [(begun + timedelta(days=n), False) for n in range(days)]
