from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice, ItemRow, ListRow, RunRow
from listsync.domain.lists import ListEntry, ListOutcome
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey, parse_exclusion
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin
from listsync.domain.report import ListReport, Result, SyncRun, Verdict
from listsync.domain.run_messages import findings_of_end
from listsync.domain.run_notes import FailedRequest, Handling, Notes, Sent
from listsync.domain.server import Asking, RequestBody, RequestResponse, ResponseKind
from listsync.errors import StateError
from listsync.store import database as database_module
from listsync.store import server_requests
from listsync.store.database import FILE_NAME, Database
from listsync.store.key_value import Doubt, load_doubt, note_doubt
from listsync.store.state import SqliteAgentState, SqliteMemory
from listsync.sync.deduplication import members_of
from listsync.sync.list_backoff import put_off
from listsync.sync.run_recorder import note_end
from listsync.sync.titles.lookups import lookup_of_entry
from tests.builders import sync_report
from tests.fakes import SERVER
from tests.integration.store.conftest import OldDatabase
from tests.integration.store.state import AT, StateFile, rules

_SECOND = timedelta(seconds=1)
_MATRIX, _BAD = TitleKey(MediaType.MOVIE, 603), TitleKey(MediaType.TV, 1396)


def entry(
    title: str,
    rank: int = 1,
    *,
    imdb: str | None = None,
    tmdb: int | None = None,
    tvdb: int | None = None,
) -> ListEntry:
    return ListEntry(rank=rank, title=title, ids=ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb))


def a_list(name: str) -> ListReport:
    return ListReport(
        name=name,
        service="file",
        outcome=ListOutcome.COMPLETE,
        read=1,
        declared=None,
        new=0,
        verdicts={Verdict.ON_HOLD: 1, Verdict.FAILED: 0},
        departed={Verdict.CANCELLED: 2},
    )


class World(StateFile):
    """A state file, and short ways to write down in it what syncs do."""

    def match(self, one: ListEntry, found: Found, key: TitleKey | None = None) -> None:
        """Note what an entry was taken for."""
        lookup = lookup_of_entry(one)
        assert lookup is not None
        match = Match(found=found, how=How.TITLE, key=key, title="x")
        self.memory.record(Notes(matches={lookup: match}))

    def seek(self, name: str, one: ListEntry) -> str:
        """Note for which lookup an entry of list *name* is sought; returns it."""
        lookup = lookup_of_entry(one)
        assert lookup is not None
        members = tuple(members_of(rules(name), [one]))
        self.memory.record(Notes(seekers={lookup: members}))
        return lookup

    def handle(
        self,
        name: str,
        one: ListEntry,
        key: TitleKey,
        *,
        answer: ResponseKind | None = None,
        four_k: bool = False,
        run_id: str = "r",
    ) -> None:
        """Note that an entry was acted on; with *answer*: by a request."""
        (member,) = members_of(rules(name, four_k=four_k), [one])
        notes = Notes(handled=[Handling(member, Edition(key, four_k))])
        if answer is not None:
            notes.sent.append(
                Sent(
                    run_id=run_id,
                    label=one.label,
                    lists=(name,),
                    body=RequestBody(key=key, four_k=four_k, seasons=(1, 2)),
                    answered=RequestResponse(kind=answer, detail="as said"),
                )
            )
        self.memory.record(notes)

    def run(
        self,
        run_id: str,
        at: datetime = AT,
        *,
        ends: bool = True,
        lists: Sequence[str] = (),
        result: Result = Result.PARTLY,
        **more: Any,
    ) -> SyncRun:
        run = SyncRun(run_id=run_id, origin="test", started_at=at)
        self.memory.runs.begin(run)
        if ends:
            report = sync_report(
                run=run,
                result=result,
                why="a list is down",
                lists=tuple(a_list(name) for name in lists),
                calls=3,
                duration_s=1.0,
                **more,
            )
            note_end(self.memory, report, at + _SECOND)
        return run

    def items(
        self, query: str = "", *, list_name: str | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[ItemRow, ...]:
        _, found, _ = self.state.items.page(
            query, list_name=list_name, limit=limit, skip=offset, lookup_of=lookup_of_entry
        )
        return found

    def titles(self, query: str, *, list_name: str | None = None) -> list[str]:
        return [row.title for row in self.items(query, list_name=list_name)]

    def forget(self, item: str) -> int:
        return self.state.exclusions.forget(item, parse_exclusion(item))

    def count(self, table: str) -> int:
        return int(self.database.read(f"SELECT count(*) FROM {table}")[0][0])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / FILE_NAME)
    yield world
    world.database.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqliteAgentState]:
    """Give books in which nothing was ever written, not even a server."""
    database = Database(tmp_path / "empty.db")
    yield SqliteAgentState(database)
    database.close()


# -- nothing noted yet -------------------------------------------------------------------------


def test_new_books_tell_nothing(empty: SqliteAgentState) -> None:
    assert empty.runs.page(limit=10).rows == ()
    assert empty.runs.find("abc") is None
    assert empty.items.page("", list_name=None, limit=10, lookup_of=lookup_of_entry) == (
        0,
        (),
        None,
    )
    assert empty.lists.all() == ()
    assert empty.exclusions.all() == ()


def test_of_new_books_nothing_can_be_forgotten(empty: SqliteAgentState) -> None:
    assert empty.exclusions.forget("tmdb:movie/603", parse_exclusion("tmdb:movie/603")) == 0
    assert empty.exclusions.forget_all() == 0


# -- runs --------------------------------------------------------------------------------------


def test_a_run_is_told_as_it_went(world: World) -> None:
    world.run("abc")
    assert world.state.runs.page(limit=1).rows == (
        RunRow(
            run_id="abc",
            origin="test",
            started_at=AT,
            ended_at=AT + _SECOND,
            result="partly",
            why="a list is down",
            message="0 requested, 0 already there, 0 to review",
            requested=0,
            calls=3,
        ),
    )


def test_a_run_without_an_end_is_told_so(world: World) -> None:
    world.run("abc", ends=False)
    (row,) = world.state.runs.page(limit=1).rows
    assert (row.ended_at, row.result, row.message, row.calls) == (None, None, "", 0)


def test_runs_come_newest_first_in_pages(world: World) -> None:
    for number in range(5):
        world.run(f"r{number}", AT + number * _SECOND)
    assert [row.run_id for row in world.state.runs.page(limit=2).rows] == ["r4", "r3"]
    assert [row.run_id for row in world.state.runs.page(limit=2, skip=4).rows] == ["r0"]


@pytest.mark.parametrize(
    ("run_id", "found"),
    [
        pytest.param("abc1", "abc1", id="whole"),
        pytest.param("abc1" + "2", None, id="longer"),
        pytest.param("x", "xyz", id="a-beginning"),
        pytest.param("ab", None, id="of-two"),
        pytest.param("q", None, id="of-none"),
        pytest.param("yz", None, id="an-end"),
        pytest.param("%", None, id="percent"),
        pytest.param("___", None, id="underscores"),
    ],
)
def test_a_run_is_found_by_the_beginning_of_its_id(
    world: World, run_id: str, found: str | None
) -> None:
    for name in ("abc1", "abc2", "xyz"):
        world.run(name)
    one = world.state.runs.find(run_id)
    assert (one.run_id if one else None) == found


def test_a_run_is_told_with_its_requests_in_order(world: World) -> None:
    world.run("abc")
    one, two = entry("The Matrix", tmdb=603), entry("Breaking Bad", 2, tvdb=81189)
    world.read("mine", one, two)
    world.handle("mine", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id="abc")
    world.handle("mine", two, _BAD, answer=ResponseKind.REQUESTED, run_id="abc")
    world.handle("mine", two, _BAD, answer=ResponseKind.REQUESTED, run_id="another")
    found = world.state.requests.of_run("abc", limit=9).rows
    assert [one.title for one in found] == ["The Matrix", "Breaking Bad"]
    first = found[0]
    assert (first.key, first.four_k, first.seasons) == (_MATRIX, False, (1, 2))
    assert (first.lists, first.answer, first.detail) == (
        ("mine",),
        ResponseKind.REQUESTED.value,
        "as said",
    )


def test_a_run_is_told_with_the_requests_that_it_cancelled(world: World) -> None:
    run = world.run("abc")
    one = entry("The Matrix", tmdb=603)
    world.read("mine", one)
    world.handle("mine", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id="before")
    for _ in range(2):
        world.read("mine")
    (departure,) = world.memory.departures.load()
    departure = replace(departure, label="Matrix, as its list calls it")
    world.memory.departures.settle(departure, run, cancelled=True)
    found = world.state.requests.of_run("abc", limit=9).rows
    told = [(one.title, one.answer, one.lists) for one in found]
    assert told == [("The Matrix", ResponseKind.CANCELLED.value, ("mine",))]


def test_all_the_requests_of_a_run_are_told_page_by_page(world: World) -> None:
    world.run("abc")
    one = entry("The Matrix", tmdb=603)
    world.read("mine", one)
    for number in range(5):
        answer = (ResponseKind.REQUESTED, ResponseKind.COVERED)[number % 2]
        world.handle("mine", one, _MATRIX, answer=answer, run_id="abc")
    pages = [world.state.requests.of_run("abc", limit=2)]
    while pages[-1].last:
        pages.append(world.state.requests.of_run("abc", limit=2, after=pages[-1].last))
    assert [len(page.rows) for page in pages] == [2, 2, 1]
    assert [page.total for page in pages] == [5, None, None]
    assert [one.answer for page in pages for one in page.rows][:2] == ["requested", "covered"]
    assert world.state.requests.of_run("abc", limit=9, after=(0,), skip=3).rows == (
        *pages[1].rows[1:],
        *pages[2].rows,
    )


_FAILED = RunRow(
    run_id="abc",
    origin="schedule",
    started_at=AT,
    ended_at=AT + _SECOND,
    result="failed",
    why="the disk is full",
    message="Sync failed: the disk is full",
)


@pytest.mark.parametrize("began", [True, False], ids=["in-the-middle", "before-it-began"])
def test_a_run_that_broke_off_is_kept_with_its_reason(world: World, *, began: bool) -> None:
    if began:
        world.run("abc", ends=False)
    world.state.runs.note_end(_FAILED, findings_of_end(_FAILED, passes=False))
    (row,) = world.state.runs.page(limit=9).rows
    assert replace(row, origin="schedule") == _FAILED


def test_a_run_that_came_to_its_own_end_keeps_that(world: World) -> None:
    world.run("abc")
    world.state.runs.note_end(_FAILED, findings_of_end(_FAILED, passes=False))
    (row,) = world.state.runs.page(limit=9).rows
    assert (row.result, row.why) == ("partly", "a list is down")


def test_the_server_that_was_reached_last_is_known(world: World) -> None:
    assert world.state.server.last() == (SERVER.product.value, SERVER.version)


def test_a_server_is_not_known_before_one_was_reached(empty: SqliteAgentState) -> None:
    assert empty.server.last() is None


def test_runs_that_were_cut_off_are_closed(world: World) -> None:
    world.run("done")
    world.run("cut", AT + _SECOND, ends=False)
    world.state.runs.close_cut_off(AT + 9 * _SECOND)
    cut, done = world.state.runs.page(limit=2).rows
    assert (cut.result, cut.ended_at) == ("cut_off", AT + 9 * _SECOND)
    assert cut.message == "cut off: the process ended"
    assert (done.result, done.ended_at) == ("partly", AT + _SECOND)


def test_how_a_run_really_ended_counts_though_it_was_said_to_be_cut_off(world: World) -> None:
    world.run("full", ends=False)
    world.state.runs.close_cut_off(AT + _SECOND)
    cut = world.state.runs.find("full")
    assert cut is not None
    ended = replace(cut, result="ok", message="3 requested", ended_at=AT + 2 * _SECOND)
    world.state.runs.note_end(ended, findings_of_end(ended, passes=False))
    assert world.state.runs.find("full") == ended


# -- notices ---------------------------------------------------------------------------------


def held(list_name: str | None = "mine") -> Notice:
    return Notice(kind=NoticeKind.ON_HOLD, text="148 titles on hold", list_name=list_name)


def test_nothing_stands_in_the_way_before_the_first_run(empty: SqliteAgentState) -> None:
    assert empty.notices.open(Origin.SYNC) == ()


def test_what_a_run_says_stands_after_a_restart(world: World, tmp_path: Path) -> None:
    world.run("abc", lists=["mine"], notices=(held(),))
    again = Database(tmp_path / FILE_NAME)
    found = SqliteAgentState(again).notices.open(Origin.SYNC)
    again.close()
    assert found == (NoticeRecord(notice=held(), since=AT + _SECOND, run_id="abc"),)


def test_what_stands_is_lifted_by_a_run_that_looked_and_by_no_other(world: World) -> None:
    world.run("r1", lists=["mine"], notices=(held(),))
    world.run("r2", AT + _SECOND, lists=["other"])
    world.run("r3", AT + 2 * _SECOND, lists=["mine"], is_whole=False)
    world.run("r4", AT + 3 * _SECOND, ends=False)
    assert [one.run_id for one in world.state.notices.open(Origin.SYNC)] == ["r1"]
    world.run("r5", AT + 4 * _SECOND, lists=["mine"])
    assert world.state.notices.open(Origin.SYNC) == ()


def test_a_run_is_told_with_its_own_notices_and_counts(world: World) -> None:
    world.run("r1", lists=["mine"], notices=(held(),))
    world.run("r2", AT + _SECOND, lists=["other", "another"], notices=(held(None),))
    newer, older = world.state.runs.page(limit=2).rows
    assert (older.notices, newer.notices) == ((held(),), (held(None),))
    assert newer.counts == {Verdict.ON_HOLD: 2, Verdict.CANCELLED: 4}


# -- items: what is told -----------------------------------------------------------------------


def test_an_entry_nobody_looked_at_is_new(world: World) -> None:
    alien = entry("Alien", imdb="tt0078748")
    world.read("mine", alien)
    item = ItemRow(title="Alien", list_name="mine", status="new", at=AT, entry=alien)
    assert [one._replace(place=()) for one in world.items()] == [item]


@pytest.mark.parametrize(
    ("found", "key", "status"),
    [
        pytest.param(Found.REVIEW, None, "review", id="review"),
        pytest.param(Found.NOT_FOUND, None, "not_found", id="not-found"),
        pytest.param(Found.FOUND, _MATRIX, "open", id="found-but-not-acted-on"),
    ],
)
@pytest.mark.parametrize(
    "one",
    [
        entry("The Matrix"),
        entry("The Matrix", imdb="tt0133093"),
        entry("The Matrix", tvdb=81189),
        entry("The Matrix", tmdb=603),
    ],
    ids=["by-title", "by-imdb", "by-tvdb", "by-tmdb-without-kind"],
)
def test_how_far_an_entry_got_is_told(
    world: World, one: ListEntry, found: Found, key: TitleKey | None, status: str
) -> None:
    world.read("mine", one)
    world.match(one, found, key)
    assert [row.status for row in world.items()] == [status]


def test_an_entry_that_names_its_title_itself_is_new_until_it_is_handled(world: World) -> None:
    one = ListEntry(rank=1, title="x", kind=MediaType.MOVIE, ids=ExternalIds(tmdb=603))
    world.read("mine", one)
    assert [row.status for row in world.items()] == ["new"]
    world.handle("mine", one, _MATRIX)
    assert [row.status for row in world.items()] == ["handled"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, "handled"),
        (ResponseKind.REQUESTED, ResponseKind.REQUESTED.value),
    ],
    ids=["was-there-already", "requested"],
)
def test_what_became_of_a_handled_entry_is_told(
    world: World, answer: ResponseKind | None, status: str
) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX, answer=answer)
    (row,) = world.items()
    assert (row.status, row.key) == (status, _MATRIX)
    assert row.at > AT


def test_the_last_answer_counts(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    first, last = ResponseKind.REQUESTED, list(ResponseKind)[-1]
    assert first is not last
    world.read("mine", one)
    world.handle("mine", one, _MATRIX, answer=first)
    world.handle("mine", one, _MATRIX, answer=last)
    assert [row.status for row in world.items()] == [last.value]


def test_an_entry_that_was_handled_in_both_editions_is_told_once(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    world.handle("mine", one, _MATRIX, four_k=True)
    total, found, _ = world.state.items.page(
        "", list_name=None, limit=10, lookup_of=lookup_of_entry
    )
    assert (total, len(found)) == (1, 1)


def test_what_was_done_at_another_server_is_not_told(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    world.memory.guard.use(replace(SERVER, identity="another"))
    with world.database.write() as connection:
        connection.execute("UPDATE servers SET last_seen = '2000' WHERE identity = 'fake-1'")
    assert [row.status for row in world.items()] == ["new"]


def test_an_entry_that_was_handled_at_two_servers_is_told_once(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    world.memory.guard.use(replace(SERVER, identity="another"))
    world.handle("mine", one, _MATRIX)
    assert len(world.items()) == 1


def test_an_entry_that_was_missing_in_the_last_reading_is_not_told(world: World) -> None:
    world.read("mine", entry("Alien"), entry("The Matrix", 2))
    world.read("mine", entry("Alien"))
    assert world.titles("") == ["Alien"]


# -- who brought what --------------------------------------------------------------------------


def test_an_item_is_told_with_the_last_request_for_it(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one, entry("Alien", 2))
    world.handle("mine", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id="first")
    world.handle("mine", one, _MATRIX, answer=ResponseKind.COVERED, run_id="last")
    matrix, alien = world.items()
    assert matrix.request is not None
    assert (matrix.request.run_id, matrix.request.lists) == ("last", ("mine",))
    assert alien.request is None


def test_as_whom_it_was_asked_for_is_told(world: World) -> None:
    body = RequestBody(key=_MATRIX, four_k=False, asking=Asking(user="family"))
    for run_id, one in (("r1", body), ("r2", replace(body, asking=Asking()))):
        world.run(run_id)
        answered = RequestResponse(kind=ResponseKind.REQUESTED)
        world.memory.record(Notes(sent=[Sent(run_id, "x", ("mine",), one, answered)]))
    told = [world.state.requests.of_run(run_id, limit=1).rows[0] for run_id in ("r1", "r2")]
    assert [one.requested_as for one in told] == ["family", None]


def test_the_entries_of_a_list_are_counted_by_status(world: World) -> None:
    films = [entry(title, rank) for rank, title in enumerate("ABCDEFG", start=1)]
    world.read("mine", *films)
    world.read("other", entry("Z"))
    world.handle("mine", films[0], _MATRIX, four_k=True, answer=ResponseKind.REQUESTED)
    world.handle("mine", films[1], _BAD)
    for one, found in zip(films[2:5], (Found.REVIEW, Found.REVIEW, Found.FOUND), strict=True):
        world.match(one, found, _BAD if found is Found.FOUND else None)
        world.seek("mine", one)
    world.state.reviews.choose(world.seek("mine", films[3]), Choice(None, "", AT))
    world.state.reviews.choose(world.seek("mine", films[5]), Choice(_BAD, "", AT))
    counts = world.state.items.counts("mine")
    assert next(iter(counts.items())) == ("open", 2)
    assert counts == {
        "open": 2,
        "requested": 1,
        "handled": 1,
        "review": 1,
        "rejected": 1,
        "new": 1,
    }
    assert Counter(row.status for row in world.items(list_name="mine")) == counts
    assert world.state.items.counts("nix") == {}


def test_the_latest_requests_that_a_list_wanted_are_told(world: World) -> None:
    one = entry("The Matrix", tmdb=603)
    for name in ("mine", "other"):
        world.read(name, one)
    for number in range(4):
        world.handle("mine", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id=f"r{number}")
    world.handle("other", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id="o")
    found = world.state.requests.for_list("mine", limit=3)
    assert [row.run_id for row in found.rows] == ["r3", "r2", "r1"]
    assert world.state.requests.for_list("min", limit=3) == (0, (), None)


def test_all_the_requests_that_a_list_wanted_are_told_page_by_page(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    for number in range(5):
        name = "other" if number == 2 else "mine"
        world.handle(name, one, _MATRIX, answer=ResponseKind.REQUESTED, run_id=f"r{number}")
    first = world.state.requests.for_list("mine", limit=2)
    second = world.state.requests.for_list("mine", limit=2, after=first.last)
    assert (first.total, second.total, second.last) == (4, None, None)
    told = [row.run_id for page in (first, second) for row in page.rows]
    assert told == ["r4", "r3", "r1", "r0"]
    (skipped,) = world.state.requests.for_list("mine", limit=9, skip=3).rows
    assert skipped.run_id == "r0"


def test_all_the_requests_of_a_title_are_told_page_by_page(world: World) -> None:
    one, bad = entry("The Matrix", imdb="tt0133093"), entry("Breaking Bad", 2)
    for number in range(5):
        title, key = (bad, _BAD) if number == 2 else (one, _MATRIX)
        world.handle("mine", title, key, answer=ResponseKind.REQUESTED, run_id=f"r{number}")
    first = world.state.requests.for_title(_MATRIX, limit=3)
    second = world.state.requests.for_title(_MATRIX, limit=3, after=first.last)
    assert (first.total, second.last) == (4, None)
    told = [row.run_id for page in (first, second) for row in page.rows]
    assert told == ["r4", "r3", "r1", "r0"]
    whole = world.state.requests.latest(limit=3)
    assert (whole.total, [row.run_id for row in whole.rows]) == (5, ["r4", "r3", "r2"])


def test_a_page_of_all_requests_costs_the_same_however_many_there_are(world: World) -> None:
    answered = RequestResponse(kind=ResponseKind.REQUESTED)
    body = RequestBody(key=_MATRIX, four_k=False)

    def steps_with(count: int) -> int:
        world.memory.record(Notes(sent=[Sent("r", "x", ("mine",), body, answered)] * count))
        with steps_of(world.database) as steps:
            page = world.state.requests.latest(limit=50)
        assert (len(page.rows), page.total) == (50, count if count == 100 else 2_100)
        return len(steps)

    assert steps_with(100) * 2 > steps_with(2_000)


# -- items: what is looked for -----------------------------------------------------------------


@pytest.fixture
def shelf(world: World) -> World:
    matrix = ListEntry(
        rank=1,
        title="The Matrix",
        original_title="La Matrice",
        year=1999,
        ids=ExternalIds(imdb="tt0133093", tmdb=603),
    )
    world.read("films", matrix, entry("100% Wolf", 2), entry("1000 Wolves", 3))
    world.read("shows", entry("A_B", tvdb=81189), entry("AxB", 2), entry("C\\D", 3))
    world.handle("films", matrix, _MATRIX)
    return world


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        pytest.param("matrix", ["The Matrix (1999)"], id="part-of-a-title"),
        pytest.param("MATRICE", ["The Matrix (1999)"], id="part-of-the-original-title"),
        pytest.param("tt0133093", ["The Matrix (1999)"], id="imdb"),
        pytest.param("603", ["The Matrix (1999)"], id="tmdb"),
        pytest.param("81189", ["A_B"], id="tvdb"),
        pytest.param("movie/603", ["The Matrix (1999)"], id="what-it-was-taken-for"),
        pytest.param("tv/603", [], id="another-kind"),
        pytest.param("tt01330", [], id="part-of-an-id"),
        pytest.param("100%", ["100% Wolf"], id="percent"),
        pytest.param("%", ["100% Wolf"], id="percent-alone"),
        pytest.param("A_", ["A_B"], id="underscore"),
        pytest.param("_", ["A_B"], id="underscore-alone"),
        pytest.param("\\", ["C\\D"], id="backslash"),
        pytest.param("' OR 1=1 --", [], id="quotes"),
        pytest.param("nothing", [], id="nothing"),
    ],
)
def test_items_are_found(shelf: World, query: str, titles: list[str]) -> None:
    assert shelf.titles(query) == titles


def test_items_of_one_list_are_found(shelf: World) -> None:
    assert shelf.titles("", list_name="shows") == ["A_B", "AxB", "C\\D"]
    assert shelf.titles("matrix", list_name="shows") == []
    assert shelf.titles("", list_name="sho%") == []


def test_items_come_in_the_order_of_their_lists(shelf: World) -> None:
    assert shelf.titles("")[:4] == ["The Matrix (1999)", "100% Wolf", "1000 Wolves", "A_B"]


def test_a_page_that_goes_on_and_finds_nothing_does_not_say_that_there_is_nothing(
    world: World,
) -> None:
    world.read("mine", entry("A", 1), entry("B", 2))
    first = world.state.items.page("", list_name=None, limit=1, lookup_of=lookup_of_entry)
    with world.database.write() as connection:
        connection.execute("DELETE FROM entries WHERE title = 'B'")
    after = first.last
    assert after is not None
    page = world.state.items.page(
        "", list_name=None, limit=1, after=after, lookup_of=lookup_of_entry
    )
    assert page == (None, (), None)


def test_items_come_in_pages_and_are_counted_whole(shelf: World) -> None:
    total, found, _ = shelf.state.items.page(
        "", list_name=None, limit=2, skip=3, lookup_of=lookup_of_entry
    )
    assert (total, [row.title for row in found]) == (6, ["A_B", "AxB"])


def test_ten_thousand_items_are_paged(world: World) -> None:
    many = [entry(f"Film {number}", number) for number in range(1, 10_001)]
    world.read("many", *many)
    total, found, _ = world.state.items.page(
        "film", list_name=None, limit=3, skip=9_998, lookup_of=lookup_of_entry
    )
    assert (total, [row.title for row in found]) == (10_000, ["Film 9999", "Film 10000"])


@contextmanager
def steps_of(database: Database) -> Iterator[list[None]]:
    """Count the steps of SQLite in the block, in hundreds."""
    steps: list[None] = []
    database._connection.set_progress_handler(lambda: steps.append(None), 100)
    yield steps
    database._connection.set_progress_handler(None, 100)


def test_a_page_costs_the_same_wherever_it_is(world: World) -> None:
    world.read("many", *(entry(f"Film {number}", number) for number in range(1, 3_001)))
    items = world.state.items

    def steps_after(skip: int) -> int:
        """Count the steps for the page after so many rows."""
        before = items.page("", list_name=None, limit=1, skip=skip - 1, lookup_of=lookup_of_entry)
        with steps_of(world.database) as steps:
            page = items.page(
                "", list_name=None, limit=50, after=before.last, lookup_of=lookup_of_entry
            )
        assert [row.title for row in page.rows[:1]] == [f"Film {skip + 1}"]
        return len(steps)

    assert steps_after(2_900) < 2 * steps_after(1)


# -- lists -------------------------------------------------------------------------------------


def test_a_list_that_was_read_is_told(world: World) -> None:
    world.read("mine", entry("Alien"))
    assert world.state.lists.all() == (
        ListRow(
            source="file:/mine",
            name="mine",
            service="file",
            outcome="complete",
            why="",
            last_try=AT,
            last_success=AT,
            read=1,
            declared=1,
            failures=0,
        ),
    )


def test_a_list_that_could_not_be_read_keeps_what_it_had(world: World) -> None:
    world.read("mine", entry("Alien"))
    later = AT + timedelta(days=1)
    for _ in range(2):
        world.memory.list_setbacks.save(rules("mine"), ListOutcome.UNAVAILABLE, "no answer", later)
    (row,) = world.state.lists.all()
    assert (row.outcome, row.why, row.failures) == ("unavailable", "no answer", 2)
    assert (row.last_try, row.last_success, row.read) == (later, AT, 1)


def test_a_list_that_was_never_read_well_has_no_success(world: World) -> None:
    world.memory.list_setbacks.save(rules("mine"), ListOutcome.NOT_FOUND, "404", AT)
    (row,) = world.state.lists.all()
    assert (row.last_success, row.declared) == (None, None)


# -- exclude -----------------------------------------------------------------------------------


def test_what_is_excluded_is_kept_once(world: World) -> None:
    for item in ("tvdb:81189", "tmdb:movie/603", "tvdb:81189"):
        world.state.exclusions.add(item, AT)
    assert set(world.state.exclusions.all()) == {"tvdb:81189", "tmdb:movie/603"}
    assert len(world.state.exclusions.all()) == 2


def test_an_exclusion_is_undone_by_forgetting_it(world: World) -> None:
    world.state.exclusions.add("tvdb:81189", AT)
    world.state.exclusions.add("tmdb:movie/603", AT)
    assert world.forget("tvdb:81189") == 1
    assert world.state.exclusions.all() == ("tmdb:movie/603",)


# -- forget ------------------------------------------------------------------------------------


def test_a_title_is_forgotten_by_its_tmdb_number_in_every_list(world: World) -> None:
    one, other = entry("The Matrix", imdb="tt0133093"), entry("Alien", 2)
    for name in ("mine", "theirs"):
        world.read(name, one, other)
        world.handle(name, one, _MATRIX)
        world.handle(name, other, TitleKey(MediaType.MOVIE, 348))
    world.match(one, Found.FOUND, _MATRIX)
    assert world.forget("tmdb:movie/603") == 3
    assert [row.status for row in world.items("matrix")] == ["new", "new"]
    assert [row.status for row in world.items("alien")] == ["handled", "handled"]


def test_the_number_of_the_other_kind_is_another_title(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    assert world.forget("tmdb:tv/603") == 0


@pytest.mark.parametrize(
    ("item", "one"),
    [
        pytest.param("imdb:tt0133093", entry("The Matrix", imdb="tt0133093"), id="imdb"),
        pytest.param(
            "imdb:tt0133093",
            ListEntry(rank=1, kind=MediaType.MOVIE, ids=ExternalIds(imdb="tt0133093")),
            id="imdb-of-a-film",
        ),
        pytest.param(
            "imdb:tt0133093",
            ListEntry(rank=1, kind=MediaType.TV, ids=ExternalIds(imdb="tt0133093")),
            id="imdb-of-a-series",
        ),
        pytest.param("tvdb:81189", entry("Breaking Bad", tvdb=81189), id="tvdb"),
    ],
)
def test_a_title_is_forgotten_by_an_outer_id(world: World, item: str, one: ListEntry) -> None:
    world.read("mine", one)
    world.match(one, Found.FOUND, _MATRIX)
    world.handle("mine", one, _MATRIX)
    assert world.forget(item) == 2
    assert [row.status for row in world.items()] == ["new"]


def test_a_title_of_an_entry_that_had_the_id_is_forgotten_without_a_match(world: World) -> None:
    one = ListEntry(rank=1, kind=MediaType.MOVIE, ids=ExternalIds(imdb="tt0133093", tmdb=603))
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    assert world.forget("imdb:tt0133093") == 1
    assert world.count("handled") == 0


@pytest.mark.parametrize("found", [Found.NOT_FOUND, Found.REVIEW])
def test_an_id_of_which_nothing_was_made_is_looked_up_anew(world: World, found: Found) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.match(one, found)
    assert world.forget("imdb:tt0133093") == 1
    assert [row.status for row in world.items()] == ["new"]


def test_a_setback_is_forgotten_with_its_title(world: World) -> None:
    one = FailedRequest("no seasons", 1, AT + timedelta(days=1))
    world.memory.record(Notes(failed={(Edition(_BAD, four_k=False), 81189): one}))
    assert world.forget("tmdb:tv/1396") == 1
    assert put_off(world.memory.failed_requests.load(), AT) == {}


def test_what_is_not_known_is_not_forgotten(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.read("mine", one)
    world.handle("mine", one, _MATRIX)
    assert world.forget("imdb:tt0000001") == 0
    assert world.count("handled") == 1


def test_everything_that_was_done_is_forgotten_and_the_past_stays_told(world: World) -> None:
    one = entry("The Matrix", imdb="tt0133093")
    world.run("abc")
    world.read("mine", one)
    world.match(one, Found.FOUND, _MATRIX)
    world.handle("mine", one, _MATRIX, answer=ResponseKind.REQUESTED, run_id="abc")
    world.state.exclusions.add("tvdb:81189", AT)
    assert world.state.exclusions.forget_all() == 2
    assert [row.status for row in world.items()] == ["new"]
    assert world.state.exclusions.all() == ("tvdb:81189",)
    assert len(world.state.requests.of_run("abc", limit=9).rows) == 1


def test_a_kill_while_everything_is_forgotten_leaves_the_state_in_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_doubt(world.database, Doubt.of("a backup was put in its place"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server_requests, "forget_all", killed)
    with pytest.raises(KeyboardInterrupt):
        world.state.exclusions.forget_all()
    assert load_doubt(world.database) is not None
    monkeypatch.undo()
    world.state.exclusions.forget_all()
    assert load_doubt(world.database) is None


# -- trouble and threads -----------------------------------------------------------------------


def test_books_that_cannot_be_written_say_so(world: World) -> None:
    world.database.read("PRAGMA query_only = ON")
    with pytest.raises(StateError, match="cannot write"):
        world.state.exclusions.add("tvdb:81189", AT)


def test_books_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    world = World(tmp_path / FILE_NAME)
    world.database.close()
    with pytest.raises(StateError, match="cannot read"):
        world.items("matrix")


def test_one_may_look_while_another_writes(world: World) -> None:
    many = [entry(f"Film {number}", number) for number in range(1, 201)]
    errors: list[Exception] = []
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                total, found, _ = world.state.items.page(
                    "film", list_name=None, limit=5, lookup_of=lookup_of_entry
                )
                assert len(found) == min(5, total or 0)
        except Exception as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        world.read("many", *many)
        for one in many[:100]:
            world.handle("many", one, _MATRIX)
    finally:
        done.set()
        looking.join()
    assert errors == []
    assert world.count("handled") == 100


def test_nobody_sees_half_a_transaction(world: World) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(len(world.state.exclusions.all()))

    looking = threading.Thread(target=look)
    with world.database.write() as connection:
        connection.execute("INSERT INTO excluded VALUES ('tvdb:1', '')")
        looking.start()
        looking.join(0.05)
        connection.execute("INSERT INTO excluded VALUES ('tvdb:2', '')")
    looking.join()
    assert seen == [2]


# -- a file of the version before --------------------------------------------------------------


@pytest.fixture
def old_file(path: Path, old_database: OldDatabase) -> Path:
    """Make a file of version 1, with two runs in it."""
    with old_database(1) as database, database.write() as connection:
        connection.execute(
            "INSERT INTO servers VALUES (1, 'fake-1', 'Seerr', '3', '2026', '2026')"
        )
        connection.executemany(
            "INSERT INTO runs VALUES (?, 1, 'once', ?, ?, ?, 'why', 4, 9, '{}')",
            [
                ("old", "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00", "ok"),
                ("cut", "2026-01-02T00:00:00+00:00", None, None),
            ],
        )
    return path


def test_the_runs_of_a_file_of_version_1_are_kept(old_file: Path) -> None:
    database = Database(old_file)
    cut, old = SqliteAgentState(database).runs.page(limit=10).rows
    database.close()
    assert (cut.run_id, cut.ended_at) == ("cut", None)
    assert old == RunRow(
        run_id="old",
        origin="once",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        ended_at=datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
        result="ok",
        why="why",
        requested=4,
        calls=9,
    )


def test_the_runs_of_the_version_before_notices_have_none_and_keep_their_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [(number, script) for number, script in database_module._scripts() if number < 11]
    with monkeypatch.context() as patch:
        patch.setattr(database_module, "_scripts", lambda: before)
        database = Database(tmp_path / FILE_NAME)
        lists = '{"mine": {"outcome": "complete", "requested": 3, "skipped": 1}}'
        with database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at, ended_at, result, message, lists)"
                " VALUES ('old', 'once', ?, ?, 'ok', 'as it was', ?)",
                (AT.isoformat(), AT.isoformat(), lists),
            )
        database.close()
    world = World(tmp_path / FILE_NAME)
    (row,) = world.state.runs.page(limit=1).rows
    world.run("new", AT + _SECOND, notices=(held(),))
    standing = [one.run_id for one in world.state.notices.open(Origin.SYNC)]
    world.database.close()
    assert (row.message, row.notices) == ("as it was", ())
    assert row.counts == {Verdict.REQUESTED: 3, Verdict.SKIPPED: 1}
    assert standing == ["new"]


def test_a_file_of_version_1_is_copied_before(old_file: Path) -> None:
    Database(old_file).close()
    (backup,) = old_file.parent.glob("listsync-v1-*.db")
    connection = sqlite3.connect(backup)
    try:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (2,)
    finally:
        connection.close()


def test_a_first_run_after_the_migration_is_no_first_run(old_file: Path) -> None:
    database = Database(old_file)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    assert not memory.runs.is_first()
    database.close()


def test_all_that_is_new_can_be_used_in_a_file_of_version_1(old_file: Path) -> None:
    world = World(old_file)
    world.run("new", datetime(2026, 1, 3, tzinfo=UTC))
    world.state.exclusions.add("tvdb:81189", AT)
    world.state.runs.close_cut_off(AT)
    results = [(row.run_id, row.result) for row in world.state.runs.page(limit=10).rows]
    world.database.close()
    assert results == [("new", "partly"), ("cut", "cut_off"), ("old", "ok")]


def test_a_run_that_was_stopped_before_it_began_can_end(world: World) -> None:
    run = SyncRun(run_id="early", origin="config", started_at=AT)
    note_end(world.memory, sync_report(run, Result.CANCELLED), AT)
    assert world.state.runs.find("early") is None
