"""How many rows a list may hold, and all lists of a sync together, and how much text.

Whoever has lists read says so around the reading; whoever reads asks before keeping a row.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from listsync.errors import ResponseChangedError

_MOST_AHEAD = 20_000
"""Rows that are held before their turn; a list that has more is read when it is its turn."""
_FEW_ROWS = 500  # of one list, for which there is always room

MOST_OF_ALL = 100_000
"""Rows of all lists of one sync together: twice what listsync promises to handle well."""

MOST_ROWS = 100_000
"""Of one list, all its pages together: twice what listsync promises to handle well.

A service that sends more has a fault, or means harm: time and memory must end somewhere.
"""
TEXT_OF_ROW = 250
"""Bytes that the titles of a row may take on the average, where few take 150."""
MOST_TEXT = MOST_ROWS * TEXT_OF_ROW
"""Bytes of all its titles together."""

MayHold = Callable[[int], bool]


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


def demand_little_text(service: str, size: int) -> None:
    """Refuse a list whose titles take more than `MOST_TEXT` bytes."""
    if size > MOST_TEXT:
        limit = f"{MOST_TEXT // 1_000_000} MB"
        why = f"its titles are longer than listsync reads of one list ({limit} in all)"
        raise ResponseChangedError(service, why)


def too_long(service: str, rows: int) -> ResponseChangedError:
    """Refuse a list of more than `MOST_ROWS`, however many *rows* of it have been seen."""
    why = f"{rows:,} rows are more than listsync reads of one list ({MOST_ROWS:,})"
    return ResponseChangedError(service, why)


class Room:
    """Counts rows, list by list; *known* is how many each had when it was last read."""

    def __init__(self, known: Sequence[int]) -> None:
        self._lock = threading.Lock()
        self._known = known
        self._turn = 0
        self._taken = 0
        self._ahead: dict[int, int] = {}

    def begin_turn(self, number: int) -> bool:
        """Let list *number* have all that is left; False when that is nothing."""
        with self._lock:
            self._turn = number
            self._ahead.pop(number, None)
            return self._taken < MOST_OF_ALL

    def take(self, rows: int) -> bool:
        """Take up room for the list whose turn it is; False when it does not fit."""
        with self._lock:
            if self._taken + rows > MOST_OF_ALL:
                return False
            self._taken += rows
            return True

    def may_begin(self, number: int) -> bool:
        """Tell whether list *number* may be begun now, as far as is known what it holds."""
        return self.may_hold(number, max(self._known[number], 1))

    def may_hold(self, number: int, rows: int) -> bool:
        """Tell whether list *number* may hold so many *rows*, and count them if so."""
        with self._lock:
            if number <= self._turn:
                return self._taken + rows <= MOST_OF_ALL
            if self._before(number) + rows > MOST_OF_ALL:
                return False
            others = sum(self._ahead.values()) - self._ahead.get(number, 0)
            if rows > _FEW_ROWS and others + rows > _MOST_AHEAD:
                return False
            self._ahead[number] = rows
            return True

    def leave(self, number: int, rows: int) -> None:
        """Note how many *rows* list *number*, which was read ahead, holds in the end."""
        with self._lock:
            if number > self._turn:
                self._ahead[number] = rows

    def _before(self, number: int) -> int:
        """Count what the lists before it take up, as far as that is known."""
        between = range(self._turn, number)
        return self._taken + sum(max(self._known[n], self._ahead.get(n, 0)) for n in between)
