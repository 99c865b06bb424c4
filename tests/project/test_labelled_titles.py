"""Guards on the labelled set: large, hard and sound enough for its figures to mean something."""

from __future__ import annotations

from collections import Counter

from tests.labelled_titles import load

CASES = load()


def test_the_set_is_large_enough() -> None:
    assert len(CASES) >= 300


def test_each_case_has_its_own_id() -> None:
    assert [id_ for id_, count in Counter(case.id for case in CASES).items() if count > 1] == []


def test_many_cases_have_nothing_right_on_offer() -> None:
    assert sum(case.right is None for case in CASES) >= 40


def test_many_cases_have_a_decoy_of_the_same_year_and_kind() -> None:
    assert sum(case.has_same_year_decoy for case in CASES) >= 70


def test_each_subject_has_several_cases() -> None:
    few = {about: n for about, n in Counter(case.about for case in CASES).items() if n < 5}
    assert few == {}


def test_the_right_one_stands_first_no_more_often_than_chance() -> None:
    ordered = [case for case in CASES if case.right and len(case.candidates) > 1]
    first = sum(case.candidates[0].key == case.right for case in ordered)
    assert first / len(ordered) < 0.45


def test_each_case_offers_two_to_eight_different_candidates() -> None:
    offered = {case.id: [candidate.key for candidate in case.candidates] for case in CASES}
    assert [id_ for id_, keys in offered.items() if not 2 <= len(keys) <= 8] == []
    assert [id_ for id_, keys in offered.items() if len(set(keys)) < len(keys)] == []


def test_the_right_one_is_on_offer_and_of_the_kind_that_the_list_says() -> None:
    right = [(case, case.right) for case in CASES if case.right is not None]
    assert [case.id for case, _ in right if case.right_candidate is None] == []
    assert [case.id for case, key in right if case.kind not in {None, key.kind}] == []


def test_each_case_without_a_right_one_says_why() -> None:
    assert [case.id for case in CASES if case.right is None and not case.why] == []


def test_ids_begin_with_the_subject() -> None:
    assert [case.id for case in CASES if not case.id.startswith(f"{case.about}-")] == []
