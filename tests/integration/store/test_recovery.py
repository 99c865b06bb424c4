"""Whatever becomes of the state file: listsync starts, loses nothing silently, and asks first."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from listsync.domain.notices import Origin
from listsync.domain.run_notes import Notes
from listsync.domain.server_knowledge import NOTHING_LEARNED
from listsync.errors import NewerStateError, StateError
from listsync.store import database as module
from listsync.store.backup import next_backup, write_backup
from listsync.store.database import FILE_NAME, Database
from listsync.store.integrity import add_functions, checksum_of
from listsync.store.key_value import lift_doubt, load_doubt
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.store.state_folder import open_state, opened_state
from listsync.sync.server_reading import find_doubt
from listsync.sync.titles.lookups import lookup_of_entry
from tests.fakes import SERVER
from tests.integration.store.child import sent
from tests.integration.store.state import AT
from tests.thorough import IS_THOROUGH, tries

_TITLES = 60


def fill(database: Database, first: int = 1, count: int = _TITLES) -> None:
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    for number in range(first, first + count):
        memory.record(Notes(sent=[sent(number)]))


def requested(database: Database) -> list[int]:
    return [row["tmdb"] for row in database.read("SELECT tmdb FROM requests ORDER BY id")]


def back_up(folder: Path, database: Database) -> Path:
    path = next_backup(folder, AT)
    write_backup(path, database.copy_to)
    return path


def doubt_of(database: Database) -> str:
    doubt = load_doubt(database)
    return doubt.why if doubt else ""


def damaged(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if "-damaged-" in one.name)


def kill_one(folder: Path, work: Callable[[Database], None]) -> None:
    """Let a process of its own do *work* on the state, and die before it closes anything."""
    pid = os.fork()
    if pid == 0:
        try:
            work(open_state(folder))
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.fixture
def tmp_path(memory_path: Path) -> Path:
    return memory_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a state with a backup of its first half, closed in good order."""
    with opened_state(tmp_path) as database:
        fill(database, 1, _TITLES // 2)
        back_up(tmp_path, database)
        fill(database, _TITLES // 2 + 1, _TITLES // 2)
    return tmp_path


_WHOLE = list(range(1, _TITLES + 1))
_HALF = _WHOLE[: _TITLES // 2]


# -- what is as it was left --------------------------------------------------------------------


def test_what_was_left_in_good_order_is_believed(folder: Path) -> None:
    for _ in range(3):
        with opened_state(folder) as database:
            assert (requested(database), doubt_of(database)) == (_WHOLE, "")


def test_what_a_killed_process_left_is_believed(folder: Path) -> None:
    kill_one(folder, lambda database: fill(database, _TITLES + 1, 5))
    with opened_state(folder) as database:
        assert len(requested(database)) == _TITLES + 5
        assert doubt_of(database) == ""


def test_a_process_killed_while_it_opens_or_closes_the_state_leaves_no_doubt(folder: Path) -> None:
    checksum_of(folder / FILE_NAME).write_text("between\n")
    with opened_state(folder) as database:
        assert (requested(database), doubt_of(database)) == (_WHOLE, "")


def test_kills_at_any_moment_leave_no_doubt(folder: Path) -> None:
    """While the state is opened, written and closed."""
    drawn = random.Random(1)
    for _ in range(40):
        pid = os.fork()
        if pid == 0:
            with opened_state(folder) as database:
                fill(database, count=3)
            os._exit(0)
        time.sleep(drawn.random() * drawn.choice([0.004, 0.02, 0.06]))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with opened_state(folder) as database:
        assert doubt_of(database) == ""
        assert requested(database)[:_TITLES] == _WHOLE
    assert damaged(folder) == []


def test_a_first_start_has_nothing_to_doubt(tmp_path: Path) -> None:
    with opened_state(tmp_path) as database:
        assert doubt_of(database) == ""
    assert sorted(one.name for one in tmp_path.iterdir()) == [FILE_NAME, f"{FILE_NAME}.sha256"]


# -- what is not -------------------------------------------------------------------------------


def test_a_backup_put_in_the_place_of_the_state_is_used_once_it_is_confirmed(folder: Path) -> None:
    """The way that README names."""
    (backup,) = (folder / "backups").iterdir()
    for part in folder.glob(f"{FILE_NAME}*"):
        part.unlink()
    (folder / FILE_NAME).write_bytes(backup.read_bytes())
    with opened_state(folder) as database:
        assert requested(database) == _HALF
        assert "a backup was put in the place of listsync.db" in doubt_of(database)
    with opened_state(folder) as database:
        assert doubt_of(database)
        lift_doubt(database)
    with opened_state(folder) as database:
        assert doubt_of(database) == ""


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, " * 500)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def gone(path: Path) -> None:
    path.unlink()


def zeroed_page(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-8192] + bytes(4096) + content[-4096:])


@pytest.mark.parametrize("damage", [foreign, garbage, emptied, truncated, gone, zeroed_page])
def test_a_state_that_cannot_be_used_is_set_aside_and_the_newest_good_backup_taken(
    folder: Path, damage: Callable[[Path], None]
) -> None:
    path = folder / FILE_NAME
    damage(path)
    content = path.read_bytes() if path.exists() else None
    with opened_state(folder) as database:
        assert requested(database) == _HALF
        assert "goes on with the backup listsync-000001-" in doubt_of(database)
    aside = [one for one in damaged(folder) if one.endswith(".db")]
    assert len(aside) == (content is not None)
    if content is not None:
        assert (folder / aside[0]).read_bytes() == content
    with opened_state(folder) as database:
        assert requested(database) == _HALF
        assert doubt_of(database)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_log_and_its_index_are_set_aside_with_their_file(folder: Path) -> None:
    kill_one(folder, lambda database: fill(database, _TITLES + 1, 5))
    garbage(folder / FILE_NAME)
    with opened_state(folder) as database:
        assert requested(database) == _HALF
    names = [one.rpartition(".")[2] for one in damaged(folder)]
    assert {"db", "db-wal"} <= set(names) <= {"db", "db-wal", "db-shm"}


def test_without_a_good_backup_nothing_is_remembered_and_nothing_requested(folder: Path) -> None:
    for one in (folder / "backups").iterdir():
        truncated(one)
    garbage(folder / FILE_NAME)
    with opened_state(folder) as database:
        assert requested(database) == []
        assert "there was no good backup" in doubt_of(database)
    assert len(list((folder / "backups").iterdir())) == 1  # a bad one is not deleted either


def test_a_damaged_backup_is_passed_over(folder: Path) -> None:
    with opened_state(folder) as database:
        garbage(back_up(folder, database))
    garbage(folder / FILE_NAME)
    with opened_state(folder) as database:
        assert requested(database) == _HALF


def test_a_recovery_that_is_killed_anywhere_is_taken_up_by_the_next_start(folder: Path) -> None:
    garbage(folder / FILE_NAME)
    steps = 0
    while True:
        pid = os.fork()
        if pid == 0:
            _die_after(steps)
            open_state(folder)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
            break
        steps += 1
    assert steps > 8
    with opened_state(folder) as database:
        assert requested(database) == _HALF
        assert "backup listsync-000001-" in doubt_of(database)
    assert [one for one in folder.iterdir() if ".part" in one.name] == []


def _die_after(steps: int) -> None:
    """Die at that change of a folder: the audit hook is told before each one is made."""
    left = steps

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in {"os.rename", "os.remove", "sqlite3.connect"}:
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(hook)


# -- the log -----------------------------------------------------------------------------------


def test_a_log_whose_end_is_damaged_leaves_a_doubt(folder: Path) -> None:
    kill_one(folder, lambda database: fill(database, _TITLES + 1, 20))
    log = folder / f"{FILE_NAME}-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    with opened_state(folder) as database:
        assert _TITLES <= len(requested(database)) < _TITLES + 20
        assert "the last changes are lost" in doubt_of(database)


def test_a_log_whose_head_is_damaged_leaves_a_doubt(folder: Path) -> None:
    kill_one(folder, lambda database: fill(database, _TITLES + 1, 20))
    log = folder / f"{FILE_NAME}-wal"
    log.write_bytes(os.urandom(32) + log.read_bytes()[32:])
    with opened_state(folder) as database:
        assert "the last changes are lost" in doubt_of(database)


def test_a_log_that_is_gone_leaves_a_doubt(folder: Path) -> None:
    kill_one(folder, lambda database: fill(database, _TITLES + 1, 20))
    (folder / f"{FILE_NAME}-wal").unlink()
    with opened_state(folder) as database:
        assert f"{FILE_NAME}-wal is gone" in doubt_of(database)


# -- damages at random -------------------------------------------------------------------------

_SEEDS = tries(20, 200)


def looks(database: Database) -> None:
    """Look at all that an agent shows at its start, and that a sync begins with."""
    state, memory = SqliteAgentState(database), SqliteMemory(database)
    state.lists.all(), state.notices.open(Origin.SYNC), state.runs.page(limit=9).rows
    (
        state.reviews.waiting(limit=9),
        state.items.page("", list_name=None, limit=9, lookup_of=lookup_of_entry),
    )
    assert state.server.learned() == NOTHING_LEARNED
    memory.guard.use(SERVER)
    (
        memory.matches.load(AT),
        memory.handled.load(),
        memory.requests.open_intents(),
        memory.index.pages(),
    )
    assert find_doubt(memory.guard, memory.requests.requested(), {}) is not None


@pytest.mark.chaos
@pytest.mark.timeout(tries(120, 3600))
def test_any_damage_ends_in_good_data_or_on_hold(folder: Path) -> None:
    path = folder / FILE_NAME
    good = path.read_bytes()
    ends: dict[str, int] = {}
    for seed in range(_SEEDS):
        drawn = random.Random(seed)
        content = bytearray(good)
        start = drawn.choice([drawn.randrange(100), drawn.randrange(len(good))])
        size = drawn.choice([1, 1, 16, 300, 4096, 20_000])
        hurt = content[start : start + size]
        content[start : start + size] = drawn.randbytes(len(hurt))
        if content == good:
            continue
        path.write_bytes(content)
        checksum = checksum_of(path).read_text()
        with opened_state(folder) as database:
            known, doubt = requested(database), doubt_of(database)
            looks(database)
        assert doubt, f"seed {seed}: no doubt"
        aside = damaged(folder)
        assert sum(one.endswith(".db") for one in aside) <= 1
        end = "set aside" if aside else "kept, on hold"
        ends[end] = ends.get(end, 0) + 1
        if aside:
            assert known == _HALF, f"seed {seed}"
            assert (folder / aside[0]).read_bytes() == bytes(content), f"seed {seed}"
        for one in aside:
            (folder / one).unlink()
        checksum_of(path).write_text(checksum)
        path.write_bytes(good)
    assert sum(ends.values()) >= _SEEDS - 2
    assert set(ends) == {"set aside", "kept, on hold"}


# -- newer versions, upgrades ------------------------------------------------------------------


def test_the_state_of_a_newer_listsync_is_refused_and_left_alone(folder: Path) -> None:
    path = folder / FILE_NAME
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE more (id INTEGER) STRICT")
        other.execute("PRAGMA user_version = 99")
    checksum_of(path).write_text("between")
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(NewerStateError, match="install the newer one"):
            open_state(folder)
    assert path.read_bytes() == before
    assert damaged(folder) == []


def old_state(path: Path, version: int) -> None:
    """Write the state of an older listsync."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        add_functions(other)
        for number, script in module._scripts():
            if number <= version:
                other.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
        for number in range(50):
            other.execute(
                "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                " answer, detail, at) VALUES (1, 'r', 'Film', '[]', 'movie', ?, 0, '[]',"
                " 'requested', '', '2026-01-01T00:00:00.000+00:00')",
                (number,),
            ) if number else other.execute(
                "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
                " VALUES (1, 'one', 'seerr', '3', '', '')"
            )


def upgrade_and_die(path: Path, statement: int) -> bool:
    """Upgrade in a process that dies at that statement; returns whether it came to its end."""
    pid = os.fork()
    if pid == 0:
        left = statement
        connect = sqlite3.connect

        def traced(*values: object, **more: object) -> sqlite3.Connection:
            connection = connect(*values, **more)  # type: ignore[call-overload]

            def count(_: str) -> None:
                nonlocal left
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

            if values[0] != ":memory:":
                connection.set_trace_callback(count)
            return connection  # type: ignore[no-any-return]

        sqlite3.connect = traced  # type: ignore[assignment]
        open_state(path.parent)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def copies(folder: Path) -> list[str]:
    return [one.name for one in folder.glob("listsync-v*")]


@pytest.mark.chaos
@pytest.mark.timeout(tries(120, 3600))
@pytest.mark.parametrize("version", [number for number, _ in module._scripts()][:-1])
def test_an_upgrade_that_is_killed_anywhere_is_made_by_the_next_start(
    tmp_path: Path, version: int
) -> None:
    """At statements drawn at random: a few from the first version on, one from each other."""
    before = tmp_path / "before"
    before.mkdir()
    old_state(before / FILE_NAME, version)
    deaths = 0
    for statement in _statements(version):
        folder = tmp_path / str(statement)
        shutil.copytree(before, folder)
        path = folder / FILE_NAME
        is_done = upgrade_and_die(path, statement)
        deaths += not is_done
        if not is_done:
            for left in copies(folder):  # as if it had died yesterday
                (folder / left).rename(folder / f"listsync-v{version}-20260101T000000Z.db")
        with opened_state(folder) as database:
            assert database.read("PRAGMA user_version")[0][0] == module._scripts()[-1][0]
            assert requested(database) == list(range(1, 50))
            assert doubt_of(database) == ""
        (copy,) = copies(folder)
        with closing(sqlite3.connect(folder / copy)) as kept:
            assert kept.execute("PRAGMA user_version").fetchone() == (version,)
            assert kept.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert not [one for one in folder.iterdir() if ".part" in one.name]
        if is_done:
            break
    assert deaths


def _statements(version: int) -> Iterator[int]:
    """Draw at which statements to die: of about 150, if it is not before the last."""
    drawn = random.Random(version)
    if version > 1 and not IS_THOROUGH:
        yield drawn.randrange(140)
        return
    few = 8 if IS_THOROUGH and version == 1 else 40
    statement = 0
    while True:
        yield statement
        statement += drawn.randrange(few, 2 * few)


# -- no room, no right -------------------------------------------------------------------------


def test_a_state_that_cannot_be_read_is_not_set_aside(folder: Path) -> None:
    path = folder / FILE_NAME
    path.rename(folder / "elsewhere")
    path.mkdir()
    with pytest.raises(StateError, match="Is a directory"):
        open_state(folder)
    assert damaged(folder) == []
    assert path.is_dir()
