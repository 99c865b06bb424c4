"""What a day was like, from a real file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.history import DayOfRequests
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import ResponseKind
from listsync.store.database import FILE_NAME
from tests.integration.store.state import StateFile

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(hours=23)


class World(StateFile):
    def request(
        self,
        number: int,
        at: datetime,
        answer: ResponseKind = ResponseKind.REQUESTED,
        kind: MediaType = MediaType.MOVIE,
        status: str | None = None,
    ) -> None:
        """Note a request of title *number*, and what became of it."""
        title = (kind, number)
        server = self.memory.guard.number()
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
                " answer, detail, at) VALUES (?, 'r', ?, '[\"mine\"]', ?, ?, 0, '[]', ?, '', ?)",
                (server, f"Film {number}", *title, answer, at.isoformat(timespec="milliseconds")),
            )
            if status is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO title_status VALUES (?, ?, ?, 0, ?)",
                    (server, *title, status),
                )

    def day(self, limit: int = 20) -> DayOfRequests:
        slow = END - timedelta(days=7)
        return self.state.requests.of_day(START, END, slow_before=slow, limit=limit)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / FILE_NAME)
    yield world
    world.database.close()


def names(world: World, limit: int = 20) -> list[str]:
    return [row.title for row in world.day(limit).requested]


def test_a_day_begins_with_its_first_moment_and_ends_before_the_next(world: World) -> None:
    moment = timedelta(milliseconds=1)
    for number, at in enumerate((START - moment, START, END - moment, END)):
        world.request(number, at)
    assert names(world) == ["Film 1", "Film 2"]


def test_titles_are_counted_by_their_kind_also_those_that_are_not_named(world: World) -> None:
    for number in range(5):
        world.request(number, START)
    world.request(1, START, kind=MediaType.TV)
    found = world.day(limit=2)
    assert (found.films, found.series, len(found.requested)) == (5, 1, 2)
    assert found.requested[0].key == TitleKey(MediaType.MOVIE, 0)


def test_a_title_counts_once_as_what_became_of_it_last(world: World) -> None:
    world.request(1, START, ResponseKind.UNSURE)
    world.request(1, START + timedelta(hours=1))
    world.request(2, START)
    world.request(2, START + timedelta(hours=1), ResponseKind.CANCELLED)
    world.request(3, START, ResponseKind.IMPOSSIBLE)
    world.request(4, START, ResponseKind.QUOTA)
    world.request(5, START, ResponseKind.COVERED)
    found = world.day()
    assert [row.title for row in found.requested] == ["Film 1"]
    assert (found.films, found.cancelled, found.failures) == (1, 1, 1)
    assert [row.title for row in found.failed] == ["Film 3"]


def test_what_was_requested_long_ago_and_is_not_there_is_told(world: World) -> None:
    long_ago, lately = END - timedelta(days=9), END - timedelta(days=5)
    world.request(1, long_ago, status="requested")
    world.request(2, long_ago, status="available")
    world.request(3, lately, status="requested")
    world.request(4, long_ago, status="requested")
    world.request(4, lately)
    world.request(5, long_ago, ResponseKind.IMPOSSIBLE, status="requested")
    found = world.day()
    assert [row.title for row in found.slow] == ["Film 1"]
    assert found.slow_total == 1


def test_runs_are_counted_by_how_they_ended(world: World) -> None:
    moments = (START, START, END - timedelta(seconds=1), END, START - timedelta(seconds=1))
    results = ("ok", "failed", "ok", "ok", "ok")
    with world.database.write() as connection:
        connection.executemany(
            "INSERT INTO runs (id, origin, started_at, result) VALUES (?, 'test', ?, ?)",
            [
                (str(number), at.isoformat(timespec="milliseconds"), result)
                for number, (at, result) in enumerate(zip(moments, results, strict=True))
            ],
        )
        connection.execute(
            "INSERT INTO runs (id, origin, started_at) VALUES ('now', 'test', ?)",
            (START.isoformat(),),
        )
    assert world.state.runs.results(START, END) == {"ok": 2, "failed": 1}
