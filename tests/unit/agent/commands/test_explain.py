from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from listsync.domain.arr_services import (
    ArrChoice,
    ArrNames,
    ArrOffer,
    ArrSelection,
    ArrService,
)
from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice, EntryRow, Lookup
from listsync.domain.list_rules import Seasons, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import (
    BY_COMMAND,
    BY_CONFIGURATION,
    Edition,
    Exclusion,
    ExternalIds,
    MediaType,
    TitleKey,
)
from listsync.domain.run_notes import FailedRequest, HandledEntries, HandledSeasons
from listsync.domain.server import (
    AS_USUAL,
    Asking,
    Candidate,
    MediaStatus,
    RequestStatus,
    ServerRequest,
    TitleState,
)
from listsync.domain.server_knowledge import (
    Allowance,
    Hold,
    Learned,
    Quota,
    TriedUser,
    UserAllowance,
)
from listsync.protocol import Reason
from listsync.sync.arr_selection import key_of
from listsync.sync.deduplication import entry_id, members_of, wishes_of
from listsync.sync.exclusions import wishes_to_exclude
from listsync.sync.limits import Cap
from listsync.sync.titles.lookups import lookup_of, lookup_of_entry
from tests.fakes import NOTHING_KNOWN
from tests.unit.agent.commands.test_items_and_runs import shown
from tests.unit.agent.commands.test_review import a_review
from tests.unit.agent.commands.world import (
    AT,
    ISO,
    World,
    a_list,
    a_request,
    rules,
)

_DUNE = TitleKey(MediaType.MOVIE, 438631)
_DUNE_HD = Edition(_DUNE, four_k=False)
_HANDLED = HandledEntries({("file:/one", False): {"imdb:tt1160419": _DUNE_HD}})
_LYNCH = Candidate(
    key=TitleKey(MediaType.MOVIE, 841), title="Dune", original_title="Dune", year=1984
)
_BY_IMDB = ListEntry(
    rank=3,
    title="Dune",
    year=2021,
    kind=MediaType.MOVIE,
    ids=ExternalIds(imdb="tt1160419"),
)
_BY_TMDB = _BY_IMDB._replace(ids=ExternalIds(imdb="tt1160419", tmdb=438631))
_BY_TITLE = ListEntry(rank=1, title="Dune", kind=MediaType.MOVIE)
_FOUND = Match(
    found=Found.FOUND,
    how=How.IMDB_ID,
    key=_DUNE,
    title="Dune (2021)",
    reasons=("tt1160419 is Dune (2021) [movie/438631]",),
)
_DAYS = 40_000
_AGAIN_AT = AT + timedelta(days=_DAYS, hours=1)
"""Not due while this is tested."""
_REVIEW = Match(
    found=Found.REVIEW,
    how=How.TITLE,
    score=1.0,
    reasons=("no year, and 2 titles of this name", "Dune (1984) [movie/841]: same title (1.00)"),
    candidates=(_LYNCH,),
)


@pytest.fixture(autouse=True)
def _read(world: World) -> None:
    """Let all lists have been read."""
    world.state.kept.told_lists = [a_list("one"), a_list("two"), a_list("Trending Movies")]


def row(entry: ListEntry, name: str = "one", **more: Any) -> EntryRow:
    return EntryRow(row=a_list(name), entry=entry, entry_id=entry_id(entry), first_seen=AT, **more)


def explained(world: World, query: str = "dune", **params: Any) -> Mapping[str, Any]:
    (title,) = world.ask("explain", query=query, **params)["titles"]
    found: Mapping[str, Any] = title
    return found


def why(world: World) -> tuple[str, str]:
    decision = explained(world)["decision"]
    return decision["verdict"], decision["why"]


@pytest.fixture
def dune(world: World) -> World:
    """Give an agent of whose lists one holds Dune by its TMDB id; the server has it not."""
    world.state.kept.told_entries = [row(_BY_TMDB)]
    know(world)
    return world


def know(world: World, status: int = 1, status_4k: int = 1, **more: Any) -> None:
    state = TitleState(status, status_4k)
    world.state.kept.overviews[_DUNE] = replace(NOTHING_KNOWN, state=state, **more)


def allow(world: World, user: str, **more: Any) -> None:
    """Let the last sync have learned what *user* may request."""
    allowance = Allowance(user_id=7, name=user, **more)
    world.state.kept.has_learned = Learned(
        allowances=(UserAllowance(user=user, allowance=allowance),)
    )


# -- what is told ------------------------------------------------------------------------------


def test_a_title_is_told_with_its_lists_its_match_and_its_requests(world: World) -> None:
    handled = ((_DUNE_HD, AT),)
    world.state.kept.told_entries = [row(_BY_IMDB, handled=handled), row(_BY_IMDB, "gone")]
    world.state.kept.lookups = {"imdb:tt1160419|movie": Lookup(match=_FOUND, at=AT, again_at=None)}
    request = a_request("Dune (2021)", key=_DUNE, requested_as="family", run_id="4f1c")
    know(world, MediaStatus.AVAILABLE, handled=_HANDLED, requests=(request,))
    on_list = {
        "list": "one",
        "label": "Dune (2021)",
        "rank": 3,
        "since": ISO,
        "followed": True,
        "exclude": False,
        "outcome": "complete",
        "last_success": ISO,
        "why": "",
        "handled_at": ISO,
    }
    assert explained(world) == {
        "title": "Dune (2021)",
        "kind": "movie",
        "tmdb_id": 438631,
        "four_k": False,
        "decision": {"verdict": "already_there", "why": "available", "conditions": []},
        "lists": [
            on_list,
            {**on_list, "list": "gone", "followed": False, "handled_at": None},
        ],
        "more_lists": 0,
        "match": {
            "found": "found",
            "how": "IMDb id",
            "key": "movie/438631",
            "title": "Dune (2021)",
            "score": 0.0,
            "why": "tt1160419 is Dune (2021) [movie/438631]",
            "candidates": [],
            "at": ISO,
            "again_at": None,
            "review_id": None,
        },
        "choice": None,
        "server": {"status": "available", "status_4k": "not there", "requested_since": False},
        "requests": [
            {
                "title": "Dune (2021)",
                "kind": "movie",
                "tmdb_id": 438631,
                "seasons": "",
                "four_k": False,
                "answer": "requested",
                "lists": "one, two",
                "requested_as": "family",
                "at": ISO,
                "detail": "",
                "run_id": "4f1c",
            }
        ],
        "more_requests": 0,
        "requests_next": None,
    }
    assert shown("explain", world.ask("explain", query="Dune")).splitlines() == [
        "Dune (2021) [movie/438631]",
        "  Decision   available",
        "  Lists      one, rank 3, added now; read now; handled now",
        "             gone, rank 3, added now; no longer followed",
        "  Match      found by IMDb id, now: tt1160419 is Dune (2021) [movie/438631]",
        "  Server     available; 4K: not there",
        "  Requests   now for one, two, as family: requested (run 4f1c)",
    ]


def test_a_title_that_waits_is_told_with_how_to_choose(world: World) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    lookup = "title:dune||movie"
    world.state.kept.lookups = {lookup: Lookup(match=_REVIEW, at=AT, again_at=_AGAIN_AT)}
    title = explained(world)
    assert title["decision"] == {
        "verdict": "review",
        "why": "waits for review: no year, and 2 titles of this name",
        "conditions": [],
    }
    name = a_review("Dune").short_id
    assert title["match"]["review_id"] == name
    text = shown("explain", world.ask("explain", query="Dune"))
    assert (
        f"Match      several candidates by title, now, looked up again in {_DAYS} d: no year, "
        in text
    )
    assert "             1  Dune (1984) [movie/841]  same title (1.00)\n" in text
    assert f"`listsyncctl review accept {name} NUMBER`" in text


@pytest.mark.parametrize("again_at", [_AGAIN_AT, AT - timedelta(hours=1)], ids=["not-due", "due"])
def test_an_imdb_id_that_was_chosen_is_told_to_be_looked_up(
    world: World, again_at: datetime
) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    lookup = "title:dune||movie"
    world.state.kept.lookups = {lookup: Lookup(match=_REVIEW, at=AT, again_at=again_at)}
    choice = Choice(None, "", AT, imdb="tt1160419")
    world.state.kept.reviews = [a_review("Dune", lookup=lookup, choice=choice)]
    title = explained(world)
    assert title["decision"] == {
        "verdict": "new",
        "why": "you chose tt1160419: the next sync looks it up",
        "conditions": [],
    }
    assert title["choice"]["imdb_id"] == "tt1160419"
    assert title["tmdb_id"] is None
    assert "  Choice     you chose tt1160419, now: the next sync looks it up" in shown(
        "explain", world.ask("explain", query="Dune")
    )


def test_a_choice_by_title_that_the_next_sync_takes_over_is_told(world: World) -> None:
    one = _BY_TITLE._replace(bare_id=12)
    world.state.kept.told_entries = [row(one)]
    world.state.kept.lookups = {
        "title+id:dune||movie": Lookup(match=_REVIEW, at=AT, again_at=_AGAIN_AT)
    }
    assert explained(world)["decision"]["verdict"] == "review"
    world.state.kept.reviews = [
        a_review("Dune", lookup="title:dune||movie", choice=Choice(_DUNE, "Dune (2021)", AT))
    ]
    title = explained(world)
    assert title["tmdb_id"] == _DUNE.tmdb_id
    assert title["choice"]["key"] == str(_DUNE)
    assert title["decision"]["verdict"] == "open"


def test_what_is_due_is_looked_up_again_by_the_next_sync(world: World) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    world.state.kept.lookups = {
        "title:dune||movie": Lookup(match=_REVIEW, at=AT - timedelta(days=1), again_at=AT)
    }
    title = explained(world)
    assert title["decision"]["verdict"] == "new"
    assert title["decision"]["why"] == "nothing sure was found before: the next sync looks again"
    text = shown("explain", world.ask("explain", query="Dune"))
    assert (
        "several candidates by title, 1 d ago, looked up again by the next sync: no year" in text
    )


@pytest.mark.parametrize("again_at", [_AGAIN_AT, AT], ids=["later", "due"])
def test_a_row_in_doubt_waits_for_a_person_and_not_for_a_time(
    world: World, again_at: datetime
) -> None:
    doubtful = _BY_TITLE._replace(doubt="its season is not understood: many")
    world.state.kept.told_entries = [row(doubtful)]
    doubt = Match(found=Found.REVIEW, how=How.TITLE, reasons=(doubtful.doubt or "",))
    lookup = lookup_of_entry(doubtful) or ""
    world.state.kept.lookups = {lookup: Lookup(match=doubt, at=AT, again_at=again_at)}
    title = explained(world)
    assert title["decision"]["verdict"] == "review"
    assert title["match"]["again_at"] is None
    assert title["match"]["review_id"]
    text = shown("explain", world.ask("explain", query="Dune"))
    assert ", now, until you choose or its lists change: its season is not understood" in text
    assert "again" not in text


def test_a_list_that_was_not_read_may_say_otherwise(dune: World) -> None:
    dune.state.kept.told_lists = [a_list("two")]
    assert explained(dune)["decision"]["conditions"] == [
        "unless Trending Movies says otherwise of it: that list was not read yet"
    ]


def test_a_row_without_a_kind_is_told_by_what_its_list_makes_of_it(world: World) -> None:
    world.follow(rules("one", kind=MediaType.MOVIE))
    world.state.kept.told_entries = [row(_BY_TITLE._replace(kind=None))]
    world.state.kept.lookups = {"title:dune||movie": Lookup(match=_FOUND, at=AT, again_at=None)}
    know(world)
    title = explained(world)
    assert (title["tmdb_id"], title["decision"]["verdict"]) == (438631, "open")
    assert title["match"]["key"] == "movie/438631"


def test_what_lies_beyond_a_limit_changes_nothing_of_what_is_told(world: World) -> None:
    wanted = _BY_TITLE._replace(rank=9, year=2021, ids=_BY_IMDB.ids, check_ids=True)
    beyond = wanted._replace(rank=2, ids=ExternalIds(imdb="tt1160419", tmdb=1))
    first = _BY_TITLE._replace(title="Another", rank=1)
    world.follow(rules("one", limit=1), rules("two"))
    world.state.kept.told_entries = [row(first), row(beyond), row(wanted, "two")]
    lookup = lookup_of_entry(wanted) or ""
    world.state.kept.lookups = {lookup: Lookup(match=_FOUND, at=AT, again_at=None)}
    know(world)
    (title,) = (one for one in world.ask("explain", query="dune")["titles"] if one["tmdb_id"])
    assert title["decision"]["why"] == "the next sync requests it for two"
    assert title["match"]["found"] == "found"
    assert [one["list"] for one in title["lists"]] == ["one", "two"]


def test_rows_that_exclude_together_exclude_what_they_were_taken_for(dune: World) -> None:
    dune.follow(rules("one"), rules("seen", is_exclusion=True))
    dune.state.kept.told_lists.append(a_list("seen"))
    said = _BY_TITLE._replace(year=1999, title="Dune", check_ids=True)
    first = said._replace(ids=ExternalIds(imdb="tt1160419", tmdb=7))
    second = said._replace(ids=ExternalIds(imdb="tt1160419", tvdb=5), rank=2)
    members = members_of(rules("seen", is_exclusion=True), [first, second])
    dune.state.kept.told_entries += [
        replace(row(one.entry, "seen"), entry_id=one.entry_id) for one in members
    ]
    (together,) = wishes_of(members)
    elsewhere = replace(_FOUND, how=How.TITLE_INSTEAD, key=TitleKey(MediaType.MOVIE, 7))
    elsewhere = replace(elsewhere, title="Dune: Another")
    lookup = lookup_of(together) or ""
    dune.state.kept.lookups[lookup] = Lookup(match=elsewhere, at=AT, again_at=None)
    verdicts = {one["decision"]["verdict"] for one in dune.ask("explain", query="dune")["titles"]}
    assert "open" in verdicts


@pytest.mark.parametrize(
    ("key", "verdict", "words"),
    [
        (_DUNE, "open", "you chose Dune (2021) [movie/438631], now"),
        (None, "not_found", "you rejected all candidates, now"),
    ],
    ids=["accepted", "rejected"],
)
def test_a_choice_is_told_and_counts(
    world: World, key: TitleKey | None, verdict: str, words: str
) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    world.state.kept.lookups = {
        "title:dune||movie": Lookup(match=_REVIEW, at=AT, again_at=_AGAIN_AT)
    }
    world.state.kept.reviews = [a_review("Dune", choice=Choice(key, "Dune (2021)", AT))]
    know(world)
    assert explained(world)["decision"]["verdict"] == verdict
    text = shown("explain", world.ask("explain", query="Dune"))
    assert f"  Choice     {words}" in text
    assert "again" not in text
    assert "choose" not in text, "it was chosen"


# -- what a sync would decide ------------------------------------------------------------------


def test_what_is_missing_is_requested_next(dune: World) -> None:
    assert why(dune) == ("open", "the next sync requests it for one")


def test_as_whom_it_will_be_requested_is_told(dune: World) -> None:
    asking = replace(AS_USUAL, user="family")
    dune.follow(rules("one", asking=asking, four_k=True))
    allow(dune, "family")
    assert why(dune) == ("open", "the next sync requests it for one, as family, in 4K")


@pytest.mark.parametrize(
    ("four_k", "said"),
    [
        (False, ("open", "the next sync requests it for one")),
        (True, ("on_hold", "on hold: the server has no 4K Radarr (as the last sync found)")),
    ],
)
def test_what_held_the_last_run_is_told(
    dune: World, *, four_k: bool, said: tuple[str, str]
) -> None:
    dune.follow(rules("one", four_k=four_k))
    hold = Hold(kind=MediaType.MOVIE, four_k=True, why="the server has no 4K Radarr")
    dune.state.kept.has_learned = Learned(holds=(hold,))
    assert why(dune) == said


FAMILY = Asking(user="family")


@pytest.mark.parametrize(
    ("learned", "verdict", "words"),
    [
        ({"permitted": frozenset()}, "on_hold", "family has no permission to request films"),
        (
            {"quotas": {MediaType.MOVIE: Quota(limit=5, remaining=0, days=7)}},
            "on_hold",
            "quota of family used up: 5 films in 7 days",
        ),
        (
            {"quotas": {MediaType.MOVIE: Quota(limit=5, remaining=2, days=7)}},
            "open",
            "while the quota of family lasts: 2 left of 5 films in 7 days",
        ),
    ],
    ids=["permission", "used-up", "left"],
)
def test_what_a_user_may_is_told(
    dune: World, learned: dict[str, Any], verdict: str, words: str
) -> None:
    dune.follow(rules("one", asking=FAMILY))
    allow(dune, "family", **learned)
    assert why(dune)[0] == verdict
    assert words in why(dune)[1]


def test_what_only_asking_can_tell_is_not_promised(dune: World) -> None:
    dune.follow(rules("one", asking=FAMILY))
    assert explained(dune)["decision"]["conditions"] == [
        "if family may: that is read when something is requested"
    ]


def test_a_profile_that_was_not_looked_up_is_told(dune: World) -> None:
    dune.follow(rules("one", asking=Asking(profile="HD")))
    verdict, words = why(dune)
    assert verdict == "new"
    assert words == "profile not looked up yet: 'HD': the next sync does"


def test_a_missing_profile_is_told(dune: World) -> None:
    asking = Asking(profile="HDD")
    dune.follow(rules("one", asking=asking))
    selection = ArrSelection.of(asking, MediaType.MOVIE, four_k=False)
    dune.state.kept.has_arr_names[MediaType.MOVIE] = ArrNames(
        services=(ArrService(id=0, name="Radarr", is_default=True),),
        offers={0: ArrOffer(profiles=(ArrChoice(4, "HD"),))},
        asked_at={0: AT},
        sought={key_of(selection): AT},
    )
    verdict, words = why(dune)
    assert verdict == "on_hold"
    assert "HDD" in words


def test_an_unknown_user_is_told(dune: World) -> None:
    dune.follow(rules("one", asking=FAMILY))
    dune.state.kept.has_learned = Learned(
        users=(TriedUser(user="family", why="there is no such user"),)
    )
    assert why(dune) == ("on_hold", "on hold: there is no such user (as the last sync found)")


def test_caps_are_told_before_and_when_they_are_reached(dune: World) -> None:
    dune.follow(rules("one", max_per_day=2))
    assert explained(dune)["decision"]["conditions"] == [
        'as far as the list "one": at most 2 in 24 hours'
    ]
    now = datetime.now(UTC)
    dune.state.kept.requests["r"] = (a_request(lists=("one",), at=now), a_request(at=now))
    assert why(dune) == ("skipped", 'left for a later sync: the list "one": at most 2 in 24 hours')
    dune.follow(rules("one"))
    dune.cap = Cap(per_run=1)
    assert explained(dune)["decision"]["conditions"] == [
        "as far as all lists together: at most 1 a sync"
    ]


def test_a_season_that_may_not_exist_is_not_promised(world: World) -> None:
    series = ListEntry(rank=1, title="Dune", kind=MediaType.TV, ids=ExternalIds(tmdb=1396))
    world.state.kept.told_entries = [row(series)]
    world.follow(rules("one", seasons=Seasons(which=Which.NAMED, numbers=frozenset({99}))))
    assert explained(world)["decision"]["conditions"][0] == (
        "if it has season 99 and the server does not"
    )


def test_what_is_beyond_the_limit_of_its_list_is_left_out(dune: World) -> None:
    first = _BY_TITLE._replace(title="Another", rank=1)
    dune.state.kept.told_entries = [row(first), row(_BY_TMDB)]
    dune.follow(rules("one", limit=1))
    assert why(dune) == ("skipped", "left out: one takes its first 1 titles only")
    dune.follow(rules("one", limit=2))
    assert why(dune)[0] == "open"


def test_what_its_list_does_not_take_is_left_out(dune: World) -> None:
    dune.follow(rules("one", kind=MediaType.TV))
    assert why(dune) == ("skipped", "left out: one takes no movie")


def test_what_a_list_of_exclusions_does_not_take_it_does_not_exclude(dune: World) -> None:
    dune.state.kept.told_entries.append(row(_BY_TMDB, "seen"))
    dune.follow(rules("one"), rules("seen", is_exclusion=True, kind=MediaType.TV))
    dune.state.kept.told_lists = [a_list("one"), a_list("seen")]
    assert why(dune) == ("open", "the next sync requests it for one")


def test_a_list_followed_twice_is_told_twice(dune: World) -> None:
    dune.follow(rules("one"), rules("one", four_k=True))
    titles = dune.ask("explain", query="dune")["titles"]
    assert [one["four_k"] for one in titles] == [False, True]


def test_the_list_that_comes_first_in_the_configuration_requests(dune: World) -> None:
    dune.state.kept.told_entries.append(row(_BY_TMDB, "two"))
    dune.follow(rules("two"), rules("one"))
    assert why(dune) == ("open", "the next sync requests it for two")


def test_what_is_requested_for_one_entry_is_not_for_another_of_the_same_title(
    dune: World,
) -> None:
    dune.state.kept.told_entries.append(row(_BY_TITLE, "two"))
    dune.state.kept.lookups["title:dune||movie"] = Lookup(match=_FOUND, at=AT, again_at=None)
    dune.follow(rules("one"), rules("two"))
    first, second = dune.ask("explain", query="dune")["titles"]
    assert first["decision"]["verdict"] == "open"
    assert second["decision"] == {
        "verdict": "already_there",
        "why": "requested for another list",
        "conditions": [],
    }


@pytest.mark.parametrize(
    "exclusion",
    [Exclusion(title="Dune: Part One"), Exclusion(imdb="tt1"), Exclusion(tvdb=5)],
    ids=["title", "imdb", "tvdb"],
)
def test_an_exclusion_by_another_name_is_told_when_it_was_looked_up(
    dune: World, exclusion: Exclusion
) -> None:
    dune.exclusions = (exclusion,)
    (condition,) = explained(dune)["decision"]["conditions"]
    assert condition.startswith("unless the exclusion ")
    lookup = lookup_of(*wishes_to_exclude([exclusion])) or ""
    dune.state.kept.lookups[lookup] = Lookup(match=_FOUND, at=AT, again_at=None)
    assert why(dune)[0] == "excluded"


def test_a_requested_title_that_has_left_its_lists_is_told(world: World) -> None:
    request = a_request("Dune (2021)", key=_DUNE, lists=("mine",))
    world.state.kept.requests = {"r": (request,)}
    know(world, MediaStatus.PENDING, requests=(request,))
    title = explained(world)
    assert title["decision"]["why"] == (
        "nothing: it has left the lists that it was requested for (mine)"
    )
    assert (title["lists"], title["server"]["status"]) == ([], "pending")
    text = shown("explain", world.ask("explain", query="dune"))
    assert text.splitlines()[:2] == [
        "Dune (2021) [movie/438631]",
        "  Decision   nothing: it has left the lists that it was requested for (mine)",
    ]


def test_a_requested_title_that_a_list_holds_by_its_number_has_not_left(world: World) -> None:
    by_number = ListEntry(rank=1, kind=MediaType.MOVIE, ids=ExternalIds(tmdb=438631))
    world.state.kept.told_entries = [row(by_number, handled=((_DUNE_HD, AT),))]
    request = a_request("Dune (2021)", key=_DUNE, lists=("another",))
    world.state.kept.requests = {"r": (request,)}
    know(world, MediaStatus.PENDING, handled=_HANDLED, requests=(request,))
    title = explained(world)
    assert title["decision"]["why"] == "requested already"
    assert [one["label"] for one in title["lists"]] == ["tmdb:movie/438631"]


def test_of_a_requested_title_that_was_forgotten_it_is_not_said_that_it_has_left(
    world: World,
) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    request = a_request("Dune (2021)", key=_DUNE, lists=("mine",))
    world.state.kept.requests = {"r": (request,)}
    know(world, MediaStatus.PENDING, requests=(request,))
    entry, requested = world.ask("explain", query="dune")["titles"]
    assert (entry["tmdb_id"], requested["tmdb_id"]) == (None, _DUNE.tmdb_id)
    assert requested["decision"]["why"] == (
        "requested for mine; the next sync looks up whether an entry still means it"
    )
    assert world.ask("explain", query="dune", offset=1)["titles"] == [requested]


def test_an_entry_that_no_sync_looks_up_leaves_no_doubt_of_a_title_that_has_left(
    world: World,
) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE, "gone")]
    request = a_request("Dune (2021)", key=_DUNE, lists=("gone",))
    world.state.kept.requests = {"r": (request,)}
    know(world, MediaStatus.PENDING, requests=(request,))
    _, requested = world.ask("explain", query="dune")["titles"]
    assert requested["decision"]["why"] == (
        "nothing: it has left the lists that it was requested for (gone)"
    )


def test_a_title_that_a_followed_list_holds_by_another_name_is_told_by_that(world: World) -> None:
    other = _BY_TMDB._replace(title="Dune: Part One", ids=ExternalIds(tmdb=438631))
    by_title = lookup_of_entry(_BY_TITLE)
    assert by_title is not None
    world.state.kept.lookups[by_title] = Lookup(match=_FOUND, at=AT, again_at=None)
    world.state.kept.told_entries = [row(_BY_TITLE), row(other, "gone")]
    know(world)
    here, there = world.ask("explain", query="dune")["titles"]
    assert here["decision"]["verdict"] == "open"
    assert (there["decision"]["verdict"], there["decision"]["why"]) == (
        "skipped",
        "nothing by this name: one holds it, as Dune",
    )


def test_lists_that_share_a_source_are_told_by_their_own_names(dune: World) -> None:
    dune.follow(rules("one"), replace(rules("two"), source="file:/one"))
    assert [one["list"] for one in explained(dune)["lists"]] == ["one", "two"]


def test_what_was_deleted_stays_so(dune: World) -> None:
    know(dune, handled=_HANDLED)
    assert why(dune) == (
        "handled_before",
        "handled before: requested before and gone since: stays so",
    )


def at_server(status: RequestStatus) -> tuple[ServerRequest, ...]:
    return (ServerRequest(edition=_DUNE_HD, status=status, request_id=7),)


@pytest.mark.parametrize(
    ("status", "seen", "said"),
    [
        (1, RequestStatus.DECLINED, "declined at the server"),
        (1, RequestStatus.NONE, "handled before: requested before, and its request was deleted"),
        (1, None, "handled before: requested before and gone since"),
        (7, None, "deleted at the server"),
        (3, RequestStatus.FAILED, "requested already, but Radarr or Sonarr did not take it"),
    ],
    ids=["declined", "request-deleted", "gone", "files-deleted", "failed"],
)
def test_declined_deleted_and_failed_are_told_apart(
    dune: World, status: int, seen: RequestStatus | None, said: str
) -> None:
    rows = at_server(seen) if seen is not None else ()
    know(dune, status, handled=_HANDLED, at_server=rows)
    assert why(dune)[1].startswith(said)


def test_a_pending_title_without_any_request_is_requested(dune: World) -> None:
    know(dune, MediaStatus.PENDING, at_server=at_server(RequestStatus.NONE))
    assert why(dune) == ("open", "the next sync requests it for one")


def test_what_was_asked_for_since_the_index_was_read_is_requested(dune: World) -> None:
    know(dune, handled=_HANDLED, requested_since=frozenset({_DUNE_HD}))
    assert why(dune) == ("already_there", "requested already")
    text = shown("explain", dune.ask("explain", query="dune"))
    assert "  Server     not there; 4K: not there; requested since then" in text


def test_a_setback_is_told(dune: World) -> None:
    def failed(until: datetime) -> None:
        one = FailedRequest("the server cannot do it", 1, until)
        know(dune, failed={(_DUNE_HD, None): one})

    failed(datetime.now(UTC) + timedelta(hours=1))
    assert why(dune) == ("skipped", "postponed, will be retried: the server cannot do it")
    failed(datetime.now(UTC))
    assert why(dune)[0] == "open"


def test_an_entry_that_nobody_looked_up_is_new(world: World) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE)]
    assert why(world) == ("new", "not looked up yet: the next sync does")
    assert explained(world)["match"] is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("all", ("already_there", "requested already")),
        (
            "first",
            (
                "open",
                "the next sync requests it for one, if it has seasons that the server lacks",
            ),
        ),
    ],
)
def test_a_series_is_settled_only_for_the_seasons_it_was_acted_on_for(
    world: World, rule: str, said: tuple[str, str]
) -> None:
    key = TitleKey(MediaType.TV, 1396)
    title = Edition(key, four_k=False)
    one = ListEntry(rank=1, title="Dune", kind=MediaType.TV, ids=ExternalIds(tmdb=1396))
    world.state.kept.told_entries = [row(one)]
    place = (world.state.kept.told_entries[0].row.source, False)
    entries = HandledEntries(
        {place: {entry_id(one): title}}, {place: {entry_id(one): HandledSeasons(rule, "1")}}
    )
    state = TitleState(MediaStatus.PROCESSING, MediaStatus.UNKNOWN)
    world.state.kept.overviews[key] = replace(NOTHING_KNOWN, state=state, handled=entries)
    assert why(world) == said


def test_a_series_is_decided_as_far_as_can_be(world: World) -> None:
    series = ListEntry(rank=1, title="Dune", kind=MediaType.TV, ids=ExternalIds(tmdb=1396))
    world.state.kept.told_entries = [row(series)]
    verdict, words = why(world)
    assert verdict == "open"
    assert words.startswith("the next sync requests it for one, if it has seasons that the server")


def test_a_title_of_no_list_that_is_followed_is_not_requested(world: World) -> None:
    world.state.kept.told_entries = [row(_BY_TMDB, "gone")]
    assert why(world) == ("skipped", "nothing: no list that is followed holds it any more")


@pytest.mark.parametrize(
    ("exclusion", "noted", "by"),
    [
        ((Exclusion(title="Dune", year=2021),), [], BY_CONFIGURATION),
        ((Exclusion(imdb="tt1160419"),), [], BY_CONFIGURATION),
        ((), ["tmdb:movie/438631"], BY_COMMAND),
    ],
    ids=["by-title", "by-id", "by-command"],
)
def test_an_exclusion_is_told(
    dune: World, exclusion: tuple[Exclusion, ...], noted: list[str], by: str
) -> None:
    dune.exclusions, dune.state.kept.noted = exclusion, noted
    assert why(dune) == ("excluded", f"excluded: {by}")


@pytest.mark.parametrize("entry", [_BY_TMDB, _BY_TITLE._replace(year=2021)], ids=["id", "title"])
def test_a_list_of_what_must_not_be_requested_is_named(dune: World, entry: ListEntry) -> None:
    dune.follow(rules("one"), rules("seen", is_exclusion=True))
    dune.state.kept.told_entries = [row(_BY_TMDB), row(entry, "seen")]
    titles = dune.ask("explain", query="dune")["titles"]
    assert titles[0]["decision"] == {
        "verdict": "excluded",
        "why": "excluded: by the list seen",
        "conditions": [],
    }


def test_another_film_of_the_same_name_excludes_nothing(dune: World) -> None:
    dune.follow(rules("one"), rules("seen", is_exclusion=True))
    lynch = _BY_TITLE._replace(year=1984)
    dune.state.kept.told_entries = [row(_BY_TMDB), row(lynch, "seen")]
    wanted, unwanted = dune.ask("explain", query="dune")["titles"]
    assert wanted["decision"]["verdict"] == "open"
    assert unwanted["decision"]["why"] == "only a list of what must not be requested holds it"


def test_lists_that_contradict_each_other_are_told(world: World) -> None:
    other = _BY_TMDB._replace(ids=ExternalIds(imdb="tt1160419", tmdb=1))
    world.state.kept.told_entries = [row(_BY_TMDB), row(other, "two")]
    verdict, words = why(world)
    assert verdict == "review"
    assert "the lists contradict each other" in words


# -- looking -----------------------------------------------------------------------------------


def test_titles_are_paged(world: World) -> None:
    world.state.kept.told_entries = [row(_BY_TITLE._replace(title=f"Dune {n}")) for n in range(12)]
    found = world.ask("explain", query="dune")
    assert (found["total"], found["cut"], len(found["titles"])) == (12, False, 5)
    assert "5 of 12" in shown("explain", found)
    (last,) = world.ask("explain", query="dune", offset=11)["titles"]
    assert last["title"] == "Dune 11"


def test_of_too_many_the_first_are_told(world: World) -> None:
    world.state.kept.told_entries = [
        row(_BY_TITLE._replace(title=f"Dune {n}")) for n in range(300)
    ]
    found = world.ask("explain", query="dune")
    assert (found["total"], found["cut"]) == (200, True)
    assert "5 of more than 200" in shown("explain", found)


@pytest.mark.parametrize(("count", "total", "is_cut"), [(30, 30, False), (300, 200, True)])
def test_titles_that_left_their_lists_are_all_told_or_it_is_said(
    world: World, count: int, total: int, is_cut: bool
) -> None:
    world.state.kept.requests = {
        "r1": tuple(
            a_request(f"Dune {n}", key=TitleKey(MediaType.MOVIE, n + 1)) for n in range(count)
        )
    }
    found = world.ask("explain", query="dune", offset=total - 1)
    assert [one["title"] for one in found["titles"]] == [f"Dune {total - 1}"]
    assert (found["total"], found["cut"]) == (total, is_cut)


def test_nothing_that_fits_is_said(world: World) -> None:
    assert "No entry of your lists matches" in shown("explain", world.ask("explain", query="zzz"))


@pytest.mark.parametrize("params", [{}, {"query": " "}], ids=str)
def test_of_nothing_nothing_is_told(world: World, params: dict[str, str]) -> None:
    assert world.refusal("explain", **params).reason is Reason.INVALID


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("imdb:TT1160419", "tt1160419"),
        ("tmdb:movie/603", "movie/603"),
        ("tvdb:81189", "81189"),
        ("Dune: Part Two", "Dune: Part Two"),
    ],
)
def test_ids_may_be_said_in_any_form(
    world: World, monkeypatch: pytest.MonkeyPatch, query: str, asked: str
) -> None:
    said: list[str] = []

    def entries(query: str, *, limit: int) -> tuple[EntryRow, ...]:
        said.append(query)
        return ()[:limit]

    monkeypatch.setattr(world.state.entries, "find", entries)
    world.ask("explain", query=query)
    assert said == [asked]
