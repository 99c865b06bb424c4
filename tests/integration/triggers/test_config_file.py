"""Every way in which people and tools save a file, with the tools themselves."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from watchdog.observers.api import BaseObserver

from listsync.domain.events import ConfigChanged, Event, WatcherNote
from listsync.triggers import config_file
from listsync.triggers.config_file import ConfigFileTrigger, digest

_OLD = "lists: []\n"
_NEW = "lists:\n  - stevenlu: popular\n"
_SETTLE_S = 0.15
_POLL_S = 60.0
"""Longer than a test may take: what is noticed was noticed by watching."""
_QUIET_S = 2 * _SETTLE_S + 0.05
_SOON_S = 30.0
_MOVES_S = 2.0
"""Within which a folder that comes or goes is to be noticed."""


_WATCHED_AS_NOBODY = """
import os, sys, threading
from pathlib import Path
from listsync.domain.events import WatcherNote
from listsync.triggers.config_file import ConfigFileTrigger
from watchdog.observers import inotify  # somebody else may not read where this Python lies
os.setgroups([]); os.setgid(65534); os.setuid(65534)
stop = threading.Event()
def emit(event):
    print(event.note)
    stop.set()
    trigger.wake()
trigger = ConfigFileTrigger(Path(sys.argv[1]), poll_s=60.0)
trigger.run(emit, stop)
"""


class Noticed:
    """What a trigger in a thread of its own emits."""

    def __init__(self) -> None:
        self._events: SimpleQueue[Event] = SimpleQueue()
        self.emit = self._events.put

    def next(self, within_s: float = _SOON_S) -> Event | None:
        try:
            return self._events.get(timeout=within_s)
        except Empty:
            return None

    def is_quiet(self) -> bool:
        return self.next(_QUIET_S) is None

    def is_one_change(self) -> bool:
        return isinstance(self.next(), ConfigChanged) and self.is_quiet()


@contextmanager
def watching(
    path: Path,
    *,
    settle_s: float = _SETTLE_S,
    cap_s: float = 2.0,
    poll_s: float = _POLL_S,
    seen: bytes | None = None,
) -> Iterator[Noticed]:
    noticed = Noticed()
    stop = threading.Event()
    trigger = ConfigFileTrigger(path, settle_s, cap_s, poll_s, seen)
    ready = threading.Event()
    read = config_file.digest

    def told(file: Path) -> bytes:
        found = read(file)
        ready.set()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config_file, "digest", told)
        thread = threading.Thread(target=trigger.run, args=(noticed.emit, stop))
        thread.start()
        try:
            assert ready.wait(_SOON_S)
            yield noticed
        finally:
            stop.set()
            trigger.wake()
            thread.join(_SOON_S)
            assert not thread.is_alive()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "listsync.yaml"
    path.write_text(_OLD)
    return path


def run(*command: str | Path, cwd: Path | None = None) -> None:
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True, cwd=cwd, timeout=60)


def git(config: Path, *arguments: str) -> None:
    run(
        "git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments, cwd=config.parent
    )


def beside(config: Path, folder: Path | None = None) -> Path:
    """Write the new content into another file."""
    path = (folder or config.parent) / "new.yaml"
    path.write_text(_NEW)
    return path


def vim(config: Path, *options: str) -> None:
    settings = ("set backupskip=", *options)
    commands = [part for setting in settings for part in ("-c", setting)]
    change = ["-c", "%d", "-c", "call setline(1, ['lists:', '  - stevenlu: popular'])", "-c", "wq"]
    run("vim", "-u", "NONE", "-N", "-i", "NONE", "-es", *commands, *change, config)


def outside(config: Path) -> Path:
    folder = config.parent.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    return beside(config, folder)


def truncate_and_write(config: Path) -> None:
    config.write_text(_NEW)


def append(config: Path) -> None:
    with config.open("a") as file:
        file.write("# more\n")


def replace(config: Path) -> None:
    os.replace(beside(config), config)


SAVES: dict[str, Callable[[Path], None]] = {
    "vim": vim,
    "vim-with-a-backup": lambda config: vim(config, "set writebackup backup"),
    "vim-in-place": lambda config: vim(config, "set backupcopy=yes"),
    "sed -i": lambda config: run("sed", "-i", "s/\\[\\]/[a]/", config),
    "cp": lambda config: run("cp", outside(config), config),
    "mv-in-the-folder": lambda config: run("mv", beside(config), config),
    "mv-from-elsewhere": lambda config: run("mv", outside(config), config),
    "install": lambda config: run("install", "-m", "600", outside(config), config),
    "ln -sfn": lambda config: run("ln", "-sfn", outside(config), config),
    "replace": replace,
    "truncate-and-write": truncate_and_write,
    "append": append,
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES)
def test_every_way_of_saving_is_one_change(config: Path, save: Callable[[Path], None]) -> None:
    with watching(config) as noticed:
        save(config)
        assert config.read_text() != _OLD
        assert noticed.is_one_change()


def test_git_checkout_of_another_version_is_one_change(config: Path) -> None:
    git(config, "init", "-q")
    git(config, "add", ".")
    git(config, "commit", "-qm", "old")
    config.write_text(_NEW)
    git(config, "commit", "-qam", "new")
    with watching(config) as noticed:
        git(config, "checkout", "-q", "HEAD~1")
        assert config.read_text() == _OLD
        assert noticed.is_one_change()


def test_a_config_map_swap_is_one_change_each_time(tmp_path: Path) -> None:
    for version, text in enumerate((_OLD, _NEW, _NEW + "# 2\n")):
        (tmp_path / f"..v{version}").mkdir()
        (tmp_path / f"..v{version}" / "listsync.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..v0")
    config = tmp_path / "listsync.yaml"
    config.symlink_to("..data/listsync.yaml")
    with watching(config) as noticed:
        for version in (1, 2):
            (tmp_path / "..data_tmp").symlink_to(f"..v{version}")
            os.replace(tmp_path / "..data_tmp", tmp_path / "..data")
            assert noticed.is_one_change()


def test_a_slow_writer_is_one_change(config: Path) -> None:
    with watching(config, settle_s=0.5) as noticed:
        with config.open("w") as file:
            for line in _NEW.splitlines(keepends=True) * 3:
                file.write(line)
                file.flush()
                time.sleep(0.04)
        assert noticed.is_one_change()


def test_a_burst_of_writes_is_one_change(config: Path) -> None:
    with watching(config, settle_s=0.5) as noticed:
        for number in range(50):
            config.write_text(f"{_NEW}# {number}\n")
        assert noticed.is_one_change()


def test_writes_without_a_pause_are_noticed_when_the_cap_is_over(config: Path) -> None:
    with watching(config, settle_s=0.3, cap_s=0.6) as noticed:
        end = time.monotonic() + _SOON_S
        event = None
        while event is None and time.monotonic() < end:
            append(config)
            event = noticed.next(0.01)
        assert isinstance(event, ConfigChanged)


def test_deleting_and_restoring_are_a_change_each(config: Path) -> None:
    with watching(config) as noticed:
        config.unlink()
        assert noticed.is_one_change()
        config.write_text(_OLD)
        assert noticed.is_one_change()


def test_a_file_that_is_back_at_once_is_no_change(config: Path) -> None:
    with watching(config, settle_s=0.5) as noticed:
        config.unlink()
        config.write_text(_OLD)
        assert noticed.is_quiet()


def test_a_write_to_the_target_of_a_link_is_a_change(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    with watching(link) as noticed:
        config.write_text(_NEW)
        assert noticed.is_one_change()


def test_a_write_behind_a_linked_folder_is_a_change(config: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(config.parent)
    with watching(tmp_path / "current" / config.name) as noticed:
        config.write_text(_NEW)
        assert noticed.is_one_change()


def test_a_linked_folder_that_points_elsewhere_is_a_change(config: Path, tmp_path: Path) -> None:
    current = tmp_path / "current"
    current.symlink_to(config.parent)
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / config.name).write_text(_NEW)
    with watching(current / config.name) as noticed:
        run("ln", "-sfn", tmp_path / "next", current)
        assert noticed.is_one_change()
        append(tmp_path / "next" / config.name)
        assert noticed.is_one_change()


def test_a_file_that_appears_later_is_a_change(config: Path) -> None:
    config.unlink()
    with watching(config) as noticed:
        config.write_text(_NEW)
        assert noticed.is_one_change()


def test_links_in_a_circle_are_no_content(config: Path, tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with watching(tmp_path / "a") as noticed:
        run("ln", "-sfn", config, tmp_path / "b")
        assert noticed.is_one_change()


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda config: run("touch", config), id="touch"),
        pytest.param(lambda config: config.chmod(0o600), id="chmod"),
        pytest.param(lambda config: config.read_text(), id="read"),
        pytest.param(lambda config: config.write_text(_OLD), id="same-content"),
        pytest.param(beside, id="another-file"),
    ],
)
def test_what_leaves_the_content_alone_is_no_change(
    config: Path, act: Callable[[Path], object]
) -> None:
    with watching(config) as noticed:
        act(config)
        assert noticed.is_quiet()


def test_reading_wakes_nobody(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    with watching(config) as noticed:
        real = config_file.digest

        def counted(path: Path) -> bytes:
            looks.append(path)
            return real(path)

        monkeypatch.setattr(config_file, "digest", counted)
        for _ in range(20):
            config.read_text()
        assert noticed.is_quiet()
        assert not looks


def test_a_change_between_loading_and_watching_is_not_lost(config: Path) -> None:
    loaded = digest(config)
    config.write_text(_NEW)
    with watching(config, seen=loaded) as noticed:
        assert noticed.is_one_change()


def test_a_file_that_came_after_loading_is_not_lost(config: Path) -> None:
    with watching(config, seen=digest(config.parent / "missing")) as noticed:
        assert noticed.is_one_change()


def test_a_file_that_is_empty_for_a_moment_is_one_change(config: Path) -> None:
    with watching(config, settle_s=0.05) as noticed:
        config.write_text("")
        time.sleep(0.3)
        config.write_text(_NEW)
        assert noticed.is_one_change()
        assert config.read_text() == _NEW


def test_a_file_that_stays_empty_is_a_change(config: Path) -> None:
    with watching(config) as noticed:
        config.write_text("")
        assert noticed.is_one_change()


def test_a_removed_folder_is_watched_again_as_soon_as_it_is_back(config: Path) -> None:
    with watching(config) as noticed:
        shutil.rmtree(config.parent)
        note = noticed.next()
        assert isinstance(note, WatcherNote)
        assert note.note == f"{config.parent} does not exist: looking every 60 s"
        assert isinstance(noticed.next(), ConfigChanged)
        saved = config.parent.with_name("saved")
        saved.write_text(_NEW)
        config.parent.mkdir()
        assert noticed.next() == WatcherNote("")
        saved.replace(config)  # in one go: what is open as it looks is told of twice
        assert noticed.is_one_change()


def test_a_folder_replaced_in_one_go_is_watched_again(config: Path) -> None:
    with watching(config) as noticed:
        shutil.rmtree(config.parent)
        config.parent.mkdir()
        config.write_text(_NEW)
        assert noticed.is_one_change()
        append(config)
        assert noticed.is_one_change()


@pytest.mark.parametrize("up", [0, 1], ids=["its-own", "above-it"])
def test_a_folder_that_is_renamed_is_noticed(tmp_path: Path, up: int) -> None:
    folder = tmp_path / "above" / "etc"
    folder.mkdir(parents=True)
    config = folder / "listsync.yaml"
    config.write_text(_OLD)
    moved = (folder, folder.parent)[up]
    away = moved.with_name("away")
    with watching(config) as noticed:
        moved.rename(away)
        assert isinstance(noticed.next(_MOVES_S), WatcherNote)
        assert isinstance(noticed.next(), ConfigChanged)
        away.rename(moved)
        assert {type(noticed.next(_MOVES_S)), type(noticed.next())} == {WatcherNote, ConfigChanged}
        append(config)
        assert noticed.is_one_change()


def test_a_folder_that_takes_the_place_of_another_is_noticed(config: Path, tmp_path: Path) -> None:
    (tmp_path / "next").mkdir()
    (tmp_path / "next" / config.name).write_text(_NEW)
    with watching(config) as noticed:
        config.parent.rename(tmp_path / "old")
        (tmp_path / "next").rename(config.parent)
        assert noticed.is_one_change()
        append(config)
        assert noticed.is_one_change()


def test_folders_missing_at_the_start_are_waited_for(tmp_path: Path) -> None:
    config = tmp_path / "much" / "later" / "listsync.yaml"
    with watching(config) as noticed:
        assert isinstance(noticed.next(), WatcherNote)
        config.parent.parent.mkdir()
        assert noticed.is_quiet()
        config.parent.mkdir()
        config.write_text(_NEW)
        assert {type(noticed.next(_MOVES_S)), type(noticed.next())} == {WatcherNote, ConfigChanged}


def test_what_happens_in_the_folders_above_wakes_nobody(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watching(config) as noticed:
        monkeypatch.setattr(config_file, "digest", lambda _: b"looked")
        for number in range(20):
            (config.parent.parent / f"other-{number}").mkdir()
        assert noticed.is_quiet()


def test_a_closing_is_told_of_once_the_writer_has_closed_it(config: Path) -> None:
    """Of other people's files only this tells it: the kernel does not say who has them open."""
    with watching(config) as noticed:
        with config.open("a") as file:
            file.write("# half")
            file.flush()
            assert noticed.next() == ConfigChanged(is_closed=False)
        assert noticed.next() == ConfigChanged(is_closed=True)
        replace(config)
        assert noticed.next() == ConfigChanged(is_closed=True)
        assert noticed.is_quiet()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        pytest.param(
            OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "Too many open files", id="files"
        ),
        pytest.param(
            RuntimeError("can't start new thread"), "can't start new thread", id="threads"
        ),
    ],
)
def test_a_system_that_has_no_room_is_polled_until_it_has_some(
    config: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def none_left(_: BaseObserver) -> None:
        raise error

    monkeypatch.setattr(BaseObserver, "start", none_left)
    with watching(config, poll_s=0.2) as noticed:
        assert noticed.next() == WatcherNote(
            f"cannot watch for changes ({why}): looking every 0.2 s"
        )
        config.write_text(_NEW)
        assert noticed.is_one_change()
        monkeypatch.undo()
        assert noticed.next() == WatcherNote("")


def test_one_that_is_started_anew_says_that_it_watches_again(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger, events = ConfigFileTrigger(config), list[Event]()

    def run_until_it_breaks() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(config_file, "digest", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                trigger.run(events.append, threading.Event())

    with monkeypatch.context() as patch:
        patch.setattr(BaseObserver, "start", no_room)
        run_until_it_breaks()
    assert len(events) == 1
    run_until_it_breaks()
    assert events[1:] == [WatcherNote("")]


def no_room(_: BaseObserver) -> None:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_folder_that_may_be_entered_but_not_read_is_looked_into() -> None:
    """The kernel refuses the watch, and watchdog does not say so."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        child = subprocess.run(
            [sys.executable, "-c", _WATCHED_AS_NOBODY, f"{folder}/listsync.yaml"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert child.stdout == f"{folder} may not be read: looking every 60 s\n"


def test_a_pipe_in_its_place_is_not_waited_for(config: Path) -> None:
    before = digest(config)
    config.unlink()
    os.mkfifo(config)
    assert digest(config) not in {before, b""}


def test_a_file_that_is_far_too_large_is_told_apart_by_its_start_and_size(config: Path) -> None:
    found = set()
    for size in (2**24 - 1, 2**24, 2**24 + 1, 2**34):
        os.truncate(config, size)
        found.add(digest(config))
    config.write_bytes(b"x")
    os.truncate(config, 2**34)
    found.add(digest(config))
    assert len(found) == 5


def test_a_watcher_that_says_nothing_is_made_up_for_by_looking(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_file._Touch, "on_any_event", lambda *_: None)
    with watching(config, poll_s=0.2) as noticed:
        config.write_text(_NEW)
        assert noticed.is_one_change()


def test_a_file_that_cannot_be_read_any_more_is_a_change(config: Path) -> None:
    with watching(config) as noticed:
        config.unlink()
        config.mkdir()
        assert noticed.is_one_change()


def test_idle_it_sleeps_and_stops_at_once(config: Path) -> None:
    stop = threading.Event()
    trigger = ConfigFileTrigger(config)
    thread = threading.Thread(target=trigger.run, args=(lambda _: None, stop))
    thread.start()
    time.sleep(0.5)
    assert thread.native_id is not None
    before = voluntary_switches(thread.native_id)
    time.sleep(1.0)
    assert voluntary_switches(thread.native_id) == before
    stop.set()
    trigger.wake()
    thread.join(_SOON_S)
    assert not thread.is_alive()


def voluntary_switches(thread_id: int) -> int:
    status = Path(f"/proc/self/task/{thread_id}/status").read_text()
    line = next(one for one in status.splitlines() if one.startswith("voluntary"))
    return int(line.split()[1])
