from __future__ import annotations

import time

import pytest

from listsync.agent.queue import QueueState
from listsync.agent.recent_runs import RecentRuns, failed
from listsync.agent.systemd import Systemd, SystemdStatus
from listsync.cancellation import COMPUTING_S, Heartbeat
from listsync.domain.report import Phase
from listsync.domain.runs import Pause, SyncJob
from listsync.sync.progress import ProgressBoard
from tests.unit.agent.agent.world import AT, FakeSystemd

_JOB = SyncJob(run_id="r", scope=None, origins=("test",))
_IDLE, _RUNNING = QueueState(), QueueState(running=_JOB)


class Bench:
    """A status on a clock that the test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, systemd: Systemd) -> None:
        self.now_s = 1000.0
        self.control_is_well = True
        self.board, self.recent = ProgressBoard(), RecentRuns()
        self.status = SystemdStatus(systemd, self.board, self.recent, lambda: self.control_is_well)
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def beat(self, state: QueueState, sync: Heartbeat | None = None, *, after_s: float) -> None:
        self.now_s += after_s
        self.status.beat(state, sync)


@pytest.fixture
def systemd() -> FakeSystemd:
    return FakeSystemd(watchdog_every_s=10.0)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, systemd: FakeSystemd) -> Bench:
    return Bench(monkeypatch, systemd)


# -- the watchdog ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [_IDLE, _RUNNING], ids=["idle", "running"])
def test_the_watchdog_is_served_while_all_are_well(
    bench: Bench, systemd: FakeSystemd, state: QueueState
) -> None:
    for _ in range(3):
        bench.beat(state, after_s=10)
    assert systemd.count("watchdog") == 3


def test_the_watchdog_is_not_served_more_often_than_needed(
    bench: Bench, systemd: FakeSystemd
) -> None:
    bench.beat(_IDLE, after_s=10)
    bench.beat(_IDLE, after_s=1)
    assert systemd.count("watchdog") == 1


def test_without_a_watchdog_nobody_is_asked(bench: Bench) -> None:
    systemd = FakeSystemd(watchdog_every_s=None)
    status = SystemdStatus(systemd, bench.board, bench.recent, lambda: pytest.fail("was asked"))
    status.beat(_IDLE, None)
    assert status.every_s is None
    assert systemd.said == []


def test_the_watchdog_starves_while_the_control_socket_hangs(
    bench: Bench, systemd: FakeSystemd, caplog: pytest.LogCaptureFixture
) -> None:
    bench.control_is_well = False
    bench.beat(_IDLE, after_s=10)
    assert systemd.count("watchdog") == 0
    assert "the control socket hangs" in caplog.messages


def test_the_watchdog_is_served_again_when_the_socket_answers(
    bench: Bench, systemd: FakeSystemd
) -> None:
    bench.control_is_well = False
    bench.beat(_IDLE, after_s=10)
    bench.control_is_well = True
    bench.beat(_IDLE, after_s=10)
    assert systemd.count("watchdog") == 1


def test_the_watchdog_starves_when_a_sync_neither_moves_nor_waits(
    bench: Bench, systemd: FakeSystemd, caplog: pytest.LogCaptureFixture
) -> None:
    sync = Heartbeat()
    bench.beat(_RUNNING, sync, after_s=10)
    bench.beat(_RUNNING, sync, after_s=COMPUTING_S + 1)
    assert systemd.count("watchdog") == 1
    assert "the running sync hangs" in caplog.messages


def test_a_sync_that_moves_never_hangs(bench: Bench, systemd: FakeSystemd) -> None:
    sync = Heartbeat()
    for _ in range(3):
        bench.board.done({"one": 1}, requested=False)
        bench.beat(_RUNNING, sync, after_s=COMPUTING_S + 1)
    assert systemd.count("watchdog") == 3


def test_a_sync_hangs_only_when_it_has_waited_for_longer_than_it_may(
    bench: Bench, systemd: FakeSystemd
) -> None:
    sync = Heartbeat()
    bench.beat(_RUNNING, sync, after_s=10)
    sync.beat(wait_s=900)
    sync.beat(wait_s=1)  # another of its threads waits for less
    bench.beat(_RUNNING, sync, after_s=900 + COMPUTING_S - 1)
    assert systemd.count("watchdog") == 2
    bench.beat(_RUNNING, sync, after_s=10)
    assert systemd.count("watchdog") == 2


def test_an_idle_agent_never_hangs(bench: Bench, systemd: FakeSystemd) -> None:
    for _ in range(3):
        bench.beat(_IDLE, after_s=COMPUTING_S + 1)
    assert systemd.count("watchdog") == 3


def test_a_sync_has_its_time_from_its_start(bench: Bench, systemd: FakeSystemd) -> None:
    for _ in range(3):
        bench.beat(_IDLE, after_s=COMPUTING_S)
    bench.beat(_RUNNING, Heartbeat(), after_s=10)
    assert systemd.count("watchdog") == 4


# -- the status --------------------------------------------------------------------------------


def test_an_agent_that_never_ran_is_idle(bench: Bench, systemd: FakeSystemd) -> None:
    bench.status.ready(_IDLE)
    assert systemd.said == [("ready", "idle")]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param(_IDLE, "idle; last sync failed: no room", id="idle"),
        pytest.param(
            QueueState(pause=Pause(None)), "paused; last sync failed: no room", id="paused"
        ),
    ],
)
def test_the_last_sync_is_told(
    bench: Bench, systemd: FakeSystemd, state: QueueState, words: str
) -> None:
    bench.recent.add(failed(_JOB, AT, AT, "no room"))
    bench.status.tell(state)
    assert systemd.said == [("status", words)]


def test_a_running_sync_is_told_with_its_titles(bench: Bench, systemd: FakeSystemd) -> None:
    bench.board.phase(Phase.ADD, 12)
    bench.board.done({"one": 1}, requested=False)
    bench.status.tell(_RUNNING)
    assert systemd.said == [("status", "syncing: add 1/12")]


def test_a_running_sync_without_a_count_is_told_by_its_phase(
    bench: Bench, systemd: FakeSystemd
) -> None:
    bench.board.phase(Phase.CONNECT)
    bench.status.tell(_RUNNING)
    assert systemd.said == [("status", "syncing: connect")]


def test_the_same_words_are_said_once(bench: Bench, systemd: FakeSystemd) -> None:
    bench.status.ready(_IDLE)
    bench.status.tell(_IDLE)
    bench.status.tell(_IDLE)
    assert systemd.count("status") == 0


def test_the_watchdogs_beat_brings_the_status_up_to_date(
    bench: Bench, systemd: FakeSystemd
) -> None:
    bench.status.ready(_IDLE)
    bench.beat(_RUNNING, after_s=10)
    assert ("status", "syncing: idle") in systemd.said


# -- trouble -----------------------------------------------------------------------------------


def test_trouble_is_logged_and_noted_with_its_time(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.status.report_state_error("the disk is full")
    (note,) = bench.status.state_errors()
    assert note.endswith(" UTC: the disk is full")
    assert caplog.messages == ["the disk is full"]


def test_without_trouble_there_is_no_note(bench: Bench) -> None:
    assert bench.status.state_errors() == ()


def test_only_the_last_trouble_is_noted(bench: Bench) -> None:
    bench.status.report_state_error("the first")
    bench.status.report_state_error("the second")
    (note,) = bench.status.state_errors()
    assert note.endswith("the second")
