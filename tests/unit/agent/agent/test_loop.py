from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from listsync.agent import sync_worker
from listsync.domain.events import (
    ClockSet,
    ConfigChanged,
    Due,
    Event,
    QueueMoved,
    RunFinished,
    Signal,
    Signalled,
    WatcherNote,
)
from listsync.domain.report import Result
from listsync.domain.runs import ConfigSnapshot, Pause, Scope
from listsync.errors import Problem, StateError
from tests.unit.agent.agent.world import BROKEN, World, config_snapshot, running

_ONE, _TWO = frozenset({"file:one"}), frozenset({"file:two"})
_FULL = StateError("the disk is full")
_HELD = Problem(file="listsync.yaml", what="was read as it is")
_SYNC, _RELOAD = Signalled(Signal.SYNC), Signalled(Signal.RELOAD)


# -- signals -----------------------------------------------------------------------------------


def test_usr1_syncs_all_lists(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.play(_SYNC)
    assert world.syncs.begun() == running(world)
    assert (running(world).scope, running(world).origin) == (None, "SIGUSR1")
    assert "Received SIGUSR1 signal - triggering immediate sync" in caplog.messages
    assert "Immediate sync requested via signal" in caplog.messages


def test_a_sync_lets_the_answer_leave_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun_before: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(time, "sleep", lambda _: begun_before.append(len(world.syncs.given)))
        world.begin_run()
        world.submit()  # it waits, and so does nobody for it
        world.play()
    assert begun_before == [0]


def test_usr1_in_a_pause_waits_for_its_end(world: World) -> None:
    world.queue.pause(Pause(None))
    world.play(_SYNC)
    assert world.syncs.given == []
    assert world.queue.state.pending is not None


def test_hup_reads_the_file_again_and_tells_systemd(world: World) -> None:
    world.loader.file = config_snapshot("second")
    world.play(_RELOAD)
    assert world.configuration.current.snapshot.content == "second"
    assert [what for what, _ in world.systemd.said[1:3]] == ["reloading", "ready"]


def test_hup_tells_what_is_wrong_at_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.loader.file = BROKEN
    world.play(_RELOAD)
    assert "listsync.yaml:3:2: unknown key" in caplog.messages


def test_a_reload_that_fails_ends_for_systemd(world: World) -> None:
    world.loader.file = config_snapshot("second")
    world.loader.fails = _FULL
    world.play(_RELOAD)
    assert [what for what, _ in world.systemd.said[1:3]] == ["reloading", "ready"]


def test_stop_is_decided_before_what_comes_after_it(world: World) -> None:
    world.play(Signalled(Signal.STOP), _SYNC)
    assert world.queue.state.running is None


def test_the_agent_is_ready_when_it_runs(world: World) -> None:
    world.play()
    assert world.systemd.said == [("ready", "idle")]


# -- schedules ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "due", "scope"),
    [
        pytest.param((), {""}, None, id="the-global-one-is-for-all"),
        pytest.param(
            ("file:one",),
            {""},
            frozenset({"file:two", "file:three"}),
            id="the-global-one-is-not-for-lists-with-their-own",
        ),
        pytest.param(("file:one",), {"file:one"}, _ONE, id="a-list-with-its-own"),
        pytest.param(("file:one",), {"", "file:one"}, None, id="all-that-there-are"),
        pytest.param(
            ("file:one", "file:two"),
            {"", "file:one"},
            frozenset({"file:one", "file:three"}),
            id="the-global-one-and-one-of-two",
        ),
        pytest.param(
            ("file:one", "file:two"), {"file:one", "file:two"}, _ONE | _TWO, id="two-together"
        ),
    ],
)
def test_what_is_due_is_synced(
    world: World, own: tuple[str, ...], due: set[str], scope: Scope
) -> None:
    world.schedules.all = ("", *own)
    world.play(Due(frozenset(due)))
    assert (running(world).scope, running(world).origin) == (scope, "schedule")


def test_what_was_due_is_noted(world: World) -> None:
    world.play(Due(frozenset({""})))
    assert world.schedules.taken == [frozenset({""})]


def test_what_is_due_is_synced_though_it_cannot_be_noted(world: World) -> None:
    world.schedules.fails = _FULL
    world.play(Due(frozenset({""})))
    assert running(world).origin == "schedule"
    assert world.status.state_errors()[0].endswith("the disk is full")


def test_a_schedule_moves_on_though_the_sync_cannot_be_noted(world: World) -> None:
    world.key_values.fails = _FULL
    world.play(Due(frozenset({""})))
    assert world.schedules.taken == [frozenset({""})]
    assert world.status.state_errors()[0].endswith("the disk is full")


def test_a_sync_for_which_there_is_no_thread_fails_and_the_next_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none_left)
        world.play(_SYNC)
    assert world.queue.state.running is None
    assert world.recent.last is not None
    assert world.recent.last.row.result == "failed"
    world.play(_SYNC)
    assert world.syncs.begun() == running(world)


# -- the configuration -------------------------------------------------------------------------


def test_a_change_syncs_what_it_concerns(world: World) -> None:
    world.loader.file = config_snapshot("second", "one")
    world.play(ConfigChanged())
    assert (running(world).scope, running(world).origin) == (_ONE, "config")


def test_a_running_sync_keeps_the_configuration_it_began_with(world: World) -> None:
    old = world.configuration.current.snapshot
    world.begin_run()
    world.loader.file = config_snapshot("second", "one")
    world.play(ConfigChanged())
    assert world.syncs.given == [(running(world), old)]
    world.end_run()
    world.syncs.begun()
    assert world.syncs.given[1][1].content == "second"


def test_a_broken_file_is_looked_at_again_a_second_later(world: World) -> None:
    world.loader.file = BROKEN
    world.play(ConfigChanged(), for_s=0.9)
    assert not world.configuration.current.problems
    world.play(for_s=0.1)
    assert world.configuration.current.problems == BROKEN


def test_a_file_that_is_whole_a_second_later_was_never_broken(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.loader.file = BROKEN
    world.play(ConfigChanged())
    world.loader.file = config_snapshot("second", "one")
    world.play(for_s=1)
    assert "listsync.yaml:3:2: unknown key" not in caplog.messages
    assert running(world).scope == _ONE


def test_a_broken_file_is_looked_at_once_more_soon_and_then_every_30_seconds(
    world: World,
) -> None:
    world.loader.file = BROKEN
    world.play(ConfigChanged(), for_s=20)
    assert world.loader.loads == 2
    world.play(for_s=100)
    assert 4 <= world.loader.loads <= 6


def test_a_file_that_is_what_it_was_before_it_broke_is_noticed(world: World) -> None:
    good, world.loader.file = world.loader.file, BROKEN
    world.play(ConfigChanged(), for_s=5)
    assert world.configuration.current.problems
    world.loader.file = good
    world.play(for_s=31)
    assert not world.configuration.current.problems


def test_the_second_look_waits_while_somebody_writes(world: World) -> None:
    world.loader.file = BROKEN
    world.play(ConfigChanged(), for_s=0.8)
    world.play(ConfigChanged(), for_s=0.8)
    assert world.configuration.current.problems == ()


def current(world: World) -> ConfigSnapshot[object]:
    return world.configuration.current.snapshot


def test_a_file_that_is_being_written_is_read_as_soon_as_its_writer_has_closed_it(
    world: World,
) -> None:
    world.loader.file, world.loader.is_being_written = config_snapshot("second", "one"), True
    world.play(ConfigChanged(), for_s=4)
    assert current(world).content == "first"
    world.loader.is_being_written = False
    world.play(for_s=0.2)
    assert current(world).content == "second"
    assert running(world).scope == _ONE


def test_a_file_whose_writer_never_closes_it_is_read_as_it_is_after_10_s(world: World) -> None:
    world.loader.file, world.loader.is_being_written = config_snapshot("second", "one"), True
    world.play(ConfigChanged(), for_s=5)
    world.play(ConfigChanged(), for_s=4.5)
    assert current(world).content == "first"
    world.play(for_s=0.7)
    assert current(world).content == "second"
    loads = world.loader.loads
    world.play(for_s=20)
    assert world.loader.loads == loads


def test_a_file_that_is_bad_when_its_writer_has_closed_it_is_told_of(world: World) -> None:
    world.loader.file, world.loader.is_being_written = BROKEN, True
    world.play(ConfigChanged(), for_s=3)
    assert not world.configuration.current.problems
    world.loader.is_being_written = False
    world.play(for_s=1.2)
    assert world.configuration.current.problems == BROKEN


def test_hup_waits_for_who_writes_the_file(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    world.loader.file, world.loader.is_being_written = config_snapshot("second", "one"), True
    world.play(_RELOAD)
    assert [what for what, _ in world.systemd.said[1:3]] == ["reloading", "ready"]
    assert any("is being written" in one for one in caplog.messages)
    world.loader.is_being_written = False
    world.play(for_s=0.2)
    assert current(world).content == "second"


def test_a_file_that_was_read_unfinished_is_read_again_until_it_is_closed(world: World) -> None:
    half = config_snapshot("second", "one")
    world.loader.file = replace(half, is_unfinished=True, warnings=(_HELD,))
    world.play(ConfigChanged(), for_s=1)
    assert current(world).warnings == (_HELD,)
    world.loader.file = half
    world.play(for_s=31)
    assert current(world).warnings == ()


def test_what_the_watcher_saw_of_the_writer_is_passed_on(world: World) -> None:
    world.play(ConfigChanged(is_closed=True))
    world.play(ConfigChanged())
    assert world.loader.closings == [True, None]
    world.loader.is_being_written = True
    world.play(ConfigChanged(is_closed=False), for_s=0.25)
    assert world.loader.closings[2:] == [False] * 3


def test_how_the_file_is_watched_is_noted(world: World) -> None:
    world.play(WatcherNote("polling"))
    assert world.agent.watcher_note == "polling"
    world.play(WatcherNote(""))
    assert world.agent.watcher_note == ""


# -- the queue ---------------------------------------------------------------------------------


def test_one_sync_runs_at_a_time(world: World) -> None:
    first = world.begin_run(_ONE)
    world.submit(_TWO)
    world.play()
    assert world.syncs.given == [(first, world.configuration.current.snapshot)]


def test_a_sync_that_runs_is_not_started_again(world: World) -> None:
    world.begin_run()
    world.queue.pause(Pause(None))
    world.queue.resume()
    world.play()
    assert len(world.syncs.given) == 1


def test_what_waited_begins_when_the_running_sync_ends(world: World) -> None:
    world.begin_run(_ONE)
    second = world.submit(_TWO)
    world.end_run()
    assert world.syncs.begun() == second


def test_the_end_of_a_sync_is_told(world: World) -> None:
    job = world.begin_run()
    world.end_run()
    assert world.recent.last is not None
    assert world.recent.last.row.run_id == job.run_id
    assert world.queue.state.running is None
    assert world.refreshes == 1
    assert world.systemd.said[-1][1].startswith("idle; last sync ok: 0 requested")


def test_what_runs_is_owed_until_it_has_ended(world: World) -> None:
    world.begin_run(_ONE)
    assert world.key_values.load("owed") == {"lists": ["file:one"], "origin": "test"}
    world.end_run()
    assert world.key_values.load("owed") is None


def test_a_pause_is_kept(world: World) -> None:
    world.queue.pause(Pause(None))
    world.play()
    assert world.key_values.load("pause") == {"until": None, "since": None}


def test_a_pause_ends_by_itself(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.queue.pause(Pause(world.now + timedelta(minutes=10)))
    world.play(_SYNC, for_s=599)
    assert world.syncs.given == []
    world.play(for_s=1)
    assert world.queue.state.pause is None
    assert world.syncs.begun() == running(world)
    assert "the pause is over" in caplog.messages


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_pause_lasts_as_long_as_was_said_however_the_clock_is_set(
    world: World, days: float
) -> None:
    world.queue.pause(Pause(world.now + timedelta(minutes=10), world.now))
    world.play(for_s=120)
    world.set_by = timedelta(days=days)
    world.play(_SYNC, ClockSet(), for_s=479)
    assert world.syncs.given == []
    pause = world.queue.state.pause
    assert pause is not None
    assert pause.until is not None
    assert world.key_values.load("pause")["until"] == pause.until.isoformat()
    world.play(for_s=1)
    assert world.syncs.begun() == running(world)


def test_all_that_holds_times_follows_a_clock_that_is_set(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.play()
    world.set_by = timedelta(hours=-5)
    world.play(ClockSet(), ClockSet())
    assert world.steps == [timedelta(hours=-5)]
    assert world.schedules.keeps == 1
    assert "the clock was set back by 5:00:00: all times follow it" in caplog.messages


def test_a_pause_for_good_does_not_end(world: World) -> None:
    world.queue.pause(Pause(None))
    world.play(for_s=1e9)
    assert world.queue.state.pause is not None


def test_nothing_wakes_an_idle_agent(world: World) -> None:
    world.play()
    assert world.agent._wait_s() is None


def test_the_watchdog_is_served_while_nothing_happens(world: World) -> None:
    world.systemd.watchdog_every_s = 10
    world.play(for_s=60)
    assert world.systemd.count("watchdog") >= 6


# -- trouble -----------------------------------------------------------------------------------


def test_a_note_of_trouble_goes_when_something_could_be_written_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.schedules.fails = world.key_values.fails = StateError("the disk is full")
    world.play(Due(frozenset({""})), for_s=5)
    assert "the disk is full" in world.status.state_errors()[0]
    world.schedules.fails = world.key_values.fails = None
    world.play(for_s=2)
    assert world.status.state_errors() == ()
    assert caplog.messages.count("the state can be written again") == 1
    world.play()
    assert world.agent._wait_s() is None


def test_a_note_of_trouble_with_something_else_goes_too(world: World) -> None:
    world.refresh_fails = StateError("cannot read")
    world.begin_run()
    world.end_run()
    assert world.status.state_errors()
    world.refresh_fails = None
    world.play(for_s=2)
    assert world.status.state_errors() == ()


def test_how_a_sync_ended_is_noted_once_the_state_can_be_written(world: World) -> None:
    first = world.begin_run()
    world.noting_fails = _FULL
    world.end_run(Result.FAILED)
    second = world.begin_run()
    world.end_run()
    assert not world.noted
    world.noting_fails = None
    world.play(for_s=2.0)
    assert [row.run_id for row in world.noted] == [first.run_id, second.run_id]
    world.play(for_s=2.0)
    assert len(world.noted) == 2, "noted again"


def test_how_a_sync_ended_is_noted_before_the_next_one_begins(world: World) -> None:
    """Otherwise what is known of the older one would come after what the newer one found."""
    first = world.begin_run()
    world.noting_fails = _FULL
    world.end_run(Result.FAILED)
    world.noting_fails = None
    world.begin_run()
    assert [row.run_id for row in world.noted] == [first.run_id]


def test_how_a_sync_ended_is_noted_at_the_end_of_the_agent_at_the_latest(world: World) -> None:
    first = world.begin_run()
    world.noting_fails = _FULL
    world.end_run(Result.FAILED)
    world.noting_fails = None
    assert world.agent.stop()
    assert [row.run_id for row in world.noted] == [first.run_id]


def test_a_state_that_cannot_be_written_is_told_and_the_sync_runs(world: World) -> None:
    world.key_values.fails = _FULL
    world.begin_run()
    assert world.status.state_errors()[0].endswith("the disk is full")


def test_what_could_not_be_written_is_written_at_the_next_move(world: World) -> None:
    world.key_values.fails = _FULL
    world.begin_run(_ONE)
    world.key_values.fails = None
    world.submit(_TWO)
    world.play()
    assert world.key_values.load("owed")["lists"] == ["file:one", "file:two"]


def test_what_could_not_be_written_is_written_when_that_is_possible_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.key_values.fails = _FULL
    world.begin_run(_ONE)
    world.play(for_s=5.5)
    assert world.status.state_errors()
    assert caplog.messages.count("the disk is full") == 1
    world.key_values.fails = None
    world.play(for_s=1.5)
    assert world.key_values.load("owed")["lists"] == ["file:one"]
    assert world.status.state_errors() == ()
    assert world.agent._wait_s() is None


@pytest.mark.parametrize("error", [_FULL, KeyError("a bug")], ids=["state", "unforeseen"])
@pytest.mark.parametrize(
    "event", [Due(frozenset({""})), ConfigChanged(), _RELOAD], ids=["due", "change", "reload"]
)
def test_an_event_that_fails_does_not_end_the_loop(
    world: World, event: Event, error: Exception
) -> None:
    world.schedules.fails = world.loader.fails = error
    world.loader.file = config_snapshot("second")
    world.play(event, WatcherNote("the next event"))
    assert world.agent.watcher_note == "the next event"


def test_an_unforeseen_error_is_logged_with_its_event(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.schedules.fails = KeyError("a bug")
    world.play(Due(frozenset({""})))
    assert "an event failed: Due(" in caplog.text
    assert "Traceback" in caplog.text


def test_the_next_sync_runs_though_the_end_of_the_last_one_failed(world: World) -> None:
    world.refresh_fails = _FULL
    world.begin_run()
    second = world.submit()
    world.end_run()
    assert world.syncs.begun() == second


# -- cancel ------------------------------------------------------------------------------------


def test_cancel_without_a_sync_does_nothing(world: World) -> None:
    assert world.agent.cancel() is None


def test_cancel_ends_the_running_sync_and_the_next_one_begins(world: World) -> None:
    first = world.begin_run()
    second = world.submit()
    world.play()
    assert world.agent.cancel() == first.run_id
    world.await_end()
    assert world.syncs.begun() == second
    ended = world.recent.find(first.run_id)
    assert ended is not None
    assert ended.row.result == "cancelled"


def test_a_sync_that_is_about_to_begin_is_cancelled_too(world: World) -> None:
    job = world.submit()
    assert world.agent.cancel() == job.run_id
    world.play()
    if not world.noted:  # the agent may have learned of the end already
        world.await_end()
    ended = world.recent.find(job.run_id)
    assert ended is not None
    assert ended.row.result == "cancelled"
    assert world.key_values.load("owed") is None


def test_a_sync_that_has_just_ended_is_not_cancelled(world: World) -> None:
    job = world.begin_run()
    world.syncs.end(Result.OK)
    while not isinstance(event := world.inbox.wait(), RunFinished):
        world.play(event)
    assert world.queue.state.running == job, "the agent has not heard of its end"
    assert world.agent.cancel() is None
    world.play(event)
    ended = world.recent.find(job.run_id)
    assert ended is not None
    assert ended.row.result == "ok"


def test_a_cancelled_sync_is_not_owed_though_it_has_not_ended(world: World) -> None:
    world.syncs.stops_when_told = False
    world.begin_run()
    world.agent.cancel()
    world.play()
    assert world.key_values.load("owed") is None


def test_what_waits_behind_a_cancelled_sync_is_owed(world: World) -> None:
    world.syncs.stops_when_told = False
    world.begin_run(_ONE)
    world.submit(_TWO)
    world.agent.cancel()
    world.play()
    assert world.key_values.load("owed")["lists"] == ["file:two"]


# -- stop --------------------------------------------------------------------------------------


def test_an_idle_agent_stops_at_once(world: World) -> None:
    world.play()
    assert world.agent.stop()
    assert world.systemd.count("stopping") == 1


def test_stop_ends_the_running_sync_which_is_owed(world: World) -> None:
    world.begin_run(_ONE)
    assert world.agent.stop()
    assert world.recent.last is not None
    assert world.recent.last.row.result == "cancelled"
    assert world.key_values.load("owed")["lists"] == ["file:one"]


@pytest.mark.parametrize("result", [Result.OK, Result.PARTLY, Result.FAILED])
def test_a_sync_that_came_to_its_end_before_the_stop_is_not_owed(
    world: World, result: Result
) -> None:
    world.syncs.stops_when_told = False
    world.begin_run(_ONE)
    world.syncs.end(result)
    assert world.agent.stop()
    assert world.key_values.load("owed") is None


def test_what_waits_at_the_stop_is_owed(world: World) -> None:
    world.syncs.stops_when_told = False
    world.begin_run(_ONE)
    world.submit(_TWO)
    world.play()
    world.syncs.end()
    world.agent.stop()
    assert world.key_values.load("owed")["lists"] == ["file:two"]


def test_a_signal_for_a_sync_that_comes_after_the_one_for_the_end_is_owed(world: World) -> None:
    """The kernel gives one to each of two threads, so that either may be the first."""
    world.play()
    for late in (Due(frozenset({""})), Signalled(Signal.SYNC), QueueMoved()):
        world.inbox.put(late)
    assert world.agent.stop()
    owed = world.key_values.load("owed")
    assert (owed["origin"], owed["lists"]) == ("SIGUSR1", None)


def test_a_sync_that_was_cancelled_before_the_stop_is_not_owed(world: World) -> None:
    world.begin_run(_ONE)
    world.agent.cancel()
    assert world.agent.stop()
    assert world.key_values.load("owed") is None


def test_what_was_ordered_while_the_agent_stopped_is_owed(world: World) -> None:
    world.play()
    world.submit(_ONE)
    assert world.agent.stop()
    assert world.key_values.load("owed")["lists"] == ["file:one"]


def test_a_state_that_cannot_be_written_does_not_keep_the_agent_from_stopping(
    world: World,
) -> None:
    world.begin_run(_ONE)
    world.key_values.fails = _FULL
    world.syncs.end()
    assert world.agent.stop()


def test_a_sync_that_hangs_is_left_behind_and_owed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_worker, "GRACE_S", 0.0)
    world.syncs.stops_when_told = False
    world.begin_run(_ONE)
    assert not world.agent.stop()
    assert world.key_values.load("owed")["lists"] == ["file:one"]


def test_a_cancelled_sync_that_hangs_blocks_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_worker, "CUT_AFTER_S", 0.0)
    monkeypatch.setattr(sync_worker, "LEAVE_AFTER_S", 0.0)
    world.syncs.stops_when_told = False
    hanging = world.begin_run(_ONE)
    waiting = world.submit(_TWO)
    assert world.agent.cancel() == hanging.run_id
    for _ in range(1500):
        world.play()
        if world.noted:
            break
        time.sleep(0.02)
    assert [(row.run_id, row.result) for row in world.noted] == [(hanging.run_id, "cancelled")]
    assert running(world) == waiting
    assert world.syncs.begun() == waiting
    world.play(Due(frozenset({""})))
    assert world.queue.state.pending is not None
    assert world.key_values.load("owed")["lists"] is None
