"""What is large is read one at a time: memory holds one of it, however many lists there are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from listsync.cancellation import CancelToken

LARGE_BYTES = 256 * 1024
"""Of a list that comes whole: from so many on it may have tens of thousands of rows."""
_LOOK_AGAIN_S = 0.05
_ONE = threading.Lock()


class Turn:
    """A turn to hold something large, taken when it proves to be so."""

    def __init__(self) -> None:
        self._is_mine = False

    def take(self, token: CancelToken, seconds: float) -> bool:
        """Wait until nobody else has it; False when that takes too long, or the run is over."""
        left = seconds
        while not self._is_mine:
            self._is_mine = _ONE.acquire(blocking=False)
            if self._is_mine:
                break
            if left <= 0 or token.wait(_LOOK_AGAIN_S):
                return False
            left -= _LOOK_AGAIN_S
        return True

    def end(self) -> None:
        if self._is_mine:
            self._is_mine = False
            _ONE.release()


@contextmanager
def turn() -> Iterator[Turn]:
    """Give a turn that ends with the block."""
    one = Turn()
    try:
        yield one
    finally:
        one.end()
