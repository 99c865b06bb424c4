"""Entries drawn at random, united."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.decisions import Member
from listsync.domain.lists import ListEntry
from listsync.sync.deduplication import members_of, wishes_of
from tests.builders import MOVIE, TV, entry, rules
from tests.thorough import tries
from tests.unit.agent.sync.test_deduplication import A

FEW = settings(max_examples=tries(15, 500))
_ENTRIES = st.builds(
    entry,
    st.sampled_from(["Dune", "Lost"]),
    st.just(2021),
    st.sampled_from([MOVIE, TV, None]),
    imdb=st.sampled_from([None, "tt1", "tt2", "tt3"]),
    tmdb=st.sampled_from([None, 1, 2, 3]),
    tvdb=st.sampled_from([None, 1, 2]),
)


def _groups(members: list[Member]) -> set[frozenset[str]]:
    return {frozenset(member.rules.name for member in wish.members) for wish in wishes_of(members)}


@FEW
@given(st.lists(_ENTRIES, max_size=10), st.randoms())
def test_what_belongs_together_does_not_depend_on_the_order(
    entries: list[ListEntry], random: Random
) -> None:
    members = [
        member
        for number, one in enumerate(entries)
        for member in members_of(rules(str(number)), [one])
    ]
    shuffled = list(members)
    random.shuffle(shuffled)
    assert _groups(members) == _groups(shuffled)


@FEW
@given(st.lists(_ENTRIES, max_size=10))
def test_no_member_is_lost_or_doubled(entries: list[ListEntry]) -> None:
    members = members_of(A, entries)
    found = [member for wish in wishes_of(members) for member in wish.members]
    assert sorted(m.entry_id for m in found) == sorted(m.entry_id for m in members)
