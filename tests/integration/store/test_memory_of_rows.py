"""What a sync holds in memory for each row: a list may have 100,000 of them."""

from __future__ import annotations

import gc
import logging
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

from listsync.domain.lists import Fetched, ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.report import Result, SyncRun
from listsync.domain.server import (
    Candidate,
    IndexPage,
    RequestBody,
    RequestResponse,
    ResponseKind,
    SearchPage,
    TitleState,
)
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import rules
from tests.fakes import FakeArrNames, FakeFacts, FakeServer

FEW, MANY = 100, 700
MOST_WAITING, MOST_DONE = 560, 820
"""Bytes of a new row before its turn, and after it: 100,000 of them are less than 82 MB."""
_FIRST = 30_000_000


class EndlessServer(FakeServer):
    """Has every film of any number, and keeps nothing of what it is asked.

    `held` is how many bytes there were at the first request, and at the look after the last.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: list[int] = []
        self._requested = 0

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        number = int(imdb_id[2:])
        film = Candidate(
            key=TitleKey(MediaType.MOVIE, number),
            title=f"The film {number}",
            original_title=f"The film {number}",
            year=2000,
        )
        return SearchPage(candidates=(film,), page=1, pages=1)

    def request(self, body: RequestBody) -> RequestResponse:
        if not self._requested:
            self._weigh()
        self._requested += 1
        return RequestResponse(kind=ResponseKind.REQUESTED, request_id=body.key.tmdb_id)

    def read_index(self, _: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        if self._requested:
            self._weigh()
        numbers = range(_FIRST, _FIRST + self._requested)
        titles = tuple((TitleKey(MediaType.MOVIE, one), TitleState(3, 1)) for one in numbers)
        return (IndexPage(etag=None, total=len(titles), titles=titles),)

    def _weigh(self) -> None:
        gc.collect()  # which empties the lists of spare tuples, too
        self.held.append(tracemalloc.get_traced_memory()[0])


class LongList:
    """Reads so many films that are new."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def fetch(self, _: object) -> Fetched:
        return Fetched(entries=tuple(map(self._film, range(_FIRST, _FIRST + self._rows))))

    def _film(self, number: int) -> ListEntry:
        return ListEntry(
            rank=number - _FIRST + 1,
            title=f"The film {number}",
            year=2000,
            kind=MediaType.MOVIE,
            ids=ExternalIds(imdb=f"tt{number}"),
        )


def held_by(rows: int, folder: Path) -> list[int]:
    """Sync a list of so many new films; gives what was held before and after them."""
    database, server = Database(folder / f"{rows}.db"), EndlessServer()
    parts = Parts(
        lists=[Followed(rules(), LongList(rows))],
        exclusions=(),
        server=server,
        memory=SqliteMemory(database),
        arr_names=FakeArrNames(),
        board=ProgressBoard(),
        facts=FakeFacts(),
    )
    run = SyncRun(run_id=f"run-{rows}", origin="test", started_at=datetime.now(UTC))
    logging.disable()  # what a test's log keeps of each row is not the sync's
    tracemalloc.start()
    try:
        report = sync(run, parts)
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)
        database.close()
    assert (report.result, len(report.requested)) == (Result.OK, rows)
    return server.held


def test_a_sync_holds_little_of_each_new_row(tmp_path: Path) -> None:
    few, many = held_by(FEW, tmp_path), held_by(MANY, tmp_path)
    waiting, done = ((more - less) / (MANY - FEW) for less, more in zip(few, many, strict=True))
    assert waiting < MOST_WAITING
    assert done < MOST_DONE
