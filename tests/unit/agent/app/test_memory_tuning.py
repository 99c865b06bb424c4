from __future__ import annotations

import ctypes
import gc

import pytest

from listsync.app.memory_tuning import fewer_collections, give_back_memory, share_one_heap


class _Library:
    """A C library; what it is told is kept."""

    def __init__(self) -> None:
        self.told: list[tuple[str, tuple[int, ...]]] = []

    def mallopt(self, *arguments: int) -> None:
        self.told.append(("mallopt", arguments))

    def malloc_trim(self, *arguments: int) -> None:
        self.told.append(("malloc_trim", arguments))


def test_glibc_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    library = _Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    share_one_heap()
    give_back_memory()
    assert library.told == [("mallopt", (-8, 1)), ("malloc_trim", (0,))]


def test_another_c_library_keeps_its_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_one_heap()
    give_back_memory()


def test_cycles_are_searched_more_rarely_only_within_the_block() -> None:
    before = gc.get_threshold()
    with fewer_collections():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before


def test_blocks_that_overlap_leave_it_as_it_was() -> None:
    before = gc.get_threshold()
    left_behind, next_one = fewer_collections(), fewer_collections()
    left_behind.__enter__()
    next_one.__enter__()
    left_behind.__exit__(None, None, None)
    assert gc.get_threshold()[0] > before[0]
    next_one.__exit__(None, None, None)
    assert gc.get_threshold() == before
