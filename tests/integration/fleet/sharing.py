"""States of several agents that share one memory, for tests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.domain.fleet import LeaseTimes
from listsync.fleet.exchange import Exchange
from listsync.fleet.lease import FleetLease
from listsync.postgres.connection import SHARES, PostgresLink
from listsync.store.database import Database
from listsync.store.shared_rows import SqliteSharedRows
from listsync.store.shared_tables import KEYS, shared_tables
from tests.integration.store.state import StateFile

FLEET = "sync_trigger"
LONG = LeaseTimes(600.0, 100.0, 20.0)


def memory_of(database: Database) -> Mapping[str, Mapping[str, object]]:
    """Give all that agents share, by natural keys; requests in their order."""
    found: dict[str, Mapping[str, object]] = {}
    with database.write() as connection:
        for noun, table in shared_tables(connection).items():
            names = table.content
            values = "".join(f", {table.value_of(name, 't')}" for name in names)
            rows = connection.execute(
                f"SELECT {table.key_of('t')}{values} FROM {noun} AS t"
            ).fetchall()
            found[noun] = {
                key: {
                    name: value
                    for name, value in zip(names, content, strict=True)
                    if (noun, name) != ("requests", "id")
                }
                for key, *content in rows
            }
        (found["counts"],) = (
            {
                json.dumps(tuple(row)[1:]): None
                for row in connection.execute(
                    "SELECT identity, slot, list, kind, answer, number, available"
                    " FROM request_counts JOIN servers ON servers.id = server WHERE number > 0"
                )
            },
        )
    assert set(KEYS) <= set(found)
    return found


def changes_in(database: Database) -> list[tuple[str, str]]:
    return [tuple(row) for row in database.read("SELECT noun, key FROM fleet_changes")]


class FleetAgent:
    """One agent's state, its lease and its connection, as far as the memory is concerned."""

    def __init__(self, dsn: str, path: Path, fleet: str = FLEET) -> None:
        self.path = path
        self.file = StateFile(path)
        self.database = self.file.database
        self.memory = self.file.memory
        self.state = self.file.state
        self.rows = SqliteSharedRows(self.database)
        self.link = PostgresLink(SecretStr(dsn), is_utf8=True, settings=SHARES)
        self.lease = FleetLease(fleet, path.stem, path.stem, LONG)
        self.exchange = Exchange(self.rows, self.lease)
        self.lease.prepare(self.link.connection)

    def join(self) -> None:
        self.exchange.join(self.link)

    def lead(self, *, is_noted: bool = True) -> None:
        """Take the lease from whoever has it, as `FleetMembership` does; not *is_noted*: in part.

        So it is where the agent is killed as soon as PostgreSQL has given it the lease.
        """
        self.link.connection.execute("UPDATE listsync_fleets SET expires_at = clock_timestamp()")
        held = self.lease.acquire(self.link.connection)
        assert held is not None
        if not is_noted:
            return
        if self.rows.held_epoch() != held.epoch - 1:
            self.exchange.drop_left_over(self.link)
        self.pull()
        self.rows.note_lead(held.epoch, datetime.now(UTC))

    def stand_by(self) -> None:
        self.lease.clock.end()
        self.exchange.drop_left_over(self.link)

    def push(self) -> None:
        self.exchange.push(self.link)

    def pull(self) -> int:
        return self.exchange.pull(self.link)

    def close(self) -> None:
        self.link.close()
        self.database.close()


@contextmanager
def agents(dsn: str, folder: Path, *names: str) -> Iterator[list[FleetAgent]]:
    found = [FleetAgent(dsn, folder / f"{name}.db") for name in names]
    try:
        yield found
    finally:
        for one in found:
            one.close()


@contextmanager
def led_fleet(dsn: str, folder: Path, *names: str) -> Iterator[list[FleetAgent]]:
    """Let all take part, and the first one lead."""
    with agents(dsn, folder, *names) as found:
        for one in found:
            one.join()
        found[0].lead()
        yield found
