"""What is particular to the memory in SQLite; what every memory does is in contract/memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry, ListOutcome
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey
from listsync.domain.report import ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_notes import (
    HandledSeasons,
    Handling,
    Intent,
    Notes,
    Sent,
)
from listsync.domain.server import RequestResponse, ResponseKind
from listsync.errors import StateError
from listsync.store.database import FILE_NAME, Database
from listsync.store.state import SqliteMemory
from listsync.sync.deduplication import members_of
from listsync.sync.list_intake import save_reading
from listsync.sync.run_recorder import note_end
from tests.builders import film_body, sync_report
from tests.fakes import SERVER

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIST = ListRules(source="file:mine", name="mine", service="file")
MANY = tuple(
    ListEntry(
        rank=number,
        title=f"Film {number}",
        year=1900 + number % 120,
        kind=MediaType.MOVIE if number % 2 else None,
        ids=ExternalIds(imdb=f"tt{number:07}", tmdb=number),
    )
    for number in range(1, 10_001)
)
BODY = film_body(1)
INTENT = Intent("Film 1", ("mine",), BODY)


class Counting(Database):
    """Counts the rows that each transaction changes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.rows: list[int] = []
        self._changes = 0
        self._connection.set_trace_callback(self._trace)

    def _trace(self, statement: str) -> None:
        if statement.startswith("BEGIN"):
            self._changes = self._connection.total_changes
        elif statement.startswith("COMMIT"):
            self.rows.append(self._connection.total_changes - self._changes)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Counting]:
    opened = Counting(tmp_path / FILE_NAME)
    yield opened
    opened.close()


@pytest.fixture
def memory(database: Counting) -> SqliteMemory:
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    return memory


def read(memory: SqliteMemory, *entries: ListEntry, at: datetime = NOW) -> frozenset[str]:
    fetched = Fetched(entries=entries, declared=len(entries))
    return save_reading(memory.snapshots, LIST, members_of(LIST, entries), fetched, at).new


def report(run_id: str, result: Result, started: datetime) -> SyncReport:
    one = ListReport(
        name="mine",
        service="file",
        outcome=ListOutcome.COMPLETE,
        read=1,
        declared=1,
        new=0,
        verdicts=Counter({Verdict.REQUESTED: 1}),
    )
    return sync_report(
        run=SyncRun(run_id=run_id, origin="test", started_at=started),
        result=result,
        lists=(one,),
        requested=(BODY,),
        calls=3,
        duration_s=0.1,
    )


def run(memory: SqliteMemory, run_id: str, result: Result, at: datetime) -> bool:
    done = report(run_id, result, at)
    memory.runs.begin(done.run)
    memory.guard.use(SERVER, run_id)
    is_first = memory.runs.is_first()
    note_end(memory, done, at)
    return is_first


def test_ten_thousand_entries_come_back_equal(memory: SqliteMemory, database: Counting) -> None:
    assert len(read(memory, *MANY)) == 10_000
    assert tuple(memory.snapshots.entries(LIST.source).values()) == MANY
    assert max(database.rows) <= 500


def test_an_equal_reading_writes_no_entry(memory: SqliteMemory, database: Counting) -> None:
    read(memory, *MANY[:2000])
    database.rows.clear()
    read(memory, *MANY[:2000])
    assert sum(database.rows) == 2


def test_entries_that_leave_do_so_in_small_transactions(
    memory: SqliteMemory, database: Counting
) -> None:
    read(memory, *MANY[:1200])
    for days in (0, 8, 9):  # so many at once are held for a week
        read(memory, MANY[0], at=NOW + timedelta(days=days))
    assert tuple(memory.snapshots.entries(LIST.source).values()) == MANY[:1]
    assert max(database.rows) <= 500


def test_another_process_sees_it_all(memory: SqliteMemory, database: Counting) -> None:
    read(memory, *MANY[:10])
    (number,) = database.read("SELECT count(*) FROM entries")[0]
    assert number == 10


def test_the_last_setback_and_success_of_a_list_are_on_record(
    memory: SqliteMemory, database: Counting
) -> None:
    for _ in range(2):
        memory.list_setbacks.save(LIST, ListOutcome.BLOCKED, "403", NOW)
    (row,) = database.read("SELECT * FROM followed")
    assert (row["outcome"], row["why"], row["failures"], row["last_success"]) == (
        "blocked",
        "403",
        2,
        None,
    )
    read(memory, MANY[0])
    (row,) = database.read("SELECT * FROM followed")
    assert (row["outcome"], row["failures"], row["read"]) == ("complete", 0, 1)
    assert row["last_success"] == "2026-11-22T12:00:00.000+00:00"


def test_an_entry_that_is_in_no_snapshot_cannot_be_handled(memory: SqliteMemory) -> None:
    read(memory, MANY[0])
    (member,) = members_of(LIST, [MANY[1]])
    notes = Notes(handled=[Handling(member, Edition(BODY.key, four_k=False))])
    with pytest.raises(StateError, match="FOREIGN KEY"):
        memory.record(notes, [INTENT])
    assert memory.requests.open_intents() == ()


@pytest.mark.parametrize(
    ("again", "since"), [(1396, "2026-01-01"), (4607, None)], ids=["the same", "another title"]
)
def test_new_seasons_are_those_since_a_series_was_acted_on_first(
    memory: SqliteMemory, database: Counting, again: int, since: str | None
) -> None:
    read(memory, MANY[0])
    (member,) = members_of(LIST, [MANY[0]])
    for tmdb, rule in ((1396, "first"), (again, "all")):
        title = Edition(TitleKey(MediaType.TV, tmdb), four_k=False)
        memory.record(Notes(handled=[Handling(member, title, HandledSeasons(rule, "1"))]))
        if rule == "first":
            with database.write() as connection:
                connection.execute("UPDATE handled SET at = '2026-01-01T00:00:00.000+00:00'")
    (day,) = memory.handled.series_to_watch(datetime.now(UTC)).values()
    assert day == (date.fromisoformat(since) if since else datetime.now(UTC).date())


def test_a_request_is_on_record_with_its_provenance(
    memory: SqliteMemory, database: Counting
) -> None:
    answered = RequestResponse(kind=ResponseKind.REQUESTED, detail="waits", request_id=7)
    memory.record(Notes(sent=[Sent("run-1", "Film 1", ("mine", "Ä"), BODY, answered)]))
    (row,) = database.read("SELECT * FROM requests")
    assert (row["run"], row["label"], json.loads(row["lists"])) == (
        "run-1",
        "Film 1",
        ["mine", "Ä"],
    )
    assert (row["answer"], row["detail"], row["request_id"]) == ("requested", "waits", 7)


def test_other_tools_see_the_requests_with_their_imdb_ids(
    memory: SqliteMemory, database: Counting
) -> None:
    read(memory, MANY[0])
    (member,) = members_of(LIST, [MANY[0]])
    answered = RequestResponse(kind=ResponseKind.REQUESTED)
    handling = Handling(member, Edition(BODY.key, four_k=False))
    memory.record(
        Notes(handled=[handling], sent=[Sent("run-1", "Film 1", ("mine",), BODY, answered)])
    )
    (row,) = database.read("SELECT title, media_type, imdb_id, overseerr_id FROM synced_items")
    assert tuple(row) == ("Film 1", "movie", "tt0000001", 1)


def test_a_run_is_on_record(memory: SqliteMemory, database: Counting) -> None:
    run(memory, "run-1", Result.OK, NOW)
    (row,) = database.read("SELECT * FROM runs")
    assert (row["result"], row["requested"], row["calls"]) == ("ok", 1, 3)
    assert json.loads(row["lists"]) == {"mine": {"outcome": "complete", "requested": 1}}


def test_runs_of_more_than_thirty_days_ago_go(memory: SqliteMemory, database: Counting) -> None:
    run(memory, "old", Result.OK, NOW - timedelta(days=31))
    run(memory, "recent", Result.FAILED, NOW - timedelta(days=29))
    run(memory, "new", Result.OK, NOW)
    names = {row["id"] for row in database.read("SELECT id FROM runs")}
    assert names == {"recent", "new"}


def test_the_last_run_that_ended_well_stays_however_old(memory: SqliteMemory) -> None:
    run(memory, "good", Result.OK, NOW - timedelta(days=99))
    run(memory, "failed long ago", Result.FAILED, NOW - timedelta(days=50))
    run(memory, "failed", Result.FAILED, NOW - timedelta(days=1))
    assert run(memory, "next", Result.FAILED, NOW) is False


def test_a_full_disk_writes_neither_notes_nor_intent(
    memory: SqliteMemory, database: Counting
) -> None:
    pages = database.read("PRAGMA page_count")[0][0]
    database.read(f"PRAGMA max_page_count = {pages}")
    answered = RequestResponse(kind=ResponseKind.REQUESTED, detail="x" * 200_000)
    with pytest.raises(StateError, match="full"):
        memory.record(Notes(sent=[Sent("run-1", "Film 1", (), BODY, answered)]), [INTENT])
    assert memory.requests.open_intents() == ()
    assert database.read("SELECT * FROM requests") == []
