from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.agent import backups as backups_module
from listsync.agent.backups import Backup, BackupFolder, Backups, DailyBackups
from listsync.errors import StateError
from tests.fakes import FakeClock

_FILE = Path("/var/backups/b.db")


class FakeCopy:
    """Writes a backup when it is let; fails with `fails`."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.fails: Exception | None = None
        self.was_stopped = False

    def __call__(self, _: Path, stop: threading.Event) -> int:
        while not self.may_end.wait(0.005):
            if stop.is_set():
                self.was_stopped = True
                raise StateError("given up")
        if self.fails is not None:
            raise self.fails
        return 4096


@pytest.fixture
def copy() -> FakeCopy:
    return FakeCopy()


@pytest.fixture
def backups(copy: FakeCopy) -> Iterator[Backups]:
    backups = Backups(copy)
    yield backups
    backups.stop(5)


def ended(backups: Backups, copy: FakeCopy) -> Backup:
    copy.may_end.set()
    assert backups._thread is not None
    backups._thread.join(30)
    assert backups.last is not None
    return backups.last


def test_a_backup_is_begun_at_once_and_told_when_it_is_done(
    backups: Backups, copy: FakeCopy
) -> None:
    begun = backups.start(_FILE)
    assert begun is not None
    assert (begun.state, backups.last) == ("running", begun)
    done = ended(backups, copy)
    assert (done.id, done.state, done.size, done.why) == (begun.id, "done", 4096, "")


def test_one_backup_is_made_at_a_time(backups: Backups, copy: FakeCopy) -> None:
    backups.start(_FILE)
    assert backups.start(_FILE) is None
    ended(backups, copy)
    assert backups.start(_FILE) is not None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StateError("/b.db exists already"), "/b.db exists already"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "ReadWritePaths="),
        (OSError(errno.ENOENT, os.strerror(errno.ENOENT)), "cannot write /var/backups/b.db: No"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device"),
        (KeyError("a bug"), "see the agent's log"),
    ],
)
def test_a_backup_that_fails_says_why(
    backups: Backups, copy: FakeCopy, error: Exception, words: str
) -> None:
    copy.fails = error
    backups.start(_FILE)
    failed = ended(backups, copy)
    assert (failed.state, words in failed.why) == ("failed", True), failed.why


def test_the_end_of_the_agent_gives_a_backup_up(backups: Backups, copy: FakeCopy) -> None:
    backups.start(_FILE)
    backups.stop(5)
    assert copy.was_stopped
    assert backups.last is not None
    assert backups.last.state == "failed"


def test_a_system_without_room_for_a_thread_is_told(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_room)
    backups.start(_FILE)
    assert backups.last is not None
    assert (backups.last.state, backups.last.why) == ("failed", "can't start new thread")


# -- by themselves -----------------------------------------------------------------------------

_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_DAY = timedelta(days=1)


class Days:
    """Daily backups on a clock of their own; `made` are the times of those that were made."""

    def __init__(self, newest: datetime | None = None) -> None:
        self.clock = FakeClock(_NOON)
        self.newest = newest
        self.made: list[timedelta] = []
        self.prunes = 0
        self.fails: Exception | None = None
        self.start()

    def start(self) -> None:
        folder = BackupFolder(newest=lambda: self.newest, name=self._name, prune=self._prune)
        self.daily = DailyBackups(self._write, folder, self.clock)

    def let_pass(self, time: timedelta) -> None:
        """Let it look as often as it wants to meanwhile."""
        until = self.clock.passed_s + time.total_seconds()
        while self.clock.passed_s < until:
            wait_s = min(self.daily.look(), until - self.clock.passed_s)
            self.clock.let_pass(timedelta(seconds=wait_s))

    def _name(self, now: datetime) -> Path:
        return Path(f"/state/backups/{now:%Y%m%dT%H%M%SZ}.db")

    def _prune(self) -> None:
        self.prunes += 1

    def _write(self, _: Path, __: threading.Event) -> int:
        if self.fails is not None:
            raise self.fails
        self.made.append(timedelta(seconds=self.clock.passed_s))
        self.newest = self.clock.at
        return 4096


def test_a_backup_is_made_each_day() -> None:
    days = Days()
    days.let_pass(3.5 * _DAY)
    assert days.made == [0 * _DAY, _DAY, 2 * _DAY, 3 * _DAY]
    assert days.prunes == 4


def test_a_restart_makes_no_more_of_them() -> None:
    days = Days()
    for _ in range(8):
        days.start()
        days.let_pass(_DAY / 4)
    assert days.made == [0 * _DAY, _DAY]


@pytest.mark.parametrize("step", [-400 * _DAY, -_DAY, _DAY, 400 * _DAY], ids=str)
def test_a_clock_that_is_set_changes_nothing_of_that(step: timedelta) -> None:
    days = Days()
    days.let_pass(_DAY / 2)
    days.clock.set_by(step)
    days.let_pass(2 * _DAY)
    assert days.made == [0 * _DAY, _DAY, 2 * _DAY]


@pytest.mark.parametrize("newest", [_NOON - 3 * _DAY, _NOON + 400 * _DAY], ids=["old", "ahead"])
def test_a_backup_that_is_old_or_dated_by_a_wrong_clock_is_followed_at_once(
    newest: datetime,
) -> None:
    days = Days(newest)
    days.let_pass(_DAY / 2)
    assert days.made == [0 * _DAY]


def test_what_fails_is_said_and_tried_again_each_hour() -> None:
    days = Days()
    days.fails = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    days.let_pass(timedelta(hours=2.5))
    assert "no daily backup of the state was made" in days.daily.note
    assert "No space left" in days.daily.note
    days.fails = None
    days.let_pass(timedelta(hours=1))
    assert (days.made, days.daily.note) == ([timedelta(hours=3)], "")


def test_each_hour_without_a_place_for_backups_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    days = Days()

    def fail() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    days.daily = DailyBackups(
        days._write, BackupFolder(newest=fail, name=days._name, prune=fail), days.clock
    )
    days.let_pass(timedelta(minutes=90))
    said = "no daily backup of the state was made: Permission denied"
    # A thread that another test has left may tell of its own backup meanwhile.
    assert [one for one in caplog.messages if "no daily backup" in one] == [said, said]
    assert days.daily.note == said


def test_daily_backups_that_were_stopped_and_are_started_again_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backups_module, "FIRST_S", 0.0)
    stop, was_stopped = threading.Event(), []

    def write(_: Path, flag: threading.Event) -> int:
        was_stopped.append(flag.is_set())
        stop.set()
        return 4096

    folder = BackupFolder(newest=lambda: None, name=lambda _: _FILE, prune=lambda: None)
    daily = DailyBackups(write, folder)
    daily.stop(5)
    daily.run(stop)
    assert was_stopped == [False]


def test_what_is_backed_up_is_looked_through_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups_module, "FIRST_S", 0.0)
    stop, done = threading.Event(), []

    def write(*_: object) -> int:
        done.append("backed up")
        stop.set()
        return 4096

    folder = BackupFolder(newest=lambda: None, name=lambda _: _FILE, prune=lambda: None)
    DailyBackups(write, folder, look_through=lambda _: done.append("looked through")).run(stop)
    assert done == ["looked through", "backed up"]


def test_what_was_found_damaged_is_not_backed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups_module, "FIRST_S", 0.0)
    stop = threading.Event()
    folder = BackupFolder(newest=lambda: None, name=lambda _: _FILE, prune=lambda: None)
    made = list[Path]()

    def write(path: Path, _: threading.Event) -> int:
        made.append(path)
        return 4096

    DailyBackups(write, folder, look_through=lambda flag: flag.set()).run(stop)
    assert made == []
