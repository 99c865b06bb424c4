"""In a file of version 13 nobody has said yet what will be cancelled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.domain.media import Definition, ExternalIds, MediaType, TitleKey
from listsync.domain.memory import Handling, Notes
from listsync.store.database import Database
from listsync.store.memory import SqliteMemory
from listsync.sync.collecting import members_of
from tests.fakes import SERVER
from tests.integration.store.conftest import OldDatabase
from tests.integration.store.state import AT, rules

MINE = rules("mine")
DUNE = ListEntry(rank=1, title="Dune", year=2021, kind=MediaType.MOVIE, ids=ExternalIds(tmdb=1))
HEAT = ListEntry(rank=2, title="Heat", year=1995, kind=MediaType.MOVIE, ids=ExternalIds(tmdb=2))


def read(memory: SqliteMemory, day: int, *entries: ListEntry) -> None:
    fetched = Fetched(entries=entries, validators=Validators(etag="1"))
    at = AT + timedelta(days=day)
    memory.save_reading(MINE, members_of(MINE, entries), fetched, at)


def test_a_file_of_the_version_before_says_first_what_it_cancels(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(13) as old:
        memory = SqliteMemory(old)
        memory.use_server(SERVER)
        read(memory, 0, DUNE, HEAT)
        title = Definition(TitleKey(MediaType.MOVIE, 2), four_k=False)
        handling = Handling(members_of(MINE, [HEAT])[0], title)
        memory.record(Notes(handled=[handling]))
        read(memory, 1, DUNE)
    database = Database(path)
    memory = SqliteMemory(database)
    memory.use_server(SERVER)
    assert memory.previous(MINE.source) is None
    (one,) = memory.departed()
    assert (one.label, one.is_gone, one.was_told) == ("Heat (1995)", False, False)
    memory.save_cancel_warnings([one])
    read(memory, 2, DUNE)
    database.close()
    database = Database(path)  # as after a restart
    memory = SqliteMemory(database)
    memory.use_server(SERVER)
    (one,) = memory.departed()
    assert (one.label, one.is_gone, one.was_told) == ("Heat (1995)", True, True)
    database.close()
