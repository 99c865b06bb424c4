"""What another program had handled, in a real file: until when it counts, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, ExternalIds, MediaType, TitleKey
from listsync.domain.run_notes import HandledSeasons, Handling, Notes
from listsync.domain.server import Season
from listsync.store.database import FILE_NAME, Database
from listsync.store.imported_titles import import_titles
from listsync.store.state import SqliteMemory
from listsync.sync.deduplication import members_of
from tests.fakes import SERVER
from tests.integration.store.state import AT, StateFile, rules

MATRIX = Edition(TitleKey(MediaType.MOVIE, 603), four_k=False)
BREAKING_BAD = Edition(TitleKey(MediaType.TV, 1396), four_k=False)
TITLES = [(MATRIX, "The Matrix", AT), (BREAKING_BAD, "Breaking Bad", AT)]
ENTRY = ListEntry(rank=1, title="The Matrix", kind=MediaType.MOVIE, ids=ExternalIds(tmdb=603))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    database = Database(tmp_path / FILE_NAME)
    assert import_titles(database, TITLES) == (2, 2)
    database.close()
    state = StateFile(tmp_path / FILE_NAME)
    yield state
    state.database.close()


def handled(state: StateFile) -> frozenset[Edition]:
    return state.memory.handled.load().editions


def take_over(state: StateFile) -> None:
    """Let an entry of a list remember the title."""
    state.read("l", ENTRY)
    (member,) = members_of(rules("l"), [ENTRY])
    state.memory.record(Notes(handled=[Handling(member, MATRIX)]))


def test_it_counts_as_handled_at_the_server_that_is_reached_next(state: StateFile) -> None:
    assert handled(state) == {MATRIX, BREAKING_BAD}
    other = SqliteMemory(state.database)
    other.guard.use(replace(SERVER, identity="another"))
    assert not other.handled.load().editions


def test_it_does_not_count_for_the_other_edition_or_kind(state: StateFile) -> None:
    assert Edition(MATRIX.key, four_k=True) not in handled(state)
    assert Edition(TitleKey(MediaType.TV, 603), four_k=False) not in handled(state)


def test_of_a_series_all_seasons_count_that_had_aired_by_then(state: StateFile) -> None:
    (seasons,) = state.memory.handled.load().of_title(BREAKING_BAD)
    assert seasons == HandledSeasons("all", "", "2026-06-01")
    assert seasons.holds(Season(number=1, episodes=7, airs=date(2008, 1, 20)))
    assert not seasons.holds(Season(number=6, episodes=7, airs=date(2026, 7, 1)))


def test_an_entry_that_remembers_the_title_takes_it_over(state: StateFile) -> None:
    take_over(state)
    assert handled(state) == {MATRIX, BREAKING_BAD}
    for _ in range(3):  # two readings in a row lack it
        state.read("l", replace_title(ENTRY))
    assert handled(state) == {BREAKING_BAD}


def replace_title(entry: ListEntry) -> ListEntry:
    return entry._replace(title="Heat", ids=ExternalIds(tmdb=949))


def test_what_is_over_is_not_brought_back_by_a_second_import(state: StateFile) -> None:
    take_over(state)
    assert import_titles(state.database, TITLES) == (2, 0)
    state.state.exclusions.forget("tmdb:tv/1396", Exclusion(key=BREAKING_BAD.key))
    assert import_titles(state.database, TITLES) == (2, 0)
    assert handled(state) == {MATRIX}


@pytest.mark.parametrize("is_all", [False, True], ids=["one", "all"])
def test_it_can_be_forgotten(state: StateFile, is_all: bool) -> None:
    exclusions = state.state.exclusions
    if is_all:
        assert exclusions.forget_all() == 2
    else:
        assert exclusions.forget("tmdb:movie/603", Exclusion(key=MATRIX.key)) == 1
    assert MATRIX not in handled(state)
    assert (BREAKING_BAD in handled(state)) is not is_all


def test_who_asks_why_hears_of_it(state: StateFile) -> None:
    overview = state.state.titles.overview(MATRIX.key, AT)
    assert overview.handled.editions == {MATRIX}
