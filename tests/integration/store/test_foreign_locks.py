"""Another program holds a lock on the state: who writes waits, who reads does not."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from listsync.errors import StateError
from listsync.store.database import PATIENCE_S, Database
from listsync.store.key_value import SqliteKeyValueStore

_HELD_S = 0.3


@pytest.fixture
def open_database(path: Path) -> Iterator[Callable[[float], Database]]:
    opened: list[Database] = []

    def open_it(patience_s: float) -> Database:
        opened.append(Database(path, patience_s))
        return opened[-1]

    yield open_it
    for database in opened:
        database.close()


@contextmanager
def lock_of_another_program(path: Path, for_s: float | None = None) -> Iterator[None]:
    """Hold the lock of a writer during the block, or only *for_s* of it."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    timer = threading.Timer(for_s or 60, other.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        other.close()


def in_another_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_lock_for_25_s_is_waited_for() -> None:
    assert PATIENCE_S > 2 * 25


def test_a_write_waits_until_the_lock_is_gone(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    key_values = SqliteKeyValueStore(open_database(20))
    began = time.monotonic()
    with lock_of_another_program(path, _HELD_S):
        key_values.save("a", 1)
    assert time.monotonic() - began >= _HELD_S
    assert key_values.load("a") == 1


def test_others_read_while_a_write_waits(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    database = open_database(20)
    key_values = SqliteKeyValueStore(database)
    key_values.save("a", 1)
    read: list[object] = []
    with lock_of_another_program(path):
        writing = in_another_thread(lambda: key_values.save("a", 2))
        while len(read) < 20:
            read.append(key_values.load("a"))
            time.sleep(0.01)
        assert writing.is_alive()
    writing.join()
    assert read == [1] * 20
    assert key_values.load("a") == 2


def test_a_lock_held_too_long_ends_in_words_and_nothing_is_lost(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    key_values = SqliteKeyValueStore(open_database(20).with_patience(0.1))
    key_values.save("a", 1)
    with (
        lock_of_another_program(path),
        pytest.raises(
            StateError, match=r"another program has held a lock on it for more than 0.1"
        ),
    ):
        key_values.save("a", 2)
    assert key_values.load("a") == 1
    key_values.save("a", 3)
    assert key_values.load("a") == 3


def test_who_has_little_patience_does_not_shorten_that_of_others(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    database = open_database(20)
    hasty = SqliteKeyValueStore(database.with_patience(0))
    with lock_of_another_program(path):
        waiting = in_another_thread(lambda: SqliteKeyValueStore(database).save("a", 1))
        with pytest.raises(StateError):
            hasty.save("a", 2)
    waiting.join()
    assert hasty.load("a") == 1


def test_the_state_is_opened_beside_a_lock(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    open_database(20).close()
    with lock_of_another_program(path):
        assert SqliteKeyValueStore(open_database(0.1)).load("a") is None


def test_who_reads_for_long_keeps_nobody_from_writing(
    path: Path, open_database: Callable[[float], Database]
) -> None:
    key_values = SqliteKeyValueStore(open_database(0))
    key_values.save("a", 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    before = other.execute("SELECT value FROM notebook").fetchall()
    key_values.save("a", 2)
    assert other.execute("SELECT value FROM notebook").fetchall() == before == [("1",)]
    other.close()
    assert key_values.load("a") == 2


def test_other_errors_are_not_waited_for(open_database: Callable[[float], Database]) -> None:
    database = open_database(60)
    with pytest.raises(StateError, match="no such table"), database.write() as connection:
        connection.execute("DELETE FROM none")
    with pytest.raises(StateError, match="no such table"):
        database.read("SELECT * FROM none")
