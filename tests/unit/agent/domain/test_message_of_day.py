"""Which day is meant, by the clocks on the walls, and what of it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from listsync.domain.history import DayOfRequests
from listsync.domain.message_data import DailyData
from listsync.domain.message_of_day import (
    DayFacts,
    LocalDay,
    TransfersOfDay,
    message_of_day,
)
from listsync.domain.messages import Importance
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.transfers import JobState, TransferCounts
from tests.golden.message_cases import DAY

AT = time(0, 5)


def a_day(zone: str, day: str) -> LocalDay:
    return LocalDay(date.fromisoformat(day), ZoneInfo(zone))


def hours(day: LocalDay) -> float:
    return (day.end - day.start).total_seconds() / 3600


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Vienna", "2026-03-28", 24),
        ("Europe/Vienna", "2026-03-29", 23),
        ("Europe/Vienna", "2026-10-25", 25),
        ("America/Havana", "2020-03-07", 24),
        ("America/Havana", "2020-03-08", 23),
        ("America/Havana", "2020-11-01", 25),
        ("America/Santiago", "2026-09-06", 23),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Asia/Beirut", "2026-03-29", 23),
        ("Pacific/Apia", "2011-12-30", 0),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: str, length: int) -> None:
    found = a_day(zone, day)
    assert hours(found) == length
    assert found.before.end == found.start
    if length:
        assert LocalDay.of(found.start, found.zone) == found
        assert LocalDay.of(found.end - timedelta(seconds=1), found.zone) == found
    assert LocalDay.of(found.end, found.zone) != found


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Havana", "2020-03-08"),
        ("America/Santiago", "2026-09-06"),
        ("Africa/Cairo", "2026-04-24"),
        ("Asia/Beirut", "2026-03-29"),
    ],
)
def test_five_past_midnight_comes_an_hour_later_where_the_clocks_jump_over_it(
    zone: str, day: str
) -> None:
    told_on = a_day(zone, day)
    due = told_on.before.due(AT)
    assert due.astimezone(told_on.zone).time() == time(1, 5)
    assert due == told_on.start + timedelta(minutes=5)
    assert LocalDay.last_due(due - timedelta(seconds=1), AT, told_on.zone).date < (
        told_on.before.date
    )
    assert LocalDay.last_due(due, AT, told_on.zone) == told_on.before


def test_of_two_times_five_past_midnight_the_first_one_counts() -> None:
    told_on = a_day("America/Havana", "2020-11-01")
    due = told_on.before.due(AT)
    assert due == datetime(2020, 11, 1, 4, 5, tzinfo=UTC)
    for again in (due, due + timedelta(hours=1), due + timedelta(hours=24)):
        assert LocalDay.last_due(again, AT, told_on.zone) == told_on.before
    after = due + timedelta(hours=25)
    assert LocalDay.last_due(after, AT, told_on.zone) == told_on


def changes(at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether clocks are set within two days of *at*."""
    days = (at + timedelta(days=number) for number in (-2, 2))
    return len({one.astimezone(zone).utcoffset() for one in days}) > 1


@pytest.mark.parametrize("zone", ["America/Havana", "Europe/Vienna", "Africa/Cairo", "UTC"])
def test_each_day_of_a_year_is_due_once_and_in_order(zone: str) -> None:
    at = a_day(zone, "2026-01-01").start
    told: list[date] = []
    while at < a_day(zone, "2027-01-01").start:
        found = LocalDay.last_due(at, AT, ZoneInfo(zone)).date
        if not told or told[-1] != found:
            told.append(found)
        at += timedelta(hours=1 if changes(at, ZoneInfo(zone)) else 6)
    assert told == [date(2025, 12, 30) + timedelta(days=n) for n in range(len(told))]
    assert len(told) == 366


WRONG = Notice(kind=NoticeKind.CONFIG_INVALID, text="it is invalid")
UNREAD = Notice(kind=NoticeKind.LIST_GONE, text="not found", list_name="films")
PASSES = Notice(kind=NoticeKind.SYNC_FAILED, text="no server", passes=True)
REVIEW = Notice(kind=NoticeKind.REVIEW, text="2 titles wait")
QUIET = replace(DAY, requests=DayOfRequests(), results={"ok": 4}, standing=(), review=0)


@pytest.mark.parametrize(
    ("facts", "is_told"),
    [
        (QUIET, False),
        (replace(QUIET, review=3, standing=((REVIEW, None),)), False),
        (replace(QUIET, standing=((PASSES, None),)), False),
        (replace(QUIET, requests=replace(QUIET.requests, slow_total=3)), False),
        (replace(QUIET, requests=replace(QUIET.requests, series=1)), True),
        (replace(QUIET, requests=replace(QUIET.requests, cancelled=1)), True),
        (replace(QUIET, requests=replace(QUIET.requests, failures=1)), True),
        (replace(QUIET, results={"failed": 1}), True),
        (replace(QUIET, standing=((WRONG, None),)), True),
        (replace(QUIET, standing=((UNREAD, None),)), True),
    ],
)
def test_a_day_is_told_when_something_happened_or_is_wrong(facts: DayFacts, is_told: bool) -> None:
    assert facts.is_worth_telling is is_told


def test_what_is_wrong_makes_it_a_warning() -> None:
    assert message_of_day(QUIET, "daily").importance is Importance.INFO
    for wrong in (WRONG, UNREAD):
        facts = replace(QUIET, standing=((wrong, None),))
        assert message_of_day(facts, "daily").importance is Importance.WARNING


def test_what_there_is_no_room_for_is_counted() -> None:
    message = message_of_day(DAY, "daily")
    assert len(message.titles) + message.more == DAY.requests.films + DAY.requests.series
    failed = next(line for line in message.lines if line.startswith("Failed: "))
    assert failed.endswith(f"and {DAY.requests.failures - 5} more")


def test_programs_are_told_as_it_is_declared() -> None:
    data = message_of_day(DAY, "daily").data
    assert data.keys() == DailyData.__annotations__.keys()
    msgspec.convert(data, DailyData)


QUIET = replace(
    DAY, requests=DayOfRequests(), results={"ok": 1}, standing=(), review=0, transfers=None
)


@pytest.mark.parametrize(
    "transfers",
    [
        TransfersOfDay(counts=TransferCounts(by_state={JobState.SUCCEEDED: 1}, movies=1)),
        TransfersOfDay(counts=TransferCounts(), failing_total=1),
        TransfersOfDay(counts=TransferCounts(), given_up_total=1),
    ],
    ids=["synced", "failing", "given up"],
)
def test_a_day_of_copies_alone_is_worth_telling(transfers: TransfersOfDay) -> None:
    assert not QUIET.is_worth_telling
    facts = replace(QUIET, transfers=transfers)
    assert facts.is_worth_telling
    is_well = not (transfers.failing_total or transfers.given_up_total)
    assert (message_of_day(facts, "daily").importance is Importance.INFO) is is_well


def test_a_day_on_which_nothing_was_copied_is_as_quiet_as_before() -> None:
    assert not replace(QUIET, transfers=TransfersOfDay(counts=TransferCounts())).is_worth_telling
