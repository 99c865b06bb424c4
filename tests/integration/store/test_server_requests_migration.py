"""What a file of version 8 knows of requests at the server, opened by today's version."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.server import RequestStatus, ServerRequest
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from tests.fakes import SERVER
from tests.integration.store.conftest import OldDatabase


@pytest.fixture
def old_file(path: Path, old_database: OldDatabase) -> Path:
    """Make a file of version 8 with two titles that could not be requested."""
    with old_database(8) as database, database.write() as connection:
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (1, ?, 'Overseerr', '1', '', '')",
            (SERVER.identity,),
        )
        connection.executemany(
            "INSERT INTO setbacks (server, kind, tmdb, four_k, tvdb, why, tries, retry_at)"
            " VALUES (1, 'tv', ?, 0, ?, 'no TVDB id', 1, '2026')",
            [(1396, 0), (1396, 81189), (4607, 0)],
        )
    return path


def test_what_could_not_be_requested_is_known_to_have_left_no_request(old_file: Path) -> None:
    database = Database(old_file)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    assert set(memory.server_requests.remembered()) == {
        ServerRequest(
            edition=Edition(TitleKey(MediaType.TV, number), four_k=False),
            status=RequestStatus.NONE,
        )
        for number in (1396, 4607)
    }
    database.close()
