"""Which seasons a series is requested for, through whole syncs, at a server that has some of it.

What counts is the seasons wanted against those covered, whatever the status of the series is; and
what was acted on before stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from listsync.domain.list_rules import ALL_SEASONS, Filters, ListRules, Seasons, Span, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition
from listsync.domain.report import SyncReport, Verdict
from listsync.domain.run_notes import HandledSeasons
from listsync.domain.server import ABSENT, MediaStatus, RequestResponse, ResponseKind, TitleState
from listsync.sync.fetch_lists import Followed
from listsync.sync.limits import UNCAPPED, Cap
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from tests.builders import NOON, RUN, TV, entry, rules
from tests.fakes import (
    FakeArrNames,
    FakeFacts,
    FakeList,
    FakeMemory,
    FakeServer,
    a_film,
    a_series,
    whole,
)

BAD = replace(a_series(1396, "Breaking Bad", 2008, tvdb=81189), seasons=(0, 1, 2, 3))
BAD_ENTRY = entry("Breaking Bad", 2008, TV, tmdb=1396)
FIRST = Seasons(which=Which.FIRST)
TODAY = NOON.date()
SOME_OF_IT = [MediaStatus.PENDING, MediaStatus.PROCESSING, MediaStatus.PARTIALLY_AVAILABLE]


def named(*numbers: int) -> Seasons:
    return Seasons(which=Which.NAMED, numbers=frozenset(numbers))


class World:
    """A server with one series (of three seasons and specials), a memory, lists."""

    def __init__(self, *, four_k: bool = False) -> None:
        self.server = FakeServer(BAD, a_film(1396, "Mirror"))
        self.memory = FakeMemory()
        self.four_k = four_k
        self.title = Edition(BAD.key, four_k)
        self.lists: dict[str, tuple[ListRules, Sequence[ListEntry]]] = {}
        self.facts = FakeFacts()
        self.cap: Cap = UNCAPPED

    def follow(
        self,
        seasons: Seasons = ALL_SEASONS,
        name: str = "mine",
        *,
        rows: Sequence[ListEntry] = (BAD_ENTRY,),
        **more: object,
    ) -> World:
        one = replace(rules(name, four_k=self.four_k), seasons=seasons, **more)  # type: ignore[arg-type]  # a test knows them
        self.lists[name] = (one, rows)
        return self

    def sync(self, on: date = TODAY) -> SyncReport:
        parts = Parts(
            lists=[Followed(of, FakeList(whole(*rows))) for of, rows in self.lists.values()],
            exclusions=[],
            server=self.server,
            memory=self.memory,
            board=ProgressBoard(),
            facts=self.facts,
            arr_names=FakeArrNames(),
            cap=self.cap,
        )
        days = on - TODAY
        return sync(replace(RUN, started_at=NOON + days), parts)

    def has(self, *covered: int, status: int, deleted: Sequence[int] = ()) -> World:
        """Let the server have the series so, in the edition that is followed."""
        self.server.covered[self.title] = set(covered)
        self.server.deleted[self.title] = set(deleted)
        before = self.server.states.get(BAD.key, ABSENT)
        state = (before.status, status) if self.four_k else (status, before.status_4k)
        self.server.states[BAD.key] = TitleState(*state)
        return self

    @property
    def looks(self) -> int:
        return self.server.counts["series"]

    @property
    def requested(self) -> list[tuple[int, ...]]:
        assert all(body.four_k is self.four_k for body in self.server.posted)
        return [body.seasons for body in self.server.posted]

    def remembers(self, name: str = "mine") -> set[HandledSeasons]:
        handled = self.memory.handled.load()
        return set(handled.seasons.get((f"file:{name}", self.four_k), {}).values())

    def forget(self) -> None:
        """Do as `forget` does with the series."""
        shelf = self.memory.shelf
        for place in [place for place, title in shelf.handled.items() if title == self.title]:
            del shelf.handled[place], shelf.seasons[place]

    def must_be_steady(self) -> None:
        """Sync once more, which costs two calls and requests nothing."""
        before, requested = self.server.calls, list(self.requested)
        report = self.sync()
        assert self.server.calls - before == 2
        assert self.requested == requested
        assert report.count(Verdict.ALREADY) + report.count(Verdict.HANDLED) > 0


@pytest.fixture(params=[False, True], ids=["standard", "4K"])
def world(request: pytest.FixtureRequest) -> World:
    return World(four_k=request.param)


def test_of_a_row_in_doubt_nothing_is_requested(world: World) -> None:
    doubtful = BAD_ENTRY._replace(rank=2, doubt='the season "latest" is not understood')
    world.follow(rows=[BAD_ENTRY._replace(seasons=(1, 2)), doubtful])
    report = world.sync()
    assert world.requested == [(1, 2)]
    (item,) = [one for one in report.items if one.verdict is Verdict.REVIEW]
    assert "latest" in item.why
    world.sync()
    assert world.requested == [(1, 2)]
    assert world.looks == 1


# A series of which the server has a part


@pytest.mark.parametrize("status", SOME_OF_IT)
@pytest.mark.parametrize(
    ("seasons", "rows", "expected"),
    [
        (ALL_SEASONS, [BAD_ENTRY], (2, 3)),
        (named(3), [BAD_ENTRY], (3,)),
        (ALL_SEASONS, [BAD_ENTRY._replace(seasons=(2,))], (2,)),
        (Seasons(which=Which.LATEST), [BAD_ENTRY], (3,)),
        (named(0, 1), [BAD_ENTRY], (0,)),
    ],
    ids=["all", "[3]", "a row of season 2", "latest", "specials"],
)
def test_what_is_missing_is_requested_beside_a_season_requested_by_hand(
    world: World,
    status: int,
    seasons: Seasons,
    rows: list[ListEntry],
    expected: tuple[int, ...],
) -> None:
    world.has(1, status=status).follow(seasons, rows=rows)
    world.sync()
    assert (world.requested, world.looks) == ([expected], 1)
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
@pytest.mark.parametrize("seasons", [FIRST, named(1)], ids=str)
def test_what_is_covered_is_there_already_and_looked_at_once(
    world: World, status: int, seasons: Seasons
) -> None:
    report = world.has(1, status=status).follow(seasons).sync()
    assert (world.requested, world.looks) == ([], 1)
    assert report.count(Verdict.ALREADY) == 1
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
def test_a_changed_rule_requests_what_it_adds(world: World, status: int) -> None:
    world.follow(FIRST).sync()
    world.has(1, status=status).follow(ALL_SEASONS).sync()
    assert (world.requested, world.looks) == ([(1,), (2, 3)], 2)
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
def test_a_list_that_is_added_later_gets_what_the_first_one_did_not_want(
    world: World, status: int
) -> None:
    world.follow(FIRST).sync()
    world.has(1, status=status).follow(ALL_SEASONS, "other").sync()
    assert (world.requested, world.looks) == ([(1,), (2, 3)], 2)
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
def test_a_row_for_another_season_that_a_file_gains_is_requested(
    world: World, status: int
) -> None:
    second, third = (BAD_ENTRY._replace(seasons=(number,)) for number in (2, 3))
    world.follow(rows=[second]).sync()
    world.has(2, status=status).follow(rows=[second, third]).sync()
    assert (world.requested, world.looks) == ([(2,), (3,)], 2)
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
def test_a_series_that_is_forgotten_while_it_is_fetched_is_looked_at_once(
    world: World, status: int
) -> None:
    world.follow().sync()
    world.has(1, status=status).forget()
    world.sync()
    assert (world.requested, world.looks) == ([(1, 2, 3), (2, 3)], 2)
    world.must_be_steady()


@pytest.mark.parametrize("status", [*SOME_OF_IT, MediaStatus.AVAILABLE])
def test_a_forgotten_series_that_is_whole_is_not_requested(world: World, status: int) -> None:
    world.follow().sync()
    world.has(1, 2, 3, status=status).forget()
    world.sync()
    assert world.requested == [(1, 2, 3)]
    world.must_be_steady()


def test_editions_know_nothing_of_one_another() -> None:
    world = World().follow(FIRST)
    world.sync()
    world.four_k, world.title = True, Edition(BAD.key, four_k=True)
    world.follow(named(1, 2), "in-4k").sync()
    assert [(body.four_k, body.seasons) for body in world.server.posted] == [
        (False, (1,)),
        (True, (1, 2)),
    ]


def test_a_rule_that_changes_looks_once_at_each_series_and_never_again() -> None:
    world = World()
    series = [replace(BAD, key=BAD.key._replace(tmdb_id=number)) for number in range(1, 6)]
    world.server.titles = list(series)
    rows = [entry(kind=TV, tmdb=number, tvdb=number) for number in range(1, 6)]
    world.follow(FIRST, rows=rows).sync()
    world.follow(rows=rows)
    before = world.server.calls
    world.sync()
    # One look and one request a series, beside the two calls of every sync.
    assert world.server.calls - before == 2 + 5 * 2
    assert world.requested == [(1,)] * 5 + [(2, 3)] * 5
    world.must_be_steady()


def test_a_series_that_is_there_whole_costs_no_look_whatever_rule_it_is_met_by() -> None:
    world = World().has(1, 2, 3, status=MediaStatus.AVAILABLE).follow(FIRST)
    world.sync()
    world.follow(ALL_SEASONS).sync()
    world.follow(ALL_SEASONS, "other").sync()
    assert (world.requested, world.looks) == ([], 0)
    world.must_be_steady()


def test_specials_may_be_missing_of_a_series_that_is_there_whole(world: World) -> None:
    world.has(1, 2, 3, status=MediaStatus.AVAILABLE).follow(named(0, 1)).sync()
    assert (world.requested, world.looks) == ([(0,)], 1)
    world.must_be_steady()


# What was deleted or declined stays so


@pytest.mark.parametrize("status", [*SOME_OF_IT, MediaStatus.UNKNOWN])
def test_seasons_that_were_declined_are_not_requested_for_another_list(
    world: World, status: int
) -> None:
    world.follow(FIRST).sync()
    world.follow().sync()
    world.has(1, status=status)  # 2 and 3 were declined, or deleted
    world.follow(ALL_SEASONS, "other").sync()
    world.follow(named(1, 2, 3)).sync()
    assert world.requested == [(1,), (2, 3)]
    world.must_be_steady()


def test_a_series_that_was_declined_whole_stays_so_and_what_was_never_requested_is_new(
    world: World,
) -> None:
    world.follow(FIRST).sync()
    world.has(status=MediaStatus.UNKNOWN)
    world.must_be_steady()
    report = world.follow(FIRST, "other").sync()
    assert world.requested == [(1,)]
    assert report.count(Verdict.HANDLED) == 2
    world.follow(ALL_SEASONS, "third").sync()
    assert world.requested == [(1,), (2, 3)]
    world.must_be_steady()


@pytest.mark.parametrize("status", SOME_OF_IT)
def test_seasons_that_the_server_says_are_deleted_are_never_requested(
    world: World, status: int
) -> None:
    world.has(1, status=status, deleted=[2]).follow().sync()
    assert world.requested == [(3,)]
    world.forget()
    world.has(1, 3, status=status, deleted=[2]).sync()
    assert world.requested == [(3,)]
    world.must_be_steady()


def test_where_all_that_is_wanted_is_deleted_nothing_is_there_already(world: World) -> None:
    world.has(1, status=MediaStatus.PARTIALLY_AVAILABLE, deleted=[2]).follow(named(2))
    report = world.sync()
    assert (world.requested, report.count(Verdict.HANDLED)) == ([], 1)


def test_a_series_that_is_deleted_whole_is_not_looked_at(world: World) -> None:
    world.has(status=MediaStatus.DELETED, deleted=[1, 2, 3]).follow(FIRST).sync()
    world.follow(ALL_SEASONS).sync()
    world.follow(ALL_SEASONS, "other").sync()
    assert (world.requested, world.looks) == ([], 0)
    world.must_be_steady()
    world.has(1, status=MediaStatus.PROCESSING).follow(ALL_SEASONS, "third").sync()
    assert world.requested == []


def test_what_was_there_whole_and_was_deleted_in_part_is_not_brought_back(world: World) -> None:
    world.has(1, 2, 3, status=MediaStatus.AVAILABLE).follow(FIRST).sync()
    world.has(1, 3, status=MediaStatus.PARTIALLY_AVAILABLE)
    world.follow(ALL_SEASONS).sync()
    world.follow(ALL_SEASONS, "other").sync()
    assert world.requested == []
    world.must_be_steady()


def test_what_is_acted_on_is_remembered_by_season_and_rule(world: World) -> None:
    world.has(1, status=MediaStatus.PROCESSING).follow().sync()
    assert world.remembers() == {HandledSeasons("all", "1,2,3")}
    world.follow(named(0, 1, 9)).sync()
    assert world.remembers() == {HandledSeasons("0,1,9", "0,1,2,3")}


# Lists that may not ask


def test_an_entry_whose_list_was_held_back_stays_open(world: World) -> None:
    world.follow(FIRST).follow(ALL_SEASONS, "capped", max_per_run=0).sync()
    assert world.requested == [(1,)]
    assert world.remembers("capped") == set()
    world.follow(ALL_SEASONS, "capped").sync()
    assert world.requested == [(1,), (2, 3)]
    world.must_be_steady()


def test_an_entry_whose_list_was_held_back_is_handled_where_nothing_is_missing_for_it(
    world: World,
) -> None:
    world.follow(ALL_SEASONS).follow(FIRST, "capped", max_per_run=0).sync()
    assert world.remembers("capped") == {HandledSeasons("first", "1")}
    world.must_be_steady()


def test_a_filter_does_not_hide_that_a_series_is_there(world: World) -> None:
    old = Filters(year=Span(None, 1990))
    world.follow(FIRST).follow(ALL_SEASONS, "old", filters=old).sync()
    report = world.sync()
    assert world.requested == [(1,)]
    assert report.count(Verdict.ALREADY) == 2
    world.must_be_steady()


def test_a_refused_request_is_tried_again(world: World) -> None:
    world.follow(FIRST).sync()
    world.server.on("request", RequestResponse(kind=ResponseKind.QUOTA, detail="used up"))
    world.follow(ALL_SEASONS).sync()
    assert world.remembers() == {HandledSeasons("first", "1")}
    world.sync()
    assert world.requested == [(1,), (2, 3), (2, 3)]
    world.must_be_steady()


def test_a_list_that_is_followed_twice_is_acted_on_by_both_its_rules(world: World) -> None:
    world.follow(FIRST).follow(ALL_SEASONS, "twice")
    once, rows = world.lists["twice"]
    world.lists["twice"] = (replace(once, source="file:mine"), rows)
    world.sync()
    assert world.requested == [(1, 2, 3)]
    assert world.remembers() == {HandledSeasons("all|first", "1,2,3")}
    world.must_be_steady()


# New seasons


def test_a_season_that_airs_on_the_very_day_of_handling_is_new(world: World) -> None:
    airs = {1: TODAY - timedelta(days=700), 2: TODAY - timedelta(days=300), 3: TODAY}
    before = replace(BAD, seasons=(1, 2), airs=airs)
    world.server.titles = [before]
    world.has(1, 2, status=MediaStatus.AVAILABLE).follow(new_seasons=True).sync()
    world.server.titles = [replace(before, seasons=(1, 2, 3))]
    world.memory.shelf.handled_on[world.title] = TODAY
    world.sync(TODAY + timedelta(days=7))
    assert world.requested == [(3,)]
    # It is deleted, and stays so when the series is looked at again.
    world.has(1, 2, status=MediaStatus.PARTIALLY_AVAILABLE)
    world.sync(TODAY + timedelta(days=15))
    assert (world.requested, world.looks) == ([(3,)], 2)


# Seasons that do not exist yet


@pytest.mark.parametrize("status", [*SOME_OF_IT, MediaStatus.AVAILABLE, None])
def test_a_season_that_does_not_exist_yet_is_looked_for_weekly(
    world: World, status: int | None
) -> None:
    if status is not None:
        world.has(1, 2, 3, status=status)
    is_whole = status == MediaStatus.AVAILABLE
    world.follow(rows=[BAD_ENTRY._replace(seasons=(4,))])
    report = [world.sync() for _ in range(3)][-1]
    assert world.looks == (0 if is_whole else 1)
    assert report.count(Verdict.ALREADY if is_whole else Verdict.SKIPPED) == 1
    world.server.titles = [replace(BAD, seasons=(1, 2, 3, 4))]
    for days in (6, 7, 8):
        world.sync(TODAY + timedelta(days=days))
    assert world.requested == ([] if is_whole else [(4,)])
    assert world.looks == (0 if is_whole else 2)
    world.must_be_steady()


def test_a_season_that_does_not_exist_yet_does_not_hide_what_is_there(world: World) -> None:
    rows = [BAD_ENTRY._replace(seasons=(number,)) for number in (2, 9)]
    world.follow(rows=rows).sync()
    for days in (0, 1, 8, 9):
        report = world.sync(TODAY + timedelta(days=days))
        assert report.count(Verdict.ALREADY) == 2
    assert (world.requested, world.looks) == ([(2,)], 3)


def test_a_season_that_does_not_exist_yet_keeps_no_other_list_from_asking(world: World) -> None:
    world.follow(named(9)).sync()
    world.follow(ALL_SEASONS, "other").sync()
    assert (world.requested, world.looks) == ([(1, 2, 3)], 2)
    world.must_be_steady()


# After an upgrade


def upgraded(world: World, numbers: str, rows: Sequence[ListEntry] = (BAD_ENTRY,)) -> World:
    """Let the memory be as migration 7 leaves it, of a series that was handled a while ago."""
    world.follow(rows=rows).sync()
    shelf, day = world.memory.shelf, (TODAY - timedelta(days=100)).isoformat()
    shelf.seasons = dict.fromkeys(shelf.seasons, HandledSeasons(None, numbers, day))
    world.server.posted.clear()
    world.server.counts.clear()
    return world


@pytest.mark.parametrize("status", [*SOME_OF_IT, MediaStatus.UNKNOWN, MediaStatus.DELETED])
@pytest.mark.parametrize("seasons", [ALL_SEASONS, FIRST, named(2, 3)], ids=str)
def test_an_upgrade_looks_at_nothing_and_requests_nothing(
    world: World, status: int, seasons: Seasons
) -> None:
    upgraded(world, "1").has(1, status=status).follow(seasons)
    world.must_be_steady()
    assert {one.rules for one in world.remembers()} == {str(seasons)}
    world.must_be_steady()


@pytest.mark.parametrize("numbers", ["", "1"], ids=["there already", "requested by us"])
@pytest.mark.parametrize("status", SOME_OF_IT)
def test_a_rule_that_changes_after_an_upgrade_works_fully(
    world: World, status: int, numbers: str
) -> None:
    upgraded(world, numbers).has(1, status=status).follow(FIRST).sync()
    world.follow(ALL_SEASONS).sync()
    assert (world.requested, world.looks) == ([(2, 3)], 1)
    world.must_be_steady()


@pytest.mark.parametrize("status", [*SOME_OF_IT, MediaStatus.UNKNOWN])
def test_a_list_that_is_added_with_an_upgrade_brings_back_nothing(
    world: World, status: int
) -> None:
    upgraded(world, "").has(1, status=status).follow(ALL_SEASONS, "other").sync()
    world.follow(named(1, 2, 3)).sync()
    assert world.requested == []
    world.must_be_steady()


def test_what_an_unfollowed_list_handled_before_an_upgrade_stays_as_it_is(world: World) -> None:
    upgraded(world, "").has(1, status=MediaStatus.PROCESSING)
    del world.lists["mine"]
    world.follow(ALL_SEASONS, "other").sync()
    assert world.requested == []


def test_what_an_older_version_handled_is_looked_at_when_it_is_forgotten(world: World) -> None:
    upgraded(world, "1").has(1, status=MediaStatus.PROCESSING).sync()
    world.forget()
    world.sync()
    assert (world.requested, world.looks) == ([(2, 3)], 1)


def test_a_season_that_came_after_an_older_version_handled_the_series_is_new(
    world: World,
) -> None:
    upgraded(world, "1,2").has(1, 2, status=MediaStatus.PARTIALLY_AVAILABLE)
    airs = {1: date(2008, 1, 20), 2: date(2009, 3, 8), 3: TODAY - timedelta(days=50)}
    world.server.titles = [replace(BAD, airs=airs)]
    world.sync()
    world.follow(ALL_SEASONS, "other").sync()
    assert world.requested == [(3,)]


# Whatever happens in between
