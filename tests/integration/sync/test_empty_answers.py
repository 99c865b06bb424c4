"""Searches that answer nothing: the server does so, too, when one of them fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, MediaType
from listsync.domain.report import Result, SyncReport, Verdict
from listsync.domain.server import SearchPage
from listsync.sync.list_backoff import pause_before_recheck
from tests.builders import MOVIE, RUN, entry, rules
from tests.fakes import DOWN, FakeServer, a_film
from tests.thorough import tries
from tests.unit.agent.sync.test_run import DUNE, DUNE_ENTRY, MATRIX, House, verdicts

EMPTY = SearchPage(candidates=(), page=1, pages=1)
NOWHERE = entry("Nothing Like It", 2021, MOVIE)


class FlakyServer(FakeServer):
    """Answers nothing to a share of the title searches, and fails as many IMDb searches."""

    def __init__(self, share: float, count: int) -> None:
        films = [a_film(n, f"Film Number {n}", 1990 + n % 30) for n in range(1, count + 1)]
        super().__init__(*films)
        self._share, self._random = share, Random(7)

    def search(self, title: str, *, year: int | None = None, page: int = 1) -> SearchPage:
        if self._random.random() < self._share:
            self.counts["search"] += 1
            return EMPTY
        return super().search(title, year=year, page=page)

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        if self._random.random() < self._share**3:  # it is asked three times
            raise DOWN
        return super().find_by_imdb(imdb_id)


def sync(house: House) -> SyncReport:
    """Run a sync after all that were run before."""
    return house.sync(replace(RUN, started_at=datetime.now(UTC) + timedelta(seconds=1)))


def believed(house: House) -> list[str]:
    """Name what was not found and is left alone for a day or more."""
    soon = datetime.now(UTC) + timedelta(hours=1)
    return [name for name, one in house.memory.shelf.misses.items() if one.again_at > soon]


def test_a_search_that_failed_once_is_asked_again_in_the_same_run() -> None:
    house = House(DUNE_ENTRY)
    house.server.on("search", EMPTY, EMPTY)
    assert verdicts(sync(house)) == {Verdict.REQUESTED: 1}
    assert house.server.searched == [("Dune", 2021), ("Dune", None), ("Dune", 2021)]


def test_only_what_answered_nothing_is_asked_again() -> None:
    house = House(entry("The Matrix Again", 1999, MOVIE))
    house.server.titles.append(a_film(7, "The Matrix Again Today", 2003))
    sync(house)
    narrow, wide = ("The Matrix Again", 1999), ("The Matrix Again", None)
    assert house.server.searched[:2] == [narrow, wide]
    assert house.server.searched.count(narrow) == 2
    assert house.server.searched.count(wide) == 1


@pytest.mark.parametrize("narrow", [EMPTY, None], ids=["narrow-fails", "wide-fails"])
def test_a_thin_match_is_no_certainty_while_one_of_its_searches_failed(
    narrow: SearchPage | None,
) -> None:
    """The film of the year before fits, unless the one of the very year is seen."""
    house = House(entry("Solaris", 2003, MOVIE))
    right, other = a_film(2, "Solaris", 2003), a_film(1, "Solaris", 2002)
    house.server.titles = [right, other]
    wide = SearchPage(candidates=(other.candidate,), page=1, pages=1) if narrow else EMPTY
    house.server.on("search", narrow, wide)
    sync(house)
    assert [body.key for body in house.server.posted] == [right.key]


def test_what_is_not_found_is_looked_up_by_the_next_sync_and_then_left_alone() -> None:
    house = House(NOWHERE)
    assert verdicts(sync(house)) == {Verdict.NOT_FOUND: 1}
    assert believed(house) == []
    first = house.server.counts["search"]
    assert verdicts(sync(house)) == {Verdict.NOT_FOUND: 1}
    assert house.server.counts["search"] == 2 * first
    assert len(believed(house)) == 1
    report = sync(house)
    assert verdicts(report) == {Verdict.NOT_FOUND: 1}
    assert house.server.counts["search"] == 2 * first
    assert report.calls == 2


def test_an_empty_search_costs_one_more_call() -> None:
    house = House(NOWHERE)
    sync(house)
    asked = house.server.searched
    assert len(asked) == 2 * len(set(asked))


def test_a_bare_number_that_is_nothing_is_asked_for_again() -> None:
    house = House(entry(tmdb=438631))
    house.server.on("find_by_tmdb", EMPTY)
    assert verdicts(sync(house)) == {Verdict.REQUESTED: 1}
    assert house.server.counts["find_by_tmdb"] == 2


def test_not_found_is_not_believed_where_a_search_was_empty_wrongly() -> None:
    house = House(DUNE_ENTRY, NOWHERE)
    house.server.on("search", EMPTY, EMPTY, of="Dune")
    report = sync(house)
    assert verdicts(report) == {Verdict.REQUESTED: 1, Verdict.FAILED: 1}
    assert report.result is Result.PARTLY
    assert "not believed" in report.items[-1].why
    assert [match.key for match in house.memory.shelf.matches.values()] == [DUNE.key]


def test_not_found_is_not_believed_where_the_search_for_an_id_fails() -> None:
    house = House(entry("Lost", imdb="tt0411008"), NOWHERE)
    house.server.on("find_by_imdb", DOWN, of="tt0411008")
    assert verdicts(sync(house)) == {Verdict.FAILED: 2}
    assert not house.memory.shelf.matches


def test_titles_that_are_not_believed_to_be_nowhere_do_not_end_the_run() -> None:
    nowhere = [entry(f"Nothing Like {n} Of", 2021, MOVIE, rank=n) for n in range(1, 9)]
    house = House(*nowhere, DUNE_ENTRY)
    house.server.on("search", EMPTY, EMPTY, of="Dune")
    report = sync(house)
    assert report.result is Result.PARTLY
    assert report.retry is not None


def test_an_exclusion_that_is_not_found_where_searches_fail_holds_everything() -> None:
    house = House(entry("The Matrix", 1999, MOVIE, tmdb=603))
    house.exclusions = [Exclusion(title="Dune"), Exclusion(title="No Such Film")]
    house.server.on("search", EMPTY, of="Dune")
    report = sync(house)
    assert (report.result, house.server.posted) == (Result.FAILED, [])
    assert "No Such Film" in report.why
    assert report.retry is not None


def test_a_list_of_exclusions_is_asked_again_before_anything_is_requested() -> None:
    house = House(entry(kind=MOVIE, tmdb=603))
    house.follow(entry("The Matrix", 1999, MOVIE), of=rules("not these", is_exclusion=True))
    house.server.on("search", EMPTY, EMPTY)
    sync(house)
    assert house.server.posted == []
    assert MATRIX.key not in house.server.states


@pytest.mark.parametrize("share", [0.1, 0.2, 0.3, 0.5])
def test_nothing_that_exists_is_believed_to_be_nowhere_however_many_searches_fail(
    share: float,
) -> None:
    count = tries(24, 180)
    house = House()
    server = house.server = FlakyServer(share, count)
    house.follow(*(_entry(n) for n in range(1, count + 1)))
    for _ in range(4):
        sync(house)
        assert believed(house) == []
    wanted = {title.key.tmdb_id for title in server.titles}
    assert {body.key.tmdb_id for body in server.posted} == wanted
    assert len(server.posted) == count


def _entry(number: int) -> ListEntry:
    return entry(f"Film Number {number}", 1990 + number % 30, MediaType.MOVIE, rank=number)


@pytest.mark.parametrize(
    ("tries", "is_provisional", "days"),
    [(1, False, 1), (2, False, 3), (9, False, 30), (1, True, 0), (2, True, 1), (9, True, 30)],
)
def test_what_was_not_found_is_looked_up_after_growing_pauses(
    tries: int, days: int, *, is_provisional: bool
) -> None:
    pause = pause_before_recheck(tries, is_provisional=is_provisional)
    assert pause == timedelta(days=days)
