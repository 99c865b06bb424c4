from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listsync.agent.history_log import HistoryLog, HistorySettings, history_line
from listsync.domain.history import RequestRow
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import ResponseKind
from listsync.errors import StateError
from listsync.log_file import FileEnd, LogFile, Rotation

VIENNA = ZoneInfo("Europe/Vienna")
DUNE = RequestRow(
    title="Dune: Part Two (2024)",
    key=TitleKey(MediaType.MOVIE, 693134),
    four_k=False,
    seasons=(),
    lists=("watchlist",),
    answer=ResponseKind.REQUESTED,
    detail="",
    at=datetime(2026, 11, 29, 7, 15, 59, tzinfo=UTC),
)
SEVERANCE = replace(
    DUNE, title="Severance (2022)", key=TitleKey(MediaType.TV, 95396), seasons=(1, 2, 3, 5)
)


class Requests:
    """What was requested, by its numbers, with gaps."""

    def __init__(self) -> None:
        self.rows: list[RequestRow] = []

    def add(self, count: int, title: str = "Film") -> None:
        for _ in range(count):
            number = 2 * len(self.rows) + 1
            row = replace(DUNE, title=f"{title} {number}")
            self.rows.append(replace(row, number=number))

    def later_than(self, number: int, *, limit: int) -> tuple[RequestRow, ...]:
        return tuple(one for one in self.rows if one.number > number)[:limit]


class Marks:
    """Keeps values as JSON, unless it is told that the process ends before it can."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.is_killed = False

    def load(self, name: str) -> object:
        return json.loads(self.kept.get(name, "null"))

    def save(self, name: str, value: object) -> None:
        if self.is_killed:
            raise StateError("the disk is full")
        self.kept[name] = json.dumps(value)


class World:
    """A history log that can be started again on what it left behind."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.log"
        self.requests, self.marks = Requests(), Marks()
        rotation = Rotation(max_bytes=10**6, keep=10)
        self.settings = HistorySettings(path=self.path, rotation=rotation, zone=VIENNA)
        self.history = self.started()

    def started(self) -> HistoryLog:
        self.history = HistoryLog(self.requests, self.marks)
        self.history.follow(self.settings)
        return self.history

    @property
    def titles(self) -> list[str]:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [line[29:].partition(",")[0] for line in lines]

    @property
    def expected(self) -> list[str]:
        return [one.title for one in self.requests.rows]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


# -- a line --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "line"),
    [
        pytest.param(DUNE, 'requested  Dune: Part Two (2024), film, from "watchlist"', id="film"),
        pytest.param(
            replace(DUNE, four_k=True, lists=()),
            "requested  Dune: Part Two (2024), film in 4K",
            id="4k",
        ),
        pytest.param(
            SEVERANCE,
            'requested  Severance (2022), series, seasons 1-3, 5, from "watchlist"',
            id="seasons",
        ),
        pytest.param(
            replace(SEVERANCE, seasons=(2,), requested_as="anna", lists=("a", "b")),
            'requested  Severance (2022), series, season 2, as anna, from "a" and "b"',
            id="one-season-as-somebody",
        ),
        pytest.param(
            replace(SEVERANCE, seasons=(), lists=("a", "b", "c", "d", "e")),
            'requested  Severance (2022), series, from "a", "b", "c" and 2 more',
            id="many-lists",
        ),
        pytest.param(
            replace(DUNE, answer=ResponseKind.QUOTA, detail="the quota is used up"),
            'refused    Dune: Part Two (2024), film, from "watchlist": the quota is used up',
            id="refused",
        ),
        pytest.param(
            replace(DUNE, answer=ResponseKind.COVERED, detail="409"),
            'existing   Dune: Part Two (2024), film, from "watchlist"',
            id="existing",
        ),
        pytest.param(
            replace(DUNE, answer=ResponseKind.CANCELLED),
            'cancelled  Dune: Part Two (2024), film, from "watchlist"',
            id="cancelled",
        ),
        pytest.param(
            replace(
                DUNE, title="A\n2026-01-01 00:00  requested  \x1b[2JB\u202e", lists=("x\r\ny",)
            ),
            'requested  A 2026-01-01 00:00 requested \ufffd[2JB\ufffd, film, from "x y"',
            id="hostile",
        ),
    ],
)
def test_a_line_tells_what_became_of_a_request(row: RequestRow, line: str) -> None:
    assert history_line(row, VIENNA) == f"2026-11-29 08:15  {line}"


def test_every_answer_has_a_line() -> None:
    for answer in ResponseKind:
        assert DUNE.title in history_line(replace(DUNE, answer=answer), VIENNA)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        pytest.param("2026-10-24T23:30:00+00:00", "2026-10-25 01:30", id="summer"),
        pytest.param("2026-10-25T23:30:00+00:00", "2026-10-26 00:30", id="winter"),
    ],
)
def test_times_are_local_in_summer_and_winter(at: str, shown: str) -> None:
    row = replace(DUNE, at=datetime.fromisoformat(at))
    assert history_line(row, VIENNA).startswith(shown)


# -- each once -----------------------------------------------------------------------------------


def test_what_was_requested_before_is_told_from_the_beginning(world: World) -> None:
    world.requests.add(1203)
    world.history.write()
    assert world.titles == world.expected


def test_each_is_written_once_also_over_a_restart(world: World) -> None:
    world.requests.add(2)
    world.history.write()
    world.history.write()
    world.started().write()
    world.requests.add(1)
    world.started().write()
    assert world.titles == world.expected


@pytest.mark.parametrize("more", [0, 1, 600], ids=["nothing-new", "one-more", "many-more"])
def test_a_kill_before_the_state_knows_repeats_nothing(world: World, more: int) -> None:
    world.requests.add(2)
    world.history.write()
    world.requests.add(3)
    world.marks.is_killed = True
    world.history.write()
    world.marks.is_killed = False
    world.requests.add(more)
    world.started().write()
    assert world.titles == world.expected


def test_alike_lines_are_as_many_as_requests(world: World) -> None:
    world.requests.rows = [replace(DUNE, number=number) for number in (1, 2, 3)]
    world.history.write()
    for number in (4, 5):
        world.requests.rows += [replace(DUNE, number=number)]
        world.started().write()
    assert world.titles == world.expected


def test_a_line_that_broke_off_is_written_to_its_end(world: World) -> None:
    world.requests.add(4)
    lines = [f"{history_line(one, VIENNA)}\n" for one in world.requests.rows]
    world.path.write_text("".join(lines)[: -len(lines[-1]) // 2], encoding="utf-8")
    world.history.write()
    assert world.path.read_text(encoding="utf-8") == "".join(lines)


def test_what_somebody_else_left_unfinished_stays_a_line_of_its_own(world: World) -> None:
    world.path.write_text("my notes")
    world.requests.add(1)
    world.history.write()
    assert world.path.read_text().splitlines()[0] == "my notes"
    assert world.titles[1:] == world.expected


def test_a_file_that_was_removed_begins_anew_with_what_is_new(world: World) -> None:
    world.requests.add(2)
    world.history.write()
    world.path.unlink()
    world.requests.add(1)
    world.history.write()
    assert world.titles == world.expected[2:]


# -- the file ------------------------------------------------------------------------------------


def test_only_the_owner_can_read_it(world: World) -> None:
    world.requests.add(1)
    world.history.write()
    assert world.path.stat().st_mode & 0o777 == 0o600


def test_it_is_put_aside_when_it_is_full(world: World) -> None:
    world.settings = replace(world.settings, rotation=Rotation(max_bytes=200, keep=2))
    for _ in range(12):
        world.requests.add(1)
        world.started().write()
    files = [world.path.with_name(name) for name in ("history.log.2", "history.log.1")]
    kept = "".join(file.read_text() for file in (*files, world.path)).splitlines()
    assert len(kept) < 12
    assert [line[29:].partition(",")[0] for line in kept] == world.expected[-len(kept) :]
    assert sorted(world.path.parent.iterdir()) == sorted((world.path, *files))


def test_no_secret_is_in_it(world: World) -> None:
    world.settings = replace(world.settings, secrets=frozenset({"abcdefgh12345678"}))
    world.requests.add(1, title="https://x.example/?key=abcdefgh12345678")
    world.started().write()
    text = world.path.read_text()
    assert "x.example" in text
    assert "abcdefgh12345678" not in text
    assert "abcdefgh12345678" not in repr(world.settings)


def test_without_settings_nothing_is_written(world: World) -> None:
    world.requests.add(1)
    HistoryLog(world.requests, world.marks).write()
    assert not world.path.exists()
    assert world.marks.kept == {}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("/dev/full", "No space left on device", id="full"),
        pytest.param("missing/history.log", "No such file or directory", id="no-folder"),
        pytest.param("a\0b", "null", id="no-path"),
    ],
)
def test_what_could_not_be_written_waits_and_is_told_once(
    world: World, caplog: pytest.LogCaptureFixture, name: str, why: str
) -> None:
    caplog.set_level(logging.INFO)
    good = world.settings
    world.requests.add(3)
    world.history.follow(replace(good, path=world.path.parent / name))
    world.history.write()
    world.history.write()
    assert why in world.history.note
    world.history.follow(good)
    world.history.write()
    assert world.history.note == ""
    assert world.titles == world.expected
    first, second = caplog.messages
    assert first.startswith("the history log cannot be written: ")
    assert why in first
    assert second == "the history log is written again, with all that waited"


# -- while it runs -------------------------------------------------------------------------------


def until(world: World, look: Callable[[], bool]) -> None:
    end = datetime.now(UTC) + timedelta(seconds=60)
    while not look():
        assert datetime.now(UTC) < end, world.path.read_text() if world.path.exists() else ""
        threading.Event().wait(0.01)


def test_it_is_written_while_a_sync_runs_and_at_the_end(world: World) -> None:
    stop, goes_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=world.history.run, args=(stop,))

    def perform(count: int) -> int:
        world.requests.add(count)
        until(world, lambda: world.path.exists() and world.titles == world.expected)
        goes_on.set()
        world.requests.add(1)
        return count

    thread.start()
    try:
        assert world.history.while_running(perform)(3) == 3
        assert goes_on.is_set()
        until(world, lambda: world.titles == world.expected)
        world.requests.add(1)
    finally:
        stop.set()
        world.history.wake()
        thread.join(30)
    assert not thread.is_alive()
    assert world.titles == world.expected


def test_a_long_file_is_read_from_its_end(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "a.log", Rotation(max_bytes=0, keep=0))
    file.write("a" * 100 + "end")
    assert file.tail(FileEnd(), 5) == "aaend"
    assert file.tail(FileEnd(), 500) == "a" * 100 + "end"
    end = file.end()
    file.write("more")
    assert file.tail(end, 500) == "more"
    assert file.tail(end._replace(size=500), 4) == "more"
    file.close()
