"""Which list's rules hold for a title, and what they let through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from listsync.domain.arr_services import ArrChoice, ArrNames, ArrOffer, ArrService
from listsync.domain.decisions import Decision, Match, Prepared, Request, Skip, SkipReason, Wish
from listsync.domain.list_rules import Filters, Seasons, Span, Which
from listsync.domain.list_rules import ListRules as Rules
from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, Edition, Exclusion, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries, HandledSeasons
from listsync.domain.server import (
    Asking,
    Destination,
    MediaStatus,
    RequestBody,
    Season,
    SeriesDetails,
    TitleFacts,
    TitleState,
)
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.decide import decide
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.eligibility import needs_facts, needs_seasons
from listsync.sync.exclusions import ExclusionSet
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.limits import Cap, Caps, RunLimits
from listsync.sync.list_backoff import next_look
from tests.builders import MOVIE, NOON, TV, details, entry, found, rules

FILM, SERIES = TitleKey(MOVIE, 603), TitleKey(TV, 1396)
MATRIX = entry("The Matrix", 1999, MOVIE, tmdb=603)
BAD = entry("Breaking Bad", 2008, TV, tmdb=1396, tvdb=81189)
FACTS = TitleFacts(ids=NO_IDS, year=1999, genres=frozenset({"action"}), rating=8.2, votes=9)
FAMILY = Asking(user="family", profile="HD", tags=("kids",))
GUESTS = Asking(user="guests", tags=("guests",))
OLD = Filters(year=Span(None, 1990))
TODAY = date(2026, 11, 22)


def of(name: str, **more: object) -> Rules:
    return replace(rules(name), **more)  # type: ignore[arg-type]  # a test knows them


def wanted_by(*lists: Rules, one: ListEntry = MATRIX) -> Wish:
    members = [member for each in lists for member in members_of(each, [one])]
    (wish,) = wishes_of(members)
    return wish


def knowing(
    limits: RunLimits | None = None,
    *,
    exclusions: tuple[Exclusion, ...] = (),
    status: int = MediaStatus.UNKNOWN,
    watched: dict[Edition, date] | None = None,
    acted_on: str = "1",
    holds: Mapping[tuple[MediaType, bool], str] | None = None,
) -> RunKnowledge:
    """Know the server's *status* of all; what is *watched* was handled by lists `a` and `b`."""
    states = {key: TitleState(status, status) for key in (FILM, SERIES)}
    places = [(f"file:{name}", False) for name in "ab"] if watched else []
    row = {"tmdb:tv/1396": Edition(SERIES, False)}
    seasons = {"tmdb:tv/1396": HandledSeasons("all", acted_on)}
    entries = HandledEntries(dict.fromkeys(places, row), dict.fromkeys(places, seasons))
    return RunKnowledge(
        Stored(index=states, handled=entries, watched=watched or {}),
        excluded=ExclusionSet(exclusions),
        limits=limits,
        today=TODAY,
        holds=holds,
    )


def decided(
    wish: Wish,
    known: RunKnowledge | None = None,
    *,
    facts: TitleFacts | None = FACTS,
    seasons: SeriesDetails | None = None,
) -> Decision:
    key = SERIES if wish.kind is TV else FILM
    prepared = Prepared(wish=wish, match=found(key), facts=facts, details=seasons)
    return decide(prepared, known or knowing())


def body_of(decision: Decision) -> RequestBody:
    assert isinstance(decision, Request), decision
    return decision.body


# Which list has a title asked for, and how


def test_the_first_list_says_how_a_title_is_asked_for_and_tags_are_united() -> None:
    one = decided(wanted_by(of("a", asking=FAMILY), of("b", asking=GUESTS)))
    assert body_of(one).asking == replace(FAMILY, tags=("kids", "guests"))
    assert isinstance(one, Request)
    assert [member.rules.name for member in one.members] == ["a", "b"]


def test_series_are_asked_for_in_a_way_of_their_own_where_the_list_says_so() -> None:
    one, other = of("a", asking=FAMILY, asking_of_series=GUESTS), of("b", asking=FAMILY)
    assert body_of(decided(wanted_by(one, other))).asking == FAMILY
    series = decided(wanted_by(one, other, one=BAD), seasons=details((0, 1)))
    assert body_of(series).asking == replace(GUESTS, tags=("guests", "kids"))


def test_a_list_whose_filters_leave_the_title_out_has_no_say() -> None:
    one = decided(wanted_by(of("a", asking=FAMILY, filters=OLD), of("b", asking=GUESTS)))
    assert body_of(one).asking == GUESTS


def test_filters_of_all_lists_together_leave_it_out() -> None:
    wish = wanted_by(of("a", filters=OLD), of("b", filters=Filters(genres_not=FACTS.genres)))
    assert decided(wish) == Skip(SkipReason.FILTERED, "year 1999, the list takes <=1990")


def test_what_is_there_already_is_not_filtered() -> None:
    known = knowing(status=MediaStatus.AVAILABLE)
    assert decided(wanted_by(of("a", filters=OLD)), known) == Skip(SkipReason.AVAILABLE)
    assert not needs_facts(wanted_by(of("a", filters=OLD)), found(FILM), known)


def test_without_facts_nothing_passes_a_filter() -> None:
    one = decided(wanted_by(of("a", filters=OLD)), facts=None)
    assert isinstance(one, Skip)
    assert one.reason is SkipReason.ON_HOLD


def test_facts_are_needed_only_where_a_list_that_may_ask_has_filters() -> None:
    filtered = wanted_by(of("a", filters=OLD, kind=TV), of("b"))
    assert not needs_facts(filtered, found(FILM), knowing())
    assert needs_facts(wanted_by(of("a", filters=OLD)), found(FILM), knowing())
    excluding = knowing(exclusions=(Exclusion(genre="war"),))
    assert needs_facts(wanted_by(of("b")), found(FILM), excluding)
    nothing = Match(found=found(FILM).found, how=found(FILM).how)
    assert not needs_facts(wanted_by(of("b")), nothing, excluding)


def test_a_genre_is_excluded_for_all_lists() -> None:
    known = knowing(exclusions=(Exclusion(genre="action"),))
    assert decided(wanted_by(of("a")), known) == Skip(SkipReason.EXCLUDED, "genre action")
    other = knowing(exclusions=(Exclusion(genre="war"),))
    assert isinstance(decided(wanted_by(of("a")), other), Request)


# What keeps a list from asking


def test_a_user_that_does_not_exist_holds_only_lists_that_name_it() -> None:
    known = knowing(RunLimits(trouble={"family": "no user called family"}))
    alone = decided(wanted_by(of("a", asking=FAMILY)), known)
    assert alone == Skip(SkipReason.ON_HOLD, "no user called family")
    both = decided(wanted_by(of("a", asking=FAMILY), of("b", asking=GUESTS)), known)
    assert body_of(both).asking == GUESTS


def test_what_radarr_does_not_have_holds_only_lists_that_name_it() -> None:
    main = ArrService(id=0, name="Radarr", is_default=True, profile=ArrChoice(4, "HD"))
    names = ArrNames(services=(main,)).with_offer(
        0, ArrOffer(tags=(ArrChoice(1, "kids"), ArrChoice(2, "films"))), NOON
    )
    known = knowing(RunLimits(arr=ArrDirectory({MOVIE: names})))
    alone = decided(wanted_by(of("a", asking=GUESTS)), known)
    assert alone == Skip(SkipReason.ON_HOLD, "tag not looked up yet: 'guests'")
    both = decided(wanted_by(of("a", asking=GUESTS), of("b", asking=FAMILY)), known)
    assert body_of(both).destination == Destination(server_id=0, profile_id=4, tags=(1,))
    assert isinstance(decided(wanted_by(of("a"))), Request)


def test_a_user_whose_quota_is_used_up_stops_that_user_only() -> None:
    known = knowing()
    known.refuse("family", MOVIE, four_k=False, why="used up")
    assert decided(wanted_by(of("a", asking=FAMILY)), known) == Skip(SkipReason.ON_HOLD, "used up")
    assert isinstance(decided(wanted_by(of("b")), known), Request)
    series = decided(wanted_by(of("a", asking=FAMILY), one=BAD), known, seasons=details())
    assert isinstance(series, Request)


@pytest.mark.parametrize(
    ("own", "overall", "today", "said"),
    [
        ({"max_per_run": 2}, Cap(), {}, 'the list "a": at most 2 a sync'),
        ({"max_per_day": 5}, Cap(), {"a": 3}, 'the list "a": at most 5 in 24 hours'),
        ({}, Cap(per_run=2), {}, "all lists together: at most 2 a sync"),
        ({}, Cap(per_day=9), {"b": 7}, "all lists together: at most 9 in 24 hours"),
    ],
)
def test_a_cap_leaves_the_rest_for_later(
    own: dict[str, int], overall: Cap, today: dict[str, int], said: str
) -> None:
    known = knowing(RunLimits(Caps(overall, today)))
    wish = wanted_by(of("a", **own))
    for _ in range(2):
        assert isinstance(decided(wish, known), Request)
        known.count(RequestBody(key=FILM, four_k=False), "a")
    assert decided(wish, known) == Skip(SkipReason.CAPPED, said)


def test_where_one_list_is_at_its_cap_the_next_one_asks() -> None:
    both = wanted_by(of("a", max_per_run=0, asking=FAMILY), of("b", asking=GUESTS))
    assert body_of(decided(both, knowing())).asking == GUESTS


# Seasons


@pytest.mark.parametrize(
    ("lists", "seasons"),
    [
        ([Seasons()], (1, 2, 3)),
        ([Seasons(which=Which.FIRST)], (1,)),
        ([Seasons(which=Which.FIRST), Seasons(which=Which.LATEST)], (1, 3)),
        ([Seasons(which=Which.NAMED, numbers=frozenset({0, 2}))], (0, 2)),
        ([Seasons(which=Which.NAMED, numbers=frozenset({2})), Seasons()], (1, 2, 3)),
    ],
)
def test_seasons_that_any_list_wants(lists: list[Seasons], seasons: tuple[int, ...]) -> None:
    wish = wanted_by(*(of(f"{n}", seasons=one) for n, one in enumerate(lists)), one=BAD)
    one = decided(wish, seasons=details((0, 1, 2, 3)))
    assert body_of(one).seasons == seasons


def test_a_row_that_names_a_season_stands_above_the_rule_of_its_list() -> None:
    wish = wanted_by(of("a", seasons=Seasons(which=Which.FIRST)), one=BAD._replace(seasons=(2,)))
    assert body_of(decided(wish, seasons=details((0, 1, 2, 3)))).seasons == (2,)


def test_seasons_of_a_list_that_is_filtered_out_are_not_asked_for() -> None:
    wish = wanted_by(of("a", filters=OLD), of("b", seasons=Seasons(which=Which.FIRST)), one=BAD)
    assert body_of(decided(wish, seasons=details())).seasons == (1,)


def airing(*days: date | None, covered: tuple[int, ...] = ()) -> SeriesDetails:
    return SeriesDetails(
        ids=NO_IDS._replace(tvdb=81189),
        seasons=tuple(
            Season(number=number, episodes=8, airs=day, covered=number in covered)
            for number, day in enumerate(days)
        ),
    )


_SINCE = TODAY - timedelta(days=30)
_OLD, _NEW, _LATER = _SINCE, TODAY, TODAY + timedelta(days=20)


def test_a_season_that_aired_after_the_series_was_handled_is_asked_for() -> None:
    known = knowing(status=MediaStatus.AVAILABLE, watched={Edition(SERIES, False): _SINCE})
    wish = wanted_by(of("a", new_seasons=True, asking=GUESTS), of("b"), one=BAD)
    assert needs_seasons(wish, found(SERIES), None, known)
    one = decided(wish, known, seasons=airing(_NEW, _OLD, None, _NEW, _LATER))
    assert (body_of(one).seasons, body_of(one).asking) == ((3,), GUESTS)
    again = decided(wish, known, seasons=airing(_NEW, _OLD, _NEW, covered=(2,)))
    assert again == Skip(SkipReason.AVAILABLE, "no new season has aired")


def test_a_season_that_airs_on_the_very_day_of_handling_is_new() -> None:
    series = Edition(SERIES, False)
    wish = wanted_by(of("a", new_seasons=True), one=BAD)
    for airs, seasons in ((_SINCE, (2,)), (_SINCE - timedelta(days=1), None)):
        known = knowing(status=MediaStatus.AVAILABLE, watched={series: _SINCE})
        one = decided(wish, known, seasons=airing(None, _OLD, airs))
        assert (one.body.seasons if isinstance(one, Request) else None) == seasons


def test_a_new_season_that_was_acted_on_is_not_new_any_more() -> None:
    watched = {Edition(SERIES, False): _SINCE}
    known = knowing(status=MediaStatus.AVAILABLE, watched=watched, acted_on="1,2")
    wish = wanted_by(of("a", new_seasons=True), one=BAD)
    one = decided(wish, known, seasons=airing(None, _OLD, _NEW))
    assert one == Skip(SkipReason.AVAILABLE, "no new season has aired")


def test_new_seasons_are_held_back_like_anything_else() -> None:
    series = Edition(SERIES, False)
    wish = wanted_by(of("a", new_seasons=True), one=BAD)
    kept_back = [
        knowing(status=MediaStatus.AVAILABLE, watched={series: _SINCE}, holds=holds)
        for holds in ({}, {}, {(TV, False): "no"})
    ]
    kept_back[0].put_on_hold(series, "no")
    kept_back[1].set_back(series, wish.ids.tvdb, "no")
    for known in kept_back:
        one = decided(wish, known, seasons=airing(None, _NEW))
        assert isinstance(one, Skip)
        assert one.detail == "no"


@pytest.mark.parametrize(
    ("status", "reason"),
    [(MediaStatus.UNKNOWN, SkipReason.HANDLED), (MediaStatus.DELETED, SkipReason.DELETED)],
)
def test_what_was_deleted_stays_so_whatever_airs(status: int, reason: SkipReason) -> None:
    known = knowing(status=status, watched={Edition(SERIES, False): _SINCE})
    wish = wanted_by(of("a", new_seasons=True), one=BAD)
    one = decided(wish, known, seasons=airing(None, _NEW))
    assert isinstance(one, Skip)
    assert one.reason is reason


def test_new_seasons_are_asked_for_only_where_a_list_wants_that_and_it_is_due() -> None:
    watched = {Edition(SERIES, False): _SINCE}
    known = knowing(status=MediaStatus.AVAILABLE, watched=watched)
    assert not needs_seasons(wanted_by(of("a"), one=BAD), found(SERIES), None, known)
    not_due = knowing(status=MediaStatus.AVAILABLE)
    wish = wanted_by(of("a", new_seasons=True), one=BAD)
    assert not needs_seasons(wish, found(SERIES), None, not_due)


def test_a_series_is_looked_at_again_when_a_season_airs_or_weekly() -> None:
    assert next_look(airing(None, _OLD), TODAY) == TODAY + timedelta(days=7)
    soon = TODAY + timedelta(days=3)
    assert next_look(airing(None, _OLD, soon, _LATER), TODAY) == soon
