"""What is settled in bulk comes to the very end that a decision of its own would bring it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.decisions import Found, How, Match, Member
from listsync.domain.list_rules import ALL_SEASONS, ListRules, Seasons, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, TitleKey
from listsync.domain.report import SyncReport
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import MediaStatus, TitleState
from listsync.ports.state import Memory
from listsync.sync.deduplication import Group, members_of, united, wish_of
from listsync.sync.exclusions import ExclusionSet
from listsync.sync.fetch_lists import Followed
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.pipeline import Settled, Settler
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts, sync
from listsync.sync.titles.lookups import lookup_of
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, RUN, TV, entry, rules
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
from tests.thorough import tries

DUNE = TitleKey(MOVIE, 438631)
BY_TMDB = entry("Dune", 2021, MOVIE, tmdb=DUNE.tmdb_id)
BY_IMDB = entry("Dune", 2021, imdb="tt1160419")
AVAILABLE = TitleState(MediaStatus.AVAILABLE, MediaStatus.UNKNOWN)


def settle(
    groups: Sequence[Group],
    *,
    state: TitleState = AVAILABLE,
    handled: Mapping[str, TitleKey] | None = None,
    exclusions: Sequence[Exclusion] = (),
    watched: Mapping[Edition, date] | None = None,
    matches: Mapping[str, Match] | None = None,
) -> Settled:
    """Settle *groups*, whose entries were *handled* in the lists `mine` and `other`."""
    titles = {
        name: Edition(key, four_k=False)
        for name, key in (handled or {"tmdb:movie/438631": DUNE, "imdb:tt1160419": DUNE}).items()
    }
    entries = HandledEntries({("file:mine", False): titles, ("file:other", False): titles})
    known = RunKnowledge(
        Stored(index={DUNE: state}, handled=entries, watched=watched or {}),
        excluded=ExclusionSet(exclusions),
    )
    return Settler(known, Resolver(FakeServer(), matches or {})).settle(groups)


def groups(*entries: ListEntry, of: ListRules | None = None) -> list[Group]:
    return united(members_of(of or rules(), entries))


@pytest.mark.parametrize(
    "status",
    [
        MediaStatus.PENDING,
        MediaStatus.PROCESSING,
        MediaStatus.AVAILABLE,
        pytest.param(99, id="unheard of"),
    ],
)
def test_what_was_handled_and_stands_well_is_settled(status: int) -> None:
    settled = settle(groups(BY_TMDB), state=TitleState(status, MediaStatus.UNKNOWN))
    assert (settled.open, settled.titles, settled.entries) == ([], 1, {"mine": 1})


@pytest.mark.parametrize(
    "state",
    [
        TitleState(MediaStatus.UNKNOWN, MediaStatus.AVAILABLE),
        TitleState(MediaStatus.PARTIALLY_AVAILABLE, MediaStatus.UNKNOWN),
        TitleState(MediaStatus.DELETED, MediaStatus.UNKNOWN),
        TitleState(MediaStatus.BLOCKLISTED, MediaStatus.UNKNOWN),
        TitleState(MediaStatus.AVAILABLE, MediaStatus.BLOCKLISTED),
    ],
    ids=["gone", "in part", "deleted", "blocklisted", "blocklisted in 4K"],
)
def test_what_does_not_stand_well_is_decided(state: TitleState) -> None:
    wanted = groups(BY_TMDB)
    assert settle(wanted, state=state) == Settled(open=wanted)


def test_what_was_never_handled_is_decided() -> None:
    wanted = groups(BY_TMDB)
    assert settle(wanted, handled={"tmdb:movie/1": DUNE}).open == wanted


def test_an_entry_whose_list_names_another_title_now_is_decided() -> None:
    wanted = groups(entry("Heat", kind=MOVIE, imdb="tt1160419", tmdb=949))
    assert settle(wanted).open == wanted


def test_an_entry_whose_kind_has_changed_is_decided() -> None:
    wanted = groups(entry("Dune", kind=TV, imdb="tt1160419", tmdb=DUNE.tmdb_id))
    assert settle(wanted).open == wanted


def test_a_remembered_match_settles_what_names_no_title_itself() -> None:
    (wanted,) = groups(BY_IMDB)
    match = Match(found=Found.FOUND, how=How.IMDB_ID, key=DUNE)
    matches = {lookup_of(wish_of(wanted)) or "": match}
    assert settle([wanted], matches=matches).titles == 1
    other = {name: replace(match, key=TitleKey(MOVIE, 949)) for name in matches}
    assert settle([wanted], matches=other).open == [wanted]
    assert settle([wanted]).open == [wanted]


def test_the_title_of_a_remembered_match_may_be_excluded() -> None:
    (wanted,) = groups(BY_IMDB)
    match = Match(found=Found.FOUND, how=How.IMDB_ID, key=DUNE)
    matches = {lookup_of(wish_of(wanted)) or "": match}
    assert settle([wanted], matches=matches, exclusions=[Exclusion(key=DUNE)]).open == [wanted]


def test_entries_that_share_an_id_are_settled_together() -> None:
    with_both = entry("Dune", 2021, MOVIE, imdb="tt1160419", tmdb=DUNE.tmdb_id)
    members = [*members_of(rules(), [BY_IMDB]), *members_of(rules("other"), [with_both])]
    settled = settle(united(members))
    assert (settled.titles, settled.entries) == (1, {"mine": 1, "other": 1})


def test_one_entry_that_was_never_handled_keeps_all_of_its_title_open() -> None:
    new = Member(rules("third"), BY_TMDB, "tmdb:movie/438631")
    wanted = united([*members_of(rules(), [BY_TMDB]), new])
    assert settle(wanted).open == wanted


def test_lists_that_contradict_each_other_are_decided() -> None:
    series = entry("Dune", kind=TV, imdb="tt1160419")
    film = entry("Dune", kind=MOVIE, imdb="tt1160419", tmdb=DUNE.tmdb_id)
    wanted = united([*members_of(rules(), [film]), *members_of(rules("other"), [series])])
    assert len(wanted) == 1
    assert settle(wanted).open == wanted


@pytest.mark.parametrize(
    "exclusion",
    [Exclusion(key=DUNE), Exclusion(title="Dune"), Exclusion(imdb="tt1160419")],
    ids=["key", "title", "imdb"],
)
def test_what_is_excluded_is_decided(exclusion: Exclusion) -> None:
    wanted = groups(entry("Dune", 2021, MOVIE, imdb="tt1160419", tmdb=DUNE.tmdb_id))
    assert settle(wanted, exclusions=[exclusion]).open == wanted
    assert settle(wanted, exclusions=[Exclusion(title="Heat", key=None)]).titles == 1


def test_what_a_list_does_not_take_is_decided() -> None:
    wanted = groups(entry("Dune", 2021, MOVIE, tmdb=DUNE.tmdb_id), of=rules(kind=TV))
    assert settle(wanted).open == wanted


def test_a_series_that_is_due_for_a_look_is_decided() -> None:
    wanted = groups(BY_TMDB)
    watched = {Edition(DUNE, four_k=False): date(2026, 11, 1)}
    assert settle(wanted, watched=watched).open == wanted


# The whole sync, with and without


_TITLES = (
    a_film(1, "Dune", 2021, imdb="tt0000001"),
    a_film(2, "Heat", 1995, imdb="tt0000002"),
    a_series(1, "Lost", 2004, tvdb=11, imdb="tt0000003"),
    a_series(2, "Tatort", 1970, tvdb=12),
    a_film(3, "Alien", 1979),
    a_series(3, "Dark", 2017, tvdb=13, imdb="tt0000004"),
)
_ENTRIES = st.builds(
    entry,
    st.sampled_from(["Dune", "Heat", "Lost", "Dark", "Nothing"]),
    st.sampled_from([2021, None]),
    st.sampled_from([MOVIE, TV, None]),
    imdb=st.sampled_from([None, "tt0000001", "tt0000002", "tt0000003", "tt0000009"]),
    tmdb=st.sampled_from([None, 1, 2, 3]),
    tvdb=st.sampled_from([None, 11, 13]),
    season=st.sampled_from([None, None, 2]),
)
_SEASONS = st.sampled_from(
    [ALL_SEASONS, Seasons(which=Which.FIRST), Seasons(which=Which.NAMED, numbers=frozenset({2}))]
)
_EXCLUSIONS = st.sampled_from(
    [Exclusion(title="Dune"), Exclusion(key=TitleKey(TV, 1)), Exclusion(imdb="tt0000002")]
)
_STATUSES = st.sampled_from([*MediaStatus, None])


def _runs(
    lists: Sequence[tuple[ListRules, Sequence[ListEntry]]],
    statuses: Sequence[MediaStatus | None],
    exclusions: Sequence[Exclusion],
    seasons: Sequence[Sequence[Seasons]],
) -> tuple[list[SyncReport], FakeServer, Memory]:
    """Sync twice; in between the server's titles change to *statuses*, and rules of *seasons*."""
    server, memory = FakeServer(*_TITLES), FakeMemory()
    reports = []
    for excluded, chosen in zip(((), exclusions), seasons, strict=True):
        parts = Parts(
            lists=[
                Followed(replace(one, seasons=which), FakeList(whole(*entries)))
                for (one, entries), which in zip(lists, chosen, strict=False)
            ],
            exclusions=excluded,
            server=server,
            memory=memory,
            arr_names=FakeArrNames(),
            board=ProgressBoard(),
            facts=FakeFacts(),
        )
        reports.append(replace(sync(RUN, parts), duration_s=0, calls=0))
        for title, status in zip(_TITLES, statuses, strict=True):
            if status is None:
                server.states.pop(title.key, None)
            else:
                server.set_status(title.key, status)
    return reports, server, memory


@settings(max_examples=tries(20, 500))
@given(
    st.lists(st.lists(_ENTRIES, max_size=4), min_size=1, max_size=3),
    st.tuples(*(_STATUSES for _ in _TITLES)),
    st.lists(_EXCLUSIONS, max_size=1),
    st.tuples(*(st.tuples(_SEASONS, _SEASONS, _SEASONS) for _ in range(2))),
)
def test_settling_changes_no_outcome(
    lists: list[list[ListEntry]],
    statuses: tuple[MediaStatus | None, ...],
    exclusions: list[Exclusion],
    seasons: tuple[tuple[Seasons, ...], ...],
) -> None:
    kinds = (None, None, MOVIE)
    followed = [
        (rules(f"list-{number}", kind=kinds[number], four_k=number == 1), entries)
        for number, entries in enumerate(lists)
    ]
    ours, server, memory = _runs(followed, statuses, exclusions, seasons)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settler, "settle", lambda _, wanted: Settled(open=list(wanted)))
        theirs, plain_server, plain_memory = _runs(followed, statuses, exclusions, seasons)
    assert ours == theirs
    assert server.posted == plain_server.posted
    # How often titles are looked up depends on how far readers are ahead, and so does the sum of
    # all calls.
    for method in ("identify", "read_index", "request"):
        assert server.counts[method] == plain_server.counts[method]
    assert memory.handled.load() == plain_memory.handled.load()
