"""A backup is whole, checked, private, and never in the place of something else."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.errors import StateError
from listsync.store import backup
from listsync.store.backup import back_up_daily, backups_of, copy_database, newest_at, write_backup
from listsync.store.database import FILE_NAME, Database
from listsync.store.key_value import SqliteKeyValueStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / FILE_NAME)
    key_values = SqliteKeyValueStore(database)
    for number in range(50):
        key_values.save(f"name {number}", "x" * 30_000)
    yield database
    database.close()


def names_in(path: Path) -> int:
    """Count what a backup holds, as another program does that may only read."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    try:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return int(connection.execute("SELECT count(*) FROM notebook").fetchone()[0])
    finally:
        connection.close()


def left_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if not one.name.startswith(FILE_NAME))


def test_a_backup_is_whole_and_one_file(database: Database, tmp_path: Path) -> None:
    size = write_backup(tmp_path / "b.db", database.copy_to)
    assert names_in(tmp_path / "b.db") == 50
    assert size == (tmp_path / "b.db").stat().st_size
    assert left_in(tmp_path) == ["b.db"]


def test_a_backup_is_a_state_to_go_on_with(database: Database, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write_backup(tmp_path / "new" / FILE_NAME, database.copy_to)
    restored = Database(tmp_path / "new" / FILE_NAME)
    key_values = SqliteKeyValueStore(restored)
    key_values.save("more", 1)
    assert key_values.load("name 49") == "x" * 30_000
    assert restored.read("PRAGMA journal_mode")[0][0] == "wal"
    restored.close()


def test_only_its_owner_may_read_a_backup(database: Database, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_backup(tmp_path / "b.db", database.copy_to)
    finally:
        os.umask(before)
    assert (tmp_path / "b.db").stat().st_mode & 0o7777 == 0o600


def test_a_backup_replaces_nothing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("mine")
    (tmp_path / "c.db").symlink_to(tmp_path / "nowhere")
    for name in ("b.db", "c.db"):
        with pytest.raises(StateError, match="exists already: a backup never replaces a file"):
            write_backup(tmp_path / name, database.copy_to)
    assert (tmp_path / "b.db").read_text() == "mine"
    assert left_in(tmp_path) == ["b.db", "c.db"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    database: Database, tmp_path: Path, *, has_links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_links:
        monkeypatch.setattr(os, "link", _without_links)

    def copy_slowly(path: Path) -> None:
        database.copy_to(path)
        (tmp_path / "b.db").write_text("mine")

    with pytest.raises(StateError, match="exists already"):
        write_backup(tmp_path / "b.db", copy_slowly)
    assert (tmp_path / "b.db").read_text() == "mine"
    assert left_in(tmp_path) == ["b.db"]


def test_a_file_system_without_links_holds_backups_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _without_links)
    write_backup(tmp_path / "b.db", database.copy_to)
    assert names_in(tmp_path / "b.db") == 50
    assert left_in(tmp_path) == ["b.db"]


def test_a_damaged_copy_is_not_kept(tmp_path: Path) -> None:
    def write_junk(path: Path) -> None:
        path.write_bytes(b"junk" * 999)

    with pytest.raises(StateError, match="the copy is damaged"):
        write_backup(tmp_path / "b.db", write_junk)
    assert left_in(tmp_path) == []


def test_a_folder_that_is_not_there_is_the_callers_to_tell(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        write_backup(tmp_path / "none" / "b.db", database.copy_to)


def test_a_copy_that_is_given_up_leaves_nothing(database: Database, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(StateError, match="given up"):
        write_backup(tmp_path / "b.db", lambda path: database.copy_to(path, stop))
    assert left_in(tmp_path) == []
    assert database.read("SELECT count(*) FROM notebook")[0][0] == 50


def test_what_is_written_meanwhile_is_in_the_copy(tmp_path: Path) -> None:
    source = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    source.execute("PRAGMA journal_mode = WAL")
    source.execute("CREATE TABLE notebook (name INTEGER PRIMARY KEY, value TEXT)")
    source.execute("BEGIN")
    source.executemany("INSERT INTO notebook (value) VALUES (?)", [("x" * 3000,)] * 2000)
    source.execute("COMMIT")
    steps = 0

    def write_more() -> None:
        nonlocal steps
        steps += 1
        source.execute("BEGIN IMMEDIATE")
        source.execute("INSERT INTO notebook (value) VALUES ('new')")
        source.execute("UPDATE notebook SET value = 'changed' WHERE name = 1")
        source.execute("COMMIT")

    copy_database(source, tmp_path / "b.db", write_more)
    assert steps > 3
    # What was written after the last step is not: that is the moment of the copy.
    assert names_in(tmp_path / "b.db") >= 2000 + steps - 1
    source.close()


def test_others_get_their_turns_while_a_copy_is_made(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_PAGES", 1)
    key_values = SqliteKeyValueStore(database)
    turns: list[object] = []
    copying = threading.Thread(target=lambda: database.copy_to(tmp_path / "b.db"))
    with database.write():
        copying.start()  # it waits for us
    while copying.is_alive():
        turns.append(key_values.load("name 1"))
    copying.join()
    assert turns
    assert names_in(tmp_path / "b.db") == 50


def _without_links(_: Path, __: Path) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


# -- by themselves -----------------------------------------------------------------------------

_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
_DAY = timedelta(days=1)


def test_seven_daily_backups_are_kept_whatever_their_dates(
    database: Database, tmp_path: Path
) -> None:
    for day in range(12):
        now = _NOON + day * _DAY + (400 * _DAY if day == 3 else timedelta())  # a wrong clock
        for _ in range(2):
            back_up_daily(tmp_path, database.copy_to, now)
    kept = backups_of(tmp_path)
    assert [int(one.name.split("-")[1]) for one in kept] == [12, 11, 10, 9, 8, 7, 6]
    assert newest_at(tmp_path) == _NOON + 11 * _DAY
    assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in kept} == {0o600}


def test_copies_before_upgrades_come_after_daily_backups(
    database: Database, tmp_path: Path
) -> None:
    for name in ("listsync-v9-20260101T000000Z.db", "listsync-v16-20250101T000000Z.db"):
        (tmp_path / name).write_bytes(b"")
    back_up_daily(tmp_path, database.copy_to, _NOON)
    names = [one.name for one in backups_of(tmp_path)]
    assert names[0] == "listsync-000001-20260601T120000Z.db"
    assert names[1:] == ["listsync-v16-20250101T000000Z.db", "listsync-v9-20260101T000000Z.db"]


def test_files_of_others_among_the_backups_are_left_alone(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "notes.txt").write_text("mine")
    (tmp_path / "backups" / "listsync-0-copy.db").write_text("mine")
    for day in range(9):
        back_up_daily(tmp_path, database.copy_to, _NOON + day * _DAY)
    assert (tmp_path / "backups" / "notes.txt").exists()
    assert (tmp_path / "backups" / "listsync-0-copy.db").exists()
