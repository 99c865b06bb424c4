"""A database that is made anew, or restored, while agents work: nothing is forgotten for it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from listsync.errors import UnavailableError
from tests.integration.fleet.sharing import FleetAgent, agents, led_fleet, memory_of
from tests.integration.fleet.test_exchange import requested

_TABLES = ("listsync_rows", "listsync_members", "listsync_fleets")


def connected_anew(agent: FleetAgent) -> None:
    """Do what `FleetMembership` does after an error."""
    agent.lease.prepare(agent.link.connection)
    agent.join()


def kept(dsn: str) -> dict[str, bytes]:
    with psycopg.connect(dsn) as connection:
        found = {}
        for table in reversed(_TABLES):
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                found[table] = b"".join(bytes(one) for one in copy)
        return found


def restore(dsn: str, before: dict[str, bytes]) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {', '.join(_TABLES)}")
        for table, rows in before.items():
            with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)


def test_tables_that_are_made_anew_are_noticed_by_who_is_connected(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        for number in range(600, 620):
            requested(one, number)
            one.push()
        two.pull()
        one.link.connection.execute(f"DROP TABLE {', '.join(_TABLES)}")
        connected_anew(two)
        two.lead()
        requested(two, 700, "run-2")
        two.push()
        with pytest.raises(UnavailableError):
            one.pull()
        connected_anew(one)
        assert memory_of(one.database) == memory_of(two.database)


def test_rows_that_are_made_anew_alone_are_brought_again(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.join()
        one.lead()
        requested(one, 603)
        one.push()
        one.link.connection.execute("DROP TABLE listsync_rows")
        connected_anew(one)
        two.join()
        assert memory_of(two.database) == memory_of(one.database)


def test_a_database_that_went_back_is_joined_anew(postgres_dsn: str, tmp_path: Path) -> None:
    """As after a backup that was restored, or a replica that lacked the last commits."""
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        one.push()
        before = kept(postgres_dsn)
        requested(one, 604)
        one.push()
        two.pull()
        restore(postgres_dsn, before)
        with pytest.raises(UnavailableError):
            two.pull()
        connected_anew(one)
        connected_anew(two)
        one.pull()
        assert memory_of(two.database) == memory_of(one.database)
        assert len(memory_of(two.database)["requests"]) == 2


def test_who_leads_shares_nothing_where_the_database_went_back(
    postgres_dsn: str, tmp_path: Path
) -> None:
    """Else the revisions would catch up with what others know, who would miss rows then."""
    with led_fleet(postgres_dsn, tmp_path, "one") as (one,):
        before = kept(postgres_dsn)
        for number in range(600, 605):
            requested(one, number)
            one.push()
        one.pull()
        restore(postgres_dsn, before)
        requested(one, 700)
        with pytest.raises(UnavailableError):
            one.push()
        connected_anew(one)
        one.push()
