from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

import pytest

from listsync.domain.decisions import (
    Failed,
    Found,
    How,
    Match,
    Outcome,
    Prepared,
    Refused,
    Request,
    Requested,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.media import Edition, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import HandledEntries, Intent, Notes
from listsync.domain.server import (
    MediaStatus,
    RequestBody,
    RequestResponse,
    ResponseKind,
    TitleState,
)
from listsync.errors import ResponseChangedError, StateError
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.run_recorder import Recorder
from listsync.sync.submission import Writer
from tests.builders import (
    DRY_RUN,
    MOVIE,
    RUN,
    TV,
    entry,
    film_wish,
    found,
    prepared,
    rules,
    series_wish,
    wish,
)
from tests.fakes import DOWN, SERVER, FakeMemory, FakeServer

FILM, SERIES = TitleKey(MOVIE, 603), TitleKey(TV, 1396)
FILM_BODY = RequestBody(key=FILM, four_k=False)
OTHER_BODY = RequestBody(key=TitleKey(MOVIE, 604), four_k=False)
REQUESTED = RequestResponse(kind=ResponseKind.REQUESTED, request_id=1)

NOTHING_HANDLED = HandledEntries()


class Clock:
    """A clock for the writer that only goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)

    def go_on(self, for_s: float) -> None:
        self.now_s += for_s


class Desk:
    """A writer and all that it works with."""

    def __init__(
        self,
        run: SyncRun = RUN,
        handled: HandledEntries = NOTHING_HANDLED,
        index: Mapping[TitleKey, TitleState] | None = None,
    ) -> None:
        self.server = FakeServer()
        self.memory = FakeMemory()
        self.memory.guard.use(SERVER)
        self.known = RunKnowledge(Stored(index=index or {}, handled=handled))
        self.writer = Writer(
            run, self.server, Recorder(self.memory, self.known, {}), self.known, self
        )
        self._coming: Iterable[tuple[Prepared, Request]] = ()

    def coming(self, most: int) -> Iterable[tuple[Prepared, Request]]:
        """Be the window of what is prepared ahead."""
        return islice(self._coming, most)

    def ask(
        self,
        body: RequestBody = FILM_BODY,
        one: Wish | None = None,
        coming: Iterable[tuple[Prepared, Request]] = (),
    ) -> Outcome:
        wanted = prepared(one or film_wish(body.key.tmdb_id))
        self._coming = coming
        return self.writer.act(wanted, Request(body))

    def answered(self, answer: ResponseKind, detail: str = "") -> Outcome:
        self.server.on("request", RequestResponse(kind=answer, detail=detail))
        return self.ask()

    def intended(self) -> list[RequestBody]:
        return [one.body for one in self.memory.requests.open_intents()]

    def requested(self) -> tuple[RequestBody, ...]:
        return tuple(one.body for one in self.writer.requested.values())

    def flushed(self) -> Notes:
        self.writer.flush()
        return self.memory.commits[-1][0]


def test_a_request_is_sent() -> None:
    desk = Desk()
    assert desk.ask() == Requested(FILM_BODY, REQUESTED)
    assert desk.server.posted == [FILM_BODY]
    assert desk.requested() == (FILM_BODY,)


def test_the_intent_is_on_disk_before_the_request_goes_out() -> None:
    desk = Desk()
    desk.memory.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        desk.ask()
    assert desk.server.posted == []


def test_the_outcome_is_written_together_with_the_next_intent() -> None:
    desk = Desk()
    desk.ask(FILM_BODY)
    desk.ask(OTHER_BODY)
    (first, (intent,)), (second, (next_intent,)) = desk.memory.commits
    assert (len(first), intent) == (0, Intent("The Matrix (1999)", (rules().name,), FILM_BODY))
    assert [sent.body for sent in second.sent] == [FILM_BODY]
    assert [one.edition.key for one in second.handled] == [FILM]
    assert next_intent.body == OTHER_BODY


def body(number: int) -> RequestBody:
    return RequestBody(key=TitleKey(MOVIE, number), four_k=False)


def coming(*numbers: int) -> list[tuple[Prepared, Request]]:
    return [(prepared(film_wish(number)), Request(body(number))) for number in numbers]


def commits(desk: Desk) -> list[tuple[list[int], list[int]]]:
    """Give, of each commit, the films whose outcomes and whose intents it holds."""
    return [
        (
            [sent.body.key.tmdb_id for sent in notes.sent],
            [intent.body.key.tmdb_id for intent in intents],
        )
        for notes, intents in desk.memory.commits
    ]


def test_at_a_quick_server_one_commit_holds_the_next_intents() -> None:
    desk = Desk()
    desk.ask(body(1), coming=coming(2, 3))  # how quick it is shows only now
    desk.ask(body(2), coming=coming(3, 4))
    desk.ask(body(3), coming=coming(4, 5))
    desk.ask(body(4), coming=coming(5))
    desk.ask(body(5))
    assert commits(desk) == [([], [1]), ([1], [2, 3, 4]), ([2, 3, 4], [5])]


def test_at_most_eight_intents_are_written_ahead() -> None:
    desk = Desk()
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(*range(3, 30)))
    assert commits(desk)[-1] == ([1], list(range(2, 11)))


@pytest.mark.parametrize(("took_s", "ahead"), [(0.3, []), (0.15, [3]), (0.06, [3, 4, 5])])
def test_the_slower_the_server_the_fewer_intents_are_ahead(
    monkeypatch: pytest.MonkeyPatch, took_s: float, ahead: list[int]
) -> None:
    desk, clock = Desk(), Clock(monkeypatch)
    desk.server.while_asked = lambda _: clock.go_on(took_s)
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(3, 4, 5, 6))
    assert commits(desk)[-1] == ([1], [2, *ahead])


def test_no_outcome_waits_long_for_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, clock = Desk(), Clock(monkeypatch)
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(3, 4))
    clock.go_on(0.21)
    desk.ask(body(3), coming=coming(4))
    assert commits(desk)[-1] == ([2], [3, 4])


def test_what_is_not_asked_for_after_all_is_taken_back() -> None:
    desk = Desk()
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(3, 4))
    desk.ask(body(5))
    assert desk.intended() == [body(5)]
    desk.ask(body(6), coming=coming(7))
    desk.writer.flush()
    assert desk.intended() == []


def test_another_request_for_a_title_ahead_has_an_intent_of_its_own() -> None:
    desk = Desk()
    first, more = (
        RequestBody(key=SERIES, four_k=False, seasons=seasons) for seasons in ((1,), (1, 2))
    )
    desk.ask(body(1))
    desk.ask(body(2), coming=[(prepared(series_wish()), Request(first))])
    desk.ask(more, series_wish())
    assert desk.intended() == [more]


def test_no_intent_is_ahead_of_a_title_that_the_server_has_already() -> None:
    """Its index could not tell the next run whether this was asked for."""
    partly = TitleState(MediaStatus.PARTIALLY_AVAILABLE, 1)
    desk = Desk(index={TitleKey(MOVIE, 3): partly})
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(3, 4))
    assert commits(desk)[-1] == ([1], [2, 4])


def test_a_refusal_is_written_before_the_next_request() -> None:
    desk = Desk()
    desk.ask(body(1))
    desk.server.on("request", RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no"))
    desk.ask(body(2), coming=coming(3))
    desk.ask(body(3))
    assert commits(desk)[-1] == ([2], [3])


def test_of_a_title_that_comes_twice_only_the_first_intent_is_ahead() -> None:
    desk = Desk()
    desk.ask(body(1))
    more = RequestBody(key=TitleKey(MOVIE, 2), four_k=False, seasons=(1,))
    desk.ask(body(2), coming=[(prepared(film_wish(2)), Request(more))])
    assert desk.intended() == [body(2)]


def test_an_intent_without_an_answer_stays_when_those_ahead_are_taken_back() -> None:
    desk = Desk()
    desk.ask(body(1))
    desk.ask(body(2), coming=coming(3, 4))
    desk.server.on("request", DOWN)
    with pytest.raises(type(DOWN)):
        desk.ask(body(3))
    desk.writer.flush()
    assert desk.intended() == [body(3)]


def test_the_last_outcome_is_written_by_the_flush() -> None:
    desk = Desk()
    desk.ask()
    desk.writer.flush()
    assert desk.memory.requests.open_intents() == ()
    assert [sent.answered for sent in desk.memory.shelf.sent] == [REQUESTED]


def test_a_flush_of_nothing_writes_nothing() -> None:
    desk = Desk()
    desk.writer.flush()
    assert desk.memory.commits == []


def test_a_dry_run_sends_nothing() -> None:
    desk = Desk(DRY_RUN)
    assert desk.ask() == Requested(FILM_BODY, None)
    assert desk.server.calls == 0
    assert desk.memory.commits == []
    assert desk.requested() == (FILM_BODY,)


def test_what_is_sent_names_its_run_and_lists() -> None:
    desk = Desk()
    members = [
        member
        for name in ("a", "b")
        for member in members_of(rules(name), [entry("The Matrix", kind=MOVIE, tmdb=603)])
    ]
    desk.ask(one=wishes_of(members)[0])
    (sent,) = desk.flushed().sent
    assert (sent.run_id, sent.label, sent.lists) == ("run-1", "The Matrix", ("a", "b"))


def test_a_title_is_called_as_the_catalogue_calls_it() -> None:
    desk = Desk()
    (one,) = wishes_of(members_of(rules("a"), [entry("Batman", kind=MOVIE, tmdb=603)]))
    ready = prepared(one)
    assert ready.match is not None
    desk.writer.act(
        replace(ready, match=replace(ready.match, title="Batman (1989)")), Request(FILM_BODY)
    )
    (sent,) = desk.flushed().sent
    assert sent.label == "Batman (1989)"


def test_what_the_server_says_it_took_is_what_we_say() -> None:
    desk = Desk()
    wanted = RequestBody(key=SERIES, four_k=False, seasons=(0, 1))
    taken = replace(wanted, seasons=(1,))
    answered = RequestResponse(kind=ResponseKind.REQUESTED, request_id=1, seasons=(1,))
    desk.server.on("request", answered)
    assert desk.ask(wanted, series_wish()) == Requested(taken, answered)
    assert desk.requested() == (taken,)
    assert [sent.body for sent in desk.flushed().sent] == [taken]
    # Season 0 was asked for all the same: a later wish of this run is not to ask again.
    assert desk.known.requested_seasons == {Edition(SERIES, False): {0, 1}}


def test_every_entry_behind_a_wish_is_handled() -> None:
    desk = Desk()
    one = entry("The Matrix", kind=MOVIE, tmdb=603)
    members = [*members_of(rules("a"), [one]), *members_of(rules("b"), [one])]
    desk.ask(one=wishes_of(members)[0])
    assert [row.member.rules.name for row in desk.flushed().handled] == ["a", "b"]


def test_an_entry_is_noted_as_handled_once() -> None:
    entries = {"tmdb:movie/603": Edition(FILM_BODY.key, four_k=False)}
    desk = Desk(handled=HandledEntries({("file:mine", False): entries}))
    desk.ask()
    assert desk.flushed().handled == []


@pytest.mark.parametrize(
    ("reason", "is_handled"),
    [
        (SkipReason.AVAILABLE, True),
        (SkipReason.REQUESTED, True),
        (SkipReason.SAME_RUN, True),
        (SkipReason.HANDLED, True),
        (SkipReason.DELETED, True),
        (SkipReason.BLOCKLISTED, False),
        (SkipReason.EXCLUDED, False),
        (SkipReason.NO_SEASONS, False),
        (SkipReason.NO_TVDB_ID, False),
        (SkipReason.SETBACK, False),
        (SkipReason.ON_HOLD, False),
    ],
)
def test_a_skip_handles_an_entry_only_if_the_server_had_its_title(
    reason: SkipReason, *, is_handled: bool
) -> None:
    desk = Desk()
    assert desk.writer.act(prepared(film_wish()), Skip(reason)) == Skip(reason)
    desk.writer.flush()
    assert bool(desk.memory.commits) is is_handled


def test_what_was_not_found_handles_nothing() -> None:
    desk = Desk()
    desk.writer.act(Prepared(wish=film_wish(), match=None), Skip(SkipReason.SAME_RUN))
    desk.writer.flush()
    assert desk.memory.commits == []


def test_an_exclusion_is_never_handled() -> None:
    desk = Desk()
    desk.ask(one=film_wish(of=rules(is_exclusion=True)))
    assert desk.flushed().handled == []


# Answers


def test_what_was_covered_is_handled_but_not_counted_as_requested() -> None:
    desk = Desk()
    outcome = desk.answered(ResponseKind.COVERED, "exists")
    assert isinstance(outcome, Requested)
    assert desk.requested() == ()
    assert Edition(FILM, False) in desk.known.requested_seasons
    assert len(desk.flushed().handled) == 1


@pytest.mark.parametrize(
    ("answer", "both"),
    [(ResponseKind.QUOTA, {False, True}), (ResponseKind.PERMISSION, {False})],
    ids=["quota", "permission"],
)
def test_a_used_up_quota_stops_the_user_for_the_kind_and_a_missing_permission_as_far_as_it_goes(
    answer: ResponseKind, both: set[bool]
) -> None:
    desk = Desk()
    assert isinstance(desk.answered(answer), Refused)
    refused = [
        four_k
        for four_k in (False, True)
        if desk.known.limits.let_through(film_wish().members, MOVIE, four_k=four_k)[1]
    ]
    assert refused == list(both)
    assert desk.flushed().handled == []


def test_the_impossible_is_a_setback_at_once() -> None:
    desk = Desk()
    assert isinstance(desk.answered(ResponseKind.IMPOSSIBLE, "no such film"), Refused)
    assert desk.known.setbacks == {(Edition(FILM, False), None): "no such film"}
    ((title, one),) = desk.flushed().failed.items()
    assert (title, one.why) == ((Edition(FILM, False), None), "no such film")


@pytest.mark.parametrize("answer", [ResponseKind.UNSURE, ResponseKind.BLOCKLISTED])
def test_what_may_have_arrived_or_is_blocklisted_is_left_alone_in_this_run(
    answer: ResponseKind,
) -> None:
    desk = Desk()
    assert isinstance(desk.answered(answer), Refused)
    assert set(desk.known.on_hold) == {Edition(FILM, False)}
    notes = desk.flushed()
    assert notes.handled == []
    assert [sent.answered.kind for sent in notes.sent] == [answer]


@pytest.mark.parametrize(
    "answer", [ResponseKind.QUOTA, ResponseKind.PERMISSION, ResponseKind.IMPOSSIBLE]
)
def test_a_clear_no_leaves_nothing_on_hold(answer: ResponseKind) -> None:
    desk = Desk()
    desk.answered(answer)
    assert desk.known.on_hold == {}


def test_an_answer_of_unknown_shape_fails_the_title_and_keeps_the_intent() -> None:
    desk = Desk()
    desk.server.on("request", ResponseChangedError("server", "what is this?"))
    assert desk.ask() == Failed("what is this?")
    desk.writer.flush()
    assert desk.intended() == [FILM_BODY]
    assert Edition(FILM, False) in desk.known.on_hold


def test_no_answer_is_raised_and_keeps_the_intent() -> None:
    desk = Desk()
    desk.server.on("request", DOWN)
    with pytest.raises(type(DOWN)):
        desk.ask()
    desk.writer.flush()
    assert desk.intended() == [FILM_BODY]
    assert Edition(FILM, False) in desk.known.on_hold


def test_two_requests_for_one_series_are_counted_as_one_title() -> None:
    desk = Desk()
    for seasons in ((2,), (1, 3)):
        desk.ask(RequestBody(key=SERIES, four_k=False, seasons=seasons), series_wish())
    assert desk.requested() == (RequestBody(key=SERIES, four_k=False, seasons=(1, 2, 3)),)
    assert desk.known.requested_seasons == {Edition(SERIES, False): frozenset({1, 2, 3})}


# Matches


def test_a_fresh_match_is_remembered_by_its_lookup() -> None:
    desk = Desk()
    match = found(FILM)
    one = Prepared(wish=wish(entry(imdb="tt1")), match=match, is_fresh=True)
    desk.writer.act(one, Skip(SkipReason.EXCLUDED))
    assert desk.flushed().matches == {"imdb:tt1|": match}


@pytest.mark.parametrize(
    "one",
    [
        Prepared(wish=wish(entry(imdb="tt1")), match=found(FILM)),
        Prepared(wish=film_wish(), match=found(FILM), is_fresh=True),
        Prepared(wish=wish(entry(imdb="tt1")), match=None, is_fresh=True),
    ],
    ids=["remembered", "names-itself", "none"],
)
def test_nothing_else_is_remembered(one: Prepared) -> None:
    desk = Desk()
    desk.writer.learn(one)
    desk.writer.flush()
    assert desk.memory.commits == []


def test_a_wish_that_failed_keeps_its_match() -> None:
    desk = Desk()
    one = Prepared(wish=wish(entry(imdb="tt1")), match=found(FILM), is_fresh=True)
    assert desk.writer.fail(one, Failed("no answer")) == Failed("no answer")
    assert set(desk.flushed().matches) == {"imdb:tt1|"}


def test_a_setback_needs_a_title() -> None:
    desk = Desk()
    match = Match(found=Found.NOT_FOUND, how=How.TITLE)
    desk.writer.set_back(Prepared(wish=film_wish(), match=match), "no")
    desk.writer.flush()
    assert desk.memory.commits == []


def test_many_notes_are_written_in_small_commits() -> None:
    desk = Desk()
    for number in range(600):
        one = wish(entry(imdb=f"tt{number}"))
        desk.writer.learn(Prepared(wish=one, match=found(FILM), is_fresh=True))
    desk.writer.flush()
    assert [len(notes) for notes, _ in desk.memory.commits] == [250, 250, 100]


def test_more_of_a_title_belongs_to_the_list_that_had_it_requested_first() -> None:
    desk = Desk()
    first, second = (
        wishes_of(members_of(rules(name), [entry("Lost", kind=TV, tmdb=1396)]))[0]
        for name in ("a", "b")
    )
    body = RequestBody(key=SERIES, four_k=False, seasons=(1,))
    more = replace(body, seasons=(2,))
    outcomes = [desk.ask(body, first), desk.ask(more, second)]
    assert [one.earlier_for for one in outcomes if isinstance(one, Requested)] == [None, "a"]
    assert desk.requested() == (replace(body, seasons=(1, 2)),)
