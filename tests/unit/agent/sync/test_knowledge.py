"""Knowledge grows stricter, never looser: readers ask ahead of the decisions of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from listsync.domain.handled_seasons import HandledSeasons
from listsync.domain.list_rules import ALL_SEASONS, Filters, Seasons, Span, Which
from listsync.domain.media import Definition, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import AS_USUAL, MediaStatus, TitleState
from listsync.domain.sync_records import Wish
from listsync.sync.decide import Knowledge
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.exclusions import Excluded
from tests.unit.agent.sync.records import TV, entry, found, rules

SERIES = Definition(TitleKey(TV, 1396), four_k=False)
MATCH = found(SERIES.key)
NAMES = ("a", "b", "c")
RULES = (
    ALL_SEASONS,
    Seasons(which=Which.FIRST),
    Seasons(which=Which.NAMED, numbers=frozenset({2})),
    Seasons(which=Which.NAMED, numbers=frozenset({0, 9})),
)
_LISTS = st.lists(
    st.tuples(st.sampled_from(RULES), st.booleans(), st.booleans()), min_size=1, max_size=3
)
"""The season rule of a list, whether it wants new seasons, whether it has filters."""
_REMEMBERED = st.lists(
    st.sampled_from([None, HandledSeasons("all", "1,2"), HandledSeasons("2", "2")])
    | st.just(HandledSeasons("0,9"))
    | st.just(HandledSeasons(None, "1", "2026-01-01")),
    min_size=3,
    max_size=3,
)


def _ask(known: Knowledge, seasons: frozenset[int]) -> None:
    known.asked[SERIES] = known.asked.get(SERIES, frozenset()) | seasons


_GROWTH: Sequence[Callable[[Knowledge], object]] = (
    lambda known: _ask(known, frozenset({1})),
    lambda known: _ask(known, frozenset({2})),
    lambda known: _ask(known, frozenset({0, 9})),
    lambda known: known.on_hold.setdefault(SERIES, "no answer"),
    lambda known: known.setbacks.setdefault((SERIES, 81189), "impossible"),
    lambda known: known.holds.setdefault((TV, False), "held"),
    lambda known: known.eligibility.spent.setdefault((AS_USUAL.user, TV, False), "used up"),
    lambda known: known.eligibility.caps.count("a"),
)


@given(
    _LISTS,
    _REMEMBERED,
    st.sampled_from([*MediaStatus, 99]),
    st.booleans(),
    st.lists(st.sampled_from(_GROWTH), max_size=6),
)
def test_what_needs_no_look_never_needs_one_later_in_the_run(
    lists: Sequence[tuple[Seasons, bool, bool]],
    remembered: Sequence[HandledSeasons | None],
    status: int,
    is_watched: bool,
    growth: Sequence[Callable[[Knowledge], object]],
) -> None:
    handled = [(f"file:{name}", one) for name, one in zip(NAMES, remembered, strict=True) if one]
    row = "tmdb:tv/1396"
    entries = HandledEntries(
        {(source, False): {row: SERIES} for source, _ in handled},
        {(source, False): {row: one} for source, one in handled},
    )
    known = Knowledge(
        index={SERIES.key: TitleState(status, MediaStatus.UNKNOWN)},
        handled=entries,
        setbacks={},
        excluded=Excluded(()),
        watched={SERIES: date(2026, 1, 1)} if is_watched and handled else {},
        today=date(2026, 11, 29),
    )
    one = entry("Breaking Bad", 2008, TV, tmdb=1396, tvdb=81189)
    members = [
        member
        for name, (seasons, new, filtered) in zip(NAMES, lists, strict=False)
        for member in members_of(
            replace(
                rules(name),
                seasons=seasons,
                new_seasons=new,
                filters=Filters(year=Span(None, 1990)) if filtered else Filters(),
                max_per_run=1 if name == "a" else None,
            ),
            [one],
        )
    ]
    wishes = [*wishes_of(members), *(wish for each in members for wish in wishes_of([each]))]
    before = [needs for wish in wishes for needs in _needs(known, wish)]
    for grow in growth:
        grow(known)
        now = [needs for wish in wishes for needs in _needs(known, wish)]
        assert all(new <= old for old, new in zip(before, now, strict=True))
        before = now


def _needs(known: Knowledge, wish: Wish) -> tuple[bool, bool]:
    return known.needs_facts(wish, MATCH), known.needs_seasons(wish, MATCH, None)
