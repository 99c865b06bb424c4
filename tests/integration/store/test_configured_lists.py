"""What other tools read of the state: the lists of now, and all titles that were met."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from listsync.domain.list_rules import ListRules
from listsync.store import database as module
from listsync.store.database import Database
from listsync.store.list_snapshots import SqliteConfiguredLists

_AT = "2026-01-01T00:00:00+00:00"
_BEFORE = 12


def rules(source: str, name: str = "") -> ListRules:
    return ListRules(source=source, name=name or source, service=source.partition(":")[0])


def lists(database: Database) -> list[tuple[int, str, str]]:
    return [tuple(row) for row in database.read("SELECT id, list_type, list_id FROM lists")]


def changes(database: Database) -> int:
    return int(database.read("SELECT total_changes()")[0][0])


def fill(path: Path) -> None:
    """Note four titles: requested, there already on two lists, there in 4K, not acted on."""
    connection = sqlite3.connect(path)
    connection.executescript(f"""
        INSERT INTO servers (id, identity, product, version, first_seen, last_seen)
            VALUES (1, 'one', 'Seerr', '3', '{_AT}', '{_AT}');
        INSERT INTO followed (id, source, service, name, last_try, outcome)
            VALUES (1, 'file:a', 'file', 'a', '{_AT}', 'complete'),
                (2, 'mdblist:b/c', 'mdblist', 'b', '{_AT}', 'complete');
        INSERT INTO entries (list, entry, rank, title, year, kind, imdb, first_seen)
            VALUES (1, 'x', 1, 'The Matrix', 1999, 'movie', 'tt0133093', '{_AT}'),
                (1, 'y', 2, 'Dark', NULL, 'tv', NULL, '{_AT}'),
                (2, 'y', 1, 'Dark', NULL, 'tv', 'tt5753856', '{_AT}'),
                (2, 'z', 2, NULL, NULL, 'movie', NULL, '{_AT}'),
                (2, 'new', 3, 'Dune', 2021, 'movie', NULL, '{_AT}');
        INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)
            VALUES (1, 1, 'x', 0, 'movie', 603, '{_AT}'), (1, 1, 'y', 0, 'tv', 70523, '{_AT}'),
                (1, 2, 'y', 0, 'tv', 70523, '2026-02-02'), (1, 2, 'z', 1, 'movie', 603, '{_AT}');
        INSERT INTO requests (id, server, run, label, lists, kind, tmdb, four_k, seasons, answer,
                detail, at)
            VALUES (5, 1, 'r', 'The Matrix (1999)', '["a"]', 'movie', 603, 0, '', 'requested',
                '', '{_AT}');
    """)
    connection.close()


def test_the_lists_of_now_are_shown_in_their_order(database: Database) -> None:
    named = SqliteConfiguredLists(database)
    named.replace([rules("mdblist:b/c"), rules("file:/a.csv")])
    assert lists(database) == [(1, "mdblist", "b/c"), (2, "file", "/a.csv")]
    named.replace([rules("imdb:chart/top"), rules("file:/a.csv")])
    assert lists(database) == [(3, "imdb", "chart/top"), (2, "file", "/a.csv")]
    named.replace([])
    assert lists(database) == []


def test_a_list_that_is_named_twice_is_one(database: Database) -> None:
    SqliteConfiguredLists(database).replace([rules("file:a", "x"), rules("file:a", "y")])
    assert lists(database) == [(1, "file", "a")]


def test_the_same_lists_are_not_written_again(database: Database) -> None:
    named = SqliteConfiguredLists(database)
    named.replace([rules("file:a"), rules("file:b")])
    before = changes(database)
    named.replace([rules("file:a"), rules("file:b")])
    assert changes(database) == before
    named.replace([rules("file:a", "a new name"), rules("file:b")])
    assert changes(database) > before


def test_titles_that_were_there_already_are_shown_once(path: Path, database: Database) -> None:
    fill(path)
    shown = database.read("SELECT * FROM synced_items ORDER BY id DESC")
    columns = ("title", "media_type", "imdb_id", "overseerr_id", "status", "last_synced")
    assert [tuple(row[name] for name in columns) for row in shown] == [
        ("The Matrix (1999)", "movie", "tt0133093", 603, "requested", _AT),
        ("z", "movie", None, 603, "already_there", _AT),
        ("Dark", "tv", "tt5753856", 70523, "already_there", "2026-02-02"),
    ]
    numbers = [row["id"] for row in shown]
    assert numbers[0] == 5
    assert all(number < 0 for number in numbers[1:])
    assert len(set(numbers)) == 3


def test_titles_have_the_status_that_is_known_of_them(path: Path, database: Database) -> None:
    fill(path)
    with database.write() as connection:
        connection.execute("INSERT INTO title_status VALUES (1, 'tv', 70523, 0, 'available')")
        connection.execute("INSERT INTO title_status VALUES (1, 'movie', 603, 0, 'declined')")
    shown = database.read("SELECT status FROM synced_items ORDER BY id DESC")
    assert [row["status"] for row in shown] == ["declined", "already_there", "available"]


def test_a_file_of_the_version_before_shows_what_it_has(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = module._scripts()
    with monkeypatch.context() as older:
        before = [one for one in scripts if one[0] < _BEFORE]
        older.setattr(module, "_scripts", lambda: before)
        Database(path).close()
    fill(path)
    database = Database(path)
    assert lists(database) == [(1, "file", "a"), (2, "mdblist", "b/c")]
    assert len(database.read("SELECT * FROM synced_items")) == 3
    SqliteConfiguredLists(database).replace([rules("mdblist:b/c")])
    assert lists(database) == [(2, "mdblist", "b/c")]
    database.close()
