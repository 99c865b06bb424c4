"""Real processes at a real state directory: killed, locked out, unprivileged, out of space."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from listsync.errors import BusyError, StateError
from listsync.store.database import FILE_NAME, Database, copy_files
from listsync.store.state import SqliteMemory
from listsync.store.state_folder import LOCK_NAME, locked, looking_at
from tests.integration.store.child import SERVER

pytestmark = pytest.mark.usefixtures("forked_scripts")
_CHILD = str(Path(__file__).with_name("child.py"))
_KILLS = 8
_WRITING_S = 0.15


@contextmanager
def child(act: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, _CHILD, act, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(act: str, folder: Path) -> list[str]:
    with child(act, folder) as process:
        return process.communicate(timeout=60)[0].splitlines()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that everybody may reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_disk_without_room_for_the_number_can_still_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", failing(errno.ENOSPC))
    with locked(tmp_path), pytest.raises(BusyError, match="unknown"), locked(tmp_path):
        pytest.fail("there are two holders")


def test_the_number_of_an_earlier_holder_is_gone_whole(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).write_text("99999999999\n")
    with locked(tmp_path):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_file_system_that_cannot_lock_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    with pytest.raises(StateError, match=r"cannot lock .*No locks available"), locked(tmp_path):
        pytest.fail("nothing is locked")


def test_no_committed_intent_is_lost_by_a_kill(tmp_path: Path) -> None:
    for round_ in range(_KILLS):
        folder = tmp_path / str(round_)
        folder.mkdir()
        with child("write_for_ever", folder) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(_WRITING_S * (round_ + 1) / _KILLS)
            process.send_signal(signal.SIGKILL)
            last = max(map(int, process.stdout.read().split("\n")[:-1]), default=1)
        database = Database(folder / FILE_NAME)
        memory = SqliteMemory(database)
        memory.guard.use(SERVER)
        (intent,) = memory.requests.open_intents()
        done = [row["tmdb"] for row in database.read("SELECT tmdb FROM requests ORDER BY id")]
        checked = [row[0] for row in database.read("PRAGMA quick_check")]
        database.close()
        assert checked == ["ok"]
        assert intent.body.key.tmdb_id in (last, last + 1)
        assert done == list(range(1, intent.body.key.tmdb_id))


def test_a_copy_holds_what_a_killed_process_had_committed(tmp_path: Path) -> None:
    folder, target = tmp_path / "state", tmp_path / "copy"
    folder.mkdir()
    target.mkdir()
    with child("write_for_ever", folder) as process:
        assert process.stdout is not None
        last = max(int(process.stdout.readline()) for _ in range(20))
        process.send_signal(signal.SIGKILL)
    assert (folder / f"{FILE_NAME}-wal").stat().st_size > 0
    database = Database(copy_files(folder, target))
    (intent,) = database.read("SELECT tmdb FROM intents")
    database.close()
    assert intent["tmdb"] >= last


def test_a_second_holder_is_told_who_is_first(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        assert process.stdout is not None
        pid = process.stdout.readline().strip()
        words = rf"another listsync \(pid {pid}\) works in"
        with pytest.raises(BusyError, match=words), locked(tmp_path):
            pass


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        with locked(tmp_path):
            assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_another_process_is_kept_out(tmp_path: Path) -> None:
    with locked(tmp_path):
        (line,) = said("take", tmp_path)
    assert line == f"BusyError: another listsync (pid {os.getpid()}) works in {tmp_path}"
    assert said("take", tmp_path) == ["taken"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_directory_that_may_not_be_written_is_said(open_folder: Path) -> None:
    Database(open_folder / FILE_NAME).close()
    lock, database = said("open_as_nobody", open_folder)
    place = f"the state directory {open_folder}: Permission denied"
    assert lock == f"lock: cannot use {place}"
    assert database.startswith(f"database: cannot open {open_folder / FILE_NAME}: ")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_directory_that_may_not_be_written_gets_no_database(open_folder: Path) -> None:
    _, database = said("open_as_nobody", open_folder)
    assert database == (
        f"database: cannot open {open_folder / FILE_NAME}: unable to open database file"
    )


def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path) -> None:
    error, is_whole = said("outgrow_a_limit", tmp_path)
    assert error.startswith(f"StateError: cannot write {tmp_path / FILE_NAME}: ")
    assert is_whole == "True"
    database = Database(tmp_path / FILE_NAME)
    assert database.read("SELECT count(*) FROM intents")[0][0] > 10
    database.close()


def test_the_lock_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "state"
    with locked(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / LOCK_NAME).stat().st_mode & 0o777 == 0o600


def test_a_lock_file_without_a_number_names_nobody(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (tmp_path / LOCK_NAME).write_text("")
        with pytest.raises(BusyError, match="pid unknown"), locked(tmp_path):
            pass


@pytest.mark.parametrize("act", [locked, looking_at])
def test_a_file_in_place_of_the_directory_is_said(
    tmp_path: Path, act: Callable[[Path], AbstractContextManager[None]]
) -> None:
    place = tmp_path / "state"
    place.write_text("")
    with pytest.raises(StateError, match="cannot use the state directory"), act(place):
        pass


def test_a_look_is_kept_out_by_a_holder(tmp_path: Path) -> None:
    with child("hold", tmp_path) as process:
        assert process.stdout is not None
        pid = process.stdout.readline().strip()
        with pytest.raises(BusyError, match=rf"\(pid {pid}\)"), looking_at(tmp_path):
            pass


def test_a_look_keeps_holders_out_but_no_other_look(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    with looking_at(tmp_path), looking_at(tmp_path):
        (line,) = said("take", tmp_path)
    assert line.startswith("BusyError: ")
    assert said("take", tmp_path) == ["taken"]


def test_a_look_where_nobody_ever_worked_leaves_no_trace(tmp_path: Path) -> None:
    with looking_at(tmp_path / "state"):
        pass
    assert list(tmp_path.iterdir()) == []
