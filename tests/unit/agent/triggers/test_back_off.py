from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.report import Retry
from listsync.domain.runs import PlannedRetry, Scope
from listsync.errors import StateError
from listsync.triggers.schedule.retry_backoff import BackOff
from tests.fakes import FakeClock, FakeKeyValueStore

_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_DOWN = Retry(why="the server cannot be reached")
_KEY = Retry(why="the key is refused", is_slow=True)
_ONE, _TWO = frozenset({"file:one"}), frozenset({"file:two"})


class Desk:
    """A back-off on a clock of its own."""

    def __init__(self, key_values: FakeKeyValueStore | None = None, drawn: float = 0.0) -> None:
        self.clock = FakeClock(_NOON)
        self.key_values = key_values or FakeKeyValueStore()
        self.drawn = drawn
        self.back_off = self.begin()

    def begin(self) -> BackOff:
        """Begin again on what was kept, as after a restart."""
        self.back_off = BackOff(self.key_values, self.clock, lambda: self.drawn)
        return self.back_off

    @property
    def now(self) -> datetime:
        return self.clock.at

    @property
    def planned(self) -> PlannedRetry:
        found = self.back_off.planned()
        assert found is not None
        return found

    @property
    def wait_min(self) -> float:
        return (self.planned.at - self.now) / timedelta(minutes=1)

    def let_pass(self, minutes: float) -> None:
        self.clock.let_pass(timedelta(minutes=minutes))

    def fail(self, *retries: Retry, scope: Scope = None) -> Desk:
        for retry in retries:
            self.back_off.failed(scope, retry)
        return self

    def try_in_vain(self, retry: Retry, scope: Scope = None) -> float | None:
        """Let what is planned be done, and fail; returns the minutes until the next try."""
        self.clock.let_pass(self.planned.at - self.now)
        self.back_off.taken()
        self.fail(retry, scope=scope)
        return self.wait_min if self.back_off.planned() else None


def titles(count: int) -> Retry:
    return Retry(why=f"{count} titles", titles=count)


def waits(desk: Desk, retries: Iterable[Retry]) -> list[float | None]:
    return [desk.try_in_vain(one) for one in retries]


def test_nothing_is_tried_again_that_has_not_failed() -> None:
    desk = Desk()
    desk.back_off.settled(None)
    desk.back_off.cancelled()
    desk.back_off.taken()
    assert desk.back_off.planned() is None
    assert desk.key_values.saves == {}


def test_what_fails_is_tried_again_after_1_2_5_15_30_and_60_minutes_and_then_hourly() -> None:
    desk = Desk().fail(_DOWN)
    assert desk.planned == PlannedRetry(
        at=_NOON + timedelta(minutes=1), why=_DOWN.why, scope=None, number=1
    )
    assert waits(desk, [_DOWN] * 7) == [2, 5, 15, 30, 60, 60, 60]
    assert desk.planned.number == 8


def test_a_refused_key_is_tried_hourly() -> None:
    desk = Desk().fail(_KEY)
    assert desk.wait_min == 60
    assert waits(desk, [_KEY] * 3) == [60, 60, 60]


def test_up_to_a_tenth_is_added_so_that_many_agents_do_not_come_at_once() -> None:
    assert Desk(drawn=1.0).fail(_DOWN).wait_min == pytest.approx(1.1)


def test_a_known_time_is_not_forestalled() -> None:
    desk = Desk().fail(Retry(why="slow down", not_before=_NOON + timedelta(minutes=10)))
    assert desk.wait_min == 10
    desk = Desk().fail(Retry(why="slow down", not_before=_NOON + timedelta(seconds=5)))
    assert desk.wait_min == 1


# -- the series --------------------------------------------------------------------------------


def test_a_run_that_goes_well_resets_the_series() -> None:
    desk = Desk().fail(_DOWN)
    waits(desk, [_DOWN] * 4)
    desk.back_off.settled(None)
    assert desk.back_off.planned() is None
    assert desk.fail(_DOWN).wait_min == 1


def test_runs_that_somebody_asks_for_meanwhile_do_not_put_the_retry_off() -> None:
    desk = Desk().fail(_DOWN)
    desk.let_pass(0.25)
    desk.fail(_DOWN, _DOWN, _DOWN)
    assert (desk.wait_min, desk.planned.number) == (0.75, 1)


def test_another_trouble_begins_another_series() -> None:
    desk = Desk().fail(_DOWN)
    waits(desk, [_DOWN] * 3)
    assert desk.try_in_vain(_KEY) == 60
    assert desk.try_in_vain(_DOWN) == 1


def test_a_refused_key_does_not_put_off_what_is_planned_soon() -> None:
    desk = Desk().fail(_DOWN, _KEY)
    assert (desk.wait_min, desk.planned.why) == (1, _KEY.why)


def test_what_passes_sooner_is_tried_sooner_than_what_was_planned() -> None:
    assert Desk().fail(_KEY, _DOWN).wait_min == 1


def test_a_retry_whose_time_came_while_another_run_failed_is_planned_anew() -> None:
    desk = Desk().fail(_DOWN)
    desk.let_pass(1.5)
    assert desk.fail(_DOWN).wait_min == 2


def test_titles_that_never_get_an_answer_are_left_alone_after_the_first_steps() -> None:
    desk = Desk().fail(titles(3))
    assert waits(desk, [titles(3)] * 6) == [2, 5, 15, 30, 60, None]
    desk.fail(titles(3))
    assert desk.back_off.planned() is None


def test_more_titles_without_an_answer_begin_a_new_series() -> None:
    desk = Desk().fail(titles(3))
    waits(desk, [titles(3)] * 6)
    assert desk.fail(titles(4)).wait_min == 1


def test_a_server_that_goes_away_while_titles_are_left_alone_is_tried_again() -> None:
    desk = Desk().fail(titles(3))
    waits(desk, [titles(3)] * 6)
    assert desk.fail(_DOWN).wait_min == 1


# -- which lists -------------------------------------------------------------------------------


def test_only_what_failed_is_tried_again() -> None:
    assert Desk().fail(_DOWN, scope=_ONE).planned.scope == _ONE


def test_what_fails_meanwhile_is_tried_with_it() -> None:
    desk = Desk().fail(_DOWN, scope=_ONE).fail(_DOWN, scope=_TWO)
    assert desk.planned.scope == _ONE | _TWO
    assert desk.fail(_DOWN).planned.scope is None


def test_what_was_not_part_of_a_good_run_is_tried_soon() -> None:
    desk = Desk().fail(_DOWN, scope=_ONE | _TWO)
    for _ in range(5):
        desk.try_in_vain(_DOWN, scope=_ONE | _TWO)
    desk.back_off.settled(_ONE)
    assert (desk.planned.scope, desk.planned.number, desk.wait_min) == (_TWO, 1, 1)


def test_a_good_run_of_one_list_does_not_do_for_all() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.settled(_ONE)
    assert desk.planned.scope is None


def test_a_good_run_of_all_lists_does_for_one() -> None:
    desk = Desk().fail(_DOWN, scope=_ONE)
    desk.back_off.settled(None)
    assert desk.back_off.planned() is None


# -- taken up, cancelled -----------------------------------------------------------------------


def test_what_is_being_done_is_not_planned() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.taken()
    assert desk.back_off.planned() is None


def test_other_circumstances_begin_another_series() -> None:
    desk = Desk().fail(_DOWN)
    waits(desk, [_DOWN] * 3)
    desk.back_off.begin_anew()
    assert desk.begin().planned() is None
    assert desk.fail(_DOWN).wait_min == 1


def test_a_retry_that_somebody_cancels_is_not_made_again() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.taken()
    desk.back_off.cancelled()
    assert desk.begin().planned() is None
    assert desk.fail(_DOWN).wait_min == 1


def test_a_retry_outlives_that_another_run_is_cancelled() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.cancelled()
    assert desk.wait_min == 1


# -- kept over a restart -----------------------------------------------------------------------


@pytest.mark.parametrize("scope", [None, _ONE | _TWO], ids=["all", "by-name"])
def test_what_is_planned_outlives_a_restart(scope: Scope) -> None:
    desk = Desk(drawn=0.5).fail(_DOWN, scope=scope)
    before = desk.planned
    desk.let_pass(60)
    assert desk.begin().planned() == before


def test_the_series_goes_on_after_a_restart() -> None:
    desk = Desk().fail(_DOWN)
    waits(desk, [_DOWN] * 2)
    desk.begin()
    assert desk.try_in_vain(_DOWN) == 15


def test_the_series_goes_on_where_the_agent_ended_in_the_middle_of_a_retry() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.taken()
    desk.begin()
    assert desk.fail(_DOWN).wait_min == 2


def test_what_is_over_is_over_after_a_restart() -> None:
    desk = Desk().fail(_DOWN)
    desk.back_off.settled(None)
    assert desk.begin().planned() is None


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_is_set_puts_nothing_off_and_hurries_nothing(days: float) -> None:
    desk = Desk().fail(_KEY)
    desk.let_pass(20)
    desk.clock.set_by(timedelta(days=days))
    assert desk.wait_min == 40
    desk.back_off.keep()
    desk.begin()
    assert desk.wait_min == 40


def test_a_time_that_a_wrong_clock_named_before_the_start_begins_anew_once() -> None:
    desk = Desk().fail(_KEY)
    desk.clock.set_by(timedelta(days=-400))
    desk.begin()
    assert desk.wait_min == 60
    desk.back_off.keep()
    desk.let_pass(20)
    desk.begin()
    assert desk.wait_min == 40


def test_what_was_kept_without_the_time_of_its_plan_waits_no_longer_than_a_server_may_ask() -> (
    None
):
    desk = Desk().fail(_DOWN)
    del desk.key_values.kept["retry"]["since"]
    desk.clock.set_by(timedelta(days=-400))
    desk.begin()
    assert desk.wait_min == 25 * 60


def test_what_cannot_be_kept_holds_until_the_agent_ends() -> None:
    desk = Desk()
    desk.key_values.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        desk.fail(_DOWN)
    assert desk.wait_min == 1
    desk.key_values.fails = None
    desk.fail(_DOWN)
    assert desk.begin().planned() is not None


def test_who_asks_does_not_wait_for_what_is_being_written() -> None:
    desk = Desk()
    desk.key_values.meanwhile = desk.back_off.planned
    desk.fail(_DOWN)
    desk.back_off.taken()
    desk.fail(_DOWN)
    desk.back_off.settled(None)
    assert desk.key_values.saves["retry"] == 4
