"""What became of titles: the same word in items, counts and the view for other tools."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.decisions import Found, SkipReason
from listsync.domain.history import RunRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.report import Result
from listsync.domain.run_messages import findings_of_end
from listsync.domain.run_notes import FailedRequest, Notes
from listsync.domain.server import (
    IndexPage,
    RequestStatus,
    ResponseKind,
    ServerRequest,
    TitleState,
)
from listsync.domain.server_knowledge import RequestList
from listsync.store import server_index
from listsync.store.database import FILE_NAME
from listsync.store.server_index import note_title_status
from tests.fakes import SERVER
from tests.integration.store.state import AT
from tests.integration.store.test_history import World, entry

_NAMES = ("there", "coming", "deleted", "declined", "failed", "gone")


def film(number: int) -> TitleKey:
    return TitleKey(MediaType.MOVIE, number)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / FILE_NAME)
    yield world
    world.database.close()


def read_index(world: World, states: dict[int, TitleState], etag: str = "1") -> None:
    titles = tuple((film(number), state) for number, state in states.items())
    world.memory.index.save((IndexPage(etag=etag, total=len(titles), titles=titles),))


def end(world: World, name: str = "r", result: Result = Result.PARTLY) -> None:
    """End a run now."""
    world.run(name, datetime.now(UTC), result=result)


def handled(world: World, *names: str) -> list[ListEntry]:
    entries = [entry(name, rank, tmdb=rank) for rank, name in enumerate(names, start=1)]
    world.read("mine", *entries)
    for rank, one in enumerate(entries, start=1):
        world.handle("mine", one, film(rank), answer=ResponseKind.REQUESTED)
    return entries


def long_ago(world: World) -> None:
    """Let all requests have been made before the index is read."""
    with world.database.write() as connection:
        connection.execute("UPDATE requests SET at = ?", (AT.isoformat(),))


def words(world: World) -> dict[str, str]:
    return {row.title: row.status for row in world.items()}


@pytest.mark.parametrize("at_a_time", [2, 25_000])
def test_what_became_of_titles_is_told_apart_and_everywhere_alike(
    world: World, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_index, "_PART", at_a_time)
    handled(world, *_NAMES)
    long_ago(world)
    seen = [
        ServerRequest(edition=Edition(film(number), four_k=False), status=status)
        for number, status in ((4, RequestStatus.DECLINED), (5, RequestStatus.FAILED))
    ]
    world.memory.record(Notes(seen=seen))
    read_index(
        world, {1: TitleState(5, 1), 2: TitleState(3, 1), 3: TitleState(7, 1), 5: TitleState(3, 1)}
    )
    asked = entry("asked", 7, tmdb=7)
    world.read("other", asked)
    world.handle("other", asked, film(7), answer=ResponseKind.REQUESTED)
    end(world)
    expected = {
        "there": "available",
        "coming": "requested",
        "deleted": "deleted",
        "declined": "declined",
        "failed": "failed",
        "gone": "gone",
        "asked": "requested",
    }
    assert words(world) == expected
    counts = Counter(world.state.items.counts("mine")) + Counter(world.state.items.counts("other"))
    assert counts == Counter(expected.values())
    view = world.database.read("SELECT title, status FROM synced_items")
    assert dict(map(tuple, view)) == expected


def test_however_many_titles_there_are_little_memory_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled(world, "first")
    server, number = world.database.read("SELECT server, list FROM handled")[0]
    with world.database.write() as connection:
        connection.executemany(
            "INSERT INTO entries (list, entry, rank, title, first_seen) VALUES (?, ?, ?, ?, ?)",
            [(number, str(tmdb), tmdb, "Film", AT.isoformat()) for tmdb in range(2, 4_001)],
        )
        connection.executemany(
            "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, at)"
            " VALUES (?, ?, ?, 0, 'movie', ?, ?)",
            [(server, number, str(tmdb), tmdb, AT.isoformat()) for tmdb in range(2, 4_001)],
        )
    peaks = []
    for at_a_time in (4_001, 400):
        monkeypatch.setattr(server_index, "_PART", at_a_time)
        tracemalloc.start()
        note_title_status(world.database, server, "2026")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] / 3
    noted = world.database.read("SELECT count(*) FROM title_status")
    assert [row[0] for row in noted] == [4_000]


def test_before_a_run_has_noted_it_the_last_answer_is_told(world: World) -> None:
    handled(world, "one")
    assert words(world) == {"one": "requested"}
    view = world.database.read("SELECT status FROM synced_items")
    assert [row["status"] for row in view] == ["requested"]


def test_a_run_that_learned_nothing_notes_nothing(world: World) -> None:
    handled(world, "one")
    long_ago(world)
    read_index(world, {1: TitleState(3, 1)})
    end(world)
    with world.database.write() as connection:
        connection.execute("UPDATE title_status SET status = 'as noted before'")
    again = World(Path(world.database.read("PRAGMA database_list")[0]["file"]))
    read_index(again, {1: TitleState(3, 1)})
    end(again, "next")
    before = words(again)
    read_index(again, {1: TitleState(5, 1)}, etag="2")
    end(again, "changed")
    after = words(again)
    again.database.close()
    assert (before, after) == ({"one": "as noted before"}, {"one": "available"})


@pytest.mark.parametrize("is_noted", [True, False], ids=["noted-by-the-agent", "cut-off"])
def test_what_a_run_that_broke_off_has_read_is_noted_by_the_next_that_reads_the_index(
    world: World, *, is_noted: bool
) -> None:
    handled(world, "one")
    long_ago(world)
    read_index(world, {1: TitleState(3, 1)})
    end(world)
    killed = world.run("killed", datetime.now(UTC), ends=False)
    world.memory.guard.use(SERVER, "killed")
    read_index(world, {1: TitleState(5, 1)}, etag="2")
    if is_noted:
        row = RunRow(run_id="killed", origin="test", started_at=killed.started_at, result="failed")
        world.state.runs.note_end(row, findings_of_end(row, passes=False))
    else:
        world.state.runs.close_cut_off(datetime.now(UTC))
    for name in ("without the server", "next"):
        again = World(Path(world.database.read("PRAGMA database_list")[0]["file"]))
        if name == "next":
            read_index(again, {1: TitleState(5, 1)}, etag="2")
        end(again, name, Result.OK if name == "next" else Result.FAILED)
        again.memory.guard.use(SERVER, name)
        again.database.close()
    assert words(world) == {"one": "available"}


def test_a_request_that_was_declined_meanwhile_is_told_when_the_requests_are_read(
    world: World,
) -> None:
    handled(world, "one")
    long_ago(world)
    read_index(world, {})
    end(world)
    before = words(world)
    again = World(Path(world.database.read("PRAGMA database_list")[0]["file"]))
    read_index(again, {})
    declined = ServerRequest(edition=Edition(film(1), four_k=False), status=RequestStatus.DECLINED)
    in_the_run = datetime.now(UTC) + timedelta(seconds=1)
    again.memory.server_requests.save_reading([declined], RequestList(), in_the_run)
    end(again, "next")
    after = words(again)
    again.database.close()
    assert (before, after) == ({"one": "gone"}, {"one": "declined"})


def test_both_editions_of_a_title_have_words_of_their_own(world: World) -> None:
    one = entry("one", tmdb=1)
    world.read("mine", one)
    world.handle("mine", one, film(1))
    world.read("in 4K", one)
    world.handle("in 4K", one, film(1), four_k=True)
    read_index(world, {1: TitleState(5, 3)})
    end(world)
    found = {row.list_name: row.status for row in world.items()}
    assert found == {"mine": "available", "in 4K": "requested"}


def test_a_title_that_is_not_ours_any_more_is_not_kept(world: World) -> None:
    handled(world, "one")
    read_index(world, {1: TitleState(5, 1)})
    end(world)
    with world.database.write() as connection:
        connection.execute("DELETE FROM requests")
        connection.execute("DELETE FROM handled")
    read_index(world, {1: TitleState(3, 1)}, etag="2")
    end(world, "next")
    assert world.count("title_status") == 0


@pytest.mark.parametrize(
    ("why", "status"),
    [
        ("no such film", "failed"),
        (f"{SkipReason.NO_SEASONS.value}: nothing but specials", "open"),
    ],
    ids=["refused", "nothing-to-ask-for-yet"],
)
def test_what_could_not_be_requested_has_failed(world: World, why: str, status: str) -> None:
    one = entry("one")
    world.read("mine", one)
    world.match(one, Found.FOUND, film(1))
    world.seek("mine", one)
    failed = FailedRequest(why, 1, AT + timedelta(days=1))
    world.memory.record(Notes(failed={(Edition(film(1), four_k=False), None): failed}))
    assert words(world) == {"one": status}
    assert dict(world.state.items.counts("mine")) == {status: 1}
