"""A file of version 12 has learned nothing of its servers yet."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.media import MediaType
from listsync.domain.server_knowledge import NOTHING_LEARNED, Hold, Learned
from listsync.store.database import Database
from listsync.store.state import SqliteAgentState, SqliteMemory
from tests.fakes import SERVER
from tests.integration.store.conftest import SERVER_THEN, OldDatabase


def test_a_file_of_the_version_before_is_opened(path: Path, old_database: OldDatabase) -> None:
    with old_database(12) as old, old.write() as connection:
        connection.execute(SERVER_THEN, (SERVER.identity,))
    database = Database(path)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    assert memory.guard.learned() == NOTHING_LEARNED
    learned = Learned(holds=(Hold(kind=MediaType.TV, four_k=True, why="no 4K Sonarr"),))
    memory.guard.save_learned(learned)
    assert SqliteAgentState(database).server.learned() == learned
    database.close()
