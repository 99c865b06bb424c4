"""The labelled set through the matcher; `python -m tests.bench titles` lists every error."""

from __future__ import annotations

from collections import Counter

from tests.bench.titles import LEAST_RIGHT, Verdict, match_of, percent_right, verdict_on
from tests.labelled_titles import load

CASES = load()
VERDICTS = {case.id: verdict_on(case, match_of(case)) for case in CASES}


def test_no_title_is_taken_for_another() -> None:
    assert [id_ for id_, verdict in VERDICTS.items() if verdict is Verdict.WRONG] == []


def test_nearly_all_titles_that_are_on_offer_are_found() -> None:
    assert percent_right(Counter(VERDICTS.values()), CASES) >= LEAST_RIGHT


def test_what_is_not_found_is_held_for_a_person_and_not_lost() -> None:
    assert [id_ for id_, verdict in VERDICTS.items() if verdict is Verdict.MISSED] == []
