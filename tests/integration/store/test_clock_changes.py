"""Times in the state on a clock that was set: while the agent ran, and while nothing ran."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.decisions import Found, How, Match
from listsync.domain.lists import ListOutcome
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import FailedRequest, Miss, Notes
from listsync.errors import StateError
from listsync.store.clock_changes import PullBack, follow_step, pull_back
from listsync.store.database import Database
from listsync.sync.list_backoff import LOOK_EVERY, pause_of_failure, put_off
from tests.integration.store.state import StateFile, rules

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_YEAR = 365 * _DAY
_FILM = Edition(TitleKey(MediaType.MOVIE, 603), four_k=False)


def fail_list(state: StateFile, at: datetime) -> None:
    one = rules("one")
    state.memory.list_setbacks.save(one, ListOutcome.RATE_LIMITED, "slow", at, at + _HOUR)


def retry_at(state: StateFile) -> datetime:
    setback = state.memory.list_setbacks.last(rules("one").source)
    assert setback is not None
    assert setback.retry_at is not None
    return setback.retry_at


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)


@pytest.fixture
def state(path: Path) -> Iterator[StateFile]:
    opened = StateFile(path)
    yield opened
    opened.database.close()


def put_right(database: Database, now: datetime) -> bool:
    return pull_back(database, now, longest_pause=pause_of_failure, look_every=LOOK_EVERY)


@pytest.mark.parametrize("step", [-_YEAR, -3 * _HOUR, 3 * _HOUR, _YEAR], ids=str)
def test_a_list_waits_as_long_as_was_said_however_the_clock_is_set(
    state: StateFile, now: datetime, step: timedelta
) -> None:
    fail_list(state, now)
    now += _HOUR / 2 + step
    follow_step(state.database, step, since=now - step - _DAY, now=now)
    assert retry_at(state) == now + _HOUR / 2
    assert not put_right(state.database, now + timedelta(seconds=1))
    assert retry_at(state) == now + _HOUR / 2


def test_times_are_pulled_back_once_and_again_only_where_that_failed(
    state: StateFile, now: datetime
) -> None:
    fail_list(state, now + _YEAR)
    is_over = [True]
    database = state.database.until_over(lambda: is_over[0])
    times = PullBack(database, longest_pause=pause_of_failure, look_every=LOOK_EVERY)
    with pytest.raises(StateError):
        times.once(now)
    is_over[0] = False
    assert times.once(now)
    assert retry_at(state) == now + _HOUR
    fail_list(state, now + _YEAR)
    assert not times.once(now)


def test_what_another_process_noted_moves_only_where_it_would_be_yet_to_come(
    state: StateFile, now: datetime
) -> None:
    fail_list(state, now)
    follow_step(state.database, _YEAR, since=now + _HOUR, now=now + _HOUR + _YEAR)
    assert retry_at(state) == now + _HOUR


def test_a_wait_that_a_wrong_clock_has_named_begins_anew_once(
    state: StateFile, now: datetime
) -> None:
    fail_list(state, now + _YEAR)
    assert put_right(state.database, now)
    assert retry_at(state) == now + _HOUR
    assert not put_right(state.database, now + _HOUR / 2)
    assert retry_at(state) == now + _HOUR


def test_what_a_wrong_clock_has_dated_keeps_its_order(state: StateFile, now: datetime) -> None:
    for number, at in enumerate((now - _DAY, now + _YEAR, now + _YEAR + _HOUR)):
        state.memory.runs.begin(SyncRun(run_id=f"run{number}", origin="test", started_at=at))
    assert put_right(state.database, now)
    runs = {one.run_id: one.started_at for one in state.state.runs.page(limit=9).rows}
    assert runs == {"run2": now, "run1": now - _HOUR, "run0": now - _DAY}
    assert list(runs) == ["run2", "run1", "run0"]


def test_a_shrink_has_not_lasted_a_week_because_the_clock_was_set(
    state: StateFile, now: datetime
) -> None:
    def shrunk_at() -> str:
        found = state.database.read("SELECT shrunk_at FROM followed")
        return str(found[0]["shrunk_at"])

    fail_list(state, now)
    with state.database.write() as connection:
        connection.execute("UPDATE followed SET shrunk_at = ?", (now.isoformat(),))
    follow_step(state.database, _YEAR, since=now + _DAY, now=now + _DAY + _YEAR)
    assert datetime.fromisoformat(shrunk_at()) == now + _YEAR


def test_nothing_that_is_put_off_waits_longer_than_it_ever_had_to(
    state: StateFile, now: datetime
) -> None:
    missing = Match(found=Found.NOT_FOUND, how=How.TITLE, reasons=("no such title",))
    notes = Notes(
        failed={(_FILM, None): FailedRequest("refused", 1, now + _DAY)},
        matches={"title:x": missing},
        misses={"title:x": Miss(missing.found, 1, now + _DAY)},
    )
    notes.looked[Edition(TitleKey(MediaType.TV, 1396), four_k=False)] = (now + _DAY).date()
    state.memory.record(notes)
    past = now - _YEAR
    assert put_right(state.database, past)
    assert put_off(state.memory.failed_requests.load(), past + _HOUR * 23) != {}
    assert put_off(state.memory.failed_requests.load(), past + _HOUR * 25) == {}
    assert "title:x" not in state.memory.matches.load(past + 3 * _DAY)
    (look,) = state.database.read("SELECT next_on FROM season_looks")
    assert look["next_on"] == past.date().isoformat()


def test_a_state_that_no_clock_has_damaged_is_not_touched(state: StateFile, now: datetime) -> None:
    fail_list(state, now - _HOUR)
    assert not put_right(state.database, now)
    assert retry_at(state) == now
