"""Takes jobs from the queue, a batch at a time, and has each batch copied in its own thread.

What copies wait for lies in the state, so a kill loses nothing: the next start finds the jobs that
were running, and the copy that is run again finds what is there. Without anything to do nobody
wakes up.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from listsync.domain.transfers import (
    CopyProgress,
    CopyResult,
    FailureClass,
    RootHealth,
)
from listsync.errors import StateError
from listsync.file_access import boot_id
from listsync.lean_dataclasses import dataclass
from listsync.ports.transfers import JobQueue
from listsync.process.records import ProcessIdentity
from listsync.terminal.output import plural
from listsync.transfers.batches import CopyMeans, JobLedger, RunningBatch
from listsync.transfers.retries import INTERRUPTED

logger = logging.getLogger(__name__)

_AS_IT_CHANGES_S = 300.0
"""The longest sleep while something is planned: somebody may set the clock."""
_STATE_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerTimes:
    """How long what goes on may go on when all is to end, then may take to end, and the rest."""

    grace_s: float = 3.0
    ending_s: float = 4.0
    renew_s: float = 20.0


@dataclass(frozen=True, slots=True)
class JobOwner:
    """Who has leased jobs: one run of the workers in one process of one start of the machine."""

    boot: str
    pid: int
    started: int
    word: str

    @classmethod
    def new(cls) -> JobOwner:
        found = ProcessIdentity.of(os.getpid())
        started = 0 if found is None else found.started
        return cls(boot_id(), os.getpid(), started, secrets.token_hex(4))

    def __str__(self) -> str:
        return f"{self.boot} {self.pid} {self.started} {self.word}"

    def knows_alive(self, text: str) -> bool:
        """Tell whether the owner that *text* names is at work: this one, or another process."""
        if text == str(self):
            return True
        boot, _, rest = text.partition(" ")
        try:
            other = ProcessIdentity(*map(int, rest.split()[:2]))
        except (TypeError, ValueError):
            return False
        is_us = other.pid == self.pid and other.started == self.started
        return boot == self.boot and not is_us and other.is_alive()


def nobody_knows() -> tuple[RootHealth, ...]:
    return ()


class TransferWorkers:
    """Has what is due copied, until it is told to stop. Any thread may use the rest of it.

    *health* says how roots were found last: what lies on one that is not well waits for it.
    """

    def __init__(
        self,
        queue: JobQueue,
        ledger: JobLedger,
        means: CopyMeans,
        health: Callable[[], Iterable[RootHealth]] = nobody_knows,
        times: WorkerTimes | None = None,
    ) -> None:
        self._queue = queue
        self._ledger = ledger
        self._means = means
        self._health = health
        self._times = times or WorkerTimes()
        self._owner = JobOwner.new()
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._batches: list[RunningBatch] = []
        self._is_recovered = False
        self._has_failed = False

    def follow(self, means: CopyMeans) -> None:
        """Copy by *means* from the next batch on."""
        self._means = means
        self.wake()

    def wake(self) -> None:
        """Let it be looked for what is due, or is to be cancelled."""
        self._woken.set()

    def progress(self) -> tuple[CopyProgress, ...]:
        """Say how far all batches are."""
        return tuple(batch.progress for batch in self._running())

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set (and `wake` is called)."""
        self._owner = JobOwner.new()
        self._is_recovered = False
        try:
            while not stop.is_set():
                self._woken.clear()
                self._woken.wait(self._worked())
        finally:
            self._end()

    def _worked(self) -> float | None:
        """Do what is to be done now; returns how long to wait then, None: until woken."""
        try:
            pause_s = self._step(datetime.now(UTC))
        except StateError as error:
            if not self._has_failed:
                logger.warning("copies wait: %s", error, extra={"action": "state_error"})
            self._has_failed = True
            return _STATE_PAUSE_S
        self._has_failed = False
        return pause_s

    def _step(self, now: datetime) -> float | None:
        if not self._is_recovered:
            self._recover(now)
        self._renew(now)
        while self._start_next(now):
            pass
        due = self._queue.next_due(now)
        pauses = [self._times.renew_s] if self._batches else []
        if due is not None:
            pauses.append(min(_AS_IT_CHANGES_S, _seconds(due - datetime.now(UTC))))
        return min(pauses, default=None)

    def _recover(self, now: datetime) -> None:
        """Take up what an agent left running that was killed."""
        left = self._queue.recover(self._owner.knows_alive, now)
        if left:
            logger.warning(
                "%s interrupted by restart",
                plural(len(left), "copy was", "copies were"),
                extra={"action": "transfers_recovered", "jobs": [job.number for job in left]},
            )
            result = {
                job.number: CopyResult(
                    number=job.number,
                    failure=FailureClass.INTERRUPTED,
                    why=INTERRUPTED,
                    interruptions=1 + self._ledger.interruptions(job.number),
                )
                for job in left
            }
            self._ledger.settle(left, result, self._means.retry)
        self._is_recovered = True

    def _renew(self, now: datetime) -> None:
        running = self._running()
        if not running:
            return
        cancelled = self._queue.renew(str(self._owner), now)
        for batch in running:
            batch.cancelled = cancelled.intersection(job.number for job in batch.jobs)

    def _start_next(self, now: datetime) -> bool:
        """Start the next batch; False: nothing is due, or there is no room for it."""
        jobs = self._queue.claim(str(self._owner), self._busy(now), now)
        if not jobs:
            return False
        batch = RunningBatch(jobs, self._means, self._ledger, self._forget)
        with self._lock:
            self._batches.append(batch)
        batch.start()
        return True

    def _busy(self, now: datetime) -> set[PurePosixPath]:
        """Name the roots that nothing is to be copied from or to now."""
        bad = [one for one in self._health() if not one.is_healthy and one.trouble is not None]
        for one in bad:
            self._queue.block(one.root, one.why, now)
        counts = Counter(batch.root for batch in self._running())
        full = {root for root, number in counts.items() if number >= self._means.concurrent}
        return full | {one.root for one in bad}

    def _running(self) -> tuple[RunningBatch, ...]:
        with self._lock:
            return tuple(self._batches)

    def _forget(self, batch: RunningBatch) -> None:
        with self._lock:
            self._batches.remove(batch)
        self.wake()

    def _end(self) -> None:
        """End what is copied: by itself for a while, then asked to, then without regard to it.

        What does not end is queued anew, and waited for all the same: who starts the workers
        again in this process would copy it twice at once.
        """
        times = self._times
        running = self._running()
        until = time.monotonic() + times.grace_s
        if all(batch.has_ended(until) for batch in running):
            return
        for batch in running:
            batch.token.set()
        until = time.monotonic() + times.ending_s
        left = [batch for batch in running if not batch.has_ended(until)]
        for batch in left:
            batch.leave()
            batch.token.cut()
        for batch in left:
            batch.has_ended(time.monotonic() + _AS_IT_CHANGES_S)


def _seconds(pause: timedelta) -> float:
    return max(0.0, pause.total_seconds())
