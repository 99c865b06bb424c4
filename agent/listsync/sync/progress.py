"""How far the running sync is: written by the sync, read by anybody, never blocking either."""

from __future__ import annotations

import threading
from dataclasses import replace

from listsync.domain.syncing import ListProgress, Phase, Progress

IDLE = Progress(run_id=None, phase=Phase.IDLE, done=0, total=0, requested=0, lists=(), sequence=0)


class ProgressBoard:
    """Holds the latest snapshot. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = IDLE
        self._lists: dict[str, ListProgress] = {}

    def snapshot(self) -> Progress:
        with self._lock:
            return replace(self._now, lists=tuple(self._lists.values()))

    def start(self, run_id: str, names: tuple[str, ...]) -> None:
        with self._lock:
            self._lists = {name: ListProgress(name=name, state="waiting") for name in names}
            self._now = replace(IDLE, run_id=run_id, sequence=self._now.sequence + 1)

    def phase(self, phase: Phase, total: int = 0) -> None:
        with self._lock:
            self._now = replace(
                self._now, phase=phase, done=0, total=total, sequence=self._now.sequence + 1
            )

    def read(self, name: str, state: str, count: int, total: int) -> None:
        """Say how a list was read: its outcome, the rows read, the titles to work on."""
        with self._lock:
            self._lists[name] = ListProgress(name=name, state=state, read=count, total=total)
            self._step()

    def done(self, names: tuple[str, ...], *, requested: bool) -> None:
        """Count one wish as done: once in the run, and in its lists, which are named per entry."""
        with self._lock:
            for name in names:
                one = self._lists[name]
                self._lists[name] = replace(one, done=one.done + 1)
            self._step(requested=requested)

    def _step(self, *, requested: bool = False) -> None:
        self._now = replace(
            self._now,
            done=self._now.done + 1,
            requested=self._now.requested + requested,
            sequence=self._now.sequence + 1,
        )
