"""What the agent tries again by itself, on a clock of its own."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from listsync.domain.events import Event, RetryDue, Signal, Signalled
from listsync.domain.report import Result, Retry
from listsync.domain.runs import Pause, PlannedRetry, SyncJob
from listsync.errors import StateError, UnavailableError
from listsync.triggers.schedule.due_times import ScheduleTrigger
from listsync.triggers.schedule.retry_backoff import BackOff
from tests.unit.agent.agent.world import World, running

_DOWN = Retry(why="the server cannot be reached")
_RUN, _LIST_ONE = RetryDue(frozenset({""})), RetryDue(frozenset({"file:one"}))
_ONE = frozenset({"file:one"})


def planned(world: World) -> PlannedRetry:
    found = world.back_off.planned()
    assert found is not None
    return found


def wait(world: World) -> timedelta:
    return planned(world).at - world.now


def fail_a_run(world: World, scope: frozenset[str] | None = None) -> None:
    world.begin_run(scope)
    world.end_run(Result.FAILED, _DOWN)


def let_pass(world: World, wanted: timedelta) -> list[Event]:
    """Let the real trigger look for so long; gives what it emitted."""
    emitted: list[Event] = []
    trigger = ScheduleTrigger(
        dict,
        world.clock,
        lambda: {"": found.at} if (found := world.back_off.planned()) else {},
    )
    until = world.now + wanted
    while world.now < until:
        world.inbox.now_s += min(trigger._look(emitted.append), until - world.now).total_seconds()
    return emitted


# -- a run -------------------------------------------------------------------------------------


def test_a_run_that_failed_is_tried_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fail_a_run(world)
    assert planned(world).why == _DOWN.why
    assert wait(world) == timedelta(minutes=1)
    assert "retry in 1 min: the server cannot be reached" in caplog.messages
    world.play(_RUN)
    assert world.syncs.begun() == running(world)
    assert (running(world).scope, running(world).origin) == (None, "retry")
    assert not running(world).eager
    world.end_run()
    assert world.back_off.planned() is None


def test_a_server_that_is_away_for_an_hour_is_asked_six_times(world: World) -> None:
    fail_a_run(world)
    tries = 0
    for _ in range(60):
        for event in let_pass(world, timedelta(minutes=1)):
            tries += 1
            world.play(event)
            world.syncs.begun()
            world.end_run(Result.FAILED, _DOWN)
    assert tries == 5
    assert wait(world) > timedelta(minutes=45)


def test_only_what_failed_is_tried_again(world: World) -> None:
    fail_a_run(world, _ONE)
    world.play(_RUN)
    assert running(world).scope == _ONE


def test_a_list_that_is_followed_no_more_is_not_tried_again(world: World) -> None:
    fail_a_run(world, frozenset({"file:gone"}))
    world.play(_RUN)
    assert world.queue.state.running is None
    assert world.back_off.planned() is None


def test_a_run_that_failed_for_good_is_not_tried_again(world: World) -> None:
    world.begin_run()
    world.end_run(Result.FAILED)
    assert world.back_off.planned() is None


def test_a_run_that_was_partly_done_is_tried_again(world: World) -> None:
    world.begin_run()
    world.end_run(Result.PARTLY, Retry(why="2 titles", titles=2))
    assert planned(world).why == "2 titles"


def test_a_dry_run_is_not_tried_again(world: World) -> None:
    world.queue.submit(SyncJob.new(None, "test", dry_run=True))
    world.play()
    world.syncs.begun()
    world.end_run(Result.FAILED, _DOWN)
    assert world.back_off.planned() is None


def test_a_dry_run_that_goes_well_does_not_make_the_retry_needless(world: World) -> None:
    fail_a_run(world)
    world.queue.submit(SyncJob.new(None, "test", dry_run=True))
    world.play()
    world.syncs.begun()
    world.end_run()
    assert wait(world) == timedelta(minutes=1)


def test_a_run_that_somebody_wants_meanwhile_and_that_goes_well_is_enough(world: World) -> None:
    fail_a_run(world)
    world.begin_run()
    world.end_run()
    world.play(_RUN)
    assert world.queue.state.running is None


def test_a_retry_that_somebody_cancels_is_over(world: World) -> None:
    fail_a_run(world)
    world.play(_RUN)
    world.syncs.begun()
    world.agent.cancel()
    world.end_run(Result.CANCELLED)
    assert world.back_off.planned() is None


def test_a_retry_is_not_made_twice_where_a_sync_runs_that_does_it(world: World) -> None:
    fail_a_run(world, _ONE)
    world.begin_run()
    let_pass(world, timedelta(minutes=2))
    world.play(_RUN)
    assert world.queue.state.pending is None
    world.end_run(Result.FAILED, _DOWN)
    assert wait(world) == timedelta(minutes=2)


def test_a_retry_waits_behind_a_sync_that_does_not_do_it(world: World) -> None:
    fail_a_run(world)
    world.begin_run(_ONE)
    world.play(_RUN)
    assert world.queue.state.pending is not None
    assert world.queue.state.pending.scope is None


def test_a_retry_folds_into_what_waits(world: World) -> None:
    fail_a_run(world)
    world.begin_run(_ONE)
    waiting = world.submit(_ONE)
    world.play(_RUN)
    pending = world.queue.state.pending
    assert pending is not None
    assert (pending.run_id, pending.scope) == (waiting.run_id, None)
    assert pending.origins == ("test", "retry")


def test_a_retry_is_remembered_in_a_pause(world: World) -> None:
    fail_a_run(world)
    world.queue.pause(Pause(None))
    world.play(_RUN)
    assert world.queue.state.running is None
    assert world.key_values.load("owed") == {"lists": None, "origin": "retry"}
    world.queue.resume()
    world.play()
    assert running(world).origin == "retry"


def test_a_retry_that_cannot_be_noted_is_made_all_the_same(world: World) -> None:
    fail_a_run(world)
    world.key_values.fails = StateError("the disk is full")
    world.play(_RUN)
    assert running(world).origin == "retry"
    assert world.back_off.planned() is None


def test_what_is_planned_is_written_down_once_that_can_be_done(world: World) -> None:
    world.begin_run()
    world.key_values.fails = StateError("locked")
    world.end_run(Result.FAILED, _DOWN)
    world.key_values.fails = None
    world.play(for_s=2)
    assert BackOff(world.key_values, world.clock).planned() == planned(world)


def test_who_waits_for_the_end_of_a_run_is_told_of_its_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[PlannedRetry | None] = []
    finished = world.queue.finished

    def note(run_id: str) -> None:
        told.append(world.back_off.planned())
        finished(run_id)

    monkeypatch.setattr(world.queue, "finished", note)
    fail_a_run(world)
    assert told == [planned(world)]


def test_a_retry_is_planned_though_what_is_shown_of_the_lists_cannot_be_read(
    world: World,
) -> None:
    world.refresh_fails = StateError("the disk is full")
    fail_a_run(world)
    assert wait(world) == timedelta(minutes=1)


def test_what_is_planned_outlives_a_restart(world: World) -> None:
    fail_a_run(world)
    again = BackOff(world.key_values, world.clock)
    assert again.planned() == planned(world)


def test_a_run_that_fails_while_the_agent_stops_is_tried_again_after_the_restart(
    world: World,
) -> None:
    world.begin_run()
    world.play(Signalled(Signal.STOP))
    world.syncs.end(Result.FAILED, _DOWN)
    world.syncs.stops_when_told = False
    assert world.agent.stop()
    assert world.key_values.load("owed") is None
    assert BackOff(world.key_values, world.clock).planned() is not None


def test_the_agent_stops_though_its_state_cannot_be_written(world: World) -> None:
    world.begin_run()
    world.key_values.fails = StateError("the disk is full")
    world.syncs.stops_when_told = False
    world.syncs.end(Result.FAILED, _DOWN)
    assert world.agent.stop()


def test_a_sync_that_does_not_come_to_a_report_is_tried_again(world: World) -> None:
    world.syncs.fails = UnavailableError("sandbox", "it did not start in time")
    job = world.begin_run()
    world.end_run()
    assert [(one.run_id, one.result) for one in world.noted] == [(job.run_id, "failed")]
    assert planned(world).why == "sandbox: it did not start in time"


def test_a_sync_for_which_there_is_no_thread_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        world.submit()
        world.play()
    assert wait(world) == timedelta(minutes=1)


# -- lists -------------------------------------------------------------------------------------


def test_a_list_is_asked_again_alone_at_its_own_time(world: World) -> None:
    world.play(_LIST_ONE)
    assert (running(world).scope, running(world).origin) == (_ONE, "retry")
    assert not running(world).eager


def test_a_list_whose_run_is_tried_again_too_is_one_sync(world: World) -> None:
    fail_a_run(world, frozenset({"file:two"}))
    world.play(RetryDue(frozenset({"", "file:one"})))
    assert running(world).scope == frozenset({"file:one", "file:two"})
    assert world.queue.state.pending is None
