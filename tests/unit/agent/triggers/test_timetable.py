from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from listsync.errors import StateError
from listsync.triggers.schedule.due_times import Timetable
from listsync.triggers.schedule.rules import EVERYTHING, Cron, Every, Rule, stable_jitter
from tests.fakes import FakeClock, FakeKeyValueStore

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_HOURLY, _DAILY, _NEVER = Every(_HOUR), Every(_DAY), Every(timedelta())
_AT_SIX = Cron("0 6 * * *", UTC)
_LIST = "file:one"


class World:
    """A clock, a key_values, and a timetable that can be started anew."""

    def __init__(self) -> None:
        self.clock = FakeClock(_NOON)
        self.key_values = FakeKeyValueStore()
        self.table = self._table()

    @property
    def now(self) -> datetime:
        return self.clock.at

    @now.setter
    def now(self, at: datetime) -> None:
        self.clock.let_pass(at - self.clock.at)

    def start(self, rules: Mapping[str, Rule]) -> None:
        """Start as after a restart."""
        self.table = self._table()
        self.table.follow(rules, at_once=True)

    def reload(self, rules: Mapping[str, Rule]) -> None:
        self.table.follow(rules, at_once=False)

    def due(self, key: str = EVERYTHING) -> datetime | None:
        return self.table.due_times().get(key)

    def _table(self) -> Timetable:
        return Timetable(self.key_values, "host", self.clock)


@pytest.fixture
def world() -> World:
    return World()


def jitter(rule: Rule, now: datetime, key: str = EVERYTHING) -> timedelta:
    offset = stable_jitter(rule, key, "host", now)
    assert offset
    return offset


# -- when it starts ----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", [_HOURLY, _AT_SIX], ids=["every", "cron"])
def test_at_the_very_first_start_all_is_due(world: World, rule: Rule) -> None:
    world.start({EVERYTHING: rule, _LIST: rule})
    assert world.table.due_times() == {EVERYTHING: _NOON, _LIST: _NOON}


def test_what_is_never_due_has_no_time_but_is_a_schedule_of_its_own(world: World) -> None:
    world.start({_LIST: _NEVER})
    assert world.table.due_times() == {}
    assert world.table.keys() == {_LIST}


def test_without_rules_nothing_is_due(world: World) -> None:
    world.start({})
    assert world.table.due_times() == {}


def test_what_has_not_been_taken_up_is_still_due_after_a_restart(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.now += _HOUR
    world.start({EVERYTHING: _DAILY})
    assert world.due() == world.now


# -- when it has fired -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        pytest.param(_HOURLY, _NOON + _HOUR, id="every"),
        pytest.param(_AT_SIX, _NOON + timedelta(hours=18), id="cron"),
    ],
)
def test_the_next_time_counts_from_when_it_fired(world: World, rule: Rule, due: datetime) -> None:
    world.start({EVERYTHING: rule})
    world.table.fired([EVERYTHING])
    assert world.due() == due


def test_the_others_stay_due(world: World) -> None:
    world.start({EVERYTHING: _HOURLY, _LIST: _HOURLY})
    world.table.fired([EVERYTHING])
    assert world.due(_LIST) == _NOON


def test_a_key_that_is_followed_no_more_fires_nothing(world: World) -> None:
    world.start({EVERYTHING: _HOURLY})
    world.table.fired([_LIST])
    assert world.table.keys() == {EVERYTHING}


# -- a restart ---------------------------------------------------------------------------------


def test_a_restart_changes_no_due_time(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += _HOUR
    world.start({EVERYTHING: _DAILY})
    assert world.due() == _NOON + _DAY


@pytest.mark.parametrize("rule", [_DAILY, _AT_SIX], ids=["every", "cron"])
def test_what_was_missed_is_made_up_for_once_a_little_later(world: World, rule: Rule) -> None:
    world.start({EVERYTHING: rule})
    world.table.fired([EVERYTHING])
    world.now += 5 * _DAY
    world.start({EVERYTHING: rule})
    due = world.due()
    assert due == world.now + jitter(rule, world.now)
    assert due is not None
    world.now = due
    world.table.fired([EVERYTHING])
    assert (world.due() or due) > due + _HOUR


def test_the_offset_does_not_grow_while_it_is_waited_for(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += 5 * _DAY
    world.start({EVERYTHING: _DAILY})
    before = world.due()
    world.now += timedelta(seconds=1)
    assert world.due() == before


def test_each_schedule_has_its_own_offset(world: World) -> None:
    rules = {EVERYTHING: _DAILY, _LIST: _DAILY}
    world.start(rules)
    world.table.fired(rules)
    world.now += 5 * _DAY
    world.start(rules)
    assert world.due(_LIST) == world.now + jitter(_DAILY, world.now, _LIST) != world.due()


def test_a_rule_that_changed_while_nothing_ran_counts_from_the_last_time(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += _HOUR
    world.start({EVERYTHING: Every(2 * _HOUR)})
    assert world.due() == _NOON + 2 * _HOUR


def test_a_list_that_came_while_nothing_ran_is_due(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.start({EVERYTHING: _DAILY, _LIST: _DAILY})
    assert world.due(_LIST) == world.now


# -- a reload ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "due"),
    [
        pytest.param(_HOURLY, _NOON + _HOUR, id="every"),
        pytest.param(_AT_SIX, _NOON + timedelta(hours=18), id="cron"),
    ],
)
def test_a_new_schedule_begins_to_count_when_it_comes(
    world: World, rule: Rule, due: datetime
) -> None:
    world.start({})
    world.reload({_LIST: rule})
    assert world.due(_LIST) == due


def test_a_reload_of_the_same_rules_changes_no_due_time(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += _HOUR
    world.reload({EVERYTHING: _DAILY})
    assert world.due() == _NOON + _DAY


def test_a_changed_rule_counts_from_the_last_time(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += _HOUR
    world.reload({EVERYTHING: Every(2 * _HOUR)})
    assert world.due() == _NOON + 2 * _HOUR


def test_a_new_time_of_day_has_missed_nothing(world: World) -> None:
    world.start({EVERYTHING: _AT_SIX})
    world.table.fired([EVERYTHING])
    world.now += 3 * _HOUR
    world.reload({EVERYTHING: Cron("0 14 * * *", UTC)})
    assert world.due() == _NOON + timedelta(hours=26)


def test_a_shorter_interval_that_is_over_is_due_without_an_offset(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += 3 * _HOUR
    world.reload({EVERYTHING: _HOURLY})
    assert world.due() == world.now


def test_what_waits_for_its_offset_is_not_hurried_by_a_reload(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += 5 * _DAY
    world.start({EVERYTHING: _DAILY})
    before = world.due()
    world.reload({EVERYTHING: _DAILY, _LIST: _HOURLY})
    assert world.due() == before


def test_a_schedule_that_is_switched_off_is_due_no_more(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.reload({EVERYTHING: _NEVER})
    assert world.due() is None


def test_a_schedule_that_has_gone_is_forgotten(world: World) -> None:
    world.start({EVERYTHING: _DAILY, _LIST: _DAILY})
    world.table.fired([EVERYTHING, _LIST])
    world.reload({EVERYTHING: _DAILY})
    assert world.table.keys() == {EVERYTHING}
    assert set(world.key_values.load("timetable")) == {EVERYTHING}


# -- clocks that are set -----------------------------------------------------------------------

_STEPS = [timedelta(seconds=5), _HOUR, 3 * _DAY, 365 * _DAY]


@pytest.mark.parametrize("step", [*_STEPS, *(-one for one in _STEPS)], ids=str)
def test_an_interval_counts_the_time_that_passes_however_the_clock_is_set(
    world: World, step: timedelta
) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += 8 * _HOUR
    world.clock.set_by(step)
    assert world.due() == world.now + 16 * _HOUR
    world.table.keep()
    world.start({EVERYTHING: _DAILY})
    assert world.due() == world.now + 16 * _HOUR


def test_a_clock_set_forward_and_back_again_changes_nothing(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    for step in (365 * _DAY, -365 * _DAY, -3 * _DAY, 3 * _DAY):
        world.now += _HOUR
        world.clock.set_by(step)
        assert world.due() == world.now + _DAY - timedelta(seconds=world.clock.passed_s)
    assert world.due() == _NOON + _DAY


def test_the_time_of_a_suspended_computer_counts(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += 40 * _DAY
    assert world.due() == _NOON + _DAY


def test_what_is_due_stays_due_on_a_clock_set_back(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.clock.set_by(-3 * _DAY)
    assert world.due() == world.now


def test_what_a_right_clock_noted_before_the_start_is_missed_when_this_one_is_put_right(
    world: World,
) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.now += _HOUR  # and a computer without a clock of its own is switched off for three days
    world.start({EVERYTHING: _DAILY})
    world.clock.set_by(3 * _DAY)
    assert world.due() == _NOON + _DAY < world.now


@pytest.mark.parametrize("step", [365 * _DAY, 3 * _DAY], ids=str)
@pytest.mark.parametrize("rule", [_DAILY, _AT_SIX], ids=["every", "cron"])
def test_a_last_time_that_is_yet_to_come_begins_anew_once(
    world: World, rule: Rule, step: timedelta
) -> None:
    world.now += step
    world.start({EVERYTHING: rule})
    world.table.fired([EVERYTHING])
    world.clock.set_by(-step)
    world.start({EVERYTHING: rule})
    due = world.due()
    assert due is not None
    assert due <= _NOON + _DAY
    world.now += _HOUR
    world.start({EVERYTHING: rule})
    assert world.due() == due


@pytest.mark.parametrize(
    ("step", "due"),
    [
        pytest.param(-_DAY, "2026-06-02T06:00", id="a-day"),
        pytest.param(-40 * _DAY, "2026-04-24T06:00", id="forty-days"),
        pytest.param(timedelta(seconds=-90), "2026-06-03T06:00", id="not-twice-at-once"),
        pytest.param(-4 * _HOUR, "2026-06-03T06:00", id="not-twice-on-a-day"),
        pytest.param(_HOUR, "2026-06-03T06:00", id="an-hour-forward"),
    ],
)
def test_a_time_of_day_is_one_on_the_clock_that_was_set(
    world: World, step: timedelta, due: str
) -> None:
    world.start({EVERYTHING: _AT_SIX})
    world.table.fired([EVERYTHING])
    world.now = datetime(2026, 6, 2, 6, tzinfo=UTC)
    world.table.fired([EVERYTHING])
    world.now += timedelta(minutes=1)
    world.clock.set_by(step)
    assert world.due() == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_time_of_day_that_the_clock_has_jumped_over_is_due(world: World) -> None:
    world.start({EVERYTHING: _AT_SIX})
    world.table.fired([EVERYTHING])
    world.clock.set_by(40 * _DAY)
    assert (world.due() or world.now) < world.now


# -- the key_values ------------------------------------------------------------------------------


def test_nothing_is_written_where_nothing_has_changed(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.table.fired([EVERYTHING])
    world.reload({EVERYTHING: _DAILY})
    world.start({EVERYTHING: _DAILY})
    assert world.key_values.saves == {"timetable": 1}


def test_what_cannot_be_kept_is_said_and_not_fired_again(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.key_values.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        world.table.fired([EVERYTHING])
    assert world.due() == _NOON + _DAY


def test_what_could_not_be_kept_is_kept_next_time(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.key_values.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        world.table.fired([EVERYTHING])
    world.key_values.fails = None
    world.reload({EVERYTHING: _DAILY})
    assert set(world.key_values.load("timetable")) == {EVERYTHING}


def test_who_asks_does_not_wait_for_what_is_being_written(world: World) -> None:
    world.start({EVERYTHING: _DAILY})
    world.key_values.meanwhile = world.due
    world.table.fired([EVERYTHING])
    world.reload({EVERYTHING: _DAILY, _LIST: _HOURLY})
    assert world.key_values.saves["timetable"] == 2
