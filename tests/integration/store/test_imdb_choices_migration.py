"""What was chosen in a file of version 16, after it was opened by today's version."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.decisions import Found, How
from listsync.domain.media import MediaType, TitleKey
from listsync.store.database import Database
from listsync.store.state import SqliteAgentState, SqliteMemory
from tests.fakes import SERVER
from tests.integration.store.conftest import OldDatabase
from tests.integration.store.state import AT


def test_what_was_chosen_and_rejected_stays_so(path: Path, old_database: OldDatabase) -> None:
    with old_database(16) as old, old.write() as connection:
        connection.executemany(
            "INSERT INTO choices VALUES (?, ?, ?, ?, '2026-01-01T00:00:00+00:00')",
            [
                ("title:crash||movie", "movie", 1640, "Crash"),
                ("title:heat||movie", None, None, ""),
            ],
        )
    database = Database(path)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    matches = memory.matches.load(AT)
    assert matches["title:crash||movie"].key == TitleKey(MediaType.MOVIE, 1640)
    heat = matches["title:heat||movie"]
    assert (heat.found, heat.how) == (Found.NOT_FOUND, How.CHOICE)
    assert memory.matches.chosen_ids() == {}
    total, rows, _ = SqliteAgentState(database).reviews.decided(limit=10)
    assert total == 2
    assert [row.choice.imdb for row in rows if row.choice] == [None, None]
    database.close()
