from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.events import SYSTEM_CLOCK, Clock, ClockSteps, put_right
from tests.fakes import FakeClock

_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_HOUR = timedelta(hours=1)


@pytest.mark.parametrize("step", [_HOUR, -_HOUR, timedelta(days=-400), timedelta(seconds=2.5)])
def test_a_step_is_told_once(step: timedelta) -> None:
    clock = FakeClock(_NOON)
    steps = ClockSteps(clock)
    clock.let_pass(_HOUR)
    clock.set_by(step)
    clock.let_pass(_HOUR)
    assert steps.taken() == step
    assert steps.taken() == timedelta()


def test_small_steps_are_told_when_they_come_to_one() -> None:
    clock = FakeClock(_NOON)
    steps = ClockSteps(clock)
    told = []
    for _ in range(4):
        clock.set_by(timedelta(seconds=1))
        told.append(steps.taken().total_seconds())
    assert told == [0, 2, 0, 2]


def test_a_computer_suspended_between_two_looks_at_its_clocks_makes_no_step() -> None:
    clock = FakeClock(_NOON)
    looks = 0

    def elapsed_s() -> float:
        nonlocal looks
        looks += 1
        if looks == 3:  # the first look of `taken`: the suspension is after it
            clock.let_pass(8 * _HOUR)
            return clock.passed_s - 8 * 3600
        return clock.passed_s

    steps = ClockSteps(Clock(clock.now, elapsed_s))
    assert steps.taken() == timedelta()
    assert looks == 6


def test_the_clock_of_the_system_makes_no_steps_by_itself() -> None:
    steps = ClockSteps(SYSTEM_CLOCK)
    assert {steps.taken() for _ in range(1000)} == {timedelta()}


def test_only_what_a_wrong_clock_has_named_is_put_right() -> None:
    assert put_right(_NOON, since=_NOON - _HOUR, now=_NOON - _HOUR) == _NOON
    assert put_right(_NOON, since=_NOON - _HOUR, now=_NOON - 9 * _HOUR) == _NOON - 8 * _HOUR
