"""How many rows all lists of a sync may hold: those of which it was the turn, and those ahead."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from listsync.domain.lists import MOST_OF_ALL

_MOST_AHEAD = 20_000
"""Rows that are held before their turn; a list that has more is read when it is its turn."""
_FEW_ROWS = 500  # of one list, for which there is always room


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
