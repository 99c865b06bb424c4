"""How many calls the server gets in a second, reads and writes together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """Spreads calls evenly over time. Any thread may wait; none keeps another from its turn."""

    def __init__(
        self,
        max_per_second: float | None,
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._apart_s = 1 / max_per_second if max_per_second else 0.0
        self._stop = stop
        self._clock = clock
        self._taking = threading.Lock()
        self._next_at = 0.0

    def wait(self) -> bool:
        """Wait for the next turn; returns False as soon as *stop* is set."""
        if not self._apart_s:
            return True
        with self._taking:
            now = self._clock()
            turn = max(now, self._next_at)
            self._next_at = turn + self._apart_s
        return turn <= now or not self._stop.wait(turn - now)
