"""Which seasons are requested of a series that the server has in part: a real server and state.

Every rule of it is tested through whole syncs in tests/integration/sync/test_season_wishes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from listsync.domain.list_rules import ALL_SEASONS, ListRules, Seasons, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, ExternalIds, MediaType
from listsync.domain.report import SyncReport, SyncRun, Verdict
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from listsync.store.database import FILE_NAME, Database
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.fakes import FakeArrNames, FakeFacts, FakeList, whole
from tests.integration.seerr.test_requests import new_title

FIRST = Seasons(which=Which.FIRST)
THIRD = Seasons(which=Which.NAMED, numbers=frozenset({3}))
Row = tuple[Seasons, int | None]
"""The rule of a list, and the season that its row names."""
ALL: Row = (ALL_SEASONS, None)
_runs = count(1)


class House:
    """A new series of three seasons at the server, which lists of ours want."""

    def __init__(self, folder: Path, seerr: Seerr, sandbox: SandboxProcess) -> None:
        self.seerr, self.sandbox = seerr, sandbox
        self.database = Database(folder / FILE_NAME)
        self.memory = SqliteMemory(self.database)
        self.key = new_title(sandbox, MediaType.TV)
        headers = {"X-Api-Key": sandbox.api_key}
        self.server = httpx.Client(base_url=f"{sandbox.url}/api/v1", headers=headers)

    def close(self) -> None:
        self.server.close()
        self.database.close()

    def sync(self, *lists: Sequence[Row]) -> SyncReport:
        """Sync lists, each of rows for the series under one rule."""
        number = next(_runs)
        run = SyncRun(run_id=f"run-{number}", origin="test", started_at=datetime.now(UTC))
        parts = Parts(
            lists=[self._list(place, rows) for place, rows in enumerate(lists)],
            exclusions=[],
            server=self.seerr,
            memory=self.memory,
            arr_names=FakeArrNames(),
            board=ProgressBoard(),
            facts=FakeFacts(),
        )
        return sync(run, parts)

    def _list(self, place: int, rows: Sequence[Row]) -> Followed:
        rules = ListRules(source=f"file:{place}", name=f"list {place}", service="file")
        ids = ExternalIds(tmdb=self.key.tmdb_id)
        entries = [
            ListEntry(
                rank=rank, kind=MediaType.TV, ids=ids, seasons=() if season is None else (season,)
            )
            for rank, (_, season) in enumerate(rows)
        ]
        return Followed(replace(rules, seasons=rows[0][0]), FakeList(whole(*entries)))

    def request(self, *seasons: int) -> None:
        """Request seasons by hand, as the owner."""
        body = {"mediaType": "tv", "mediaId": self.key.tmdb_id, "is4k": False}
        self.server.post("request", json={**body, "seasons": list(seasons)}).raise_for_status()

    def media(self, **more: object) -> None:
        self.sandbox.admin("media", {"kind": "tv", "tmdbId": self.key.tmdb_id, **more})

    @property
    def requested(self) -> list[list[int]]:
        """The seasons that were requested, by hand or by us, in order."""
        log: list[dict[str, Any]] = self.sandbox.admin("log")["requests"]
        mine = [one for one in log if one["tmdbId"] == self.key.tmdb_id]
        assert all(one["status"] == 201 for one in mine), mine
        return [one["seasons"] for one in mine]

    def must_be_steady(self, *lists: Sequence[Row]) -> None:
        requested, before = self.requested, self.seerr.calls
        report = self.sync(*lists)
        pages = 3
        assert self.seerr.calls - before <= 6 + pages
        assert self.requested == requested
        assert report.count(Verdict.ALREADY) == sum(map(len, lists))


@pytest.fixture
def house(tmp_path: Path, seerr: Seerr, sandbox: SandboxProcess) -> Iterator[House]:
    house = House(tmp_path, seerr, sandbox)
    yield house
    house.close()


@pytest.mark.parametrize(
    ("row", "expected"),
    [(ALL, [2, 3]), ((THIRD, None), [3]), ((ALL_SEASONS, 2), [2])],
    ids=["all", "[3]", "a row of season 2"],
)
def test_a_season_requested_by_hand_is_not_the_whole_series(
    house: House, row: Row, expected: list[int]
) -> None:
    house.request(1)
    house.sync([row])
    assert house.requested == [[1], expected]
    house.must_be_steady([row])


def test_a_changed_rule_another_list_and_another_row_request_what_they_add(house: House) -> None:
    house.sync([(FIRST, None)])
    house.sync([(THIRD, None)])
    second = (FIRST, 2)
    house.sync([(THIRD, None)], [second])
    assert house.requested == [[1], [3], [2]]
    house.must_be_steady([(THIRD, None)], [second])
    house.sync([ALL], [second], [ALL])
    assert house.requested == [[1], [3], [2]]


def test_what_is_forgotten_while_it_is_fetched_is_requested_where_it_is_missing(
    house: House,
) -> None:
    house.sync([ALL])
    (one,) = [
        one
        for one in house.server.get("request?take=1000").json()["results"]
        if one["media"]["tmdbId"] == house.key.tmdb_id
    ]
    house.server.delete(f"request/{one['id']}").raise_for_status()
    house.request(2)
    house.must_be_steady([ALL])
    SqliteAgentState(house.database).exclusions.forget(
        f"tmdb:{house.key}", Exclusion(key=house.key)
    )
    house.sync([ALL])
    assert house.requested == [[1, 2, 3], [2], [1, 3]]
    house.must_be_steady([ALL])


def test_what_a_scan_found_or_deleted_is_not_requested(house: House, product: str) -> None:
    gone = 1 if product == "overseerr" else 7  # Overseerr knows no deleted seasons
    house.media(status=4, seasons={"1": 5, "2": gone})
    house.sync([ALL])
    assert house.requested == [[3] if gone == 7 else [2, 3]]
    house.must_be_steady([ALL])


def test_a_season_that_was_deleted_stays_so_for_another_list(house: House) -> None:
    house.sync([ALL])
    for one in house.server.get("request?take=1000").json()["results"]:
        if one["media"]["tmdbId"] == house.key.tmdb_id:
            house.server.delete(f"request/{one['id']}").raise_for_status()
    house.media(status=4, seasons={"1": 5, "3": 5})
    house.sync([ALL], [ALL], [(THIRD, None), (THIRD, 2)])
    assert house.requested == [[1, 2, 3]]
