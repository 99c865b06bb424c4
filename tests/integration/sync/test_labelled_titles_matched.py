"""The labelled sets through the matcher; `python -m tests.bench titles` lists every error."""

from __future__ import annotations

from collections import Counter
from functools import cache
from statistics import mean

import pytest

from listsync.domain.decisions import Match
from tests.bench.titles import (
    LEAST_RIGHT,
    Verdict,
    claim_on,
    is_for_details,
    match_of,
    percent_right,
    verdict_on,
)
from tests.builders import entry
from tests.fakes import FakeServer, Title
from tests.labelled_titles import SETS, load
from tests.unit.agent.sync.titles import test_detail_proof

CASES = {name: load(name) for name in SETS}


@cache
def matches_of(name: str) -> dict[str, Match]:
    return {case.id: match_of(case) for case in CASES[name]}


@cache
def verdicts_of(name: str) -> dict[str, Verdict]:
    return {case.id: verdict_on(case, matches_of(name)[case.id]) for case in CASES[name]}


of_each_set = pytest.mark.parametrize("name", SETS)


@of_each_set
def test_no_title_is_taken_for_another(name: str) -> None:
    verdicts = verdicts_of(name).items()
    assert [id_ for id_, verdict in verdicts if verdict is Verdict.WRONG] == []


@of_each_set
def test_nearly_all_titles_that_are_on_offer_are_found(name: str) -> None:
    share = percent_right(Counter(verdicts_of(name).values()), CASES[name])
    assert share >= LEAST_RIGHT[name]


@of_each_set
def test_what_is_not_found_is_held_for_a_person_and_not_lost(name: str) -> None:
    verdicts = verdicts_of(name).items()
    assert [id_ for id_, verdict in verdicts if verdict is Verdict.MISSED] == []


@of_each_set
def test_a_person_who_is_to_choose_is_shown_the_right_one(name: str) -> None:
    held = [
        case
        for case in CASES[name]
        if case.right is not None and verdicts_of(name)[case.id] is Verdict.REVIEW
    ]
    shown = {case.id: [one.key for one in matches_of(name)[case.id].candidates] for case in held}
    assert [case.id for case in held if case.right not in shown[case.id]] == []


NEEDS_DETAILS = {
    "year-off-by-more-cinema-paradiso",
    "year-off-by-more-city-of-god",
    "year-off-by-more-lobster",
    "year-off-by-more-parks-2012",
    "year-off-by-more-princess-mononoke",
    "year-off-by-more-rashomon",
    "year-off-by-more-terrifier",
}
"""Two or three years off: believed when a release or a season of that year is known."""


def test_titles_two_or_three_years_off_are_right_if_their_details_say_so() -> None:
    cases = [case for case in CASES["our own"] if case.id in NEEDS_DETAILS]
    assert [case.id for case in cases if not is_for_details(case)] == []
    assert len(cases) == len(NEEDS_DETAILS)


@of_each_set
def test_details_are_read_of_no_more_titles_than_they_can_settle(name: str) -> None:
    asked = [case for case in CASES[name] if claim_on(case) is not None]
    assert len(asked) <= 0.07 * len(CASES[name])


@pytest.mark.parametrize("name", SETS)
def test_details_keep_within_the_calls_of_a_title(name: str) -> None:
    calls = []
    for case in load(name):
        offered = [
            Title(
                key=one.key,
                name=one.title,
                year=one.year,
                original_name=one.original_title,
                popularity=one.popularity,
            )
            for one in case.candidates
        ]
        server = FakeServer(*offered)
        test_detail_proof.match_of(
            server, entry(case.title, case.year, case.kind, original=case.original_title)
        )
        # One more where "nothing found" must be told from an outage.
        calls.append(server.calls - server.counts["find_by_imdb"])
    assert max(calls) <= 4
    assert mean(calls) <= 2.3
