"""What the books know of one title, from a real file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey
from listsync.domain.report import Result, SyncRun
from listsync.domain.run_notes import FailedRequest, HandledSeasons, Handling, Miss, Notes, Sent
from listsync.domain.server import (
    AS_USUAL,
    IndexPage,
    RequestBody,
    RequestResponse,
    ResponseKind,
    TitleFacts,
    TitleState,
)
from listsync.domain.server_knowledge import NOTHING_LEARNED, Hold, Learned
from listsync.store.database import FILE_NAME
from listsync.store.match_cache import SqliteFacts
from listsync.sync.deduplication import entry_id, members_of
from listsync.sync.run_recorder import note_end
from tests.builders import sync_report
from tests.fakes import NOTHING_KNOWN, SERVER
from tests.integration.store.choosing import (
    CRASH,
    CRONENBERG,
    HAGGIS,
    REVIEW,
    World,
    film,
    lookup,
)
from tests.integration.store.state import AT, rules

_HD = Edition(HAGGIS, four_k=False)
_FOUND = Match(
    found=Found.FOUND, how=How.TITLE, key=HAGGIS, title="Crash (2005)", reasons=("same title",)
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / FILE_NAME)
    yield world
    world.database.close()


def titles(world: World, query: str) -> list[str]:
    return [row.entry.label for row in world.state.entries.find(query, limit=50)]


def handle(world: World, entry: ListEntry = CRASH, *, four_k: bool = False) -> None:
    (member,) = members_of(rules("mine"), [entry])
    handling = Handling(member, Edition(HAGGIS, four_k))
    world.memory.record(Notes(handled=[handling]))


def request(
    world: World, run_id: str = "r", user: str | None = None, label: str = "Crash"
) -> None:
    body = RequestBody(key=HAGGIS, four_k=False, asking=replace(AS_USUAL, user=user))
    answered = RequestResponse(kind=ResponseKind.REQUESTED, detail="as said")
    sent = Sent(run_id, label, ("mine", "other"), body, answered)
    world.memory.record(Notes(sent=[sent]))


def run(world: World, run_id: str, at: datetime, result: Result = Result.OK) -> None:
    started = SyncRun(run_id=run_id, origin="test", started_at=at)
    world.memory.runs.begin(started)
    world.memory.guard.use(SERVER, started.run_id)
    report = sync_report(run=started, result=result, calls=3, duration_s=1.0)
    note_end(world.memory, report, at)


# -- entries -----------------------------------------------------------------------------------


def test_an_entry_is_told_with_its_list_and_what_was_done(world: World) -> None:
    world.read("mine", film("Heat"), CRASH._replace(rank=2))
    handle(world)
    handle(world, four_k=True)
    (row,) = world.state.entries.find("crash", limit=5)
    assert (row.entry, row.first_seen) == (CRASH._replace(rank=2), AT)
    assert (row.row.name, row.row.outcome, row.row.last_success) == ("mine", "complete", AT)
    assert [one for one, _ in row.handled] == [_HD, Edition(HAGGIS, four_k=True)]
    (other,) = world.state.entries.find("heat", limit=5)
    assert other.handled == ()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("CRA", ["Crash"]),
        ("tt0113277", ["Heat"]),
        ("949", ["Alien"]),
        ("movie/949", ["Alien"]),
        ("tv/949", []),
        ("movie/1640", ["Crash"]),
        ("%", []),
    ],
)
def test_entries_are_found_by_title_and_ids(world: World, query: str, found: list[str]) -> None:
    alien = film("Alien", 3)._replace(ids=ExternalIds(tmdb=949))
    world.read("mine", CRASH, film("Heat", 2, imdb="tt0113277"), alien)
    handle(world)
    assert titles(world, query) == found


@pytest.mark.parametrize("is_chosen", [False, True], ids=["looked-up", "chosen"])
def test_entries_are_found_by_what_they_were_taken_for(world: World, is_chosen: bool) -> None:
    world.read("mine", CRASH)
    name = world.seek(CRASH, REVIEW if is_chosen else _FOUND)
    assert titles(world, "movie/1640") == ([] if is_chosen else ["Crash"])
    if is_chosen:
        world.choose(name, HAGGIS)
    assert titles(world, "movie/1640") == ["Crash"]


def test_only_so_many_entries_are_told(world: World) -> None:
    world.read("mine", *(film(f"Crash {n}", n) for n in range(1, 9)))
    assert len(world.state.entries.find("crash", limit=3)) == 3


@pytest.mark.parametrize(
    ("held", "is_alike"),
    [
        (film("CRASH"), True),
        (film("Other", imdb="tt0375679"), True),
        (film("Other")._replace(ids=ExternalIds(tmdb=1640)), True),
        (film("Other")._replace(kind=MediaType.TV, ids=ExternalIds(tmdb=1640)), False),
        (film("Other"), False),
    ],
    ids=["title", "imdb", "tmdb", "another-kind", "nothing"],
)
def test_entries_that_share_something_are_found(
    world: World, held: ListEntry, is_alike: bool
) -> None:
    world.read("seen", held)
    one = film("Crash", imdb="tt0375679")
    found = world.state.entries.alike("file:/seen", one, HAGGIS)
    assert bool(found) is is_alike
    assert world.state.entries.alike("file:/mine", one, HAGGIS) == {}


@pytest.mark.parametrize(
    ("held", "is_found"),
    [
        (film("L.A. Crash", imdb="tt0375679"), True),
        (film("CRASH")._replace(year=2005), True),
        (film("Crash")._replace(year=1996), False),
        (film("Heat", imdb="tt0113277"), False),
        (film("Heat", imdb="tt0375679")._replace(year=1995, check_ids=True), False),
    ],
    ids=["id", "title-and-year", "another-year", "another", "an-id-that-nobody-vouches-for"],
)
def test_entries_of_all_lists_that_share_an_id_or_title_and_year_are_found(
    world: World, *, held: ListEntry, is_found: bool
) -> None:
    world.read("seen", held)
    one = film("Crash", imdb="tt0375679")._replace(year=2005)
    found = [row.entry for row in world.state.entries.sharing(one, limit=5)]
    assert found == ([held] if is_found else [])


def test_entries_that_were_taken_for_the_title_are_found(world: World) -> None:
    other = film("L.A. Crash")
    world.read("seen", other)
    world.seek(other, _FOUND, "seen")
    assert world.state.entries.alike("file:/seen", CRASH, HAGGIS) == {entry_id(other): other}


def test_a_series_is_known_with_the_seasons_it_was_acted_on_for(world: World) -> None:
    series = CRASH._replace(kind=MediaType.TV)
    world.read("mine", series)
    (member,) = members_of(rules("mine"), [series])
    key = TitleKey(MediaType.TV, HAGGIS.tmdb_id)
    seasons = HandledSeasons("first", "1")
    handling = Handling(member, Edition(key, four_k=False), seasons)
    world.memory.record(Notes(handled=[handling]))
    assert world.state.titles.overview(key, AT).handled.seasons_of(member) == seasons
    assert world.state.titles.overview(HAGGIS, AT).handled.seasons_of(member) is None


# -- lookups -----------------------------------------------------------------------------------


def test_a_lookup_is_told_with_all_its_reasons(world: World) -> None:
    world.read("mine", CRASH)
    name = world.seek(CRASH, _FOUND)
    found, choice = world.state.titles.lookup(name)
    assert found is not None
    assert (found.match, found.again_at, choice) == (_FOUND, None, None)


def test_what_was_not_found_is_told_with_when_it_is_looked_for_again(world: World) -> None:
    name = world.wait()
    world.choose(name, CRONENBERG, "Crash (1996)")
    miss = Miss(REVIEW.found, 1, AT + timedelta(days=1))
    world.memory.record(Notes(matches={name: REVIEW}, misses={name: miss}))
    found, choice = world.state.titles.lookup(name)
    assert found is not None
    assert found.match == REVIEW
    assert found.again_at == AT + timedelta(days=1)
    assert choice == Choice(CRONENBERG, "Crash (1996)", AT)


def test_what_was_never_looked_up_is_not_known(world: World) -> None:
    assert world.state.titles.lookup(lookup(CRASH)) == (None, None)


# -- how a title stands ------------------------------------------------------------------------


def test_of_a_title_nobody_knows_nothing_is_told(world: World) -> None:
    overview = world.state.titles.overview(HAGGIS, AT)
    assert overview == NOTHING_KNOWN


def test_a_title_is_looked_up_in_every_page_of_the_index(world: World) -> None:
    pages = tuple(
        IndexPage(etag=str(n), total=2, titles=((TitleKey(MediaType.MOVIE, n), TitleState(5, 2)),))
        for n in (1, 1640)
    )
    world.memory.index.save(pages)
    assert world.state.titles.overview(HAGGIS, AT).state == TitleState(5, 2)
    assert world.state.titles.overview(CRONENBERG, AT).state == TitleState(1, 1)


def test_what_was_done_with_a_title_is_told(world: World) -> None:
    world.read("mine", CRASH)
    handle(world)
    request(world, user="family")
    failed: dict[tuple[Edition, int | None], FailedRequest] = {
        (_HD, None): FailedRequest("no", 2, datetime.now(UTC) + timedelta(days=2))
    }
    world.memory.record(Notes(failed=failed))
    facts = TitleFacts(ids=ExternalIds(), year=2005)
    SqliteFacts(world.database).put(HAGGIS, facts)
    overview = world.state.titles.overview(HAGGIS, datetime.now(UTC))
    assert (overview.handled.editions, overview.facts) == (frozenset({_HD}), facts)
    assert overview.handled.titles == {("file:/mine", False): {"title:crash||movie": _HD}}
    assert [one.why for one in overview.failed.values()] == ["no"]
    assert overview.failed.keys() == failed.keys()
    (one,) = overview.requests
    assert (one.lists, one.requested_as, one.run_id) == (("mine", "other"), "family", "r")


def test_the_newest_requests_are_told_first(world: World) -> None:
    for number in range(12):
        request(world, f"r{number}")
    standing = world.state.titles.overview(HAGGIS, AT)
    assert standing.requests_total == 12
    found = [row.run_id for row in standing.requests]
    assert found == [f"r{number}" for number in range(11, 1, -1)]


def test_what_was_asked_for_since_the_index_was_read_is_told(world: World) -> None:
    now = datetime.now(UTC)
    run(world, "one", now - timedelta(hours=1))
    request(world, "one")
    assert world.state.titles.overview(HAGGIS, now).requested_since == frozenset({_HD})
    run(world, "failed", now + timedelta(hours=1), Result.FAILED)
    assert world.state.titles.overview(HAGGIS, now).requested_since == frozenset({_HD})
    run(world, "two", now + timedelta(hours=2))
    assert world.state.titles.overview(HAGGIS, now).requested_since == frozenset()


# -- for explanations --------------------------------------------------------------------------


def test_the_entries_before_one_are_counted_by_their_kinds(world: World) -> None:
    film, series = film_of(1), film_of(2)._replace(kind=MediaType.TV)
    unknown, last = film_of(3)._replace(kind=None), film_of(4)
    world.read("mine", film, series, unknown, last)
    world.read("other", film_of(1))
    name = entry_id(last)
    kinds = {MediaType.MOVIE: 1, MediaType.TV: 1, None: 1}
    assert world.state.entries.kinds_before("file:/mine", name) == kinds
    assert world.state.entries.kinds_before("file:/mine", entry_id(film)) == {}


def film_of(rank: int) -> ListEntry:
    return ListEntry(rank=rank, title=f"Film {rank}", kind=MediaType.MOVIE)


def test_a_requested_title_is_found_without_any_entry(world: World) -> None:
    request(world)
    request(world, user="family")
    (one,) = world.state.requests.for_query("cra", limit=5)
    assert (one.key, one.requested_as) == (HAGGIS, "family")
    assert world.state.requests.for_query(str(HAGGIS), limit=5) == (one,)
    assert world.state.requests.for_query("100%", limit=5) == ()


def test_a_requested_title_is_not_found_by_a_part_of_its_number(world: World) -> None:
    request(world, label=f"tmdb:movie/{HAGGIS.tmdb_id}")
    (one,) = world.state.requests.for_query(f"{HAGGIS.tmdb_id}", limit=5)
    assert one.key == HAGGIS
    assert world.state.requests.for_query(f"{HAGGIS.tmdb_id}"[1:], limit=5) == ()


def test_what_an_exclusion_might_mean_is_alike(world: World) -> None:
    world.read("not these", CRASH)
    world.seek(CRASH, REVIEW, "not these")
    any_entry = ListEntry(rank=1, kind=MediaType.MOVIE, ids=ExternalIds(tmdb=884))
    for key in (HAGGIS, CRONENBERG):
        found = world.state.entries.alike("file:/not these", any_entry, key)
        assert found == {entry_id(CRASH): CRASH}
    other = TitleKey(MediaType.MOVIE, 1)
    assert world.state.entries.alike("file:/not these", any_entry, other) == {}


def test_what_the_last_run_learned_is_told_after_a_restart(world: World) -> None:
    learned = Learned(holds=(Hold(kind=MediaType.MOVIE, four_k=True, why="no 4K Radarr"),))
    assert world.state.server.learned() == NOTHING_LEARNED
    world.memory.guard.save_learned(learned)
    assert world.state.server.learned() == learned
    with world.database.write() as connection:
        connection.execute("UPDATE servers SET learned = '[\"of another version\"]'")
    assert world.state.server.learned() == NOTHING_LEARNED
