from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from listsync.errors import StateError
from listsync.store import database as module
from listsync.store.database import Database, copy_files
from tests import new_states

pytestmark = pytest.mark.migrates
_FIRST = module._scripts()[-1][0]


def dump_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        pragmas = ("user_version", "application_id", "journal_mode", "page_size", "auto_vacuum")
        settings = [str(connection.execute(f"PRAGMA {one}").fetchone()) for one in pragmas]
        return [*settings, *connection.iterdump()]


def test_the_copy_that_other_tests_begin_with_is_what_the_migrations_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(tmp_path / "made").close()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_migrate", module._migrate)
        new_states.install()
        copied = Database(tmp_path / "copied")
        assert copied.read("PRAGMA synchronous")[0][0] == 2  # FULL
        copied.close()
    assert dump_of(tmp_path / "copied") == dump_of(tmp_path / "made")


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def add_migration(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    scripts = [*module._scripts(), (_FIRST + 1, script)]
    monkeypatch.setattr(module, "_scripts", lambda: scripts)


def fill(path: Path, rows: int = 2000) -> None:
    """Write a database of many pages."""
    database = Database(path)
    with database.write() as connection:
        connection.executemany(
            "INSERT INTO servers (identity, product, version, first_seen, last_seen)"
            " VALUES (?, 'Seerr', '3', '', '')",
            [(f"server {number}" * 5,) for number in range(rows)],
        )
    database.close()


# Settings and migrations


def test_a_new_file_has_the_latest_schema(path: Path) -> None:
    Database(path).close()
    assert version_of(path) == _FIRST


def test_what_was_committed_survives_a_power_cut(path: Path) -> None:
    database = Database(path)
    settings = {
        name: database.read(f"PRAGMA {name}")[0][0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    database.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5,
    }


def test_a_known_file_is_opened_again(path: Path) -> None:
    fill(path, rows=3)
    database = Database(path)
    assert database.read("SELECT count(*) FROM servers")[0][0] == 3
    database.close()


def test_a_new_step_is_taken_and_a_copy_kept_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, rows=3)
    add_migration(monkeypatch, "CREATE TABLE more (id INTEGER) STRICT; DELETE FROM servers")
    database = Database(path)
    assert database.read("SELECT count(*) FROM servers")[0][0] == 0
    database.close()
    assert version_of(path) == _FIRST + 1
    (backup,) = path.parent.glob(f"listsync-v{_FIRST}-*.db")
    assert version_of(backup) == _FIRST


def test_a_step_that_fails_is_undone_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(path, rows=3)
    with monkeypatch.context() as patch:
        add_migration(
            patch, "CREATE TABLE more (id INTEGER) STRICT; INSERT INTO absent VALUES (1)"
        )
        with pytest.raises(StateError, match="no such table: absent"):
            Database(path)
    assert version_of(path) == _FIRST
    database = Database(path)
    tables = [row["name"] for row in database.read("SELECT name FROM sqlite_master")]
    assert "more" not in tables
    assert database.read("SELECT count(*) FROM servers")[0][0] == 3
    database.close()


def test_a_schema_of_a_newer_listsync_is_refused(path: Path) -> None:
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StateError, match=r"written by a newer listsync \(schema 99, this one"):
        Database(path)
    assert version_of(path) == 99


def test_the_views_for_other_tools_can_be_read(path: Path) -> None:
    database = Database(path)
    assert database.read("SELECT * FROM lists") == []
    assert database.read("SELECT * FROM synced_items") == []
    database.close()


# Damage


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, " * 500)


def truncated(path: Path) -> None:
    fill(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def cut_in_the_header(path: Path) -> None:
    fill(path)
    path.write_bytes(path.read_bytes()[:50])


def overwritten(path: Path) -> None:
    fill(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))


def one_page_lost(path: Path) -> None:
    fill(path)
    content = path.read_bytes()
    path.write_bytes(content[:-4096] + bytes(4096))


@pytest.mark.parametrize(
    "damage", [garbage, truncated, cut_in_the_header, overwritten, one_page_lost]
)
def test_a_damaged_file_is_refused_and_left_alone(
    path: Path, damage: object, request: pytest.FixtureRequest
) -> None:
    assert callable(damage), request.node.name
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"is damaged .* set it aside and go on"):
        Database(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", [garbage, truncated])
def test_no_connection_stays_open_on_a_damaged_file(path: Path, damage: object) -> None:
    assert callable(damage)
    damage(path)
    with pytest.raises(StateError):
        Database(path)
    opened = {str(link.resolve()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert not [name for name in opened if name.startswith(str(path))]


def test_a_directory_in_place_of_the_file_is_said(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StateError, match="cannot open"):
        Database(path)


# Transactions


def insert(connection: sqlite3.Connection, identity: str) -> None:
    connection.execute(
        "INSERT INTO servers (identity, product, version, first_seen, last_seen)"
        " VALUES (?, 'Seerr', '3', '', '')",
        (identity,),
    )


def insert_all(database: Database, identities: list[str], error: Exception | None = None) -> None:
    with database.write() as connection:
        for identity in identities:
            insert(connection, identity)
        if error is not None:
            raise error


def count(database: Database) -> int:
    return int(database.read("SELECT count(*) FROM servers")[0][0])


def test_a_block_that_fails_writes_nothing(path: Path) -> None:
    database = Database(path)
    with pytest.raises(ValueError, match="a bug"):
        insert_all(database, ["one"], ValueError("a bug"))
    assert count(database) == 0
    database.close()


def test_a_broken_rule_of_the_schema_is_a_state_error(path: Path) -> None:
    database = Database(path)
    with pytest.raises(StateError, match=r"cannot write .*UNIQUE"):
        insert_all(database, ["one", "one"])
    assert count(database) == 0
    database.close()


def test_an_unreadable_question_is_a_state_error(path: Path) -> None:
    database = Database(path)
    with pytest.raises(StateError, match="cannot read"):
        database.read("SELECT * FROM nothing")
    database.close()


def test_writing_to_what_was_closed_is_a_state_error(path: Path) -> None:
    database = Database(path)
    database.close()
    with pytest.raises(StateError, match="cannot write"):
        insert_all(database, ["one"])


def test_a_full_disk_undoes_the_block_and_reading_goes_on(path: Path) -> None:
    database = Database(path)
    with database.write() as connection:
        insert(connection, "one")
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StateError, match="full"):
        insert_all(database, ["two", "three" * 20_000])
    assert count(database) == 1
    database.read("PRAGMA max_page_count = 100000")
    with database.write() as connection:
        insert(connection, "two")
    assert count(database) == 2
    database.close()


# Copies


def test_a_copy_has_what_is_only_in_the_log(tmp_path: Path, path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    database = Database(path)
    with database.write() as connection:
        insert(connection, "one")
    copied = Database(copy_files(tmp_path, target))
    assert count(copied) == 1
    copied.close()
    database.close()


def test_a_copy_that_has_no_place_is_said(tmp_path: Path, path: Path) -> None:
    Database(path).close()
    with pytest.raises(StateError, match="cannot copy the state in"):
        copy_files(tmp_path, tmp_path / "none")


def test_a_copy_of_nothing_is_a_fresh_start(tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    copied = Database(copy_files(tmp_path / "none", target))
    assert count(copied) == 0
    copied.close()


# What a run that was ended has left behind


def test_a_run_that_is_over_writes_nothing_more_and_others_do(path: Path) -> None:
    database = Database(path)
    over: list[bool] = []
    of_run = database.until_over(lambda: bool(over))
    columns = [row["name"] for row in database.read("PRAGMA table_info(notebook)")]
    put = f"INSERT INTO notebook ({columns[0]}, {columns[1]}) VALUES (?, '1')"
    with of_run.write() as connection:
        connection.execute(put, ("first",))
    over.append(True)
    with pytest.raises(StateError, match="the run was ended"), of_run.write() as connection:
        connection.execute(put, ("second",))
    with database.write() as connection:
        connection.execute(put, ("third",))
    names = [row[0] for row in of_run.read(f"SELECT {columns[0]} FROM notebook")]
    assert sorted(names) == ["first", "third"]
    database.close()


def test_a_run_that_is_over_waits_for_no_lock(path: Path) -> None:
    database = Database(path)
    began = time.monotonic()
    of_run = database.until_over(lambda: time.monotonic() > began + 0.2)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="the run was ended"), of_run.write():
            pass
        other.execute("ROLLBACK")
    assert time.monotonic() - began < 30
    database.close()
