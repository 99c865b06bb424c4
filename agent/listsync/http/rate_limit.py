"""How fast requests follow each other: to one host from all lists together, and to the server.

And what is large is held by one list at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from listsync.cancellation import CancelToken


class RateLimit:
    """Spreads requests evenly over time. Any thread may wait; none keeps another from its turn."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taking = threading.Lock()
        self._next_at = 0.0

    def wait(self, apart_s: float, stop: threading.Event) -> bool:
        """Wait until *apart_s* after the one before began; False as soon as *stop* is set."""
        if not apart_s:
            return True
        with self._taking:
            now = self._clock()
            turn = max(now, self._next_at)
            self._next_at = turn + apart_s
        return turn <= now or not stop.wait(turn - now)


class _Host:
    """The queue in front of one host."""

    def __init__(self, at_once: int) -> None:
        self.places = threading.Semaphore(at_once)
        self.at_once = at_once
        self.rate_limit = RateLimit()


_lock = threading.Lock()
_hosts: dict[str, _Host] = {}


@contextmanager
def host_turn(host: str, *, at_once: int, apart_s: float, token: CancelToken) -> Iterator[None]:
    """Wait for a place among *at_once*, and until *apart_s* after the one before began.

    Whoever is told by *token* to end does not wait for that time.
    """
    queue = _queue(host, at_once)
    with queue.places:
        queue.rate_limit.wait(apart_s, token)
        yield


def _queue(host: str, at_once: int) -> _Host:
    with _lock:
        queue = _hosts.get(host)
        if queue is None or queue.at_once != at_once:
            queue = _hosts[host] = _Host(at_once)
        return queue


LARGE_BYTES = 256 * 1024
"""Of a list that comes whole: from so many on it may have tens of thousands of rows."""
_LOOK_AGAIN_S = 0.05
_ONE = threading.Lock()


class LargeTurn:
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
def large_turn() -> Iterator[LargeTurn]:
    """Give a turn that ends with the block."""
    one = LargeTurn()
    try:
        yield one
    finally:
        one.end()
