"""What rows of a file of version 15 say of seasons, after it was opened by today's version."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from tests.fakes import SERVER
from tests.integration.store.conftest import OldDatabase


def test_a_row_keeps_its_season_and_what_was_handled(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(15) as old, old.write() as connection:
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (1, ?, 'Seerr', '3', '', '')",
            (SERVER.identity,),
        )
        connection.execute(
            "INSERT INTO followed (id, source, service, name, last_try, outcome)"
            " VALUES (1, 'file:mine', 'file', 'mine', '', 'complete')"
        )
        connection.executemany(
            "INSERT INTO entries (list, entry, rank, kind, tmdb, season, first_seen)"
            " VALUES (1, ?, ?, 'tv', 1396, ?, '')",
            [("tmdb:tv/1396 s2", 1, 2), ("tmdb:tv/1396 s0", 2, 0), ("tmdb:tv/1396", 3, None)],
        )
        connection.execute(
            "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)"
            " VALUES (1, 1, 'tmdb:tv/1396 s2', 0, 'tv', 1396, '')"
        )
    database = Database(path)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    found = [(one.seasons, one.doubt) for one in memory.snapshots.entries("file:mine").values()]
    title = Edition(TitleKey(MediaType.TV, 1396), four_k=False)
    assert found == [((2,), None), ((0,), None), ((), None)]
    assert memory.handled.load().titles == {("file:mine", False): {"tmdb:tv/1396 s2": title}}
    database.close()
