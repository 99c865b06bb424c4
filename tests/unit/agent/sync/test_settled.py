"""What is settled in bulk comes to the very end that a decision of its own would bring it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import pytest

from listsync.domain.decisions import Found, How, Match, Member
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import MediaStatus, TitleState
from listsync.sync.deduplication import Group, members_of, united, wish_of
from listsync.sync.exclusions import ExclusionSet
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.pipeline import Settled, Settler
from listsync.sync.titles.lookups import lookup_of
from listsync.sync.titles.resolve import Resolver
from tests.builders import MOVIE, TV, entry, rules
from tests.fakes import (
    FakeServer,
)

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
