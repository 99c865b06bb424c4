"""Knowledge grows stricter, never looser: readers ask ahead of the decisions of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from listsync.domain.decisions import Wish
from listsync.domain.list_rules import ALL_SEASONS, Filters, Seasons, Span, Which
from listsync.domain.media import Edition, Exclusion, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries, HandledSeasons
from listsync.domain.server import AS_USUAL, MediaStatus, RequestBody, TitleState
from listsync.domain.server_knowledge import Allowance, Quota
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.eligibility import needs_facts, needs_seasons
from listsync.sync.knowledge import RunKnowledge, Stored
from tests.builders import TV, entry, found, rules

SERIES = Edition(TitleKey(TV, 1396), four_k=False)
MATCH = found(SERIES.key)
NAMES = ("a", "b", "c")
BODY = RequestBody(key=SERIES.key, four_k=False, seasons=(1,))
ONE_SEASON = Allowance(
    user_id=1,
    name="owner",
    permitted=None,
    quotas={TV: Quota(limit=1, remaining=1, days=7)},
)
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


_GROWTH: Sequence[Callable[[RunKnowledge], object]] = (
    lambda known: known.note_requested(SERIES, {1}),
    lambda known: known.note_requested(SERIES, {2}),
    lambda known: known.note_requested(SERIES, {0, 9}),
    lambda known: known.put_on_hold(SERIES, "no answer"),
    lambda known: known.set_back(SERIES, 81189, "impossible"),
    lambda known: known.exclude(Exclusion(key=SERIES.key)),
    lambda known: known.refuse(AS_USUAL.user, TV, four_k=False, why="used up"),
    lambda known: known.learn_allowance(AS_USUAL.user, ONE_SEASON),
    lambda known: known.doubt_arr_names(TV),
    lambda known: known.count(BODY, "a"),
)
"""Every way in which a run adds to what it knows."""


def test_films_that_were_asked_for_take_no_set_each() -> None:
    known = RunKnowledge(Stored())
    films = [Edition(TitleKey(MediaType.MOVIE, number), four_k=False) for number in (1, 2)]
    for film in films:
        known.note_requested(film, ())
        known.note_requested(film, ())
    assert known.requested_seasons[films[0]] is known.requested_seasons[films[1]]


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
    growth: Sequence[Callable[[RunKnowledge], object]],
) -> None:
    handled = [(f"file:{name}", one) for name, one in zip(NAMES, remembered, strict=True) if one]
    row = "tmdb:tv/1396"
    entries = HandledEntries(
        {(source, False): {row: SERIES} for source, _ in handled},
        {(source, False): {row: one} for source, one in handled},
    )
    stored = Stored(
        index={SERIES.key: TitleState(status, MediaStatus.UNKNOWN)},
        handled=entries,
        watched={SERIES: date(2026, 1, 1)} if is_watched and handled else {},
    )
    known = RunKnowledge(stored, today=date(2026, 11, 29))
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


def _needs(known: RunKnowledge, wish: Wish) -> tuple[bool, bool]:
    return needs_facts(wish, MATCH, known), needs_seasons(wish, MATCH, None, known)


def test_every_way_in_which_a_run_adds_to_what_it_knows_is_tried_here() -> None:
    ways = {name for name in vars(RunKnowledge) if not name.startswith("_")} - {
        "excluded",
        "limits",
    }
    tried = {name for grow in _GROWTH for name in grow.__code__.co_names}
    assert ways <= tried
