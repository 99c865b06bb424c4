"""Whether a list that is being read may hold one more row, beside what all lists hold.

Whoever has lists read says so around the reading; whoever reads asks before keeping a row.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MayHold = Callable[[int], bool]

TEXT_OF_ROW = 250
"""Bytes that the titles of a row may take on the average, where few take 150."""


class NoRoomError(Exception):
    """There is no room for the rest of a list; what of it was read is to be dropped."""


def _always(_: int) -> bool:
    return True


_may_hold: ContextVar[MayHold] = ContextVar("may_hold", default=_always)


@contextmanager
def within(may_hold: MayHold) -> Iterator[None]:
    """Let what is read in the block have the rows that *may_hold* allows, from any thread."""
    token = _may_hold.set(may_hold)
    try:
        yield
    finally:
        _may_hold.reset(token)


def text_size(*titles: str | None) -> int:
    """Count the bytes that *titles* take in memory: up to four a letter, by the alphabet."""
    return sum(sys.getsizeof(title) for title in titles if title)


def room_for(rows: int, text: int) -> int:
    """Count in rows what *rows* take up whose titles have so many bytes of *text*."""
    return max(rows, text // TEXT_OF_ROW)


def demand_room(rows: int, text: int = 0) -> None:
    """Raise NoRoomError when the list that is being read may not have so much."""
    if not _may_hold.get()(room_for(rows, text)):
        raise NoRoomError
