from __future__ import annotations

import pytest

from listsync.domain.decisions import Found, How, Match
from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import TitleFacts
from listsync.sync.titles.id_verification import confirm
from tests.builders import MOVIE, TV, offer

BEST, SECOND, THIRD = (offer("Lost", 2004, TV, tmdb=number) for number in (1, 2, 3))
FOUND = Match(
    found=Found.FOUND, how=How.TITLE, key=BEST.key, title=BEST.label, candidates=(BEST, SECOND)
)
REVIEW = Match(found=Found.REVIEW, how=How.TITLE, candidates=(BEST, SECOND, THIRD))
OURS = ExternalIds(imdb="tt1", tvdb=1)


class Catalogue:
    """Gives the ids of each title in turn, and counts."""

    def __init__(self, *ids: ExternalIds) -> None:
        self.ids = list(ids)
        self.asked: list[TitleKey] = []

    def facts_of(self, key: TitleKey) -> TitleFacts:
        self.asked.append(key)
        return TitleFacts(ids=self.ids.pop(0))


def ids(imdb: str | None = None, tvdb: int | None = None) -> ExternalIds:
    return ExternalIds(imdb=imdb, tvdb=tvdb)


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        pytest.param(ids("tt1", 1), Found.FOUND, id="both-the-same"),
        pytest.param(ids(tvdb=1), Found.FOUND, id="one-the-same"),
        pytest.param(ids(), Found.FOUND, id="nothing-known"),
        pytest.param(ids("tt2"), Found.REVIEW, id="another"),
        pytest.param(ids("tt1", 2), Found.REVIEW, id="one-the-same-and-one-another"),
    ],
)
def test_ids_decide_about_a_title_that_was_found(theirs: ExternalIds, found: Found) -> None:
    match = confirm(FOUND, OURS, Catalogue(theirs, ids()).facts_of, 2)
    assert match.found is found
    assert (match.key is None) is (found is Found.REVIEW)


def test_the_next_best_may_be_the_one() -> None:
    match = confirm(FOUND, OURS, Catalogue(ids("tt2"), ids("tt1")).facts_of, 2)
    assert (match.found, match.key, match.title) == (Found.FOUND, SECOND.key, "Lost (2004)")


def test_what_was_found_and_is_not_contradicted_costs_one_look() -> None:
    catalogue = Catalogue(ids(), ids("tt1"))
    assert confirm(FOUND, OURS, catalogue.facts_of, 2).key == BEST.key
    assert catalogue.asked == [BEST.key]


@pytest.mark.parametrize(("calls", "looks"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_a_doubt_costs_at_most_two_looks(calls: int, looks: int) -> None:
    catalogue = Catalogue(ids("tt2"), ids(), ids("tt1"))
    assert confirm(REVIEW, OURS, catalogue.facts_of, calls).found is Found.REVIEW
    assert len(catalogue.asked) == looks


def test_what_was_not_found_is_not_looked_up() -> None:
    nothing = Match(found=Found.NOT_FOUND, how=How.TITLE, candidates=(offer("Dune", kind=MOVIE),))
    assert confirm(nothing, OURS, Catalogue().facts_of, 2) == nothing
