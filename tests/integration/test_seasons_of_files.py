"""A file whose season cells change, from its rows to what is requested and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listsync.domain.report import SyncReport, Verdict
from listsync.domain.server import Cancelled, MediaStatus, TitleState
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource
from listsync.store.database import Database
from listsync.store.state import SqliteMemory
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import RUN, rules
from tests.fakes import FakeArrNames, FakeFacts, FakeServer, a_series

WIRE = a_series(1438, "The Wire", 2002, imdb="tt0306414", tvdb=79126, seasons=(1, 2, 3))


class House:
    """Follows a file whose requests wait for approval, and are cancelled when their rows go."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "mine.csv"
        self.server = FakeServer(WIRE)
        self.database = Database(folder / "state.db")
        self._runs = 0

    def sync(self, content: str) -> SyncReport:
        self.file.write_text(content, encoding="utf-8")
        self._runs += 1
        run = replace(
            RUN,
            run_id=f"run {self._runs}",
            started_at=RUN.started_at + timedelta(hours=self._runs),
        )
        of = replace(rules("mine"), cancel_removed=True)
        parts = Parts(
            lists=[Followed(of, ListFile(FileSource(self.file), FileOptions()))],
            exclusions=[],
            server=self.server,
            memory=SqliteMemory(self.database),
            board=ProgressBoard(),
            facts=FakeFacts(),
            arr_names=FakeArrNames(),
        )
        return sync(run, parts)

    def let_wait(self) -> None:
        for number, body in enumerate(self.server.posted, start=1):
            self.server.states[body.key] = TitleState(MediaStatus.PENDING, MediaStatus.UNKNOWN)
            self.server.pending[number] = Cancelled.DONE

    @property
    def requested(self) -> list[tuple[int, ...]]:
        return [body.seasons for body in self.server.posted]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = House(tmp_path)
    yield one
    one.database.close()


_FORMS = pytest.mark.parametrize(
    "form",
    [
        "title,year,season\nThe Wire,2002,{}\nDark,2017,1\n",
        "imdb_id,season\ntt0306414,{}\ntt1,1\n",
    ],
    ids=["title", "id"],
)


@_FORMS
def test_what_a_cell_names_is_requested_once(house: House, form: str) -> None:
    for cell in ("S01-S02", "1 & 2", "2", "all"):
        house.sync(form.format(f'"{cell}"'))
    assert house.requested == [(1, 2), (3,)]


@_FORMS
def test_a_cell_that_is_not_understood_any_more_cancels_nothing(house: House, form: str) -> None:
    house.sync(form.format("2"))
    house.let_wait()
    reports = [house.sync(form.format("latest")) for _ in range(4)]
    assert [one.count(Verdict.REVIEW) for one in reports] == [1, 1, 1, 1]
    assert (house.requested, house.server.cancelled) == ([(2,)], [])


@_FORMS
def test_a_cell_that_is_mended_is_requested(house: House, form: str) -> None:
    house.sync(form.format("latest"))
    assert house.requested == []
    house.sync(form.format("3"))
    assert house.requested == [(3,)]
