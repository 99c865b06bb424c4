"""In a file of version 13 nobody has said yet what will be cancelled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from listsync.sync.deduplication import members_of
from listsync.sync.list_intake import save_reading
from tests.fakes import SERVER
from tests.integration.store.conftest import SERVER_THEN, OldDatabase
from tests.integration.store.state import AT, rules

MINE = rules("mine")
DUNE = ListEntry(rank=1, title="Dune", year=2021, kind=MediaType.MOVIE, ids=ExternalIds(tmdb=1))

_MISSING_ONCE = """
INSERT INTO followed (id, source, service, name, last_try, outcome, validators)
VALUES (1, 'file:/mine', 'file', 'mine', '2026-06-01T12:00:00+00:00', 'complete', '{"etag": "1"}');
INSERT INTO entries (list, entry, rank, title, year, kind, tmdb, first_seen, absent_reads) VALUES
    (1, 'tmdb:movie/1', 1, 'Dune', 2021, 'movie', 1, '2026-06-01T12:00:00+00:00', 0),
    (1, 'tmdb:movie/2', 2, 'Heat', 1995, 'movie', 2, '2026-06-01T12:00:00+00:00', 1);
INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)
VALUES (1, 1, 'tmdb:movie/2', 0, 'movie', 2, '2026-06-01T12:00:00+00:00');
"""
"""Heat was missing in the last reading."""


def read(memory: SqliteMemory, day: int, *entries: ListEntry) -> None:
    fetched = Fetched(entries=entries, validators=Validators(etag="1"))
    at = AT + timedelta(days=day)
    save_reading(memory.snapshots, MINE, members_of(MINE, entries), fetched, at)


def test_a_file_of_the_version_before_says_first_what_it_cancels(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(13) as old, old.write() as connection:
        connection.execute(SERVER_THEN, (SERVER.identity,))
        for statement in _MISSING_ONCE.split(";"):
            connection.execute(statement)
    database = Database(path)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    assert memory.snapshots.validators(MINE.source) is None
    (one,) = memory.departures.load()
    assert (one.label, one.is_gone, one.was_reported) == ("Heat (1995)", False, False)
    memory.departures.save_warnings([one])
    read(memory, 2, DUNE)
    database.close()
    database = Database(path)  # as after a restart
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    (one,) = memory.departures.load()
    assert (one.label, one.is_gone, one.was_reported) == ("Heat (1995)", True, True)
    database.close()
