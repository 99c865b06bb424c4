"""How a run goes on: which it is, and where it is; light, as an agent that waits has it too."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime

from listsync.domain.report import ListProgress, Phase, Progress

RUN: ContextVar[str] = ContextVar("listsync_run", default="")
"""The run's id; empty outside of runs. Threads of a run get it with a copy of the context."""


IDLE = Progress(run_id=None, phase=Phase.IDLE, done=0, total=0, requested=0, lists=(), sequence=0)


class ProgressBoard:
    """Counts, and makes a snapshot when somebody looks. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run_id: str | None = None
        self._phase = Phase.IDLE
        self._done = self._total = self._requested = self._sequence = 0
        self._lists: dict[str, ListProgress] = {}
        self._done_of: Counter[str] = Counter()
        self._phase_began = time.monotonic()
        self._changed_at = time.time()

    def snapshot(self) -> Progress:
        with self._lock:
            return Progress(
                run_id=self._run_id,
                phase=self._phase,
                done=self._done,
                total=self._total,
                requested=self._requested,
                lists=tuple(
                    replace(one, done=self._done_of[name]) for name, one in self._lists.items()
                ),
                sequence=self._sequence,
                phase_s=time.monotonic() - self._phase_began,
                changed_at=datetime.fromtimestamp(self._changed_at, UTC),
            )

    def start(self, run_id: str, names: tuple[str, ...]) -> None:
        with self._lock:
            self._run_id = run_id
            self._lists = {name: ListProgress(name=name, state="waiting") for name in names}
            self._done_of.clear()
            self._requested = 0
            self._enter(Phase.CONNECT, 0)

    def phase(self, phase: Phase, total: int = 0) -> None:
        with self._lock:
            self._enter(phase, total)

    def end(self, run_id: str) -> None:
        """Say that run *run_id* is over, if it is the one; what it came to stays to be seen."""
        with self._lock:
            if run_id == self._run_id:
                self._phase = Phase.IDLE
                self._move()

    def _enter(self, phase: Phase, total: int) -> None:
        self._phase, self._total, self._done = phase, total, 0
        self._phase_began = time.monotonic()
        self._move()

    def _move(self) -> None:
        self._sequence += 1
        self._changed_at = time.time()

    def read(self, name: str, state: str, count: int, total: int) -> None:
        """Say how a list was read: its outcome, the rows read, the titles to work on."""
        with self._lock:
            self._lists[name] = ListProgress(name=name, state=state, read=count, total=total)
            self._done += 1
            self._move()

    def done(
        self, entries: Mapping[str, int], *, titles: int = 1, requested: bool = False
    ) -> None:
        """Count *titles* as done in the run, and their entries in each list, by its name."""
        with self._lock:
            for name, count in entries.items():
                self._done_of[name] += count
            self._done += titles
            self._requested += requested
            self._move()
