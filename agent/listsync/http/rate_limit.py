"""How fast requests follow each other, and how many are made at a time.

To one host they are counted from all lists together. What is large is held by one list at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from listsync.cancellation import CancelToken
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.prefetch import Overlap

logger = logging.getLogger(__name__)

_ENOUGH_FAILURES = 3
Failure = UnavailableError | RefusedError | ResponseChangedError
Item = TypeVar("Item")
Done = TypeVar("Done")


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


@contextmanager
def in_parallel(
    function: Callable[[Item], Done], items: Iterable[Item], *, at_once: int = 4
) -> Iterator[Iterator[Done]]:
    """Call *function* for each of *items*, several at a time; gives the results in their order.

    No result may be None. The first error is raised. What has not begun by the end of the block
    is not begun.
    """
    overlap: Overlap[Item, Done] = Overlap(function, workers=at_once, ahead=2 * at_once)
    try:
        yield overlap.map(items, lambda _: None)
    finally:
        overlap.close()


def as_far_as_possible(
    function: Callable[[Item], Done],
    items: Sequence[Item],
    failures: list[Failure],
    *,
    at_once: int = 4,
) -> Iterator[tuple[Item, Done | None]]:
    """Call *function* for each of *items*, whose results are worth having, but not needed.

    None stands for what the service does not know. What fails otherwise is left out and noted in
    *failures*; after a refusal, or a few of them, the rest is not tried this time, and the log
    says so.
    """

    def attempt(item: Item) -> tuple[Done | None, ...]:
        refused = any(isinstance(error, RefusedError) for error in failures)
        if refused or len(failures) >= _ENOUGH_FAILURES:
            return ()
        try:
            return (function(item),)
        except (UnavailableError, RefusedError, ResponseChangedError) as error:
            if isinstance(error, RefusedError) and error.kind is Refusal.NOT_FOUND:
                return (None,)
            failures.append(error)
            return ()

    answered = 0
    with in_parallel(attempt, items, at_once=at_once) as found:
        for item, answers in zip(items, found, strict=True):
            for answer in answers:
                answered += 1
                yield item, answer
    if failures:
        logger.info(
            "%d of %d look-ups are left for later: %s",
            len(items) - answered,
            len(items),
            failures[0],
            extra={"action": "look_ups_failed"},
        )
