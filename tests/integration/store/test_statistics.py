"""Counts of requests are those of the rows, whatever happens to the rows."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from listsync.domain.history import TitleStatus
from listsync.domain.statistics import NOTHING_COUNTED, RequestCounts, beginnings, days_before
from listsync.store.clock_changes import follow_step
from listsync.store.database import FILE_NAME, Database
from listsync.store.row_codec import iso
from listsync.store.statistics import SqliteStatistics
from tests.integration.store.conftest import OldDatabase

NOW = datetime(2026, 11, 8, 9, 13, 7, 250_000, tzinfo=UTC)
VIENNA = ZoneInfo("Europe/Vienna")
_ANSWERS = ["requested"] * 6 + ["covered", "blocklisted", "quota", "unsure", "cancelled"]
_LISTS = ["mine", "ours", 'an odd "name"', "trakt: trending"]
_NAMES = {"covered": "existing", "cancelled": "cancelled"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / FILE_NAME)
    yield database
    database.close()


def add_servers(connection: sqlite3.Connection) -> None:
    for number in (1, 2):
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (?, ?, 'Seerr', '3', '2026-01-01', '2026-01-01')",
            (number, f"{number}"),
        )


def add(connection: sqlite3.Connection, at: datetime, tmdb: int = 603, **more: Any) -> None:
    given = {"server": 1, "lists": '["mine"]', "kind": "movie", "answer": "requested"} | more
    connection.execute(
        "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer,"
        " detail, at) VALUES (:server, 'r', 'x', :lists, :kind, :tmdb, :four_k, '[]', :answer,"
        " '', :at)",
        {"four_k": 0, **given, "tmdb": tmdb, "at": iso(at)},
    )


def add_at_random(connection: sqlite3.Connection, chance: random.Random, count: int) -> None:
    for _ in range(count):
        add(
            connection,
            NOW - timedelta(seconds=chance.uniform(0, 45 * 86400)),
            chance.randrange(40),
            server=chance.choice([1, 1, 1, 2]),
            lists=json.dumps(chance.sample(_LISTS, chance.randrange(3))),
            kind=chance.choice(["movie", "tv"]),
            answer=chance.choice(_ANSWERS),
            four_k=chance.randrange(2),
        )


def become(connection: sqlite3.Connection, tmdb: int, status: str, **more: Any) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO title_status (server, kind, tmdb, four_k, status)"
        " VALUES (:server, :kind, :tmdb, :four_k, :status)",
        {"server": 1, "kind": "movie", "four_k": 0, **more, "tmdb": tmdb, "status": status},
    )


def counted(rows: Sequence[sqlite3.Row]) -> RequestCounts:
    """Count by looking at each row."""
    found = NOTHING_COUNTED
    for row in rows:
        if row["answer"] == "requested":
            is_film = row["kind"] == "movie"
            available = row["is_available"]
            found += RequestCounts(movies=is_film, series=not is_film, available=available)
        else:
            found += RequestCounts(**{_NAMES.get(row["answer"], "failed"): 1})
    return found


def assert_exact(database: Database, server: int = 1, zone: ZoneInfo = VIENNA) -> None:
    """Hold all that is told against the rows themselves."""
    days = days_before(NOW, zone)
    begins = beginnings(days, zone)
    since = (begins[-1], begins[-7], begins[0])
    rows = database.read(
        "SELECT *, json_extract(lists, '$[0]') AS first FROM requests WHERE server = ?"
        " ORDER BY at",
        server,
    )
    found = SqliteStatistics(database, lambda: server).statistics(since, begins)
    assert found.ever == counted(rows)
    assert found.since == tuple(
        counted([row for row in rows if row["at"] >= iso(at)]) for at in since
    )
    on_day = [datetime.fromisoformat(row["at"]).astimezone(zone).date() for row in rows]
    assert found.days == tuple(
        counted([row for row, its in zip(rows, on_day, strict=True) if its == day]) for day in days
    )
    names = {row["first"] or "" for row in rows}
    assert {name for name, _ in found.lists} == names
    for name, totals in found.lists:
        own = [row for row in rows if (row["first"] or "") == name]
        expected = counted(own)
        told = (totals.requested, totals.available, totals.failed)
        assert told == (expected.requested, expected.available, expected.failed)
        asked = [row for row in own if row["answer"] == "requested"]
        assert totals.since == tuple(sum(row["at"] >= iso(at) for row in asked) for at in since)
    assert found.first_at == (datetime.fromisoformat(rows[0]["at"]) if rows else None)


@pytest.mark.parametrize("zone", ["Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "UTC"])
def test_counts_are_those_of_the_rows(database: Database, zone: str) -> None:
    chance = random.Random(zone)
    with database.write() as connection:
        add_servers(connection)
        add_at_random(connection, chance, 600)
        for tmdb in range(0, 40, 3):
            become(connection, tmdb, TitleStatus.AVAILABLE, kind=chance.choice(["movie", "tv"]))
    assert_exact(database, 1, ZoneInfo(zone))
    assert_exact(database, 2, ZoneInfo(zone))


def test_counts_since_a_moment_are_exact_to_it(database: Database) -> None:
    chance = random.Random(1)
    with database.write() as connection:
        add_servers(connection)
        add_at_random(connection, chance, 300)
        add(connection, NOW)
    own = SqliteStatistics(database, lambda: 1)
    for at in (NOW, *(NOW - timedelta(seconds=chance.uniform(0, 9e5)) for _ in range(20))):
        rows = database.read("SELECT * FROM requests WHERE server = 1 AND at >= ?", iso(at))
        assert own.since(at) == counted(rows)
    assert own.since(NOW).requested == 1
    assert own.since(NOW + timedelta(milliseconds=1)) == NOTHING_COUNTED


def test_what_becomes_available_counts_once_and_for_its_edition_alone(database: Database) -> None:
    with database.write() as connection:
        add_servers(connection)
        add(connection, NOW, 1)
        add(connection, NOW, 1, four_k=1)
        add(connection, NOW, 1, kind="tv")
        add(connection, NOW, 1, server=2)
        add(connection, NOW, 1, answer="covered")
    own = SqliteStatistics(database, lambda: 1)
    seen = []
    for status in ("requested", "available", "partly available", "available", "deleted"):
        with database.write() as connection:
            become(connection, 1, status)
        seen.append(own.since(NOW).available)
    assert seen == [0, 1, 1, 1, 1]
    assert_exact(database, 1)
    assert_exact(database, 2)


def test_what_was_available_before_is_so_only_once_it_is_again(database: Database) -> None:
    with database.write() as connection:
        add_servers(connection)
        become(connection, 1, "available", kind="tv")
        add(connection, NOW, 1, kind="tv")
    own = SqliteStatistics(database, lambda: 1)
    assert own.since(NOW).available == 0
    with database.write() as connection:
        become(connection, 1, "available", kind="tv")
    assert own.since(NOW).available == 1


def test_counts_follow_a_clock_that_is_set_and_rows_that_go(database: Database) -> None:
    chance = random.Random(3)
    with database.write() as connection:
        add_servers(connection)
        add_at_random(connection, chance, 200)
        for tmdb in range(0, 40, 2):
            become(connection, tmdb, "available")
    step = timedelta(days=-3, hours=5, minutes=11)
    follow_step(database, step, since=NOW - timedelta(days=9), now=NOW)
    assert_exact(database)
    with database.write() as connection:
        connection.execute("DELETE FROM requests WHERE id % 3 = 0")
        connection.execute("DELETE FROM request_counts WHERE number = 0")
    assert_exact(database)


def test_an_older_file_is_counted_when_it_is_opened(path: Path, old_database: OldDatabase) -> None:
    chance = random.Random(4)
    with old_database(25) as old, old.write() as connection:
        add_servers(connection)
        add_at_random(connection, chance, 300)
        for tmdb in range(0, 40, 2):
            become(connection, tmdb, "available")
    database = Database(path)
    assert_exact(database, 1)
    assert_exact(database, 2)
    found = SqliteStatistics(database, lambda: 1).since(NOW - timedelta(days=60))
    assert 0 < found.available < found.requested
    database.close()


def test_a_state_that_has_seen_no_server_has_counted_nothing(database: Database) -> None:
    begins = beginnings(days_before(NOW, VIENNA), VIENNA)
    found = SqliteStatistics(database, lambda: None).statistics((begins[0],), begins)
    assert (found.ever, found.lists, found.first_at) == (NOTHING_COUNTED, (), None)


def test_nothing_is_counted_by_going_through_the_requests(database: Database) -> None:
    plans: list[str] = []

    class Explaining:
        """Asks how each query would be carried out, and carries it out."""

        def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
            with database.write() as connection:
                found = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
                plans.extend(row["detail"] for row in found)
            return database.read(sql, *values)

        def look_up(self, sql: str, values: dict[str, object]) -> list[sqlite3.Row]:
            with database.write() as connection:
                found = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)
                plans.extend(row["detail"] for row in found)
            return database.look_up(sql, values)

    own = SqliteStatistics(Explaining(), lambda: 1)  # type: ignore[arg-type]
    begins = beginnings(days_before(NOW, VIENNA), VIENNA)
    own.statistics((begins[-1], begins[0]), begins)
    own.since(NOW)
    whole = [one for one in plans if one.startswith("SCAN") and "requests_at" not in one]
    assert [one for one in whole if "request" in one] == []
    assert sum("SEARCH" in one for one in plans) >= 4
