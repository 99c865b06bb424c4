from __future__ import annotations

import ctypes

import pytest

from listsync.app.heap import give_back, share_one


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
    share_one()
    give_back()
    assert library.told == [("mallopt", (-8, 1)), ("malloc_trim", (0,))]


def test_another_c_library_keeps_its_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_one()
    give_back()
