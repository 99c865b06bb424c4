"""A file of version 12 has learned nothing of its servers yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.domain.learned import NOTHING_LEARNED, Hold, Learned
from listsync.domain.media import MediaType
from listsync.store import database as database_module
from listsync.store.books import SqliteBooks
from listsync.store.database import FILE_NAME, Database
from listsync.store.memory import SqliteMemory
from tests.fakes import SERVER


def test_a_file_of_the_version_before_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = [row for row in database_module._scripts() if row[0] < 13]
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_scripts", lambda: scripts)
        old = Database(tmp_path / FILE_NAME)
        SqliteMemory(old).use_server(SERVER)
        old.close()
    database = Database(tmp_path / FILE_NAME)
    memory = SqliteMemory(database)
    memory.use_server(SERVER)
    assert memory.learned() == NOTHING_LEARNED
    learned = Learned(holds=(Hold(kind=MediaType.TV, four_k=True, why="no 4K Sonarr"),))
    memory.save_learned(learned)
    assert SqliteBooks(database).learned() == learned
    database.close()
