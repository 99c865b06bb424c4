"""How many questions one host gets at a time, and how far apart, from all lists together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from listsync.cancellation import CancelToken

_lock = threading.Lock()
_hosts: dict[str, _Host] = {}


class _Host:
    """The queue in front of one host."""

    def __init__(self, at_once: int) -> None:
        self.places = threading.Semaphore(at_once)
        self.at_once = at_once
        self.next_at = 0.0


@contextmanager
def turn(host: str, *, at_once: int, apart_s: float, token: CancelToken) -> Iterator[None]:
    """Wait for a place among *at_once*, and until *apart_s* after the one before began.

    Whoever is told by *token* to end does not wait for that time.
    """
    queue = _queue(host, at_once)
    with queue.places:
        with _lock:
            begin = max(time.monotonic(), queue.next_at)
            queue.next_at = begin + apart_s
        token.wait(max(0.0, begin - time.monotonic()))
        yield


def _queue(host: str, at_once: int) -> _Host:
    with _lock:
        queue = _hosts.get(host)
        if queue is None or queue.at_once != at_once:
            queue = _hosts[host] = _Host(at_once)
        return queue
