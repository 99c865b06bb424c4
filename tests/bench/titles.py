"""How well and how fast titles are matched, over the labelled set."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from listsync.domain.decisions import Found, Match
from listsync.sync.titles.detail_proof import Claim, claim_of
from listsync.sync.titles.evidence import sought, weigh
from listsync.sync.titles.matching import choose
from tests.bench.figures import Figure
from tests.labelled_titles import LabelledTitle, load

LEAST_RIGHT = {"our own": 96.0, "missing or renamed": 76.0}
"""The share of right ones that each set must keep, in percent."""
_ROUNDS = 10


class Verdict(StrEnum):
    """What came of one labelled case."""

    RIGHT = "right"
    WRONG = "wrong"
    REVIEW = "waits for review"
    MISSED = "missed"
    LEFT = "nothing right on offer, and nothing taken"


def match_of(case: LabelledTitle) -> Match:
    """Match *case* as a sync would that had seen all its candidates."""
    wanted = sought(case.title, case.original_title, case.year, case.kind)
    return choose(wanted, case.candidates, is_complete=True)


def verdict_on(case: LabelledTitle, match: Match) -> Verdict:
    if match.found is Found.FOUND:
        return Verdict.RIGHT if match.key == case.right else Verdict.WRONG
    if case.right is None:
        return Verdict.LEFT
    return Verdict.REVIEW if match.found is Found.REVIEW else Verdict.MISSED


def claim_on(case: LabelledTitle) -> Claim | None:
    """Give what the details of one candidate could settle, where `match_of` leaves it open."""
    if match_of(case).found is Found.FOUND:
        return None
    wanted = sought(case.title, case.original_title, case.year, case.kind)
    return claim_of(wanted, case.candidates, is_complete=True)


def is_for_details(case: LabelledTitle) -> bool:
    """Tell whether the details of the right one could still say that it is the one."""
    claim = claim_on(case)
    claimed = () if claim is None else (claim.evidence, *claim.parts)
    return case.right in {one.candidate.key for one in claimed}


def percent_right(counts: Counter[Verdict], cases: list[LabelledTitle]) -> float:
    return 100 * counts[Verdict.RIGHT] / sum(case.right is not None for case in cases)


def titles() -> Iterator[Figure]:
    for name, least_right in LEAST_RIGHT.items():
        yield from _set(name, least_right)
    yield Figure("  candidates weighed on one core", _weighed_a_second(load()), "/s", least=20_000)


def _set(name: str, least_right: float) -> Iterator[Figure]:
    cases = load(name)
    counts: Counter[Verdict] = Counter()
    for case in cases:
        match = match_of(case)
        verdict = verdict_on(case, match)
        counts[verdict] += 1
        if verdict not in {Verdict.RIGHT, Verdict.LEFT}:
            print(f"  {verdict}: {case.id}: {match.reasons[0]}", flush=True)
    yield Figure(f"labelled titles, {name}", len(cases), "cases")
    yield Figure("  taken for another title", counts[Verdict.WRONG], "cases", most=0)
    share = percent_right(counts, cases)
    yield Figure("  right, of those with a right one", share, "%", least=least_right)
    provable = sum(map(is_for_details, cases))
    yield Figure("  held, and right if its details say so", provable, "cases")
    for verdict in (Verdict.RIGHT, Verdict.REVIEW, Verdict.MISSED, Verdict.LEFT):
        yield Figure(f"  {verdict}", counts[verdict], "cases")


def _weighed_a_second(cases: list[LabelledTitle]) -> float:
    pairs = [
        (sought(case.title, case.original_title, case.year, case.kind), candidate)
        for case in cases
        for candidate in case.candidates
    ]
    started = time.process_time()
    for _ in range(_ROUNDS):
        for wanted, candidate in pairs:
            weigh(wanted, candidate)
    return _ROUNDS * len(pairs) / (time.process_time() - started)


PARTS = (titles,)
