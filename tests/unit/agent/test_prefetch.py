from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.prefetch import Overlap
from tests.thorough import tries

_PATIENCE_S = 30


def never(_: object) -> None:
    """Answer nothing quickly."""


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "listsync-read"]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert all_ended()


def all_ended() -> bool:
    for thread in threads():
        thread.join(_PATIENCE_S)
    return not threads()


@settings(max_examples=tries(10, 200))
@given(st.lists(st.integers(0, 50), max_size=80), st.sets(st.integers(0, 50)))
def test_results_stand_in_the_order_of_the_items(items: list[int], quick: set[int]) -> None:
    overlap: Overlap[int, str] = Overlap(lambda item: f"slow {item}", workers=3, ahead=4)
    results = overlap.map(items, lambda item: f"quick {item}" if item in quick else None)
    assert list(results) == [f"{'quick' if item in quick else 'slow'} {item}" for item in items]


def test_the_order_stands_though_a_later_item_is_done_first() -> None:
    later_done = threading.Event()

    def slow(item: int) -> int:
        if item == 0:
            assert later_done.wait(_PATIENCE_S)
        later_done.set()
        return item

    assert list(Overlap(slow, workers=2).map(range(2), never)) == [0, 1]


def test_what_is_quick_starts_no_thread() -> None:
    overlap: Overlap[int, int] = Overlap(lambda item: item, workers=4)
    assert list(overlap.map(range(100), lambda item: item + 1)) == list(range(1, 101))
    assert not threads()


def test_an_error_is_raised_in_its_turn() -> None:
    def slow(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = Overlap(slow, workers=2).map(range(9), never)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert all_ended()


def test_an_error_of_the_quick_answer_lets_the_threads_go() -> None:
    def quick(item: int) -> None:
        if item == 3:
            raise ValueError("three")

    overlap: Overlap[int, int] = Overlap(lambda item: item, workers=2)
    with pytest.raises(ValueError, match="three"):
        list(overlap.map(range(9), quick))
    assert all_ended()


def test_the_threads_end_with_the_items() -> None:
    overlap: Overlap[int, int] = Overlap(lambda item: item, workers=4)
    assert len(list(overlap.map(range(20), never))) == 20
    assert all_ended()


def test_no_more_threads_start_than_there_is_work() -> None:
    started: set[int] = set()

    def slow(item: int) -> int:
        started.add(threading.get_ident())
        return item

    list(Overlap(slow, workers=8).map([1], never))
    assert len(started) == 1


def test_at_most_so_many_items_are_done_before_their_turn_in_bursts() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            asked.append(item)
            yield item

    overlap: Overlap[int, int] = Overlap(lambda item: item, workers=1, ahead=4)
    results = overlap.map(items(), never)
    counts = []
    for _ in range(6):
        next(results)
        counts.append(len(asked))
    results.close()
    assert counts == [4, 4, 6, 6, 8, 8]


def test_quick_answers_do_not_pile_up_without_bound() -> None:
    asked: list[int] = []

    def quick(item: int) -> int:
        asked.append(item)
        return item

    overlap: Overlap[int, int] = Overlap(lambda item: item, workers=1)
    results = overlap.map(range(100_000), quick)
    next(results)
    assert len(asked) <= 2048


def test_what_is_ready_can_be_looked_at_before_its_turn() -> None:
    release, stuck = threading.Event(), threading.Event()

    def slow(item: int) -> int:
        if item == 3:
            stuck.set()
            release.wait(_PATIENCE_S)
        return -item

    overlap: Overlap[int, int] = Overlap(slow, workers=1)
    results = overlap.map(range(6), lambda item: item if item == 1 else None)
    assert next(results) == 0
    assert stuck.wait(_PATIENCE_S)
    assert list(overlap.ready(9)) == [1, -2]
    assert list(overlap.ready(1)) == [1]
    release.set()
    assert list(results) == [1, -2, -3, -4, -5]
    assert list(overlap.ready(9)) == []


def test_an_error_is_not_looked_at_before_its_turn() -> None:
    has_failed = threading.Event()

    def fail(item: int) -> int:
        if item == 1:
            raise ValueError(item)
        has_failed.set()
        return item

    overlap: Overlap[int, int] = Overlap(fail, workers=1)
    results = overlap.map([0, 1, 2], lambda item: 0 if item == 0 else None)
    assert next(results) == 0
    assert has_failed.wait(_PATIENCE_S)
    assert list(overlap.ready(9)) == []
    with pytest.raises(ValueError, match="1"):
        next(results)


def test_leaving_early_drops_what_is_queued() -> None:
    release, started = threading.Event(), threading.Event()
    done: list[int] = []

    def slow(item: int) -> int:
        if item == 1:
            started.set()
            release.wait(_PATIENCE_S)
        done.append(item)
        return item

    results = Overlap(slow, workers=1).map(range(30), never)
    assert next(results) == 0
    assert started.wait(_PATIENCE_S)
    results.close()
    release.set()
    assert all_ended()
    assert done == [0, 1]


def test_leaving_early_never_waits_for_a_busy_worker() -> None:
    for _ in range(100):
        overlap: Overlap[int, int] = Overlap(lambda item: item, workers=4)
        results = overlap.map(range(40), never)
        next(results)
        results.close()
    assert all_ended()


def test_a_worker_survives_what_its_work_raises() -> None:
    def slow(_: int) -> NoReturn:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Overlap(slow, workers=1).map(range(3), never))
    assert all_ended()


def test_closing_twice_lets_the_threads_go_all_the_same() -> None:
    for _ in range(20):
        overlap: Overlap[int, int] = Overlap(lambda item: item, workers=4)
        assert list(overlap.map(range(20), never)) == list(range(20))
        overlap.close()
    assert all_ended()
