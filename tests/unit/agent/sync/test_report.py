from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.decisions import (
    Failed,
    Found,
    How,
    Match,
    Outcome,
    Prepared,
    Refused,
    Requested,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.lists import Fetched, ListOutcome, SkippedRow
from listsync.domain.media import TitleKey
from listsync.domain.report import Verdict
from listsync.domain.server import RequestBody, RequestResponse, ResponseKind
from listsync.sync.deduplication import members_of, wishes_of
from listsync.sync.fetch_lists import Reading
from listsync.sync.report import Tally, verdict_of
from listsync.sync.submission import HOLDS
from tests.builders import MOVIE, entry, film_wish, found, offer, rules
from tests.thorough import tries

BODY = RequestBody(key=TitleKey(MOVIE, 603), four_k=False)
A, B = rules("a"), rules("b")


def tally_of(*names: str) -> Tally:
    tally = Tally()
    for name in names:
        reading = Reading(rules=rules(name), outcome=ListOutcome.COMPLETE, fetched=Fetched())
        tally.add_list(reading, new=0, read=0, declared=None, from_memory=False)
    return tally


def wanted_by(*names: str, tmdb: int = 603) -> Prepared:
    one = entry("The Matrix", kind=MOVIE, tmdb=tmdb)
    members = [member for name in names for member in members_of(rules(name), [one])]
    return Prepared(wish=wishes_of(members)[0], match=found(TitleKey(MOVIE, tmdb)))


def verdicts(tally: Tally) -> list[dict[Verdict, int]]:
    return [dict(report.verdicts) for report in tally.lists()]


@pytest.mark.parametrize(
    ("outcome", "verdict", "why"),
    [
        (Requested(BODY, None), Verdict.REQUESTED, "would be requested"),
        (
            Requested(BODY, RequestResponse(kind=ResponseKind.REQUESTED, detail="waits")),
            Verdict.REQUESTED,
            "waits",
        ),
        (
            Requested(BODY, RequestResponse(kind=ResponseKind.COVERED, detail="exists")),
            Verdict.ALREADY,
            "exists",
        ),
        (
            Refused(BODY, RequestResponse(kind=ResponseKind.QUOTA)),
            Verdict.ON_HOLD,
            "on hold: the quota of the requesting user is used up",
        ),
        (
            Refused(BODY, RequestResponse(kind=ResponseKind.IMPOSSIBLE, detail="no such film")),
            Verdict.FAILED,
            "the server cannot do it: no such film",
        ),
        (Failed("no answer"), Verdict.FAILED, "no answer"),
        (Skip(SkipReason.AVAILABLE), Verdict.ALREADY, "available"),
        (
            Skip(SkipReason.AVAILABLE, "in part"),
            Verdict.ALREADY,
            "available: in part",
        ),
    ],
    ids=["dry", "requested", "covered", "refused", "impossible", "failed", "skip", "detail"],
)
def test_each_outcome_has_its_verdict_and_words(
    outcome: Outcome, verdict: Verdict, why: str
) -> None:
    assert verdict_of(outcome) == (verdict, why)


@pytest.mark.parametrize("reason", SkipReason)
def test_every_reason_to_skip_has_a_verdict(reason: SkipReason) -> None:
    verdict, why = verdict_of(Skip(reason))
    assert verdict is not Verdict.REQUESTED
    assert why == reason.value


@pytest.mark.parametrize(
    "answer",
    [
        answer
        for answer in ResponseKind
        if answer not in (ResponseKind.REQUESTED, ResponseKind.COVERED, *HOLDS)
    ],
)
def test_every_refusal_is_said_in_words(answer: ResponseKind) -> None:
    verdict, why = verdict_of(Refused(BODY, RequestResponse(kind=answer, detail="so it said")))
    is_blocklisted = answer is ResponseKind.BLOCKLISTED
    assert verdict is (Verdict.EXCLUDED if is_blocklisted else Verdict.FAILED)
    assert why.endswith(": so it said")


@pytest.mark.parametrize("answer", HOLDS)
def test_a_user_who_may_not_ask_for_more_holds_the_first_title_like_the_next(
    answer: ResponseKind,
) -> None:
    first = verdict_of(Refused(BODY, RequestResponse(kind=answer, detail="so it said")))
    assert first == verdict_of(Skip(SkipReason.ON_HOLD, HOLDS[answer]))


def test_only_the_first_list_requested_a_title() -> None:
    tally = tally_of("a", "b")
    tally.add(wanted_by("a", "b"), Requested(BODY, None))
    assert verdicts(tally) == [{Verdict.REQUESTED: 1}, {Verdict.SHARED: 1}]
    assert [item.why for item in tally.items] == [
        "would be requested",
        "requested for the list a",
    ]


def test_more_of_a_requested_title_is_not_another_title() -> None:
    tally = tally_of("a", "b")
    tally.add(wanted_by("a"), Requested(BODY, None))
    tally.add(wanted_by("b"), Requested(BODY, None, earlier_for="a"))
    assert verdicts(tally) == [{Verdict.REQUESTED: 1}, {Verdict.SHARED: 1}]
    assert tally.items[-1].why == "requested for the list a"


def test_a_title_in_4k_is_another_one() -> None:
    tally = tally_of("a")
    tally.add(wanted_by("a"), Requested(BODY, None))
    tally.add(wanted_by("a"), Requested(RequestBody(key=BODY.key, four_k=True), None))
    assert verdicts(tally) == [{Verdict.REQUESTED: 2}]


def test_every_other_outcome_counts_in_each_list() -> None:
    tally = tally_of("a", "b")
    tally.add(wanted_by("a", "b"), Failed("no answer"))
    assert verdicts(tally) == [{Verdict.FAILED: 1}, {Verdict.FAILED: 1}]


@pytest.mark.parametrize("reason", [SkipReason.AVAILABLE, SkipReason.REQUESTED])
def test_what_was_there_already_is_counted_but_not_told(reason: SkipReason) -> None:
    tally = tally_of("a")
    tally.add(wanted_by("a"), Skip(reason))
    assert tally.items == []
    assert verdicts(tally) == [{Verdict.ALREADY: 1}]


def test_an_item_tells_what_it_was_taken_for() -> None:
    tally = tally_of("a")
    tally.add(wanted_by("a"), Requested(BODY, None))
    (item,) = tally.items
    assert (item.list_name, item.label, item.key) == ("a", "The Matrix", BODY.key)
    assert item.candidates == ()


def test_an_item_for_review_tells_the_choices() -> None:
    tally = tally_of("mine")
    match = Match(
        found=Found.REVIEW,
        how=How.TITLE,
        reasons=("two of them",),
        candidates=(offer("Dune", 1984, tmdb=841), offer("Dune", tmdb=1)),
    )
    tally.add(Prepared(wish=film_wish(), match=match), Skip(SkipReason.REVIEW, "two of them"))
    (item,) = tally.items
    assert item.candidates == ("Dune (1984) [movie/841]", "Dune [movie/1]")
    assert item.reasons == ("two of them",)


def test_an_item_without_a_match_is_told_too() -> None:
    tally = tally_of("mine")
    tally.add(Prepared(wish=film_wish(), match=None), Failed("no answer"))
    assert (tally.items[0].key, tally.items[0].title) == (None, "")


def test_a_list_reports_how_it_was_read() -> None:
    tally = Tally()
    row = SkippedRow(rank=2, what="Al Pacino", why="a person")
    fetched = Fetched(skipped=(row,), declared=9)
    reading = Reading(rules=A, outcome=ListOutcome.PARTIAL, fetched=fetched, why="1 of 9")
    tally.add_list(reading, new=3, read=1, declared=9, from_memory=True)
    (report,) = tally.lists()
    assert (report.read, report.declared, report.new, report.why) == (1, 9, 3, "1 of 9")
    assert report.verdicts == {Verdict.SKIPPED: 1}


def test_a_list_that_failed_reports_its_memory() -> None:
    tally = Tally()
    reading = Reading(rules=A, outcome=ListOutcome.BLOCKED, why="403")
    tally.add_list(reading, new=0, read=5, declared=None, from_memory=True)
    (report,) = tally.lists()
    assert (report.read, report.declared, report.from_memory) == (5, None, True)


_OUTCOMES: list[Outcome] = [
    Requested(BODY, None),
    Requested(BODY, RequestResponse(kind=ResponseKind.COVERED)),
    Refused(BODY, RequestResponse(kind=ResponseKind.QUOTA)),
    Failed("no answer"),
    *(Skip(reason) for reason in SkipReason),
]
_WISHES = st.tuples(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True),
    st.integers(1, 5),
    st.sampled_from(_OUTCOMES),
)


@settings(max_examples=tries(15, 500))
@given(st.lists(_WISHES, max_size=20))
def test_the_counts_add_up(rows: list[tuple[list[str], int, Outcome]]) -> None:
    tally, wishes = tally_of("a", "b", "c"), list[Wish]()
    requested = 0
    for names, tmdb, played in rows:
        outcome: Outcome = played
        if isinstance(played, Requested):
            key = TitleKey(MOVIE, tmdb)
            outcome = Requested(RequestBody(key=key, four_k=False), played.answered)
            if verdict_of(outcome)[0] is Verdict.REQUESTED:
                requested += 1
        prepared = wanted_by(*names, tmdb=tmdb)
        tally.add(prepared, outcome)
        wishes.append(prepared.wish)
    counted = Counter(member.rules.name for wish in wishes for member in wish.members)
    reports = tally.lists()
    assert {one.name: sum(one.verdicts.values()) for one in reports} == {
        name: counted[name] for name in ("a", "b", "c")
    }
    assert sum(one.verdicts.get(Verdict.REQUESTED, 0) for one in reports) == requested
