"""How a run goes on: which it is, where it is, and what becomes of its wishes one by one."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime

from listsync.domain.notices import Notice
from listsync.domain.retry import Retry
from listsync.domain.server import RequestAnswer
from listsync.domain.sync_records import (
    Failed,
    ListProgress,
    Outcome,
    Phase,
    Prepared,
    Progress,
    Refused,
    Skip,
    SkipReason,
    Verdict,
)
from listsync.sync.report import Tally
from listsync.sync.server_requests import notice_of_failures

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

    @property
    def titles(self) -> tuple[int, int]:
        """How many of the phase are done, and how many there are; for the writing thread."""
        return self._done, self._total

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


logger = logging.getLogger(__name__)

_BATCH = 20
"""Titles for which one line of progress is logged."""
_MANY = 2
"""So many titles that nobody answered for are no matter of one title."""


class Outcomes:
    """Implements `adding.Listener`: counts, shows and logs how the adding goes on."""

    def __init__(self, tally: Tally, board: ProgressBoard, *, is_dry: bool) -> None:
        self._tally = tally
        self._board = board
        self._is_dry = is_dry
        self._batch = 0
        self._failed_requests: dict[str, None] = {}
        self._unanswered = 0

    def asking(self) -> None:
        """Log once for each batch of which anything is requested."""
        done, total = self._board.titles
        batch = done // _BATCH + 1
        if batch != self._batch and not self._is_dry:
            self._batch = batch
            logger.info(
                "Adding batch %d/%d",
                batch,
                -(-total // _BATCH),
                extra={"action": "batch", "batch": batch},
            )

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        verdict = self._tally.add(prepared, outcome)
        self._unanswered += _is_unanswered(outcome)
        if isinstance(outcome, Skip) and outcome.reason is SkipReason.REQUEST_FAILED:
            self._failed_requests[prepared.wish.label] = None
        names = Counter(member.rules.name for member in prepared.wish.members)
        self._board.done(names, requested=verdict is Verdict.REQUESTED)

    def notice(self) -> Notice | None:
        """Tell of requests that hang at the server."""
        return notice_of_failures(self._failed_requests)

    def retry(self) -> Retry | None:
        """Say why the run is tried again; a single title has a time of its own, or waits."""
        count = self._unanswered
        if count < _MANY:
            return None
        return Retry(why=f"the server did not answer for {count} titles", titles=count)


def _is_unanswered(outcome: Outcome) -> bool:
    match outcome:
        case Failed(may_pass=may_pass):
            return may_pass
        case Refused(answered=answered):
            return answered.answer is RequestAnswer.UNSURE
        case _:
            return False
