"""Which entries a lookup is made for: so that a person is told on which list a title waits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from listsync.domain.decisions import Found, How, Match, Prepared, Request, Skip, SkipReason, Wish
from listsync.domain.media import TitleKey
from listsync.domain.run_notes import Notes
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.run_recorder import Recorder
from listsync.sync.submission import Writer
from tests.builders import MOVIE, RUN, entry, found, rules, wish
from tests.fakes import SERVER, FakeMemory, FakeServer

_REVIEW = Match(found=Found.REVIEW, how=How.TITLE, reasons=("two titles of this name",))
_SKIP = Skip(SkipReason.REVIEW)


class NothingAhead:
    """A window in which nothing is prepared."""

    def coming(self, most: int) -> Iterable[tuple[Prepared, Request]]:
        return ()[:most]


def noted(*prepared: Prepared) -> list[Notes]:
    """Settle what is prepared; give what was written."""
    memory = FakeMemory()
    memory.guard.use(SERVER)
    known = RunKnowledge(Stored())
    writer = Writer(RUN, FakeServer(), Recorder(memory, known, {}), known, NothingAhead())
    for one in prepared:
        writer.act(one, _SKIP)
    writer.flush()
    return [notes for notes, _ in memory.commits]


def on_two_lists() -> Wish:
    one = entry("Crash", kind=MOVIE)
    return wishes_of([*members_of(rules("a"), [one]), *members_of(rules("b"), [one])])[0]


@pytest.mark.parametrize("is_fresh", [True, False], ids=["looked-up-now", "remembered"])
def test_all_entries_behind_an_open_title_are_noted(is_fresh: bool) -> None:
    (notes,) = noted(Prepared(wish=on_two_lists(), match=_REVIEW, is_fresh=is_fresh))
    ((lookup, members),) = notes.seekers.items()
    assert lookup == "title:crash||movie"
    assert [member.rules.name for member in members] == ["a", "b"]
    assert set(notes.matches) == ({lookup} if is_fresh else set())


def test_entries_of_both_editions_are_noted() -> None:
    one = entry("Crash", kind=MOVIE)
    wishes = wishes_of(
        [
            *members_of(rules("a"), [one]),
            *members_of(replace(rules("b"), four_k=True), [one]),
        ]
    )
    (notes,) = noted(*(Prepared(wish=one, match=_REVIEW) for one in wishes))
    (members,) = notes.seekers.values()
    assert [member.rules.name for member in members] == ["a", "b"]


def test_what_was_found_before_is_not_noted_again() -> None:
    match = found(TitleKey(MOVIE, 603))
    assert noted(Prepared(wish=wish(entry(imdb="tt1")), match=match)) == []


def test_lists_that_contradict_each_other_wait_for_a_person_too() -> None:
    one = replace(on_two_lists(), conflict="the lists contradict each other")
    (notes,) = noted(Prepared(wish=one, match=_REVIEW, is_fresh=True))
    (lookup,) = notes.matches
    assert lookup.startswith("conflict:")
    assert [member.rules.name for member in notes.seekers[lookup]] == ["a", "b"]


def test_a_title_that_is_still_open_waits_longer_than_the_last_time() -> None:
    memory = FakeMemory()
    memory.guard.use(SERVER)
    known = RunKnowledge(Stored())
    one = Prepared(wish=on_two_lists(), match=_REVIEW, is_fresh=True)
    for tries in (1, 2, 3):
        writer = Writer(RUN, FakeServer(), Recorder(memory, known, {}), known, NothingAhead())
        writer.act(one, _SKIP)
        writer.flush()
        assert [miss.tries for miss in memory.matches.misses().values()] == [tries]
