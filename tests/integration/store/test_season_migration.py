"""What a file of version 6 knows of seasons, after it was opened by today's version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.domain.list_rules import ALL_SEASONS, ListRules, Seasons, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import HandledEntries, HandledSeasons
from listsync.domain.server import MediaStatus
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.fakes import SERVER, FakeArrNames, FakeFacts, FakeList, FakeServer, a_series, whole
from tests.integration.store.conftest import OldDatabase

_NOW = datetime(2026, 11, 29, tzinfo=UTC)
_AT = "2026-03-04T05:06:07.000+00:00"


@pytest.fixture
def old_file(path: Path, old_database: OldDatabase) -> Path:
    """Make a file of version 6: series that were handled, and what was requested of them."""
    with old_database(6) as database, database.write() as connection:
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
            [("tmdb:tv/1396",), ("lost",), ("film",)],
        )
        connection.executemany(
            "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)"
            " VALUES (?, 1, ?, ?, ?, ?, ?)",
            [
                (1, "tmdb:tv/1396", 0, "tv", 1396, _AT),
                (1, "tmdb:tv/1396", 1, "tv", 1396, _AT),
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
    return path


@pytest.fixture
def handled(old_file: Path) -> Iterator[HandledEntries]:
    database = Database(old_file)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    yield memory.handled.load()
    database.close()


@pytest.mark.parametrize(
    ("tmdb", "four_k", "numbers"),
    [(1396, False, "2,3,10"), (1396, True, "5"), (4607, False, "")],
    ids=["requested and covered", "in 4K", "there already"],
)
def test_seasons_come_from_the_request_log_of_the_title_and_edition(
    handled: HandledEntries, tmdb: int, *, four_k: bool, numbers: str
) -> None:
    title = Edition(TitleKey(MediaType.TV, tmdb), four_k)
    assert handled.of_title(title) == {HandledSeasons(None, numbers, "2026-03-04")}


def test_films_have_no_seasons(handled: HandledEntries) -> None:
    film = Edition(TitleKey(MediaType.MOVIE, 1396), four_k=False)
    assert film in handled.editions
    assert handled.of_title(film) == frozenset()


def test_the_first_sync_after_an_upgrade_is_quiet_and_a_later_rule_works_fully(
    old_file: Path,
) -> None:
    bad = replace(a_series(1396, "Breaking Bad", tvdb=81189), seasons=(1, 2, 3, 10, 11))
    server = FakeServer(bad).set_status(bad.key, MediaStatus.PROCESSING)
    title = Edition(bad.key, four_k=False)
    server.covered[title] = {2, 3}  # 10 was requested, too, and declined or deleted since
    database = Database(old_file)
    memory = SqliteMemory(database)
    rules = ListRules(source="file:mine", name="mine", service="file")
    row = ListEntry(rank=1, kind=MediaType.TV, ids=ExternalIds(tmdb=1396))
    latest = Seasons(which=Which.LATEST, count=2)
    for number, (seasons, looks, posted) in enumerate(
        [
            (latest, 0, []),
            (latest, 0, []),
            (ALL_SEASONS, 1, [(1, 11)]),
            (ALL_SEASONS, 1, [(1, 11)]),
        ]
    ):
        parts = Parts(
            lists=[Followed(replace(rules, seasons=seasons), FakeList(whole(row)))],
            exclusions=[],
            server=server,
            memory=memory,
            arr_names=FakeArrNames(),
            board=ProgressBoard(),
            facts=FakeFacts(),
        )
        sync(SyncRun(run_id=f"run-{number}", origin="test", started_at=_NOW), parts)
        assert server.counts["series"] == looks
        assert [body.seasons for body in server.posted] == posted
    assert memory.handled.load().of_title(title) == {HandledSeasons("all", "1,2,3,10,11")}
    database.close()
