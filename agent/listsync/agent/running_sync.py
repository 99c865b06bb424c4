"""The one sync that runs: started as the queue says, ended, and noted.

And the parts of the agent, of which it takes most.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue
from typing import Generic, Protocol

from listsync.agent.active_config import Configuration
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.retries import Retries, RetryPlanner
from listsync.agent.sync_worker import Perform, SyncWorker
from listsync.agent.systemd import SystemdStatus
from listsync.cancellation import Heartbeat
from listsync.domain.clock import Clock
from listsync.domain.events import Event, QueueMoved, RunFinished
from listsync.domain.report import Result
from listsync.domain.runs import ConfigT, Ended, Order
from listsync.errors import StateError

logger = logging.getLogger(__name__)


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
    configuration: Configuration[ConfigT]
    schedules: Schedules
    retries: Retries
    queue_store: QueueStore
    systemd: SystemdStatus
    recent: RecentRuns
    perform: Perform[ConfigT]
    note_end: Callable[[Ended], None]
    """Called when a sync has ended: the state may not know yet. Raises StateError."""
    note: Callable[[], None]
    """Called after each event, to note what people should know. Raises StateError."""
    refresh: Callable[[], None]
    """Called when a run has ended, to read anew what is shown of the lists."""
    clock: Clock
    clock_set: Callable[[timedelta], None]
    """Called when the clock was set, to move what the state holds with it. Raises StateError."""


GRACE_S = 4.0
"""How long a running sync has to come to an end when the agent stops."""
_ANSWERS_LEAVE_S = 0.005
"""How long a sync waits before it starts, so that the answer to whoever asked for it leaves first:
on a busy machine that would wait for several slices of the new thread's time."""


class RunningSync(Generic[ConfigT]):
    """Runs syncs one by one. Used by the decider alone, but for `cancel`."""

    def __init__(self, parts: AgentParts[ConfigT]) -> None:
        self._parts = parts
        self._retrying = RetryPlanner(parts.retries, parts.queue, parts.configuration)
        self._work: SyncWorker[ConfigT] | None = None

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The heartbeat of what runs; None while nothing does."""
        return self._work.token.heartbeat if self._work is not None else None

    def follow_queue(self) -> None:
        """Start what the queue says, and write down how it stands; raises StateError."""
        standing = self._parts.queue.standing
        order = standing.running
        if order is not None and (self._work is None or self._work.order.run_id != order.run_id):
            time.sleep(_ANSWERS_LEAVE_S)
            following = self._parts.configuration.in_force.following
            self._work = SyncWorker(order, following, self._parts.perform, self._done)
            self._work.start()
        self._parts.queue_store.keep(standing)
        self._parts.systemd.tell(standing)

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
        """Stop the running sync for good, soon; returns its id. Any thread may call it."""
        work = self._work
        if work is None:
            return None
        self._parts.queue_store.let_go(work.order.run_id)
        work.stop()
        # So that it is written down at once: it may take a while until the sync has ended.
        self._parts.inbox.put(QueueMoved())
        return work.order.run_id

    def finish(self, run_id: str) -> None:
        """Note that a run has ended; raises StateError."""
        work, self._work = self._work, None
        with ExitStack() as stack:
            # Last, so that whoever waits for the end is then told what came of it.
            stack.callback(self._parts.queue.finished, run_id)
            stack.callback(self._parts.refresh)
            if work is not None and work.ended is not None:
                self._settle(work.order, work.ended)

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
            self._parts.queue_store.let_go(work.order.run_id)
            try:
                self._settle(work.order, work.ended)
            except StateError as error:
                self._parts.systemd.trouble(str(error))
        return True

    def _done(self, ended: Ended) -> None:
        """Take the end of a run; called in its thread."""
        self._parts.recent.add(ended)
        self._parts.inbox.put(RunFinished(ended.row.run_id))

    def _settle(self, order: Order, ended: Ended) -> None:
        """Note how a sync ended, and plan to try again what failed for a passing reason."""
        if order.dry_run:
            return
        try:
            self._parts.note_end(ended)
        finally:
            self._retrying.plan(order, ended)
