from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.agent.backups import Backup, Backups
from listsync.errors import StateError

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
    backups._thread.join(5)
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
