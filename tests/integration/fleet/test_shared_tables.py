"""Each table is shared or not, for a reason, and whatever changes in a shared one is noted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listsync.domain.fleet import SharedRow
from listsync.store import shared_rows
from listsync.store.database import FILE_NAME, Database
from listsync.store.row_codec import iso
from listsync.store.shared_rows import SqliteSharedRows
from listsync.store.shared_tables import KEYS, NOT_SHARED, shared_tables
from tests.integration.fleet.sharing import changes_in
from tests.integration.store.state import AT

_VALUES: dict[str, object] = {"INTEGER": 5, "REAL": 0.5, "TEXT": '["a"]'}

_REQUEST = {
    "kind": "movie",
    "four_k": 0,
    "seasons": "[1]",
    "answer": "requested",
    "at": iso(AT),
    "is_available": 0,
}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / FILE_NAME)
    yield one
    one.close()


def filled(connection: sqlite3.Connection, noun: str, **given: object) -> None:
    """Put one row into a table, with numbers of rows that are there."""
    columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", (noun,)).fetchall()
    values = {
        name: 1 if name in ("id", "server", "list") and type_ == "INTEGER" else _VALUES[type_]
        for name, type_ in columns
    } | given
    connection.execute(
        f"INSERT INTO {noun} ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        tuple(values.values()),
    )


def test_each_table_is_shared_or_not_for_a_reason(database: Database) -> None:
    tables = {
        row["name"]
        for row in database.read(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    }
    assert tables == {*KEYS, *NOT_SHARED}
    assert not set(KEYS) & set(NOT_SHARED)
    assert all(NOT_SHARED.values())


def test_whatever_changes_in_a_shared_table_is_noted(database: Database) -> None:
    rows = SqliteSharedRows(database)
    with database.write() as connection:
        tables = shared_tables(connection)
        for noun in KEYS:
            filled(connection, noun)
    rows.join("fleet")
    rows.joined(has_memory=False)
    assert {row.at.noun for row in rows.changed(100)} == set(KEYS)
    for noun, table in tables.items():
        for column in table.columns.values():
            _forget(database)
            with database.write() as connection:
                connection.execute(f"UPDATE {noun} SET {column.name} = {column.name}")
            assert [key[0] for key in changes_in(database)] == [noun], column.name
    _forget(database)
    for noun in reversed([*KEYS]):
        if noun not in ("servers", "followed"):  # nobody ever removes one
            with database.write() as connection:
                connection.execute(f"DELETE FROM {noun}")
            assert noun in [key[0] for key in changes_in(database)]
    assert all(row.content is None for row in rows.changed(100))


def test_a_key_that_changes_is_noted_as_it_was_and_as_it_is(database: Database) -> None:
    rows = SqliteSharedRows(database)
    with database.write() as connection:
        filled(connection, "followed")
        filled(connection, "entries")
    rows.join("fleet")
    _forget(database)
    with database.write() as connection:
        connection.execute("UPDATE entries SET entry = 'other'")
    found = {row.at.key: row.content is None for row in rows.changed(100)}
    assert found == {'["[\\"a\\"]","other"]': False, '["[\\"a\\"]","[\\"a\\"]"]': True}


def test_nothing_is_noted_without_a_fleet(database: Database) -> None:
    rows = SqliteSharedRows(database)
    rows.join("fleet")
    rows.leave()
    with database.write() as connection:
        filled(connection, "followed")
    assert not changes_in(database)
    assert rows.fleet() == ""
    triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'shared_*'"
    assert not database.read(triggers)


def test_a_state_whose_tables_are_others_joins_anew(database: Database) -> None:
    rows = SqliteSharedRows(database)
    rows.join("fleet")
    assert rows.fleet() == ""
    rows.joined(has_memory=False)
    assert rows.fleet() == "fleet"
    with database.write() as connection:
        connection.execute("ALTER TABLE choices ADD COLUMN newer TEXT")
    assert rows.fleet() == ""


def test_equal_requests_are_put_and_removed_in_the_order_of_numbers(database: Database) -> None:
    rows, details = with_equal_requests(database, 12)
    equal = [row for row in rows.changed(100) if row.at.noun == "requests"]
    rows.discard([SharedRow(at=row.at, content=None) for row in equal])
    assert not details()
    rows.apply(equal, 1)
    assert details() == [f"answer {number}" for number in range(12)]


def test_equal_requests_that_the_fleet_lacks_are_removed_part_by_part(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_rows, "_COMPARED", shared_rows._COMPARED.replace("1000", "3"))
    rows, details = with_equal_requests(database, 12)
    rows.note_shared(rows.changed(100), 1)
    rows.join("fleet", pruned=5)
    with database.write() as connection:  # it lacks the requests alone
        connection.execute("DELETE FROM fleet_changes WHERE noun = 'servers'")
    assert rows.drop_gone() == 12
    assert not details()


def with_equal_requests(
    database: Database, count: int
) -> tuple[SqliteSharedRows, Callable[[], list[str]]]:
    """Give a member's state with requests of which only the ordinals differ, and their details."""
    rows = SqliteSharedRows(database)
    with database.write() as connection:
        filled(connection, "servers")
        for number in range(count):
            own = {"id": number + 1, "detail": f"answer {number}"}
            filled(connection, "requests", **_REQUEST, **own)
    rows.join("fleet")
    rows.joined(has_memory=False)
    sql = "SELECT detail FROM requests ORDER BY id"
    return rows, lambda: [row["detail"] for row in database.read(sql)]


def _forget(database: Database) -> None:
    with database.write() as connection:
        connection.execute("DELETE FROM fleet_changes")
