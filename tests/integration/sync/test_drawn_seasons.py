"""Seasons, lists and syncs drawn at random."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.list_rules import ALL_SEASONS, Seasons, Which
from listsync.domain.server import MediaStatus
from tests.integration.sync.test_season_wishes import FIRST, SOME_OF_IT, World, named
from tests.thorough import tries

_REGULAR = frozenset({1, 2, 3})
_RULES = {
    ALL_SEASONS: _REGULAR,
    FIRST: frozenset({1}),
    Seasons(which=Which.LATEST, count=2): frozenset({2, 3}),
    named(3): frozenset({3}),
}
"""Rules of lists, and the seasons that they choose of the series."""
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(list(_RULES)),
        st.sets(st.sampled_from([1, 2, 3])),
        st.sampled_from(SOME_OF_IT),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)
"""A list and its rule from now on; what the server has, and its status where that is open;
whether a series that is there whole is called so; whether the series is forgotten."""


@settings(max_examples=tries(20, 500))
@given(_STEPS, st.booleans())
def test_each_season_is_requested_once_and_none_that_is_wanted_is_left_out(
    steps: Sequence[tuple[str, Seasons, set[int], MediaStatus, bool, bool]], four_k: bool
) -> None:
    """Compare with a model: what is wanted for the first time, less what the server has."""
    world = World(four_k=four_k)
    rules_now: dict[str, Seasons] = {}
    acted: frozenset[int] = frozenset()
    for name, rule, covered, status, is_whole, is_forgotten in steps:
        state = status if covered else MediaStatus.UNKNOWN
        if covered == _REGULAR and is_whole:
            state = MediaStatus.AVAILABLE
        world.has(*covered, status=state)
        is_new = rules_now.get(name) != rule
        rules_now[name] = rule
        if is_forgotten and acted:
            world.forget()
            acted = frozenset()
        wanted: frozenset[int] = frozenset()
        if is_new or not acted:
            wanted = wanted.union(*(_RULES[one] for one in rules_now.values()))
        expected = tuple(sorted(wanted - acted - covered))
        before = len(world.requested)
        world.follow(rule, name).sync()
        assert world.requested[before:] == ([expected] if expected else [])
        acted |= _REGULAR if wanted and state == MediaStatus.AVAILABLE else wanted
        world.must_be_steady()
