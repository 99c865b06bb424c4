"""A file of version 16 may call lists by addresses with keys; its memory outlives their names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from tests.integration.store.conftest import OldDatabase

_TOKEN = "t0k3n-of-the-list"
_AT = datetime(2026, 11, 1, tzinfo=UTC)
_NAME = f"mdblist: https://me:{_TOKEN}@mdblist.com/lists/u/l/json?apikey={_TOKEN}"
_OLD = ListRules(source="mdblist:u/l", name=_NAME, service="mdblist")
_FILTERS = f"tmdb:discover/movie?apikey={_TOKEN}&with_genres=27"
_OLD_FILTERS = ListRules(source=_FILTERS, name=f"tmdb: {_FILTERS}", service="tmdb")
_ENTRY = ListEntry(rank=1, title="Alien", year=1979)


def _fill(old: Database) -> None:
    memory = SqliteMemory(old)
    for rules in (_OLD, _OLD_FILTERS):
        memory.list_setbacks.save(rules, Fetched(declared=1).outcome, f"see {_NAME}", _AT)
    told = json.dumps([{"list": _NAME, "text": f'the list "{_NAME}" is on hold'}])
    with old.write() as connection:
        connection.execute("DELETE FROM configured_lists")
        connection.execute(
            "INSERT INTO configured_lists (source, service, name, rank)"
            " SELECT source, service, name, id FROM followed"
        )
        connection.execute(
            "INSERT INTO entries (list, entry, rank, title, first_seen)"
            " SELECT id, 'title:alien', 1, 'Alien', '2026-01-01' FROM followed"
        )
        connection.execute(
            "INSERT INTO runs (id, origin, started_at, why, lists, notices)"
            " VALUES ('r', 'once', '2026-11-01', ?, ?, ?)",
            (f"cannot read {_NAME}", told, told),
        )
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (1, 'one', 'Seerr', '3', '', '')"
        )
        connection.execute(
            "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer,"
            " detail, at) VALUES (1, 'r', 'Alien', ?, 'movie', 348, 0, '[]', 'requested', '', '')",
            (json.dumps([_NAME, "What's new? 100 %"]),),
        )
        connection.execute(
            "INSERT OR REPLACE INTO notebook (name, value) VALUES ('timetable', ?)",
            (json.dumps({_FILTERS: {"last": "2026-11-01T00:00:00+00:00"}}),),
        )


def test_no_key_of_an_old_name_stays_and_no_memory_is_lost(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(16) as old:
        _fill(old)
    assert _TOKEN.encode() in path.read_bytes()
    database = Database(path)
    files = [path, *path.parent.glob(f"{path.name}-*")]
    assert [one.name for one in files if _TOKEN.encode() in one.read_bytes()] == []

    memory = SqliteMemory(database)
    for source in ("mdblist:u/l", "tmdb:discover/movie?with_genres=27"):
        assert [one.title for one in memory.snapshots.entries(source).values()] == ["Alien"]
    named = [tuple(row) for row in database.read("SELECT source, name FROM configured_lists")]
    assert named == [
        ("mdblist:u/l", "mdblist: https://mdblist.com/lists/u/l/json"),
        (
            "tmdb:discover/movie?with_genres=27",
            "tmdb: tmdb:discover/movie?with_genres=27",
        ),
    ]
    [requested] = database.read("SELECT lists FROM requests")
    assert json.loads(requested["lists"]) == [named[0][1], "What's new? 100 %"]
    [run] = database.read("SELECT why, lists, notices FROM runs")
    assert json.loads(run["lists"])[0]["text"] == f'the list "{named[0][1]}" is on hold'
    [kept] = database.read("SELECT value FROM notebook WHERE name = 'timetable'")
    assert list(json.loads(kept["value"])) == ["tmdb:discover/movie?with_genres=27"]
    database.close()


def test_of_two_names_of_one_list_the_one_with_a_key_goes(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(16) as old:
        _fill(old)
        clean = ListRules(
            source="tmdb:discover/movie?with_genres=27", name="horror", service="tmdb"
        )
        SqliteMemory(old).list_setbacks.save(clean, Fetched(declared=1).outcome, "", _AT)
    database = Database(path)
    found = database.read("SELECT name FROM followed WHERE service = 'tmdb'")
    assert [row["name"] for row in found] == ["horror"]
    database.close()
