from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listsync.agent.queue import QueueState, RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.domain.runs import Pause, SyncJob
from listsync.errors import StateError
from tests.fakes import FakeKeyValueStore

_ALL = SyncJob(run_id="all", scope=None, origins=("schedule",))
_ONE = SyncJob(run_id="one", scope=frozenset({"file:one"}), origins=("config",))
_TWO = SyncJob(run_id="two", scope=frozenset({"file:two"}), origins=("SIGUSR1", "config"))
_DRY = replace(_ONE, run_id="dry", dry_run=True)
_FAR = datetime(2999, 1, 1, tzinfo=UTC)
_PAST = datetime.now(UTC) - timedelta(seconds=1)


def kept(*standings: QueueState) -> FakeKeyValueStore:
    """Give what a killed agent leaves behind that stood so, one after the other."""
    key_values = FakeKeyValueStore()
    keeper = QueueStore(key_values)
    for state in standings:
        keeper.keep(state)
    return key_values


def restored(key_values: FakeKeyValueStore) -> QueueState:
    queue = RunQueue(lambda: None)
    QueueStore(key_values).restore(queue)
    return queue.state


# -- what is owed ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "owed"),
    [
        pytest.param(QueueState(), None, id="idle"),
        pytest.param(
            QueueState(running=_ONE), {"lists": ["file:one"], "origin": "config"}, id="one-runs"
        ),
        pytest.param(
            QueueState(running=_ALL), {"lists": None, "origin": "schedule"}, id="one-of-all-runs"
        ),
        pytest.param(
            QueueState(pending=_TWO, pause=Pause(None)),
            {"lists": ["file:two"], "origin": "SIGUSR1, config"},
            id="one-waits-in-a-pause",
        ),
        pytest.param(
            QueueState(running=_ONE, pending=_TWO),
            {"lists": ["file:one", "file:two"], "origin": "config, SIGUSR1"},
            id="one-runs-and-one-waits",
        ),
        pytest.param(
            QueueState(running=_ONE, pending=_ALL),
            {"lists": None, "origin": "config, schedule"},
            id="one-of-all-waits",
        ),
        pytest.param(
            QueueState(running=_ALL, pending=_ONE),
            {"lists": None, "origin": "schedule, config"},
            id="one-of-all-runs-and-one-waits",
        ),
        pytest.param(QueueState(running=_DRY), None, id="a-dry-run"),
        pytest.param(
            QueueState(running=_DRY, pending=_TWO),
            {"lists": ["file:two"], "origin": "SIGUSR1, config"},
            id="one-waits-behind-a-dry-run",
        ),
    ],
)
def test_after_a_kill_is_owed(state: QueueState, owed: dict[str, Any] | None) -> None:
    assert kept(state).load("owed") == owed


def test_of_more_origins_than_can_be_told_the_number_is_owed() -> None:
    crowd = replace(_ALL, more_origins=3)
    assert kept(QueueState(running=_ONE, pending=crowd)).load("owed") == {
        "lists": None,
        "origin": "config, schedule and 3 more",
    }


def test_the_origins_that_are_owed_are_a_name_of_a_bearable_length() -> None:
    crowd = replace(_ALL, origins=tuple(f"caller {number}" for number in range(1_000)))
    origin = kept(QueueState(running=crowd)).load("owed")["origin"]
    assert (len(origin), origin[-1]) == (1_000, "…")


def test_what_has_ended_is_owed_no_more() -> None:
    assert kept(QueueState(running=_ONE), QueueState()).load("owed") is None


def test_what_was_let_go_is_not_owed_though_it_still_runs() -> None:
    key_values = FakeKeyValueStore()
    keeper = QueueStore(key_values)
    keeper.keep(QueueState(running=_ONE, pending=_TWO))
    keeper.let_go(_ONE.run_id)
    keeper.keep(QueueState(running=_ONE, pending=_TWO))
    assert key_values.load("owed")["lists"] == ["file:two"]


def test_an_equal_standing_is_not_written_again() -> None:
    state = QueueState(running=_ONE, pause=Pause(_FAR))
    assert kept(state, state).saves == {"owed": 1, "pause": 1}


def test_what_could_not_be_written_is_written_next_time() -> None:
    key_values = FakeKeyValueStore()
    keeper = QueueStore(key_values)
    key_values.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        keeper.keep(QueueState(running=_ONE))
    key_values.fails = None
    keeper.keep(QueueState(running=_ONE))
    assert key_values.load("owed") is not None


def test_who_cancels_does_not_wait_for_what_is_being_written() -> None:
    key_values = FakeKeyValueStore()
    keeper = QueueStore(key_values)
    key_values.meanwhile = lambda: keeper.let_go(_ONE.run_id)
    keeper.keep(QueueState(running=_ONE))
    keeper.keep(QueueState(running=_ONE))
    assert key_values.load("owed") is None


# -- what is restored --------------------------------------------------------------------------


def test_nothing_kept_restores_nothing() -> None:
    assert restored(FakeKeyValueStore()) == QueueState()


def test_one_sync_is_restored_for_all_that_is_owed() -> None:
    state = restored(kept(QueueState(running=_ONE, pending=_TWO)))
    assert state.pending is None
    assert state.running is not None
    assert state.running.scope == frozenset({"file:one", "file:two"})
    assert state.running.origin == "config, SIGUSR1, resumed"


def test_a_sync_of_all_lists_is_restored_as_such() -> None:
    running = restored(kept(QueueState(running=_ALL))).running
    assert running is not None
    assert running.scope is None


def test_what_is_restored_again_and_again_is_called_resumed_once() -> None:
    first = restored(kept(QueueState(running=_ONE)))
    second = restored(kept(first)).running
    assert second is not None
    assert second.origin == "config, resumed"


@pytest.mark.parametrize("until", [None, _FAR], ids=["for-good", "until-a-time"])
def test_a_pause_is_restored_and_holds_what_is_owed(until: datetime | None) -> None:
    state = restored(kept(QueueState(pending=_ONE, pause=Pause(until))))
    assert state.pause == Pause(until)
    assert state.running is None
    assert state.pending is not None


def test_a_pause_that_ended_meanwhile_is_over() -> None:
    state = restored(kept(QueueState(pending=_ONE, pause=Pause(_PAST))))
    assert state.pause is None
    assert state.running is not None


def test_a_pause_that_a_wrong_clock_has_dated_begins_anew() -> None:
    since = datetime.now(UTC) + timedelta(days=400)
    pause = restored(kept(QueueState(pause=Pause(since + timedelta(hours=2), since)))).pause
    assert pause is not None
    assert pause.until is not None
    assert pause.since is not None
    assert pause.until - pause.since == timedelta(hours=2)
    assert abs(pause.since - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_pause_that_ended_meanwhile_is_forgotten() -> None:
    key_values = kept(QueueState(pause=Pause(_PAST)))
    QueueStore(key_values).keep(QueueState())
    assert key_values.load("pause") is None


def test_what_is_owed_is_united_with_what_comes_at_the_start() -> None:
    queue = RunQueue(lambda: None)
    queue.submit(_ALL)
    queue.submit(_TWO)
    QueueStore(kept(QueueState(running=_ONE))).restore(queue)
    pending = queue.state.pending
    assert pending is not None
    assert pending.scope == frozenset({"file:one", "file:two"})
