from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from listsync.errors import StateError
from listsync.store.database import Database
from listsync.store.key_value import SqliteKeyValueStore


@pytest.fixture
def key_values(database: Database) -> SqliteKeyValueStore:
    return SqliteKeyValueStore(database)


def test_what_was_never_saved_is_nothing(key_values: SqliteKeyValueStore) -> None:
    assert key_values.load("pause") is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        0.5,
        {"until": None},
        {"lists": ["file:/é 龍", 'with "quotes"'], "origin": "a\nb"},
        {"": {"last": "2026-06-01T12:00:00+00:00"}},
    ],
    ids=["null", "number", "object", "text", "nested"],
)
def test_what_was_saved_is_loaded(key_values: SqliteKeyValueStore, value: Any) -> None:
    key_values.save("a name", value)
    assert key_values.load("a name") == value


def test_the_last_value_counts(key_values: SqliteKeyValueStore) -> None:
    key_values.save("pause", {"until": None})
    key_values.save("pause", None)
    assert key_values.load("pause") is None


def test_each_name_has_its_own_value(key_values: SqliteKeyValueStore) -> None:
    key_values.save("one", 1)
    key_values.save("two", 2)
    assert (key_values.load("one"), key_values.load("two")) == (1, 2)


def test_what_was_saved_outlives_the_process(path: Path) -> None:
    first = Database(path)
    SqliteKeyValueStore(first).save("owed", {"lists": None})
    first.close()
    second = Database(path)
    assert SqliteKeyValueStore(second).load("owed") == {"lists": None}
    second.close()


def test_other_tools_find_the_interval(
    database: Database, key_values: SqliteKeyValueStore
) -> None:
    key_values.save("interval_hours", 0.5)
    rows = database.read("SELECT interval_hours FROM sync_interval")
    assert [row["interval_hours"] for row in rows] == [0.5]


def test_a_state_that_cannot_be_written_is_said(
    database: Database, key_values: SqliteKeyValueStore
) -> None:
    database.read("PRAGMA query_only = ON")
    with pytest.raises(StateError, match="cannot write"):
        key_values.save("pause", None)


def test_a_state_that_cannot_be_read_is_said(path: Path) -> None:
    database = Database(path)
    database.close()
    with pytest.raises(StateError, match="cannot read"):
        SqliteKeyValueStore(database).load("pause")


def test_two_threads_may_use_it_at_once(key_values: SqliteKeyValueStore) -> None:
    errors: list[Exception] = []
    text = "x" * 1000

    def work(name: str) -> None:
        try:
            for number in range(50):
                key_values.save(name, {"number": number, "text": text})
                assert key_values.load(name)["number"] == number
        except Exception as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert json.dumps(key_values.load("one")) == json.dumps(key_values.load("two"))
