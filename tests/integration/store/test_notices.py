"""Notices in the state, also those of a file of version 19, where the last run tells them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from listsync.domain.history import RunRow
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin, SyncFindings
from listsync.domain.report import SyncRun
from listsync.domain.run_messages import findings_of_end
from listsync.errors import StateError
from listsync.store import database as module
from listsync.store.database import Database
from listsync.store.history import SqliteNotices
from listsync.store.state import SqliteAgentState
from tests.builders import sync_report
from tests.integration.store.conftest import OldDatabase
from tests.integration.store.state import AT, StateFile

_RUNS = """
INSERT INTO runs (id, origin, started_at, notices) VALUES
    ('old', 'test', '2026-05-01T12:00:00+00:00', '[{"kind": "review", "text": "", "list": null,
        "since": "2026-05-01T12:00:00+00:00", "run": "old"}]'),
    ('last', 'test', '2026-06-01T12:00:00+00:00', '[{"kind": "on_hold", "text": "148 titles",
        "list": "Dora", "since": "2026-06-01T12:00:00+00:00", "run": "before"}]'),
    ('runs', 'test', '2026-06-02T12:00:00+00:00', NULL)
"""


def test_what_the_last_run_said_is_open(path: Path, old_database: OldDatabase) -> None:
    with old_database(19) as old, old.write() as connection:
        connection.execute(_RUNS)
    database = Database(path)
    (one,) = SqliteNotices(database).open(Origin.SYNC)
    database.close()
    assert (one.notice.kind, one.notice.list_name) == (NoticeKind.ON_HOLD, "Dora")
    assert (one.since, one.run_id, one.notice.needs_person) == (AT, "before", True)


_NO_NOTICES = """
["review", null, {"kind": "review", "text": ""},
    {"kind": "review", "since": "2026-06-01T12:00:00+00:00"}]
"""
_OF_NO_RUN = '[{"kind": "review", "text": "one", "since": "2026-06-01T12:00:00+00:00"}]'


@pytest.mark.parametrize(
    ("said", "open_then"),
    [("", []), (_NO_NOTICES, []), (_OF_NO_RUN, ["one"])],
    ids=["nothing", "no-notices", "of-no-run"],
)
def test_what_the_last_run_said_in_no_known_form_keeps_nobody_from_an_upgrade(
    path: Path, old_database: OldDatabase, said: str, open_then: list[str]
) -> None:
    with old_database(19) as old, old.write() as connection:
        connection.execute(
            "INSERT INTO runs (id, origin, started_at, notices) VALUES ('r', 'test', ?, ?)",
            (AT.isoformat(), said),
        )
    database = Database(path)
    found = SqliteNotices(database).open(Origin.SYNC)
    database.close()
    assert [one.notice.text for one in found] == open_then


def test_the_latest_notices_come_in_pages(database: Database) -> None:
    log = SqliteNotices(database)
    five = [
        NoticeRecord(
            notice=Notice(kind=NoticeKind.LIST_GONE, text="gone", list_name=f"{number}"),
            since=AT + timedelta(minutes=min(number, 3)),
        )
        for number in range(5)
    ]
    log.emit(Origin.SYNC, five, AT)
    log.emit(Origin.SYNC, five[1:], AT + timedelta(hours=1))
    names, after = [], None
    while True:
        page = log.latest(only_open=False, limit=2, after=after)
        names += [one.notice.list_name for one in page.rows]
        if page.last is None:
            break
        after = page.last
    assert names == ["4", "3", "2", "1", "0"]
    assert log.latest(only_open=True, limit=9).total == 4


def test_what_is_over_is_forgotten_after_thirty_days(database: Database) -> None:
    log = SqliteNotices(database)
    one = NoticeRecord(notice=Notice(kind=NoticeKind.LIST_GONE, text="gone"), since=AT)
    log.emit(Origin.SYNC, [one], AT)
    log.emit(Origin.SYNC, [], AT)
    log.emit(Origin.SYNC, [], AT + timedelta(days=30))
    assert log.latest(only_open=False, limit=9).total == 1
    log.emit(Origin.SYNC, [], AT + timedelta(days=30, seconds=1))
    assert log.latest(only_open=False, limit=9).total == 0


_FULL = "CREATE TEMP TRIGGER full BEFORE INSERT ON notices BEGIN SELECT RAISE(FAIL, 'full'); END"


def test_a_run_whose_notices_cannot_be_kept_has_not_ended(database: Database) -> None:
    runs = SqliteAgentState(database).runs
    row = RunRow(run_id="r", origin="test", started_at=AT, result="failed", why="no answer")
    with database.write() as connection:
        connection.execute(_FULL)
    with pytest.raises(StateError, match="full"):
        runs.note_end(row, findings_of_end(row, passes=False))
    assert runs.find("r") is None
    with database.write() as connection:
        connection.execute("DROP TRIGGER full")
    runs.note_end(row, findings_of_end(row, passes=False))
    (one,) = SqliteNotices(database).open(Origin.SYNC)
    assert (one.notice.text, one.run_id) == ("the last sync failed: no answer", "r")


def _end_by_its_sync(path: Path) -> None:
    state = StateFile(path)
    run = SyncRun(run_id="r", origin="test", started_at=AT)
    state.memory.runs.begin(run)
    ended = sync_report(run=run)
    found = SyncFindings(run_id="r", at=AT, notices=(_ONE,), lists=(), is_whole=True)
    state.memory.runs.end(ended, AT, found)
    state.database.close()


def _end_by_the_agent(path: Path) -> None:
    database = Database(path)
    row = RunRow(run_id="r", origin="test", started_at=AT, result="failed", why="no answer")
    SqliteAgentState(database).runs.note_end(row, findings_of_end(row, passes=False))
    database.close()


_ONE = Notice(kind=NoticeKind.REVIEW, text="one title waits")


@pytest.mark.parametrize("end", [_end_by_its_sync, _end_by_the_agent])
def test_after_a_power_cut_a_run_has_ended_with_its_notices_or_not_at_all(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[Path], None]
) -> None:
    left = _cut_before_each_statement(path, tmp_path, monkeypatch, end)
    found = [_run_and_notices(file) for file in left]
    assert set(found) == {(False, 0), (True, 1)}
    assert found == sorted(found)


def _cut_before_each_statement(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: Callable[[Path], None]
) -> list[Path]:
    """Copy what is on disk before each statement of *end*, and after the last one."""
    Database(path).close()
    left: list[Path] = []

    def cut(_: str = "") -> None:
        folder = tmp_path / str(len(left))
        folder.mkdir()
        for suffix in ("", "-wal"):  # the index of the log is made anew
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{suffix}", f"{folder / path.name}{suffix}")
        left.append(folder / path.name)

    def connect(*args: Any, **named: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(*args, **named)
        connection.set_trace_callback(cut)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(module, "sqlite3", SimpleNamespace(**{**vars(sqlite3), "connect": connect}))
        end(path)
    cut()
    return left


def _run_and_notices(path: Path) -> tuple[bool, int]:
    database = Database(path)
    state = SqliteAgentState(database)
    run = state.runs.find("r")
    open_ = state.notices.open(Origin.SYNC)
    database.close()
    return run is not None and run.result is not None, len(open_)
