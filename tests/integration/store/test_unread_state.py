"""What a killed listsync left is looked through before the start, or beside the work."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from listsync.app.service_table import daily_backups
from listsync.errors import DamagedStateError, StateError
from listsync.store import integrity
from listsync.store.database import FILE_NAME, Database
from listsync.store.integrity import checksum_of
from listsync.store.key_value import load_doubt
from listsync.store.state_folder import close_state, open_state, opened_state, read_through
from tests.integration.store.test_recovery import back_up, damaged, fill, kill_one, requested

_GOES_ON = threading.Event()
"""The stop of a service that nobody stops."""


@pytest.fixture
def folder(memory_path: Path) -> Path:
    """Give a state with a backup, left by a listsync that was killed."""
    with opened_state(memory_path) as database:
        fill(database, 1, 5)
        back_up(memory_path, database)
    kill_one(memory_path, lambda database: fill(database, 6, 5))
    return memory_path


def with_an_unreadable_row(folder: Path) -> Path:
    """Have a row say what no listsync writes, which SQLite does not notice."""
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
        connection.execute("UPDATE requests SET seasons = '{' WHERE id = 3")
        os.kill(os.getpid(), signal.SIGKILL)  # its log stays
    os.waitpid(pid, 0)
    return folder


def doubt_of(database: Database) -> str:
    doubt = load_doubt(database)
    return doubt.why if doubt else ""


def test_where_the_machine_ran_on_it_is_looked_through_beside_the_work(folder: Path) -> None:
    database = open_state(folder, reads_later=True)
    assert database.is_unread.is_set()
    assert requested(database) == [*range(1, 11)]
    read_through(database, folder, _GOES_ON)
    assert not database.is_unread.is_set()
    assert not [one for one in folder.iterdir() if ".part" in one.name]
    close_state(database, folder)
    with opened_state(folder) as database:
        assert (database.is_unread.is_set(), doubt_of(database)) == (False, "")


def test_damage_that_is_found_later_is_mended_by_the_next_start(folder: Path) -> None:
    database = open_state(with_an_unreadable_row(folder), reads_later=True)
    with pytest.raises(DamagedStateError, match=r"requests\.seasons"):
        read_through(database, folder, _GOES_ON)
    close_state(database, folder)
    database = open_state(folder, reads_later=True)
    assert requested(database) == [*range(1, 6)]
    assert "goes on with the backup listsync-000001-" in doubt_of(database)
    assert any(name.endswith(".db") for name in damaged(folder))
    close_state(database, folder)


def _another_boot(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "boot_id", lambda: "another")


def _no_boot(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise PermissionError("/proc is hidden")

    monkeypatch.setattr(integrity, "boot_id", fail)


def _another_file(folder: Path, _: pytest.MonkeyPatch) -> None:
    path = folder / FILE_NAME
    shutil.copy(path, folder / "copy")
    (folder / "copy").replace(path)


def _no_log(folder: Path, _: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _old_note(folder: Path, _: pytest.MonkeyPatch) -> None:
    checksum_of(folder / FILE_NAME).write_text("open\n")


@pytest.mark.parametrize("what", [_another_boot, _no_boot, _another_file, _no_log, _old_note])
def test_where_that_is_not_known_it_is_looked_through_before_the_start(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    what(with_an_unreadable_row(folder), monkeypatch)
    database = open_state(folder, reads_later=True)
    assert requested(database) == [*range(1, 6)]
    assert "requests.seasons" in doubt_of(database)
    assert not database.is_unread.is_set()
    close_state(database, folder)


def test_who_does_not_look_later_looks_before_the_start(folder: Path) -> None:
    with opened_state(with_an_unreadable_row(folder)) as database:
        assert "requests.seasons" in doubt_of(database)


def test_damage_to_the_structure_is_found_before_the_start_in_any_case(folder: Path) -> None:
    with closing(open_state(folder)):
        pass  # folds the log in
    kill_one(folder, lambda _: None)
    content = (folder / FILE_NAME).read_bytes()
    with (folder / FILE_NAME).open("r+b") as file:
        file.seek(len(content) - 8192)
        file.write(os.urandom(8192))
    database = open_state(folder, reads_later=True)
    assert "goes on with the backup listsync-000001-" in doubt_of(database)
    close_state(database, folder)


def test_a_foreign_file_is_not_written_to_though_the_machine_ran_on(folder: Path) -> None:
    path = folder / FILE_NAME
    with closing(sqlite3.connect(folder / "foreign")) as other:
        other.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
        other.execute("PRAGMA journal_mode = WAL").fetchall()
    path.write_bytes((folder / "foreign").read_bytes())  # as `cp` does: the file stays the same
    (folder / f"{FILE_NAME}-wal").write_bytes(b"")
    foreign = path.read_bytes()
    database = open_state(folder, reads_later=True)
    assert requested(database) == [*range(1, 6)]
    (aside,) = (one for one in damaged(folder) if one.endswith(".db"))
    assert (folder / aside).read_bytes() == foreign
    close_state(database, folder)


def test_a_backup_copied_over_the_file_is_known_though_the_machine_ran_on(folder: Path) -> None:
    (backup,) = (folder / "backups").iterdir()
    (folder / FILE_NAME).write_bytes(backup.read_bytes())  # the number of the file stays
    database = open_state(folder, reads_later=True)
    assert requested(database) == [*range(1, 6)]
    assert "a backup was put in the place" in doubt_of(database)
    close_state(database, folder)


def test_what_nobody_has_looked_through_yet_stays_so_over_an_end_in_good_order(
    folder: Path,
) -> None:
    for _ in range(2):
        database = open_state(folder, reads_later=True)
        assert database.is_unread.is_set()
        close_state(database, folder)


def test_an_error_of_the_disk_has_the_next_start_look_at_all(folder: Path) -> None:
    with_an_unreadable_row(folder)

    def meet_an_error(database: Database) -> None:
        fails = sqlite3.OperationalError("disk I/O error")
        fails.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        with suppress(StateError), database.write():
            raise fails

    database = open_state(folder, reads_later=True)
    meet_an_error(database)
    assert checksum_of(folder / FILE_NAME).read_text() == "between\n"
    close_state(database, folder)
    database = open_state(folder, reads_later=True)
    assert "requests.seasons" in doubt_of(database)
    close_state(database, folder)


def test_a_look_that_is_stopped_is_owed(folder: Path) -> None:
    stop = threading.Event()
    stop.set()
    database = open_state(folder, reads_later=True)
    with pytest.raises(StateError):
        read_through(database, folder, stop)
    assert database.is_unread.is_set()
    close_state(database, folder)


def test_the_agent_ends_for_its_next_start_to_mend_what_is_found(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_state(with_an_unreadable_row(folder), reads_later=True)
    stop = threading.Event()
    daily_backups(database, folder, lambda *_: 1, stop.set)._look_through(stop)
    assert stop.is_set()
    (said,) = (one for one in caplog.records if one.levelname == "ERROR")
    assert vars(said)["action"] == "state_damaged"
    close_state(database, folder)


def test_where_there_is_no_room_to_look_it_is_done_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_state(folder, reads_later=True)

    def fail(*_: object) -> None:
        raise StateError("there is no room")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "copy_to", fail)
        daily = daily_backups(database, folder, lambda *_: 1, pytest.fail)
        daily._look_through(_GOES_ON)
    assert "is looked through later: there is no room" in caplog.text
    assert database.is_unread.is_set()
    daily._look_through(_GOES_ON)
    assert not database.is_unread.is_set()
    close_state(database, folder)
