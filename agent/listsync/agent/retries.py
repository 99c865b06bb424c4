"""Trying again what failed for a passing reason: planned when a run ends, requested when due."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Protocol

from listsync.agent.active_config import ActiveConfigView
from listsync.agent.queue import RunQueue
from listsync.domain.report import Result, Retry
from listsync.domain.runs import EndedRun, PlannedRetry, Scope, SyncJob, covers, together

logger = logging.getLogger(__name__)

RETRY = "retry"
"""The origin of a job that tries again."""


class Retries(Protocol):
    """When what failed is tried again. What changes something raises StateError.

    `is_behind`: the change holds, but `keep` must be called again.
    """

    is_behind: bool

    def keep(self) -> None:
        """Write down what could not be written before."""
        ...

    def planned(self) -> PlannedRetry | None: ...

    def failed(self, scope: Scope, retry: Retry) -> None:
        """Plan to try *scope* again."""
        ...

    def settled(self, scope: Scope) -> None:
        """Note that trying *scope* again would change nothing."""
        ...

    def taken(self) -> None:
        """Note that what was planned is being done."""
        ...

    def cancelled(self) -> None:
        """Note that somebody stopped what was being done."""
        ...


class RetryPlanner:
    """Plans retries and orders them. Used by the decider alone."""

    def __init__(self, retries: Retries, queue: RunQueue, configuration: ActiveConfigView) -> None:
        self._retries = retries
        self._queue = queue
        self._configuration = configuration

    def plan(self, job: SyncJob, ended: EndedRun) -> None:
        """Plan to try again what failed, or see that it is over; raises StateError."""
        if ended.row.result == Result.CANCELLED:
            self._retries.cancelled()
        elif ended.retry is None:
            self._retries.settled(job.scope)
        else:
            try:
                self._retries.failed(job.scope, ended.retry)
            finally:
                _say(self._retries.planned())

    def submit(self, lists: frozenset[str], *, with_run: bool) -> bool:
        """SyncJob *lists*, whose own time has come, and *with_run* what a failed run left.

        Returns whether that is in it: then `taken` is to be called once the job is kept.
        """
        planned = self._retries.planned() if with_run else None
        running = self._queue.state.running
        scope: Scope = lists
        # What runs may do it as well; should that fail, it is planned anew.
        if planned is not None and not (running and _does(running, planned.scope)):
            snapshot = self._configuration.current.snapshot
            scope = together(scope, snapshot.still_followed(planned.scope))
        else:
            planned = None
        if scope != frozenset():
            self._queue.submit(SyncJob.own(scope, RETRY))
        return planned is not None

    def taken(self) -> None:
        """Note that what a failed run left is being done; raises StateError."""
        self._retries.taken()


def _does(job: SyncJob, scope: Scope) -> bool:
    return not job.dry_run and covers(job.scope, scope)


def _say(planned: PlannedRetry | None) -> None:
    if planned is None:
        return
    minutes = max(1, round((planned.at - datetime.now(UTC)) / timedelta(minutes=1)))
    extra = {"action": "retry_planned", "at": planned.at.isoformat(), "number": planned.number}
    logger.info("retry in %d min: %s", minutes, planned.why, extra=extra)
