"""One batch of jobs while it is copied, in a thread of its own, and how it is written down."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Protocol

from listsync.cancellation import CancelToken
from listsync.domain.message_of_transfer import label_of
from listsync.domain.messages import Message
from listsync.domain.transfer_rules import RetryPolicy
from listsync.domain.transfers import (
    CopyProgress,
    CopyResult,
    FailureClass,
    JobAttempt,
    JobState,
    TransferJob,
)
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.ports.transfers import JobHistory, JobQueue
from listsync.terminal.output import duration, file_size, plural, span
from listsync.transfers.retries import next_step, retry_words
from listsync.transfers.scan_requests import scans_of

logger = logging.getLogger(__name__)

Ended = Sequence[tuple[TransferJob, CopyResult]]
Tell = Callable[[Ended, datetime], Iterable[Message]]
_STATE_PAUSE_S = 5.0
_MOST_ERRORS = 8000


class Copier(Protocol):
    """Copies a batch; `cancelled` names the jobs that nobody wants any more."""

    def copy(
        self,
        jobs: Sequence[TransferJob],
        token: CancelToken,
        report: Callable[[CopyProgress], None],
        cancelled: Callable[[], frozenset[int]],
    ) -> tuple[CopyResult, ...]:
        """Return one result for each job; raises nothing but for a bug."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMeans:
    """What copies and how often it is tried; `concurrent` batches of a destination at a time."""

    copier: Copier
    retry: RetryPolicy
    concurrent: int = 1


class JobLedger:
    """Writes down how jobs have ended, with scans and messages, and logs it."""

    def __init__(
        self, queue: JobQueue, history: JobHistory, tell: Tell, settled: Callable[[], None]
    ) -> None:
        self._queue = queue
        self._history = history
        self._tell = tell
        self._settled = settled

    def note_begun(self, numbers: Collection[int]) -> None:
        try:
            self._queue.note_begun(numbers)
        except StateError as error:  # only the words for it depend on that
            logger.warning("cannot note what is copied: %s", error, extra={"action": "unnoted"})

    def interruptions(self, number: int) -> int:
        """Count the latest tries of a job that the kill of an agent has cut off, one by one."""
        cut_off = (
            one.failure is FailureClass.INTERRUPTED
            for one in reversed(self._history.attempts(number))
        )
        return sum(takewhile(bool, cut_off))

    def settle(
        self, jobs: Sequence[TransferJob], results: Mapping[int, CopyResult], retry: RetryPolicy
    ) -> None:
        """Write the end of a try of *jobs*; raises StateError."""
        now = datetime.now(UTC)
        ended = [
            (_stepped(job, results[job.number], retry, now), results[job.number]) for job in jobs
        ]
        self._queue.settle(
            [job for job, _ in ended],
            {job.number: _attempt_of(job, result, now) for job, result in ended},
            scans_of(ended),
            self._messages(ended, now),
            now,
        )
        for job, result in ended:
            _log_end(job, result, now)
        self._settled()

    def _messages(self, ended: Ended, now: datetime) -> tuple[Message, ...]:
        try:
            return tuple(self._tell(ended, now))
        except Exception:
            logger.exception("cannot say what became of copies", extra={"action": "untold"})
            return ()


def _stepped(
    job: TransferJob, result: CopyResult, retry: RetryPolicy, now: datetime
) -> TransferJob:
    return next_step(job, result, retry, now, random.uniform(-1, 1))  # noqa: S311 - to spread them


def _attempt_of(job: TransferJob, result: CopyResult, now: datetime) -> JobAttempt:
    return JobAttempt(
        number=0,  # the state numbers it
        started_at=job.started_at or now,
        ended_at=now,
        exit_code=result.exit_code,
        failure=result.failure,
        bytes=result.bytes,
        why=result.why,
        errors=result.errors[-_MOST_ERRORS:],
    )


class RunningBatch:
    """A batch that is copied; ended by its `token`. `cancelled` are jobs that nobody wants."""

    def __init__(
        self,
        jobs: Sequence[TransferJob],
        means: CopyMeans,
        ledger: JobLedger,
        ended: Callable[[RunningBatch], None],
    ) -> None:
        self.jobs = jobs
        self.token = CancelToken()
        self.cancelled: frozenset[int] = frozenset()
        self.progress = CopyProgress(
            jobs=tuple(job.number for job in jobs),
            done=0,
            total=sum(job.wanted.size or 0 for job in jobs),
        )
        self._means = means
        self._ledger = ledger
        self._ended = ended
        self._lock = threading.Lock()
        self._is_settled = False
        self._begun = set[int]()
        self._thread = threading.Thread(target=self._run, name="listsync-copy", daemon=True)

    @property
    def root(self) -> PurePosixPath:
        place = self.jobs[0].wanted.place
        return place.destination_root or place.source_root

    def start(self) -> None:
        _log_start(self.jobs, self._means.retry)
        try:
            self._thread.start()
        except RuntimeError as error:  # the system has no room for a thread
            self._settle(self._all_failed(FailureClass.TRANSIENT, str(error)))
            self._ended(self)

    def has_ended(self, until: float) -> bool:
        """Wait for its thread until then, as `time.monotonic` counts."""
        if self._thread.ident is not None:
            self._thread.join(max(0.0, until - time.monotonic()))
        return not self._thread.is_alive()

    def leave(self) -> None:
        """Queue its jobs anew though it has not ended: what still comes of it counts no more."""
        self._is_settled_with(self._all_failed(FailureClass.STOPPED, ""))

    def _run(self) -> None:
        try:
            self._settle(self._copied())
        except Exception as error:  # noqa: BLE001 - logged there
            self._settle(self._broken(error))
        finally:
            self._ended(self)

    def _settle(self, results: Mapping[int, CopyResult]) -> None:
        """Write the end of the batch; while the state is full, again and again."""
        while not self._is_settled_with(results) and not self.token.wait(_STATE_PAUSE_S):
            pass

    def _is_settled_with(self, results: Mapping[int, CopyResult]) -> bool:
        with self._lock:
            try:
                if not self._is_settled:
                    self._ledger.settle(self.jobs, results, self._means.retry)
            except StateError as error:
                words = "cannot note how copies ended: %s"
                logger.warning(words, error, extra={"action": "state_error"})
                return False
            self._is_settled = True
            return True

    def _copied(self) -> dict[int, CopyResult]:
        try:
            found = self._means.copier.copy(
                self.jobs, self.token, self._report, lambda: self.cancelled
            )
        except Exception as error:  # noqa: BLE001 - logged there
            return self._broken(error)
        missing = self._all_failed(FailureClass.TRANSIENT, "it is not known how its copy ended")
        results = map(self._after_earlier_tries, map(self._heeding_cancel, found))
        return missing | {one.number: one for one in results}

    def _after_earlier_tries(self, result: CopyResult) -> CopyResult:
        """Take the highest folder for new, as a try that was cut off may have made it."""
        if result.failure is not None or not any(job.has_begun for job in self.jobs):
            return result
        job = next(job for job in self.jobs if job.number == result.number)
        top = PurePosixPath(job.wanted.place.relative.parts[0])
        return replace(result, new_folder=top)

    def _broken(self, error: Exception) -> dict[int, CopyResult]:
        logger.error(
            "a copy failed by an error of listsync", exc_info=error, extra={"action": "copy_broke"}
        )
        return self._all_failed(FailureClass.TRANSIENT, f"{type(error).__name__}: {error}")

    def _heeding_cancel(self, result: CopyResult) -> CopyResult:
        """Take what failed while it was being cancelled for cancelled."""
        is_cancelled = result.failure is not None and result.number in self.cancelled
        if not is_cancelled or result.failure is FailureClass.CANCELLED:
            return result
        return replace(result, failure=FailureClass.CANCELLED)

    def _all_failed(self, failure: FailureClass, why: str) -> dict[int, CopyResult]:
        return {
            job.number: CopyResult(number=job.number, failure=failure, why=why)
            for job in self.jobs
        }

    def _report(self, progress: CopyProgress) -> None:
        """Show how far it is; what begins to be copied is noted before, as a kill may come."""
        self.progress = progress
        if begun := set(progress.jobs) - self._begun:
            self._begun |= begun
            self._ledger.note_begun(begun)


def _log_start(jobs: Sequence[TransferJob], retry: RetryPolicy) -> None:
    first = jobs[0].wanted
    what = label_of(first) if len(jobs) == 1 else plural(len(jobs), "file")
    folder = (first.place.destination or first.place.source).parent
    latest = max(jobs, key=lambda job: job.attempts)
    words = " ".join(filter(None, [f"copying {what} to {folder}", retry_words(latest, retry)]))
    extra = {"action": "transfer_started", "jobs": [job.number for job in jobs]}
    logger.info("%s", words, extra=extra)


def _log_end(job: TransferJob, result: CopyResult, now: datetime) -> None:
    level, words = _DRY if result.is_dry_run else _ENDS[job.state]
    extra = {
        "action": f"transfer_{job.state}",
        "job": job.number,
        "path": str(job.wanted.place.destination),
        "bytes": result.bytes,
        "exit_code": result.exit_code,
    }
    values = {
        "label": label_of(job.wanted),
        "number": job.number,
        "size": file_size(job.bytes),
        "time": duration(job.seconds),
        "why": result.why or "it is not known why",
        "later": span((job.next_at - now).total_seconds()),
    }
    logger.log(level, "%s", words.format_map(values), extra=extra)


_DRY = (logging.INFO, "dry run: {label} would be copied")
_ENDS = {
    JobState.SUCCEEDED: (logging.INFO, "copied {label} ({size} in {time})"),
    JobState.SKIPPED: (logging.INFO, "nothing was copied of {label}: {why}"),
    JobState.QUEUED: (logging.INFO, "the copy of {label} was ended, and goes on later"),
    JobState.CANCELLED: (logging.INFO, "the copy of {label} was cancelled"),
    JobState.BLOCKED: (logging.WARNING, "{label} waits: {why}"),
    JobState.RETRY_WAIT: (
        logging.WARNING,
        "cannot copy {label}: {why}; it is tried again in {later}",
    ),
    JobState.NEEDS_ATTENTION: (
        logging.ERROR,
        "cannot copy {label}: {why}; it needs you: listsyncctl jobs show {number}",
    ),
}
