from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listsync.domain.events import ClockSet, Due, Event, RetryDue
from listsync.triggers.schedule.due_times import ScheduleTrigger, Timetable
from listsync.triggers.schedule.rules import (
    EVERYTHING,
    Cron,
    Every,
    Rule,
    host_id,
    next_due,
    stable_jitter,
)
from tests.fakes import FakeClock, FakeKeyValueStore

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_BERLIN = ZoneInfo("Europe/Berlin")
_NEVER = Every(timedelta())
_AT_HALF_PAST_TWO = Cron("30 2 * * *", _BERLIN)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- when ------------------------------------------------------------------------------------


def test_the_first_sync_is_due_at_once() -> None:
    assert next_due(Every(_HOUR), last=None, now=_NOON, jitter=_HOUR) == _NOON


@pytest.mark.parametrize("last", [None, _NOON, _NOON - 9 * _DAY])
def test_zero_is_never(last: datetime | None) -> None:
    assert next_due(_NEVER, last=last, now=_NOON) is None


def test_every_counts_from_the_last_one() -> None:
    last = _NOON - timedelta(minutes=20)
    assert next_due(Every(_HOUR), last=last, now=_NOON) == _NOON + timedelta(minutes=40)


@pytest.mark.parametrize(
    "rule", [Every(_HOUR), Cron("0 * * * *", UTC), _AT_HALF_PAST_TWO], ids=str
)
def test_what_was_missed_is_made_up_for_once_after_the_jitter(rule: Rule) -> None:
    jitter = timedelta(seconds=90)
    due = next_due(rule, last=_NOON - 9 * _DAY, now=_NOON, jitter=jitter)
    assert due == _NOON + jitter
    after = next_due(rule, last=due, now=due, jitter=jitter)
    assert after is not None
    assert after > due + jitter


def test_cron_goes_by_the_clock_of_its_zone() -> None:
    last = utc("2026-06-01T12:00")
    due = next_due(Cron("0 4 * * *", _BERLIN), last=last, now=last)
    assert due == utc("2026-06-02T02:00")
    assert due.tzinfo is UTC


@pytest.mark.parametrize(
    ("last", "due"),
    [
        pytest.param("2026-03-28T12:00", "2026-03-29T01:00", id="skipped-hour-runs-after-it"),
        pytest.param("2026-03-29T01:00", "2026-03-30T00:30", id="the-day-after-in-summer-time"),
        pytest.param("2026-10-24T12:00", "2026-10-25T00:30", id="first-of-two"),
        pytest.param("2026-10-25T00:30", "2026-10-26T01:30", id="not-the-second-of-two"),
        pytest.param("2026-10-25T01:10", "2026-10-26T01:30", id="seen-from-the-second-hour"),
    ],
)
def test_a_daily_time_comes_once_on_the_days_when_the_clock_changes(last: str, due: str) -> None:
    assert next_due(_AT_HALF_PAST_TWO, last=utc(last), now=utc(last)) == utc(due)


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"], ids=["spring", "autumn"])
def test_every_hour_is_every_hour_on_the_days_when_the_clock_changes(day: str) -> None:
    at = utc(f"{day}T00:00") - timedelta(hours=3)
    for rule in (Cron("0 * * * *", _BERLIN), Every(_HOUR)):
        for step in range(8):
            last = at + step * _HOUR
            assert next_due(rule, last=last, now=last) == last + _HOUR


def test_a_date_that_does_not_come_is_never() -> None:
    never = Cron("0 0 31 2 1", UTC)
    assert next_due(never, last=None, now=_NOON) == _NOON  # 31 February *or* a Monday
    with pytest.raises(ValueError, match="day"):
        Cron("0 0 31 2 *", UTC)


@pytest.mark.parametrize(
    "text", ["", "@daily", "* * * *", "0 0 0 * * *", "61 * * * *", "a * * * *"]
)
def test_what_is_no_cron_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"five fields|Bad"):
        Cron(text, UTC)


# -- jitter ----------------------------------------------------------------------------------


def test_jitter_is_the_hosts_own_and_stays() -> None:
    drawn = {
        stable_jitter(Every(_DAY), key, host, _NOON) for key in ("", "a") for host in ("x", "y")
    }
    assert len(drawn) == 4
    assert stable_jitter(Every(_DAY), "a", "x", _NOON + _DAY) in drawn


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        pytest.param(Every(_DAY), timedelta(minutes=5), id="every-day"),
        pytest.param(Every(timedelta(minutes=10)), timedelta(minutes=1), id="every-10-minutes"),
        pytest.param(Cron("*/20 * * * *", UTC), timedelta(minutes=2), id="cron-20-minutes"),
        pytest.param(_NEVER, timedelta(), id="never"),
    ],
)
def test_jitter_is_a_tenth_at_most_and_spread_out(rule: Rule, most: timedelta) -> None:
    drawn = [stable_jitter(rule, str(key), "host", _NOON) for key in range(200)]
    assert timedelta() <= min(drawn) <= most / 10
    assert most * 0.9 <= max(drawn) <= most


@pytest.mark.parametrize("text", ["", None], ids=["empty", "missing"])
def test_a_host_without_an_id_goes_by_its_name(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    if text is not None:
        (tmp_path / "machine-id").write_text(text)
    assert host_id(tmp_path / "machine-id") == "box"


def test_a_host_goes_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "machine-id").write_text("abc\n")
    assert host_id(tmp_path / "machine-id") == "abc"


# -- the trigger -----------------------------------------------------------------------------


class Clock(threading.Event):
    """A clock and the flag that the trigger waits on: waiting is what lets time pass.

    `steps` (by the number of the wait) sets the wall clock during a wait, `asleep` lets the
    computer be suspended.
    """

    def __init__(
        self,
        until: timedelta,
        steps: Mapping[int, timedelta] | None = None,
        asleep: Mapping[int, timedelta] | None = None,
    ) -> None:
        super().__init__()
        self.clock = FakeClock(_NOON)
        self.waits: list[float] = []
        self._passed = timedelta()
        self._until = until
        self._steps = steps or {}
        self._asleep = asleep or {}

    @property
    def now(self) -> datetime:
        return self.clock.at

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        asleep = self._asleep.get(len(self.waits), timedelta())
        self.clock.let_pass(timedelta(seconds=timeout) + asleep)
        self.clock.set_by(self._steps.get(len(self.waits), timedelta()))
        self.waits.append(timeout)
        self._passed += timedelta(seconds=timeout)
        if self._passed >= self._until:
            self.set()
        return self.is_set()


class Owner:
    """A timetable whose keys fire when they are due."""

    def __init__(self, clock: Clock, rules: Mapping[str, Rule], last: datetime) -> None:
        self._clock = clock
        kept = {key: {"last": last.isoformat()} for key in rules}
        self.table = Timetable(FakeKeyValueStore(timetable=kept), "host", clock.clock)
        self.table.follow(rules, at_once=True)
        self.seen: list[tuple[datetime, frozenset[str]]] = []
        self.clock_sets = 0

    def emit(self, event: Event) -> None:
        if isinstance(event, ClockSet):
            self.clock_sets += 1
            return
        assert isinstance(event, Due)
        self.seen.append((self._clock.now, event.keys))
        self.table.fired(event.keys)


def follow(
    rules: Mapping[str, Rule],
    until: timedelta,
    steps: Mapping[int, timedelta] | None = None,
    last: datetime = _NOON,
    asleep: Mapping[int, timedelta] | None = None,
) -> tuple[Owner, Clock]:
    clock = Clock(until, steps, asleep)
    owner = Owner(clock, rules, last)
    ScheduleTrigger(owner.table.due_times, clock.clock).run(owner.emit, clock)
    return owner, clock


def times(owner: Owner) -> list[timedelta]:
    return [at - _NOON for at, _ in owner.seen]


def test_each_due_time_is_one_event() -> None:
    owner, _ = follow({EVERYTHING: Every(_HOUR)}, timedelta(hours=3, minutes=30))
    assert times(owner) == [_HOUR, 2 * _HOUR, 3 * _HOUR]
    assert {keys for _, keys in owner.seen} == {frozenset({EVERYTHING})}


def test_it_wakes_every_30_seconds_at_most_and_never_spins() -> None:
    _, clock = follow({EVERYTHING: Every(_HOUR), "never": _NEVER}, 2 * _HOUR)
    assert max(clock.waits) == 30.0
    assert min(clock.waits) >= 1.0


def test_with_nothing_planned_it_waits_on() -> None:
    owner, clock = follow({EVERYTHING: _NEVER}, _HOUR)
    assert not owner.seen
    assert set(clock.waits) == {30.0}


def test_lists_that_are_due_together_are_one_event() -> None:
    rules = {"imdb: top": Every(_HOUR), "stevenlu: a": Every(_HOUR), "trakt: b": Every(2 * _HOUR)}
    owner, _ = follow(rules, timedelta(minutes=61))
    assert [lists for _, lists in owner.seen] == [frozenset({"imdb: top", "stevenlu: a"})]


def test_everything_is_due_beside_lists_of_their_own() -> None:
    clock = Clock(timedelta(minutes=61))
    emitted: list[Event] = []
    times_ = {EVERYTHING: _NOON + _HOUR, "imdb: top": _NOON + _HOUR}
    ScheduleTrigger(lambda: times_, clock.clock).run(emitted.append, clock)
    assert emitted == [Due(frozenset({EVERYTHING, "imdb: top"}))]


def test_a_due_time_that_its_owner_keeps_is_emitted_once() -> None:
    clock = Clock(_HOUR)
    emitted: list[Event] = []
    overdue = {EVERYTHING: _NOON - _DAY}
    ScheduleTrigger(lambda: overdue, clock.clock).run(emitted.append, clock)
    assert emitted == [Due(frozenset({EVERYTHING}))]


def test_the_time_of_a_retry_is_an_event_of_its_own() -> None:
    clock = Clock(timedelta(minutes=61))
    emitted: list[Event] = []
    schedules = {EVERYTHING: _NOON + _HOUR}
    retries = {EVERYTHING: _NOON + _HOUR, "imdb: top": _NOON + _HOUR / 2}
    trigger = ScheduleTrigger(lambda: schedules, clock.clock, lambda: retries)
    trigger.run(emitted.append, clock)
    assert emitted == [
        RetryDue(frozenset({"imdb: top"})),
        Due(frozenset({EVERYTHING})),
        RetryDue(frozenset({EVERYTHING})),
    ]


def test_a_planned_retry_wakes_it_no_more_often() -> None:
    planned, idle = Clock(_HOUR), Clock(_HOUR)
    at = {EVERYTHING: _NOON + timedelta(minutes=50, seconds=7)}
    ScheduleTrigger(dict, planned.clock, lambda: at).run(lambda _: None, planned)
    ScheduleTrigger(dict, idle.clock).run(lambda _: None, idle)
    assert len(planned.waits) <= len(idle.waits) + 2


def test_overdue_at_the_start_is_caught_up_with_once() -> None:
    owner, _ = follow({EVERYTHING: Every(_HOUR)}, timedelta(minutes=50), last=_NOON - 9 * _DAY)
    (at,) = times(owner)
    assert at < timedelta(minutes=6.5)


def test_eight_hours_of_suspend_are_one_event_right_after() -> None:
    owner, _ = follow({EVERYTHING: Every(_HOUR)}, _HOUR, asleep={3: timedelta(hours=8)})
    assert times(owner) == [timedelta(hours=8, minutes=2)]


@pytest.mark.parametrize(
    "step", [-365 * _DAY, -_DAY, -3 * _HOUR, 3 * _HOUR, _DAY, 365 * _DAY], ids=str
)
def test_a_clock_that_is_set_changes_no_interval(step: timedelta) -> None:
    rules = {EVERYTHING: Every(_HOUR)}
    owner, _ = follow(rules, timedelta(hours=4, minutes=30), {150: step})  # after one sync
    first, second, *others = times(owner)
    assert (first, second - step) == (_HOUR, 2 * _HOUR)
    assert [one - step for one in others] == [3 * _HOUR, 4 * _HOUR]
    assert owner.clock_sets == 1


@pytest.mark.parametrize("step", [-365 * _DAY, -_DAY, -3 * _HOUR], ids=str)
def test_a_clock_set_back_does_not_stop_what_is_due_by_the_clock(step: timedelta) -> None:
    owner, _ = follow({EVERYTHING: Cron("2 * * * *", UTC)}, timedelta(hours=2.5), {4: step})
    first, second = times(owner)[-2:]
    assert first - timedelta(minutes=2.5) - step <= _HOUR
    assert second - first == _HOUR


def test_a_clock_set_by_less_than_two_seconds_is_not_told() -> None:
    owner, _ = follow({EVERYTHING: Every(_HOUR)}, _HOUR, {4: timedelta(seconds=1.5)})
    assert owner.clock_sets == 0


def test_a_new_due_time_is_followed_within_30_seconds() -> None:
    clock = Clock(timedelta(minutes=5))
    emitted: list[datetime] = []

    def due_times() -> dict[str, datetime]:
        soon = clock.now >= _NOON + timedelta(minutes=1)
        return {EVERYTHING: _NOON + (timedelta(seconds=65) if soon else _DAY)}

    trigger = ScheduleTrigger(due_times, clock.clock)
    trigger.run(lambda _: emitted.append(clock.now), clock)
    assert emitted == [_NOON + timedelta(seconds=65)]


def test_it_stops_when_told() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=ScheduleTrigger(dict).run, args=(lambda _: None, stop))
    thread.start()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
