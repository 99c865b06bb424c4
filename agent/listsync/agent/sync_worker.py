"""The one sync that runs: its thread, its start as the queue says, and its end.

And the parts of the agent, of which that takes most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Generic, Protocol

from listsync.agent.active_config import ActiveConfig
from listsync.agent.notices import log_notice
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns, ended_of, failed, left_behind
from listsync.agent.retries import Retries, RetryPlanner
from listsync.agent.systemd import SystemdStatus
from listsync.cancellation import CUT_AFTER_S, LEAVE_AFTER_S, CancelToken, Heartbeat
from listsync.domain.events import Clock, Event, QueueMoved, RunFinished
from listsync.domain.report import Result, Retry, SyncReport, SyncRun, retry_of
from listsync.domain.run_messages import operations_of
from listsync.domain.runs import SCHEDULE, ConfigSnapshot, ConfigT, EndedRun, SyncJob
from listsync.errors import ListsyncError, StateError
from listsync.lean_dataclasses import dataclass

logger = logging.getLogger(__name__)

Perform = Callable[[SyncRun, ConfigSnapshot[ConfigT], SyncJob, CancelToken], SyncReport]
"""Runs one sync of the lists that a job means, until its end or until the token is set."""


class SyncWorker(Generic[ConfigT]):
    """One sync, from its start to `done`, which is called in a thread of its own, once.

    `ended` is what `done` was given. A sync that was told to stop ends within `LEAVE_AFTER_S`:
    what then still hangs in something is left behind, with a token by which it can do nothing.
    """

    def __init__(
        self,
        job: SyncJob,
        snapshot: ConfigSnapshot[ConfigT],
        perform: Perform[ConfigT],
        done: Callable[[EndedRun], None],
    ) -> None:
        self.job = job
        self.started_at = datetime.now(UTC)
        self._snapshot = snapshot
        self._perform = perform
        self._done = done
        self.token = CancelToken()
        self._ending = threading.Lock()
        self._over = threading.Event()
        self._is_stopping = False
        # A daemon: the end of the process does not wait for a call that hangs.
        self.ended: EndedRun | None = None
        self._thread = threading.Thread(target=self._run, name="listsync-sync", daemon=True)

    def start(self) -> None:
        extra = {"action": "sync_started", "run": self.job.run_id}
        if SCHEDULE in self.job.origins:
            logger.info("[Sync Worker] Starting scheduled sync...", extra=extra)
        logger.info(
            "Background sync started (dry_run=%s), triggered by %s",
            self.job.dry_run,
            self.job.origin,
            extra=extra,
        )
        try:
            self._thread.start()
        except RuntimeError as error:
            # The system has no room for a thread (pids.max, ulimit -u): the next run tries again.
            retry = Retry(why=f"the system cannot start a thread ({error})")
            self._end(self._failed(f"{error}", retry))

    def stop(self) -> None:
        """Let the sync end after its current title, or soon without it."""
        self.token.set()
        with self._ending:
            was_stopping, self._is_stopping = self._is_stopping, True
        if was_stopping:
            return
        try:
            threading.Thread(target=self._end_by_force, name="listsync-end", daemon=True).start()
        except RuntimeError:  # there is no room for a thread
            self.token.cut()

    def cut_off(self, why: str) -> None:
        """End it now, for everybody: from here on nothing that is left of it has any effect."""
        ended = self._failed(why)
        if self._is_the_end(ended):
            self.token.revoke()  # before anybody learns that it is over
            self._tell(ended)

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; returns whether it came."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _end_by_force(self) -> None:
        if self._over.wait(CUT_AFTER_S):
            return
        self.token.cut()
        if self._over.wait(LEAVE_AFTER_S - CUT_AFTER_S):
            return
        ended = left_behind(self.job, self.started_at, datetime.now(UTC))
        if self._is_the_end(ended):
            self.token.revoke()  # before anybody learns that it is over
            self._tell(ended)

    def _run(self) -> None:
        job = self.job
        run = SyncRun(
            run_id=job.run_id,
            origin=job.origin,
            started_at=self.started_at,
            dry_run=job.dry_run,
            eager=job.eager,
            confirmed=job.confirmed,
        )
        try:
            report = self._perform(run, self._snapshot, job, self.token)
            ended = ended_of(report, datetime.now(UTC), self._snapshot.server)
        except ListsyncError as error:
            ended = self._failed(str(error), retry_of(error, datetime.now(UTC)))
        except Exception as error:
            if self.ended is None:
                extra = {"run": run.run_id}
                logger.exception("the sync failed in an unforeseen way", extra=extra)
            why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
            ended = self._failed(why)
        self._end(ended)

    def _failed(self, why: str, retry: Retry | None = None) -> EndedRun:
        return failed(self.job, self.started_at, datetime.now(UTC), why, retry)

    def _end(self, ended: EndedRun) -> None:
        if self._is_the_end(ended):
            self._tell(ended)

    def _is_the_end(self, ended: EndedRun) -> bool:
        """Take *ended* for the end, unless there was one; then what comes later is no news."""
        with self._ending:
            if self.ended is None:
                self.ended = ended
            return self.ended is ended

    def _tell(self, ended: EndedRun) -> None:
        self._over.set()
        _log_end(ended)
        self._done(ended)


def _log_end(ended: EndedRun) -> None:
    row = ended.row
    is_well = row.result == Result.OK
    what = "dry run" if row.dry_run else "sync"
    done = "completed" if row.dry_run else "completed: Successfully synced"
    counted = "" if row.result == Result.FAILED else f" ({operations_of(row)})"
    logger.log(
        logging.INFO if is_well else logging.WARNING,
        "Background %s %s: %s%s",
        what,
        done if is_well else f"ended ({row.result})",
        row.message,
        counted,
        extra={"action": "sync_ended", "run": row.run_id, "result": row.result},
    )
    for notice in ended.notices:
        log_notice(notice, row.run_id)


class Schedules(Protocol):
    """The due times of schedules, by key: a list's source, or `everything`."""

    everything: str

    def keys(self) -> Collection[str]: ...

    def fired(self, keys: Iterable[str]) -> None:
        """Note that *keys* were taken up; raises StateError."""
        ...

    def keep(self) -> None:
        """Write down what has changed, also by the clock; raises StateError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts(Generic[ConfigT]):
    """The parts of an agent that decides, which all are made before it."""

    inbox: SimpleQueue[Event]
    queue: RunQueue
    configuration: ActiveConfig[ConfigT]
    schedules: Schedules
    retries: Retries
    queue_store: QueueStore
    systemd: SystemdStatus
    recent: RecentRuns
    perform: Perform[ConfigT]
    note_end: Callable[[EndedRun], None]
    """Called when a sync has ended: the state may not know yet. Raises StateError."""
    begun: Callable[[], None]
    """Called once, when systemd was told that the agent is ready."""
    note: Callable[[], None]
    """Called after each event, to note what people should know. Raises StateError."""
    refresh: Callable[[], None]
    """Called when a run has ended, to read anew what is shown of the lists."""
    clock: Clock
    clock_set: Callable[[timedelta], None]
    """Called when the clock was set, to move what the state holds with it. Raises StateError."""


GRACE_S = 4.0
"""How long a running sync has to come to an end when the agent stops."""
_MOST_UNNOTED = 1000
"""So many syncs that the state could not take are remembered: of some days with a full disk."""
_ANSWERS_LEAVE_S = 0.005
"""How long a sync waits before it starts, so that the answer to whoever asked for it leaves first:
on a busy machine that would wait for several slices of the new thread's time."""


class RunningSync(Generic[ConfigT]):
    """Runs syncs one by one. Used by the decider alone, but for `cancel` and `cut_off`."""

    def __init__(self, parts: AgentParts[ConfigT]) -> None:
        self._parts = parts
        self._retrying = RetryPlanner(parts.retries, parts.queue, parts.configuration)
        self._work: SyncWorker[ConfigT] | None = None
        self._unnoted = deque[EndedRun](maxlen=_MOST_UNNOTED)
        self._cancelled: str | None = None
        self._cut_off: tuple[str, str] | None = None

    @property
    def is_behind(self) -> bool:
        """Tell whether a sync has ended that the state does not know of."""
        return bool(self._unnoted)

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The heartbeat of what runs; None while nothing does."""
        return self._work.token.heartbeat if self._work is not None else None

    def follow_queue(self) -> None:
        """Start what the queue says, and write down how it stands; raises StateError."""
        state = self._parts.queue.state
        job = state.running
        if job is not None and (self._work is None or self._work.job.run_id != job.run_id):
            with suppress(StateError):  # the sync says so itself
                self.note_ends()
            time.sleep(_ANSWERS_LEAVE_S)
            snapshot = self._parts.configuration.current.snapshot
            self._work = SyncWorker(job, snapshot, self._parts.perform, self._done)
            self._work.start()
            if self._cancelled == job.run_id:
                self._work.stop()
            if self._cut_off is not None and self._cut_off[0] == job.run_id:
                self._work.cut_off(self._cut_off[1])
        self._parts.queue_store.keep(state)
        self._parts.systemd.tell(state)

    def try_again(self, keys: frozenset[str]) -> None:
        """Let what a failed run left be done, and lists be read whose own time has come."""
        everything = self._parts.schedules.everything
        # First, so that it is not lost when it cannot be noted.
        is_taken = self._retrying.submit(keys - {everything}, with_run=everything in keys)
        try:
            self.follow_queue()
        finally:
            if is_taken:
                self._retrying.taken()

    def cancel(self) -> str | None:
        """Stop the running sync for good, soon; returns its id. Any thread may call it.

        None: none runs, or it has just come to its own end.
        """
        job = self._parts.queue.state.running
        if job is None or self._is_over(job.run_id):
            return None
        self._parts.queue_store.let_go(job.run_id)
        self._cancelled = job.run_id  # before the look at its work: it may be about to begin
        work = self._work
        if work is not None and work.job.run_id == job.run_id:
            work.stop()
        # So that it is written down at once: it may take a while until the sync has ended.
        self._parts.inbox.put(QueueMoved())
        return job.run_id

    def cut_off(self, why: str) -> None:
        """End what runs at once, unless it is a dry run. Any thread may call it."""
        job = self._parts.queue.state.running
        if job is None or job.dry_run:
            return
        self._cut_off = (job.run_id, why)  # before the look at its work: see `cancel`
        work = self._work
        if work is not None and work.job.run_id == job.run_id:
            work.cut_off(why)

    def _is_over(self, run_id: str) -> bool:
        """Tell whether a run has ended that the decider has not heard of yet."""
        work = self._work
        return work is not None and work.job.run_id == run_id and work.ended is not None

    def finish(self, run_id: str) -> None:
        """Note that a run has ended; raises StateError."""
        work, self._work = self._work, None
        with ExitStack() as stack:
            # Last, so that whoever waits for the end is then told what came of it.
            stack.callback(self._parts.queue.finished, run_id)
            stack.callback(self._parts.refresh)
            if work is not None and work.ended is not None:
                self._settle(work.job, work.ended)

    def stop(self) -> bool:
        """End what runs; returns whether it did. It is owed at the next start."""
        return self._work is None or self._has_ended(self._work)

    def _has_ended(self, work: SyncWorker[ConfigT]) -> bool:
        """Stop *work* and wait for it; what came to its own end is not owed."""
        logger.info("stopping: the running sync ends after its current title, or soon")
        work.stop()
        if not work.wait(GRACE_S):
            return False
        if work.ended is not None and work.ended.row.result != Result.CANCELLED:
            self._parts.queue_store.let_go(work.job.run_id)
            try:
                self._settle(work.job, work.ended)
            except StateError as error:
                self._parts.systemd.report_state_error(str(error))
        return True

    def _done(self, ended: EndedRun) -> None:
        """Take the end of a run; called in its thread."""
        self._parts.recent.add(ended)
        self._parts.inbox.put(RunFinished(ended.row.run_id))

    def _settle(self, job: SyncJob, ended: EndedRun) -> None:
        """Note how a sync ended, and plan to try again what failed for a passing reason."""
        if job.dry_run:
            return
        self._unnoted.append(ended)
        try:
            self.note_ends()
        finally:
            self._retrying.plan(job, ended)

    def note_ends(self) -> None:
        """Note how syncs ended, those too that could not be noted before; raises StateError."""
        while self._unnoted:
            self._parts.note_end(self._unnoted[0])
            self._unnoted.popleft()
