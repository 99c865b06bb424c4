from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.decisions import Found, How, Match, Member
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.media import Edition, ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin
from listsync.domain.report import ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_notes import (
    FailedRequest,
    HandledSeasons,
    Handling,
    Intent,
    Kept,
    ListSetback,
    Miss,
    Notes,
    Sent,
)
from listsync.domain.server import (
    Candidate,
    IndexPage,
    MediaStatus,
    RequestBody,
    RequestResponse,
    RequestStatus,
    ResponseKind,
    ServerInfo,
    ServerRequest,
    TitleState,
)
from listsync.domain.server_knowledge import (
    NOTHING_LEARNED,
    UNLIMITED,
    Allowance,
    Hold,
    KnownServer,
    Learned,
    Quota,
    RequestList,
    ServerDoubt,
    TriedUser,
    UserAllowance,
    doubt_of_server,
)
from listsync.ports.state import Memory
from listsync.sync.deduplication import members_of
from listsync.sync.list_intake import save_reading
from listsync.sync.run_recorder import note_end
from listsync.sync.server_reading import count_lost, find_doubt
from tests.builders import film_body, sync_report
from tests.fakes import SERVER

OTHER_SERVER = replace(SERVER, identity="fake-2")
NOW = datetime.now(UTC)
ALL = RequestList()
LIST = ListRules(source="file:mine", name="mine", service="file")
DUNE = ListEntry(
    rank=1,
    title="Dune",
    original_title="Düne",
    year=2021,
    kind=MediaType.MOVIE,
    ids=ExternalIds(imdb="tt1160419", tmdb=438631),
)
LOST = ListEntry(rank=2, ids=ExternalIds(tvdb=73739), seasons=(0, 2))
DOUBTFUL = ListEntry(rank=4, title="Dark", doubt="the season")
HEAT = ListEntry(rank=3, title="Heat")
KEY = TitleKey(MediaType.MOVIE, 438631)
FILM = Edition(KEY, four_k=False)
BODY = RequestBody(key=KEY, four_k=False)
SERIES_BODY = RequestBody(key=TitleKey(MediaType.TV, 4607), four_k=True, seasons=(1, 2))
_SECONDS = itertools.count()
MARK = Validators(etag='W/"1"', last_modified="yesterday", digest="ab", stamp="7")


def read(
    memory: Memory,
    *entries: ListEntry,
    declared: int | None = None,
    validators: Validators | None = None,
    of: ListRules = LIST,
) -> frozenset[str]:
    count = len(entries) if declared is None else declared
    fetched = Fetched(entries=entries, declared=count, validators=validators)
    at = NOW + timedelta(seconds=next(_SECONDS))
    return save_reading(memory.snapshots, of, members_of(of, entries), fetched, at).new


def unchanged(memory: Memory, validators: Validators | None = MARK) -> frozenset[str]:
    return save_reading(memory.snapshots, LIST, (), Fetched.unchanged(validators), NOW).new


def handling(entry: ListEntry = DUNE, *, four_k: bool = False) -> Handling:
    member: Member = members_of(LIST, [entry])[0]
    return Handling(member, Edition(KEY, four_k))


def intent(body: RequestBody = BODY) -> Intent:
    return Intent("Dune (2021)", ("mine", "Ä"), body)


def sent(body: RequestBody = BODY) -> Sent:
    answered = RequestResponse(kind=ResponseKind.REQUESTED, detail="", request_id=7)
    return Sent("run-1", "Dune (2021)", ("mine",), body, answered)


def run(run_id: str = "run-1") -> SyncRun:
    return SyncRun(run_id=run_id, origin="test", started_at=NOW)


def report(result: Result, run_id: str = "run-1") -> SyncReport:
    one = ListReport(
        name="mine",
        service="file",
        outcome=ListOutcome.COMPLETE,
        read=1,
        declared=1,
        new=1,
        verdicts=Counter({Verdict.REQUESTED: 1}),
    )
    return sync_report(
        run=run(run_id), result=result, lists=(one,), requested=(BODY,), calls=3, duration_s=0.1
    )


# Lists


def test_a_list_never_read_has_nothing(memory: Memory) -> None:
    assert tuple(memory.snapshots.entries(LIST.source).values()) == ()
    assert memory.snapshots.validators(LIST.source) is None


def test_entries_come_back_as_they_were_read(memory: Memory) -> None:
    read(memory, DUNE, LOST, HEAT, DOUBTFUL)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE, LOST, HEAT, DOUBTFUL)


def test_entries_come_back_by_rank(memory: Memory) -> None:
    read(memory, DUNE._replace(rank=9), LOST, HEAT)
    assert [entry.rank for entry in memory.snapshots.entries(LIST.source).values()] == [2, 3, 9]


def test_an_entry_that_changed_is_read_anew(memory: Memory) -> None:
    read(memory, DUNE)
    changed = DUNE._replace(title="Dune: Part One", rank=4)
    read(memory, changed)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (changed,)


def test_lists_are_kept_apart(memory: Memory) -> None:
    other = ListRules(source="file:other", name="other", service="file")
    read(memory, DUNE)
    read(memory, LOST, of=other)
    assert tuple(memory.snapshots.entries("file:other").values()) == (LOST,)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE,)


def test_a_list_keeps_its_memory_under_a_new_name(memory: Memory) -> None:
    read(memory, DUNE)
    assert read(memory, DUNE, of=replace(LIST, name="renamed")) == frozenset()


def test_entries_not_seen_before_are_named(memory: Memory) -> None:
    assert read(memory, DUNE) == {"imdb:tt1160419"}
    assert read(memory, DUNE, LOST) == {"tvdb:73739 s0,2"}
    assert read(memory, DUNE._replace(rank=7), LOST) == frozenset()


def test_the_marks_of_a_whole_reading_are_kept(memory: Memory) -> None:
    read(memory, DUNE, validators=MARK)
    assert memory.snapshots.validators(LIST.source) == MARK


def test_a_partial_reading_leaves_the_marks_alone(memory: Memory) -> None:
    read(memory, DUNE, validators=MARK)
    read(memory, LOST, declared=9, validators=Validators(etag="2"))
    assert memory.snapshots.validators(LIST.source) == MARK


def test_the_counts_are_those_of_the_last_whole_reading(memory: Memory) -> None:
    assert memory.snapshots.counts(LIST.source) == (0, None)
    entry = ListEntry(rank=1, title="Dune")
    person = SkippedRow(rank=2, what="Al Pacino", why="a person")
    whole = Fetched(entries=(entry,), skipped=(person,), declared=2)
    save_reading(memory.snapshots, LIST, members_of(LIST, [entry]), whole, NOW)
    unchanged(memory)
    save_reading(
        memory.snapshots, LIST, members_of(LIST, [entry]), replace(whole, declared=9), NOW
    )
    assert memory.snapshots.counts(LIST.source) == (2, 2)


def test_an_unchanged_reading_brings_its_own_marks(memory: Memory) -> None:
    read(memory, DUNE, validators=MARK)
    unchanged(memory, Validators(etag="2"))
    assert memory.snapshots.validators(LIST.source) == Validators(etag="2")


def test_an_entry_that_is_called_otherwise_stays_what_it_was(memory: Memory) -> None:
    read(memory, DUNE, HEAT)
    memory.record(Notes(handled=[handling(), handling(four_k=True)]))
    (old, heat), new = memory.snapshots.entries(LIST.source), "title:dune|2021|movie"
    memory.snapshots.rename(LIST.source, {old: heat})  # which is another one's
    memory.snapshots.rename(LIST.source, {old: new, "nobody": "x"})
    assert dict(memory.snapshots.entries(LIST.source)) == {new: DUNE, heat: HEAT}
    for four_k in (False, True):
        titles = memory.handled.load().titles[LIST.source, four_k]
        assert dict(titles) == {new: Edition(KEY, four_k)}
    assert memory.departures.load() == ()


def test_the_entries_of_other_lists_keep_their_names(memory: Memory) -> None:
    other = replace(LIST, source="file:/other")
    read(memory, DUNE)
    read(memory, DUNE, of=other)
    (name,) = memory.snapshots.entries(LIST.source)
    memory.snapshots.rename(LIST.source, {name: "new"})
    memory.snapshots.rename("file:/never seen", {name: "new"})
    assert tuple(memory.snapshots.entries(other.source)) == (name,)


def test_how_far_ids_are_believed_is_kept_with_an_entry(memory: Memory) -> None:
    checked = DUNE._replace(check_ids=True)
    numbered = HEAT._replace(bare_id=7)
    read(memory, checked, numbered)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (checked, numbered)


def test_a_partial_reading_adds(memory: Memory) -> None:
    read(memory, DUNE)
    assert read(memory, LOST, declared=9) == {"tvdb:73739 s0,2"}
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE, LOST)


def test_a_partial_reading_never_removes(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    for _ in range(3):
        read(memory, LOST, declared=9)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE, LOST)


def test_a_setback_leaves_the_snapshot_alone(memory: Memory) -> None:
    read(memory, DUNE, validators=MARK)
    memory.list_setbacks.save(LIST, ListOutcome.BLOCKED, "403", NOW)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE,)
    assert memory.snapshots.validators(LIST.source) == MARK


def test_a_list_may_fail_before_it_was_ever_read(memory: Memory) -> None:
    memory.list_setbacks.save(LIST, ListOutcome.BLOCKED, "403", NOW)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == ()


def test_an_entry_absent_once_is_not_in_the_snapshot(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE,)


def test_an_entry_that_comes_back_in_time_is_not_new(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    assert read(memory, DUNE, LOST) == frozenset()
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE, LOST)


def test_an_entry_absent_twice_is_new_when_it_comes_back(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    read(memory, DUNE)
    assert read(memory, DUNE, LOST) == {"tvdb:73739 s0,2"}


def test_an_unchanged_reading_confirms_nothing(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    unchanged(memory)
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE,)
    assert read(memory, DUNE, LOST) == frozenset()


def test_an_unchanged_reading_between_does_not_begin_the_count_anew(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    unchanged(memory)
    read(memory, DUNE)
    assert read(memory, DUNE, LOST) == {"tvdb:73739 s0,2"}


def test_a_reading_that_lacked_something_leaves_no_marks_until_it_is_settled(
    memory: Memory,
) -> None:
    read(memory, DUNE, LOST, validators=MARK)
    memory.record(Notes(handled=[handling()]))
    read(memory, LOST, validators=MARK)
    assert memory.snapshots.validators(LIST.source) is None
    read(memory, LOST, validators=MARK)
    assert memory.snapshots.validators(LIST.source) is None
    (gone,) = memory.departures.load()
    memory.departures.settle(gone, run(), cancelled=False)
    assert memory.snapshots.validators(LIST.source) == MARK


def test_two_readings_of_one_instant_are_one(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    fetched = Fetched(entries=(DUNE,), declared=1)
    later = NOW + timedelta(days=1)
    for _ in range(2):
        save_reading(memory.snapshots, LIST, members_of(LIST, [DUNE]), fetched, later)
    assert read(memory, DUNE, LOST) == frozenset()


@pytest.mark.parametrize("doubtful", [Fetched(broken=1), Fetched(repeated=1)], ids=str)
def test_a_reading_in_doubt_counts_nothing_as_absent(memory: Memory, doubtful: Fetched) -> None:
    read(memory, DUNE, LOST, HEAT)
    read(memory, DUNE, HEAT)
    fetched = replace(doubtful, entries=(DUNE,), validators=MARK)
    for hour in range(1, 4):
        at = NOW + timedelta(hours=hour)
        kept = save_reading(memory.snapshots, LIST, members_of(LIST, [DUNE]), fetched, at)
        assert kept == Kept(doubted=1)
        assert memory.snapshots.validators(LIST.source) is None
    assert tuple(memory.snapshots.entries(LIST.source).values()) == (DUNE, HEAT)
    assert read(memory, DUNE, LOST, HEAT) == frozenset()


def test_a_list_declared_empty_loses_its_entries_in_two_readings(memory: Memory) -> None:
    read(memory, DUNE)
    assert read(memory) == frozenset()
    read(memory)
    assert read(memory, DUNE) == {"imdb:tt1160419"}


def test_coming_back_starts_the_count_anew(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    read(memory, DUNE, LOST)
    read(memory, DUNE)
    assert read(memory, DUNE, LOST) == frozenset()


# What was acted on


def test_a_handled_entry_is_known_by_list_and_title(memory: Memory) -> None:
    read(memory, DUNE)
    memory.record(Notes(handled=[handling(), handling(four_k=True)]))
    handled = memory.handled.load()
    four_k = Edition(KEY, four_k=True)
    assert handled.titles == {
        ("file:mine", False): {"imdb:tt1160419": FILM},
        ("file:mine", True): {"imdb:tt1160419": four_k},
    }
    assert handled.editions == {FILM, four_k}


def test_a_handled_entry_absent_once_stays_handled(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    memory.record(Notes(handled=[handling()]))
    read(memory, LOST)
    assert FILM in memory.handled.load().editions


def test_a_handled_entry_that_left_its_list_is_forgotten(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    memory.record(Notes(handled=[handling(), handling(four_k=True)]))
    read(memory, LOST)
    read(memory, LOST)
    assert not memory.handled.load().titles
    assert not memory.handled.load().editions


def test_an_entry_is_handled_at_one_server(memory: Memory) -> None:
    read(memory, DUNE)
    memory.record(Notes(handled=[handling()]))
    memory.guard.use(OTHER_SERVER)
    assert not memory.handled.load().titles


def test_a_handled_series_is_remembered_with_its_seasons(memory: Memory) -> None:
    read(memory, LOST, DUNE)
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=True)
    (member,) = members_of(replace(LIST, four_k=True), [LOST])
    seasons = HandledSeasons.of(["0"], [0, 2], NOW.date())
    memory.record(Notes(handled=[Handling(member, series, seasons), handling()]))
    handled = memory.handled.load()
    assert handled.seasons_of(member) == seasons
    assert handled.of_title(series) == {seasons}
    assert handled.seasons_of(handling().member) is None
    assert handled.of_title(FILM) == frozenset()


def test_a_series_that_is_acted_on_again_is_remembered_anew(memory: Memory) -> None:
    read(memory, LOST)
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=False)
    (member,) = members_of(LIST, [LOST])
    for rule, numbers in (("first", [1]), ("all", [1, 2, 3])):
        seasons = HandledSeasons.of([rule], numbers)
        memory.record(Notes(handled=[Handling(member, series, seasons)]))
    assert memory.handled.load().of_title(series) == {HandledSeasons("all", "1,2,3")}


def test_the_seasons_of_an_entry_that_left_its_list_are_forgotten(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=False)
    (member,) = members_of(LIST, [LOST])
    memory.record(Notes(handled=[Handling(member, series, HandledSeasons("all", "1"))]))
    read(memory, DUNE)
    read(memory, DUNE)
    assert memory.handled.load().of_title(series) == frozenset()


def test_an_entry_of_no_list_is_not_handled(memory: Memory) -> None:
    memory.record(Notes(handled=[handling()]))
    assert not memory.handled.load().titles


# Intents


def test_an_intent_stays_open_until_its_answer(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY)])
    assert memory.requests.open_intents() == (intent(BODY),)
    memory.record(Notes(sent=[sent()]), [intent(SERIES_BODY)])
    assert memory.requests.open_intents() == (intent(SERIES_BODY),)


def test_an_intent_of_the_other_edition_stays_open(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY)])
    memory.record(Notes(sent=[sent(replace(BODY, four_k=True))]))
    assert memory.requests.open_intents() == (intent(BODY),)


def test_an_intent_is_dropped_when_nothing_came_of_it(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY)])
    memory.record(Notes(dropped=[BODY]))
    assert memory.requests.open_intents() == ()


def test_a_later_intent_for_a_title_takes_the_place_of_the_first(memory: Memory) -> None:
    memory.record(Notes(), [intent(SERIES_BODY)])
    more = replace(SERIES_BODY, seasons=(3,))
    memory.record(Notes(), [intent(more)])
    assert memory.requests.open_intents() == (intent(more),)


def test_an_answer_and_the_next_intent_for_one_title_are_one_commit(memory: Memory) -> None:
    memory.record(Notes(), [intent(SERIES_BODY)])
    more = replace(SERIES_BODY, seasons=(3,))
    memory.record(Notes(sent=[sent(SERIES_BODY)]), [intent(more)])
    assert memory.requests.open_intents() == (intent(more),)


def test_several_intents_are_one_commit(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY), intent(SERIES_BODY)])
    memory.record(Notes(sent=[sent()], dropped=[SERIES_BODY]), [intent(SERIES_BODY)])
    assert memory.requests.open_intents() == (intent(SERIES_BODY),)


def test_intents_belong_to_one_server(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY)])
    memory.guard.use(OTHER_SERVER)
    assert memory.requests.open_intents() == ()


# Matches


FOUND = Match(found=Found.FOUND, how=How.IMDB_ID, key=KEY, title="Dune (2021)", score=2.0)
UNFOUND = Match(
    found=Found.REVIEW,
    how=How.TITLE,
    score=1.5,
    reasons=("two titles of this name",),
    candidates=(
        Candidate(key=KEY, title="Dune", original_title="Düne", year=2021, popularity=9.5),
        Candidate(key=KEY, title="Dune", original_title="Dune", year=None),
    ),
)


@pytest.mark.parametrize("match", [FOUND, UNFOUND], ids=["found", "review"])
def test_a_match_comes_back_as_it_was(memory: Memory, match: Match) -> None:
    memory.record(Notes(matches={"imdb:tt1|": match}))
    assert memory.matches.load(NOW) == {"imdb:tt1|": match}


def test_what_was_found_comes_with_its_candidates_where_that_is_asked_for(memory: Memory) -> None:
    found = replace(FOUND, reasons=("the same title",), candidates=UNFOUND.candidates)
    memory.record(Notes(matches={"title:dune||": found}))
    assert memory.matches.load(NOW) == {"title:dune||": FOUND}
    assert memory.matches.load(NOW, {"title:dune||"}) == {"title:dune||": found}


def test_what_was_found_is_known_for_good(memory: Memory) -> None:
    memory.record(Notes(matches={"imdb:tt1|": FOUND}))
    assert memory.matches.load(NOW + timedelta(days=9999)) == {"imdb:tt1|": FOUND}


def missed(tries: int, days: int) -> Notes:
    miss = Miss(UNFOUND.found, tries, NOW + timedelta(days=days))
    return Notes(matches={"imdb:tt1|": UNFOUND}, misses={"imdb:tt1|": miss})


def test_what_was_not_found_is_due_when_that_is_said(memory: Memory) -> None:
    for tries, days in ((1, 3), (2, 7)):
        memory.record(missed(tries, days))
        assert memory.matches.load(NOW + timedelta(days=days, minutes=-1))
        assert memory.matches.load(NOW + timedelta(days=days, minutes=1)) == {}
        (miss,) = memory.matches.misses().values()
        assert (miss.found, miss.tries) == (UNFOUND.found, tries)
        assert abs(miss.again_at - NOW - timedelta(days=days)) < timedelta(seconds=1)


def test_what_is_found_at_last_is_known_for_good(memory: Memory) -> None:
    memory.record(missed(1, 1))
    memory.record(Notes(matches={"imdb:tt1|": FOUND}))
    assert memory.matches.load(NOW + timedelta(days=9999)) == {"imdb:tt1|": FOUND}
    assert memory.matches.misses() == {}


def test_matches_belong_to_one_server(memory: Memory) -> None:
    memory.record(Notes(matches={"imdb:tt1|": FOUND}))
    memory.guard.use(OTHER_SERVER)
    assert memory.matches.load(NOW) == {}


# Requests that failed


def failed(why: str = "no", tries: int = 1) -> FailedRequest:
    at = NOW.replace(microsecond=0) + timedelta(days=tries)
    return FailedRequest(why, tries, at)


def test_what_failed_comes_back_as_it_was_said_last(memory: Memory) -> None:
    for tries in (1, 2):
        memory.record(Notes(failed={(FILM, None): failed("no TVDB id", tries)}))
        assert memory.failed_requests.load() == {(FILM, None): failed("no TVDB id", tries)}


def test_what_failed_did_so_with_one_tvdb_id(memory: Memory) -> None:
    both = {(FILM, None): failed("none"), (FILM, 7): failed("taken")}
    memory.record(Notes(failed=both))
    assert memory.failed_requests.load() == both


def test_what_failed_belongs_to_one_server(memory: Memory) -> None:
    memory.record(Notes(failed={(FILM, None): failed()}))
    memory.guard.use(OTHER_SERVER)
    assert memory.failed_requests.load() == {}


# How the server stands to what was asked of it


def asked(memory: Memory, *bodies: RequestBody) -> None:
    memory.record(Notes(sent=[sent(body) for body in bodies]))


def lost(memory: Memory, index: Mapping[TitleKey, TitleState] | None = None) -> int:
    return count_lost(memory.requests.requested(), index or {})


def doubt(memory: Memory) -> ServerDoubt | None:
    return find_doubt(memory.guard, memory.requests.requested(), {})


def films(count: int) -> list[RequestBody]:
    return [film_body(number) for number in range(1, count + 1)]


def test_what_the_index_has_lost_is_counted(memory: Memory) -> None:
    asked(memory, *films(4), films(1)[0], replace(films(1)[0], four_k=True))
    index = {
        TitleKey(MediaType.MOVIE, 1): TitleState(MediaStatus.AVAILABLE, MediaStatus.UNKNOWN),
        TitleKey(MediaType.MOVIE, 2): TitleState(MediaStatus.DELETED, MediaStatus.UNKNOWN),
    }
    assert (lost(memory, index), len(memory.requests.requested())) == (3, 5)
    memory.guard.confirm()
    assert memory.requests.requested() == frozenset()


def test_what_was_taken_back_is_not_lost_but_what_was_asked_for_again_is(memory: Memory) -> None:
    read(memory, DUNE, HEAT)
    memory.record(Notes(handled=[handling()], sent=[sent()]))
    for _ in range(2):
        read(memory, HEAT)
    assert lost(memory) == 1
    memory.departures.settle(memory.departures.load()[0], run(), cancelled=True)
    assert lost(memory) == 0
    asked(memory, BODY)
    assert lost(memory) == 1


def test_a_new_server_is_not_trusted_until_it_is_confirmed(memory: Memory) -> None:
    read(memory, DUNE)
    memory.record(Notes(handled=[handling()]))
    assert doubt(memory) is None
    memory.guard.use(OTHER_SERVER)
    assert doubt(memory) == doubt_of_server(1)
    memory.guard.confirm()
    assert doubt(memory) is None
    memory.guard.use(SERVER)
    assert doubt(memory) is None


def test_a_new_server_is_no_more_trusted_for_one_between_that_nobody_confirmed(
    memory: Memory,
) -> None:
    read(memory, DUNE)
    memory.record(Notes(handled=[handling()]))
    for identity in ("second", "third"):
        memory.guard.use(replace(SERVER, identity=identity))
        assert doubt(memory) == doubt_of_server(1)
    memory.guard.use(replace(SERVER, identity="second"))
    assert doubt(memory) == doubt_of_server(1)
    memory.guard.confirm()
    memory.guard.use(replace(SERVER, identity="third"))
    assert doubt(memory) == doubt_of_server(1)


def test_a_new_server_is_as_good_as_the_first_where_nothing_was_handled(memory: Memory) -> None:
    memory.guard.use(OTHER_SERVER)
    assert doubt(memory) is None


def test_titles_asked_for_lately_are_counted_by_the_list_that_had_them_asked(
    memory: Memory,
) -> None:
    one, two = films(2)
    answered = RequestResponse(kind=ResponseKind.COVERED)
    both = ("mine", "other")
    notes = Notes(
        sent=[
            replace(sent(one), lists=both),
            replace(sent(one), lists=both),
            replace(sent(two), lists=("other",)),
            replace(sent(replace(two, four_k=True)), lists=("other",)),
            replace(sent(two), answered=answered),
        ]
    )
    memory.record(notes)
    assert dict(memory.requests.requested_since(NOW - timedelta(hours=1))) == {
        "mine": 1,
        "other": 2,
    }
    assert dict(memory.requests.requested_since(NOW + timedelta(hours=1))) == {}


def test_a_handled_title_that_left_its_list_is_told_until_it_is_settled(memory: Memory) -> None:
    read(memory, DUNE, HEAT)
    memory.record(Notes(handled=[handling()], sent=[sent()]))
    assert memory.departures.load() == ()
    read(memory, HEAT)
    (missing,) = memory.departures.load()
    assert (missing.edition, missing.is_gone, missing.was_reported) == (FILM, False, False)
    assert (missing.request_id, missing.is_wanted) == (7, False)
    read(memory, HEAT)
    (gone,) = memory.departures.load()
    assert (gone.source, gone.list_name, gone.edition) == ("file:mine", "mine", FILM)
    assert (gone.request_id, gone.is_wanted, gone.is_gone) == (7, False, True)
    memory.departures.settle(gone, run(), cancelled=True)
    assert memory.departures.load() == ()


def test_what_was_reported_of_a_missing_title_is_known_until_it_is_back(memory: Memory) -> None:
    read(memory, DUNE, HEAT)
    memory.record(Notes(handled=[handling()], sent=[sent()]))
    read(memory, HEAT)
    memory.departures.save_warnings(memory.departures.load())
    memory.departures.save_warnings([])
    assert [one.was_reported for one in memory.departures.load()] == [True]
    read(memory, HEAT)
    assert [one.was_reported for one in memory.departures.load()] == [True]
    (gone,) = memory.departures.load()
    memory.departures.settle(gone, run(), cancelled=False)
    memory.departures.save_warnings([])
    read(memory, DUNE, HEAT)
    memory.record(Notes(handled=[handling()], sent=[sent()]))
    read(memory, HEAT)
    assert [one.was_reported for one in memory.departures.load()] == [False]


def test_what_another_list_had_asked_for_too_is_wanted(memory: Memory) -> None:
    other = replace(LIST, source="file:other", name="other")
    read(memory, DUNE, HEAT)
    read(memory, DUNE, of=other)
    also = replace(handling(), member=members_of(other, [DUNE])[0])
    memory.record(Notes(handled=[handling(), also]))
    for _ in range(2):
        read(memory, HEAT)
    (gone,) = memory.departures.load()
    assert gone.is_wanted
    assert gone.request_id is None


def test_what_was_never_handled_leaves_without_a_word(memory: Memory) -> None:
    read(memory, DUNE, HEAT)
    for _ in range(2):
        read(memory, HEAT)
    assert memory.departures.load() == ()


def test_handled_series_are_watched_until_they_were_looked_at(memory: Memory) -> None:
    read(memory, DUNE, LOST)
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=False)
    one = Handling(members_of(LIST, [LOST])[0], series)
    memory.record(Notes(handled=[handling(), one]))
    ((watched, since),) = memory.handled.series_to_watch(NOW).items()
    assert watched == series
    assert since in {NOW.date(), datetime.now(UTC).date()}  # midnight may have been in between
    memory.record(Notes(looked={series: NOW.date() + timedelta(days=7)}))
    assert memory.handled.series_to_watch(NOW + timedelta(days=6)) == {}
    assert series in memory.handled.series_to_watch(NOW + timedelta(days=7))


def test_a_sudden_shrink_is_believed_once_somebody_says_so(memory: Memory) -> None:
    many = [ListEntry(rank=n, title=f"Film {n}") for n in range(1, 31)]
    read(memory, *many)
    memory.snapshots.believe(LIST.source)  # nothing has shrunk: that changes nothing
    for _ in range(3):
        read(memory, *many[:15])
    assert len(memory.snapshots.entries(LIST.source)) == 30
    memory.snapshots.believe(LIST.source)
    for _ in range(2):
        read(memory, *many[:15])
    assert len(memory.snapshots.entries(LIST.source)) == 15


# The index


STATE = TitleState(5, 1, tvdb_id=73739)
PAGES = (
    IndexPage(etag='"1"', total=3, titles=((KEY, STATE), (SERIES_BODY.key, TitleState(2, 7)))),
    IndexPage(etag=None, total=3, titles=((TitleKey(MediaType.TV, 1), TitleState(99, 1)),)),
)


def test_the_index_comes_back_as_it_was(memory: Memory) -> None:
    assert memory.index.pages() == ()
    memory.index.save(PAGES)
    assert memory.index.pages() == PAGES


def test_a_shorter_index_loses_its_last_pages(memory: Memory) -> None:
    memory.index.save(PAGES)
    memory.index.save(PAGES[:1])
    assert memory.index.pages() == PAGES[:1]


@pytest.mark.parametrize("etag", ['"2"', None], ids=["tagged", "untagged"])
def test_a_changed_page_is_kept(memory: Memory, etag: str | None) -> None:
    memory.index.save(PAGES)
    changed = (IndexPage(etag=etag, total=0, titles=()), PAGES[1])
    memory.index.save(changed)
    assert memory.index.pages() == changed


def test_the_index_belongs_to_one_server(memory: Memory) -> None:
    memory.index.save(PAGES)
    memory.guard.use(OTHER_SERVER)
    assert memory.index.pages() == ()


# Servers and runs


def test_the_server_of_the_last_run_is_nothing_to_tell(memory: Memory) -> None:
    assert memory.guard.use(replace(SERVER, version="2.0")) is KnownServer.SAME


def test_another_server_is_told_and_so_is_coming_back(memory: Memory) -> None:
    assert memory.guard.use(OTHER_SERVER) is KnownServer.NEW
    assert memory.guard.use(SERVER) is KnownServer.KNOWN


def test_the_memory_of_a_server_outlives_another(memory: Memory) -> None:
    memory.record(Notes(matches={"imdb:tt1|": FOUND}))
    memory.guard.use(OTHER_SERVER)
    memory.guard.use(SERVER)
    assert memory.matches.load(NOW) == {"imdb:tt1|": FOUND}


def begin(memory: Memory, run_id: str, server: ServerInfo = SERVER) -> bool:
    memory.runs.begin(run(run_id))
    memory.guard.use(server, run_id)
    return memory.runs.is_first()


@pytest.mark.parametrize(
    ("result", "is_first"),
    [
        (Result.OK, False),
        (Result.PARTLY, False),
        (Result.FAILED, True),
        (Result.CANCELLED, True),
        (Result.DECLINED, True),
    ],
)
def test_a_run_is_the_first_until_one_ended_well(
    memory: Memory, result: Result, *, is_first: bool
) -> None:
    assert begin(memory, "run-1")
    note_end(memory, report(result, "run-1"), NOW)
    assert begin(memory, "run-2") is is_first


def test_a_run_is_the_first_at_each_server(memory: Memory) -> None:
    begin(memory, "run-1")
    note_end(memory, report(Result.OK, "run-1"), NOW)
    assert begin(memory, "run-2", OTHER_SERVER)


def test_a_run_that_was_cut_off_is_not_a_good_one(memory: Memory) -> None:
    begin(memory, "run-1")
    assert begin(memory, "run-2")


def shrunk(memory: Memory, entries: Sequence[ListEntry], at: datetime) -> Kept:
    fetched = Fetched(
        entries=tuple(entries), declared=len(entries), validators=Validators(etag="1")
    )
    return save_reading(memory.snapshots, LIST, members_of(LIST, entries), fetched, at)


MANY = [ListEntry(rank=n, title=f"Film {n}", kind=MediaType.MOVIE) for n in range(1, 41)]


def test_a_sudden_shrink_is_held_until_it_has_lasted_a_week(memory: Memory) -> None:
    shrunk(memory, MANY, NOW)
    for day in range(7):
        assert shrunk(memory, MANY[:20], NOW + timedelta(days=day)).on_hold == 20
        assert len(memory.snapshots.entries(LIST.source)) == 40
        assert memory.snapshots.validators(LIST.source) is None
    for day in (7, 8):
        assert not shrunk(memory, MANY[:20], NOW + timedelta(days=day)).on_hold
    assert len(memory.snapshots.entries(LIST.source)) == 20


def test_a_list_that_recovers_from_a_shrink_begins_anew(memory: Memory) -> None:
    shrunk(memory, MANY, NOW)
    shrunk(memory, MANY[:20], NOW)
    assert not shrunk(memory, MANY, NOW + timedelta(days=6)).on_hold
    assert shrunk(memory, MANY[:20], NOW + timedelta(days=7)).on_hold


def test_a_setback_says_when_to_ask_again_until_a_good_reading(memory: Memory) -> None:
    later = (NOW + timedelta(hours=1)).replace(microsecond=0)
    memory.list_setbacks.save(LIST, ListOutcome.BLOCKED, "403", NOW, later)
    memory.list_setbacks.save(LIST, ListOutcome.BLOCKED, "403", NOW, later)
    assert memory.list_setbacks.last(LIST.source) == ListSetback(
        ListOutcome.BLOCKED, "403", 2, later
    )
    shrunk(memory, MANY, NOW)
    assert memory.list_setbacks.last(LIST.source) is None


# Requests whose answer was lost, and what the server was found to have


def test_an_intent_tells_when_it_was_written_last(memory: Memory) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    memory.record(Notes(), [intent(BODY)])
    (first,) = memory.requests.open_intents()
    assert before <= first.at <= datetime.now(UTC)
    memory.record(Notes(), [replace(first, at=NOW - timedelta(days=9))])
    (second,) = memory.requests.open_intents()
    assert second.at >= first.at


def test_an_answer_that_says_nothing_leaves_the_intent_open(memory: Memory) -> None:
    memory.record(Notes(), [intent(BODY)])
    unsure = RequestResponse(kind=ResponseKind.UNSURE, detail="lost")
    memory.record(Notes(sent=[replace(sent(), answered=unsure)]))
    assert memory.requests.open_intents() == (intent(BODY),)


def without_request(edition: Edition = FILM) -> ServerRequest:
    return ServerRequest(edition=edition, status=RequestStatus.NONE)


def test_a_title_without_any_request_is_remembered_until_one_is_made(memory: Memory) -> None:
    in_4k = without_request(Edition(KEY, four_k=True))
    memory.record(Notes(seen=[without_request(), in_4k, without_request()]))
    assert set(memory.server_requests.remembered()) == {without_request(), in_4k}
    no = RequestResponse(kind=ResponseKind.QUOTA)
    memory.record(Notes(sent=[replace(sent(), answered=no)]))
    assert len(memory.server_requests.remembered()) == 2
    memory.record(Notes(sent=[sent()]))
    assert memory.server_requests.remembered() == (in_4k,)


def test_what_a_server_was_found_to_have_belongs_to_it(memory: Memory) -> None:
    memory.record(Notes(seen=[without_request()]))
    memory.guard.use(replace(SERVER, identity="other"))
    assert memory.server_requests.remembered() == ()


# The server's list of requests


def declined(number: int = 5, *seasons: int, edition: Edition = FILM) -> ServerRequest:
    return ServerRequest(
        edition=edition,
        status=RequestStatus.DECLINED,
        request_id=number,
        seasons=frozenset(seasons),
    )


def leave_the_list(memory: Memory) -> None:
    """Let a handled entry leave its list for good."""
    read(memory, DUNE, LOST)
    memory.record(Notes(handled=[handling()]))
    read(memory, LOST)
    read(memory, LOST)
    for one in memory.departures.load():
        memory.departures.settle(one, run(), cancelled=False)


def test_the_list_of_requests_was_never_read_at_first(memory: Memory) -> None:
    assert memory.server_requests.read_at() is None
    memory.server_requests.save_reading([], ALL, NOW)
    at = memory.server_requests.read_at()
    assert at is not None
    assert abs(at - NOW) < timedelta(seconds=1)
    memory.guard.use(OTHER_SERVER)
    assert memory.server_requests.read_at() is None


def test_a_reading_takes_the_place_of_the_last_one(memory: Memory) -> None:
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=True)
    first = [declined(), declined(6, 1, 3, edition=series)]
    memory.record(Notes(seen=[without_request(series)]))
    memory.server_requests.save_reading(first, ALL, NOW)
    assert set(memory.server_requests.remembered()) == {*first, without_request(series)}
    failed = replace(declined(7), status=RequestStatus.FAILED)
    memory.server_requests.save_reading([failed], ALL, NOW)
    assert set(memory.server_requests.remembered()) == {failed, without_request(series)}


def test_that_there_is_no_request_is_known_until_one_is_listed(memory: Memory) -> None:
    other = without_request(Edition(KEY, four_k=True))
    memory.record(Notes(seen=[without_request(), other]))
    listed = replace(declined(), status=RequestStatus.PENDING)
    memory.server_requests.save_reading([], RequestList(requests=(listed,)), NOW)
    assert memory.server_requests.remembered() == (other,)


def test_what_a_reading_does_not_tell_stays_known_unless_it_was_whole(memory: Memory) -> None:
    series = Edition(TitleKey(MediaType.TV, 4607), four_k=True)
    both = declined(), declined(6, 1, 3, edition=series)
    memory.server_requests.save_reading(both, RequestList(requests=both), NOW)
    part = RequestList(
        requests=(replace(declined(7), status=RequestStatus.APPROVED),), is_whole=False
    )
    memory.server_requests.save_reading([], part, NOW)
    assert memory.server_requests.remembered() == (both[1],)
    memory.server_requests.save_reading([], ALL, NOW)
    assert memory.server_requests.remembered() == ()


def test_a_decline_counts_no_more_when_its_title_has_left_its_lists(memory: Memory) -> None:
    memory.server_requests.save_reading([declined(5)], ALL, NOW)
    leave_the_list(memory)
    assert memory.server_requests.remembered() == ()
    memory.server_requests.save_reading([declined(5)], ALL, NOW)
    assert memory.server_requests.remembered() == ()
    memory.server_requests.save_reading([declined(6)], ALL, NOW)
    assert memory.server_requests.remembered() == (declined(6),)


def test_a_decline_counts_while_another_list_holds_its_title(memory: Memory) -> None:
    memory.server_requests.save_reading([declined()], ALL, NOW)
    other = replace(LIST, source="file:other", name="other")
    read(memory, DUNE, of=other)
    (member,) = members_of(other, [DUNE])
    memory.record(Notes(handled=[Handling(member, FILM)]))
    leave_the_list(memory)
    assert memory.server_requests.remembered() == (declined(),)


def test_what_we_requested_is_unknown_until_something_is_known_of_its_requests(
    memory: Memory,
) -> None:
    assert memory.server_requests.unknown() == frozenset()
    memory.record(Notes(sent=[sent()]))
    assert memory.server_requests.unknown() == {FILM}
    memory.server_requests.save_reading([declined()], ALL, NOW)
    assert memory.server_requests.unknown() == frozenset()
    memory.server_requests.save_reading([without_request()], ALL, NOW)
    assert memory.server_requests.unknown() == frozenset()


def test_what_was_taken_back_or_confirmed_needs_no_explanation(memory: Memory) -> None:
    memory.record(Notes(sent=[sent()]))
    memory.guard.confirm()
    assert memory.server_requests.unknown() == frozenset()


# What was learned


LEARNED = Learned(
    holds=(Hold(kind=MediaType.TV, four_k=True, why="no 4K Sonarr"),),
    users=(TriedUser(user="f"), TriedUser(user="g", why="there is no user 'g'")),
    allowances=(
        UserAllowance(
            user=None,
            allowance=Allowance(
                user_id=7,
                name="family",
                permitted=frozenset({(MediaType.MOVIE, False)}),
                quotas={MediaType.TV: Quota(limit=5, remaining=0, days=7)},
            ),
        ),
        UserAllowance(user="f", allowance=UNLIMITED),
    ),
)


def test_what_was_learned_comes_back_as_it_was(memory: Memory) -> None:
    assert memory.guard.learned() == NOTHING_LEARNED
    memory.guard.save_learned(LEARNED)
    assert memory.guard.learned() == LEARNED


def test_what_was_learned_belongs_to_one_server(memory: Memory) -> None:
    memory.guard.save_learned(LEARNED)
    memory.guard.use(OTHER_SERVER)
    assert memory.guard.learned() == NOTHING_LEARNED


# Notices


def noted(kind: NoticeKind, text: str = "why", list_name: str | None = None) -> NoticeRecord:
    notice = Notice(kind=kind, text=text, list_name=list_name)
    return NoticeRecord(notice=notice, since=NOW.replace(microsecond=0), run_id="run-1")


def test_what_is_said_is_open_until_it_is_not_said(memory: Memory) -> None:
    log, one = memory.notices, noted(NoticeKind.ON_HOLD, list_name="mine")
    log.emit(Origin.SYNC, [one], NOW)
    assert log.open(Origin.SYNC) == (one,)
    again = replace(one, notice=replace(one.notice, text="less", passes=True), run_id="run-2")
    log.emit(Origin.SYNC, [again], NOW)
    assert log.open(Origin.SYNC) == (again,)
    log.emit(Origin.SYNC, [], NOW)
    assert log.open(Origin.SYNC) == ()


def test_who_says_nothing_of_a_notice_does_not_end_it(memory: Memory) -> None:
    invalid = noted(NoticeKind.CONFIG_INVALID)
    memory.notices.emit(Origin.AGENT, [invalid], NOW)
    memory.notices.emit(Origin.SYNC, [], NOW)
    assert memory.notices.open(Origin.AGENT) == (invalid,)


def test_two_notices_of_a_kind_and_a_list_are_two(memory: Memory) -> None:
    two = [noted(NoticeKind.REQUEST_FAILED, text, "mine") for text in ("failed", "put off")]
    memory.notices.emit(Origin.SYNC, two, NOW)
    memory.notices.emit(Origin.SYNC, two, NOW)
    assert memory.notices.open(Origin.SYNC) == tuple(two)
    memory.notices.emit(Origin.SYNC, two[:1], NOW)
    assert memory.notices.open(Origin.SYNC) == tuple(two[:1])


def test_a_failed_run_leaves_one_notice_and_a_good_one_ends_it(memory: Memory) -> None:
    for run_id in ("run-1", "run-2"):
        begin(memory, run_id)
        failed_run = replace(report(Result.FAILED, run_id), why="no answer", is_whole=False)
        note_end(memory, replace(failed_run, failure=NoticeKind.SERVER_UNREACHABLE), NOW)
    (one,) = memory.notices.open(Origin.SYNC)
    assert (one.notice.kind, one.run_id) == (NoticeKind.SERVER_UNREACHABLE, "run-2")
    assert one.notice.text == "the last sync failed: no answer"
    begin(memory, "run-3")
    note_end(memory, report(Result.OK, "run-3"), NOW)
    assert memory.notices.open(Origin.SYNC) == ()
