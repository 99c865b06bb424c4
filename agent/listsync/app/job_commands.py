"""What commands look at and act on of copies, put together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from listsync.app.transfers import Transfers
from listsync.commands.context import TransferParts, TransferStatus
from listsync.domain.transfers import (
    LIVE_STATES,
    CopyProgress,
    JobState,
    RootHealth,
    TransferCounts,
)
from listsync.errors import StateError
from listsync.ports.transfers import JobHistory
from listsync.store.database import Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.library_scans import SqliteScanQueue
from listsync.store.webhook_events import SqliteWebhookHistory

_DAY = timedelta(hours=24)
_FRESH_S = 0.5


class TransferOverview:
    """Tells how copies are; what must be counted is counted again after a moment only.

    While the state cannot be read, it tells what it counted last. Any thread may use it.
    """

    def __init__(
        self,
        jobs: JobHistory,
        progress: Callable[[], tuple[CopyProgress, ...]] = tuple,
        roots: Callable[[], tuple[RootHealth, ...]] = tuple,
        is_dry_run: Callable[[], bool] = lambda: False,
        fresh_s: float = _FRESH_S,
    ) -> None:
        self._fresh_s = fresh_s
        self._jobs = jobs
        self._progress = progress
        self._roots = roots
        self._is_dry_run = is_dry_run
        self._lock = threading.Lock()
        self._counted_at = float("-inf")
        self._day = TransferCounts()
        self._counts: dict[JobState, int] = {}

    def status(self) -> TransferStatus:
        with self._lock:
            if time.monotonic() - self._counted_at > self._fresh_s:
                self._count()
            return TransferStatus(
                counts=self._counts,
                day=self._day,
                progress=self._progress(),
                roots=self._roots(),
                is_dry_run=self._is_dry_run(),
            )

    def _count(self) -> None:
        try:
            self._day = self._jobs.counts(datetime.now(UTC) - _DAY)
            given_up = self._jobs.page({JobState.NEEDS_ATTENTION}, 1, None).total or 0
            live = {one: self._day.by_state.get(one, 0) for one in LIVE_STATES}
            self._counts = {**live, JobState.NEEDS_ATTENTION: given_up}
        except StateError:
            return
        finally:
            self._counted_at = time.monotonic()


def transfer_parts(
    database: Database,
    progress: Callable[[], tuple[CopyProgress, ...]] = tuple,
    roots: Callable[[], tuple[RootHealth, ...]] = tuple,
    is_dry_run: Callable[[], bool] = lambda: False,
    wake: Callable[[], None] = lambda: None,
) -> TransferParts:
    """Put together what commands need; *wake* has workers see what is due."""
    jobs = SqliteJobHistory(database)
    overview = TransferOverview(jobs, progress, roots, is_dry_run)
    return TransferParts(
        jobs=jobs,
        scans=SqliteScanQueue(database),
        webhooks=SqliteWebhookHistory(database),
        status=overview.status,
        wake=wake,
    )


def parts_of(transfers: Transfers, database: Database) -> TransferParts:
    """Put together what commands need of an agent's *transfers*."""
    parts = transfer_parts(
        database,
        progress=transfers.progress,
        roots=transfers.mounts.all,
        is_dry_run=transfers.is_dry_run,
        wake=transfers.wake,
    )
    return replace(parts, mappings=transfers.mappings)
