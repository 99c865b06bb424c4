"""The agent's own threads: started together, stopped together."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Threads:
    """Threads that run until `stop` is set; one that fails calls *failed*, once each."""

    def __init__(self, failed: Callable[[], None]) -> None:
        self.stop = threading.Event()
        self._failed = failed
        self._all: list[threading.Thread] = []

    def start(self, name: str, work: Callable[[], None]) -> None:
        # Daemons: the end of the process waits for them only as long as `join` says.
        thread = threading.Thread(
            target=self._run, args=(name, work), name=f"listsync-{name}", daemon=True
        )
        self._all.append(thread)
        thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for all; returns whether all have ended."""
        until = time.monotonic() + timeout_s
        for thread in self._all:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._all)

    def _run(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:
            # SystemExit, too: it would end the thread alone, and nobody would know.
            logger.exception(
                "the %s thread failed: the agent ends",
                name,
                extra={"action": "thread_failed", "thread_name": name},
            )
            self._failed()
