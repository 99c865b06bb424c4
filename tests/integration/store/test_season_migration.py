"""What a file of version 6 knows of seasons, after it was opened by today's version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.memory import HandledEntries
from listsync.domain.seasons import HandledSeasons
from listsync.store import database as database_module
from listsync.store.database import FILE_NAME, Database
from listsync.store.memory import SqliteMemory
from tests.fakes import SERVER

_AT = "2026-03-04T05:06:07.000+00:00"


@pytest.fixture
def old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a file of version 6: series that were handled, and what was requested of them."""
    path = tmp_path / FILE_NAME
    scripts = [row for row in database_module._scripts() if row[0] <= 6]
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_scripts", lambda: scripts)
        database = Database(path)
        with database.write() as connection:
            for number, identity in ((1, SERVER.identity), (2, "other")):
                connection.execute(
                    "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
                    " VALUES (?, ?, 'Seerr', '3', '', '')",
                    (number, identity),
                )
            connection.execute(
                "INSERT INTO followed (id, source, service, name, last_try, outcome)"
                " VALUES (1, 'file:mine', 'file', 'mine', '', 'complete')"
            )
            connection.executemany(
                "INSERT INTO entries (list, entry, rank, first_seen) VALUES (1, ?, 1, '')",
                [("bad",), ("lost",), ("film",)],
            )
            connection.executemany(
                "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)"
                " VALUES (?, 1, ?, ?, ?, ?, ?)",
                [
                    (1, "bad", 0, "tv", 1396, _AT),
                    (1, "bad", 1, "tv", 1396, _AT),
                    (1, "lost", 0, "tv", 4607, _AT),
                    (1, "film", 0, "movie", 1396, _AT),
                ],
            )
            connection.executemany(
                "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                " answer, detail, at) VALUES (?, 'r', '', '[]', ?, 1396, ?, ?, ?, '', ?)",
                [
                    (1, "tv", 0, "[10, 2]", "requested", _AT),
                    (1, "tv", 0, "[2, 3]", "covered", _AT),
                    (1, "tv", 0, "[4]", "quota", _AT),
                    (1, "tv", 0, "[]", "cancelled", _AT),
                    (1, "tv", 1, "[5]", "requested", _AT),
                    (1, "movie", 0, "[]", "requested", _AT),
                    (2, "tv", 0, "[6]", "requested", _AT),
                ],
            )
        database.close()
    return path


@pytest.fixture
def handled(old_file: Path) -> Iterator[HandledEntries]:
    database = Database(old_file)
    memory = SqliteMemory(database)
    memory.use_server(SERVER)
    yield memory.handled()
    database.close()


@pytest.mark.parametrize(
    ("tmdb", "four_k", "numbers"),
    [(1396, False, "2,3,10"), (1396, True, "5"), (4607, False, "")],
    ids=["requested and covered", "in 4K", "there already"],
)
def test_seasons_come_from_the_request_log_of_the_title_and_edition(
    handled: HandledEntries, tmdb: int, *, four_k: bool, numbers: str
) -> None:
    title = Definition(TitleKey(MediaType.TV, tmdb), four_k)
    assert handled.of_title(title) == {HandledSeasons(None, numbers, "2026-03-04")}


def test_films_have_no_seasons(handled: HandledEntries) -> None:
    film = Definition(TitleKey(MediaType.MOVIE, 1396), four_k=False)
    assert film in handled.definitions
    assert handled.of_title(film) == frozenset()
