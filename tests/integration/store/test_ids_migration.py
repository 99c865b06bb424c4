"""What a file of version 13 remembers of rows by ids that are believed no more."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType
from listsync.domain.report import SyncReport, SyncRun, Verdict
from listsync.domain.server import MediaStatus
from listsync.store.database import Database
from listsync.store.match_cache import SqliteFacts
from listsync.store.state import SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.fakes import SERVER, FakeArrNames, FakeList, FakeServer, a_film, a_series, whole
from tests.integration.store.conftest import OldDatabase

_AT = "2026-03-04T05:06:07.000+00:00"
_MATRIX = a_film(603, "The Matrix", 1999, imdb="tt0133093")
_INCEPTION = a_film(27205, "Inception", 2010, imdb="tt1375666")
_DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")
_BAD = a_series(1396, "Breaking Bad", 2008, imdb="tt0903747")
_LIST = ListRules(source="file:mine", name="mine", service="file", cancel_removed=True)


@pytest.fixture
def old_file(path: Path, old_database: OldDatabase) -> Path:
    """Make a file of version 13: titles of a JSON list and of a table, all handled."""
    rows = [
        # name, title, year, kind, imdb, tmdb, title at the server
        ("tmdb:movie/603", "The Matrix", 1999, "movie", None, 603, ("movie", 603)),
        ("tmdb:tv/1396", "Breaking Bad", 2008, "tv", None, 1396, ("tv", 1396)),
        ("imdb:tt1375666", "Inception", 2010, None, "tt1375666", None, ("movie", 27205)),
        ("tmdb:movie/438631", "Dune", 2021, "movie", None, 438631, ("movie", 438631)),
    ]
    with old_database(13) as database, database.write() as connection:
        connection.execute(
            "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
            " VALUES (1, ?, 'Seerr', '3', '', '')",
            (SERVER.identity,),
        )
        connection.execute(
            "INSERT INTO followed (id, source, service, name, last_try, outcome)"
            " VALUES (1, 'file:mine', 'file', 'mine', '', 'complete')"
        )
        for rank, (name, title, year, kind, imdb, tmdb, key) in enumerate(rows, start=1):
            connection.execute(
                "INSERT INTO entries (list, entry, rank, title, year, kind, imdb, tmdb,"
                " first_seen) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, rank, title, year, kind, imdb, tmdb, _AT),
            )
            connection.execute(
                "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at, season_rules,"
                " seasons) VALUES (1, 1, ?, 0, ?, ?, ?, ?, '1,2')",
                (name, *key, _AT, "all" if key[0] == "tv" else None),
            )
            connection.execute(
                "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                " answer, detail, request_id, at)"
                " VALUES (1, 'r', ?, '[\"mine\"]', ?, ?, 0, '[1, 2]', 'requested', '', ?, ?)",
                (title, *key, rank, _AT),
            )
        connection.execute(
            "INSERT INTO matches (server, lookup, found, how, kind, tmdb, title, score, reasons,"
            " candidates, tries, at) VALUES (1, 'imdb:tt1375666|', 'found', 'IMDb id', 'movie',"
            " 27205, 'Inception (2010)', 0, '[]', '[]', 1, ?)",
            (_AT,),
        )
    return path


def _as_read_today() -> tuple[ListEntry, ...]:
    """Give the same rows as they are read now: the numbers of two are called only `id`."""
    return (
        ListEntry(rank=1, title="The Matrix", year=1999, bare_id=603),
        ListEntry(rank=2, title="Breaking Bad", year=2008, kind=MediaType.TV, bare_id=1396),
        ListEntry(
            rank=3,
            title="Inception",
            year=2010,
            ids=ExternalIds(imdb="tt1375666"),
            check_ids=True,
        ),
        ListEntry(
            rank=4,
            title="Dune",
            year=2021,
            kind=MediaType.MOVIE,
            ids=ExternalIds(tmdb=438631),
            check_ids=True,
        ),
    )


def _sync(path: Path, server: FakeServer) -> SyncReport:
    """Run one sync of a process of its own."""
    database = Database(path)
    now = datetime.now(UTC)
    memory = SqliteMemory(database)
    try:
        return sync(
            SyncRun(run_id=now.isoformat(), origin="test", started_at=now),
            Parts(
                lists=[Followed(_LIST, FakeList(whole(*_as_read_today())))],
                exclusions=(),
                server=server,
                memory=memory,
                arr_names=FakeArrNames(),
                board=ProgressBoard(),
                facts=SqliteFacts(database),
            ),
        )
    finally:
        database.close()


def test_an_upgrade_requests_nothing_again_and_takes_nothing_back(old_file: Path) -> None:
    server = FakeServer(_MATRIX, _INCEPTION, _DUNE, _BAD)
    for title in (_MATRIX, _INCEPTION, _DUNE, _BAD):
        server.set_status(title.key, MediaStatus.PENDING)
    server.states.pop(_MATRIX.key)  # deleted there: it stays so
    reports = [_sync(old_file, server) for _ in range(4)]
    assert server.posted == []
    assert server.counts["cancel"] == 0
    assert [report.lists[0].new for report in reports] == [0, 0, 0, 0]
    for report in reports:
        assert report.lists[0].verdicts == {Verdict.HANDLED: 1, Verdict.ALREADY: 3}


def test_after_an_upgrade_only_a_tmdb_id_costs_a_call_once(old_file: Path) -> None:
    server = FakeServer(_MATRIX, _INCEPTION, _DUNE, _BAD)
    for title in (_MATRIX, _INCEPTION, _DUNE, _BAD):
        server.set_status(title.key, MediaStatus.AVAILABLE)
    _sync(old_file, server)
    assert server.counts["facts"] == 1
    assert server.counts["find_by_tmdb"] == 2
    assert server.counts["find_by_imdb"] == server.counts["search"] == 0
    before = server.counts.copy()
    _sync(old_file, server)
    spent = server.counts - before
    assert not spent.keys() & {"facts", "find_by_tmdb", "find_by_imdb", "search"}
