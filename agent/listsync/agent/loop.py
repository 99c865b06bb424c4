"""The decider: takes events from the inbox, one by one, and waits for nothing else.

But for a moment before it starts a sync: `_ANSWERS_LEAVE_S`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, assert_never

from listsync.agent.active_config import Configuration
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import Keeper
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.retries import Retries, Retrying
from listsync.agent.service_status import Teller
from listsync.agent.sync_worker import Perform, Work
from listsync.domain.clock import Clock, ClockSteps
from listsync.domain.events import (
    ClockSet,
    ConfigChanged,
    Due,
    Event,
    QueueMoved,
    RetryDue,
    RunFinished,
    Signal,
    Signalled,
    WatcherNote,
)
from listsync.domain.history import RunRow
from listsync.domain.runs import ConfigT, Ended, Order, Scope
from listsync.domain.sync_records import Result
from listsync.errors import BeingWrittenError, StateError

logger = logging.getLogger(__name__)

GRACE_S = 4.0
"""How long a running sync has to come to an end when the agent stops."""
_ANSWERS_LEAVE_S = 0.005
"""How long a sync waits before it starts, so that the answer to whoever asked for it leaves first:
on a busy machine that would wait for several slices of the new thread's time."""
_LONGEST_WAIT = timedelta(seconds=30)
_SECOND_LOOK_S = 1.0
_WRITER_LOOK_S = 0.1
"""How often it is looked whether a program has ended writing the configuration."""
_WRITE_AGAIN_S = 1.0


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
class Means(Generic[ConfigT]):
    """What the decider works with."""

    inbox: SimpleQueue[Event]
    queue: RunQueue
    configuration: Configuration[ConfigT]
    schedules: Schedules
    retries: Retries
    keeper: Keeper
    teller: Teller
    recent: RecentRuns
    perform: Perform[ConfigT]
    note_end: Callable[[RunRow], None]
    """Called when a sync has ended: the state may not know yet. Raises StateError."""
    refresh: Callable[[], None]
    """Called when a run has ended, to read anew what is shown of the lists."""
    clock: Clock
    clock_set: Callable[[timedelta], None]
    """Called when the clock was set, to move what the state holds with it. Raises StateError."""


class Agent(Generic[ConfigT]):
    """Runs until a signal ends it. `run` and `stop` are called by the main thread."""

    def __init__(self, means: Means[ConfigT]) -> None:
        self._means = means
        self._retrying = Retrying(means.retries, means.queue, means.configuration)
        self._work: Work[ConfigT] | None = None
        self._is_stopping = False
        self._second_look_at: float | None = None
        self._steps = ClockSteps(means.clock)
        self.watcher_note = ""

    def run(self) -> None:
        """Decide until a stop is asked for."""
        self._means.teller.ready(self._means.queue.standing)
        while not self._is_stopping:
            event = self._next()
            try:
                if event is None:
                    self._catch_up()
                else:
                    self._decide(event)
                self._look_at_clock()
            except StateError as error:
                self._means.teller.trouble(str(error))
            except Exception:
                logger.exception("an event failed: %s", event, extra={"action": "event_failed"})

    def stop(self) -> bool:
        """Let the running sync end; returns whether it did. It is owed at the next start."""
        self._means.teller.stopping()
        if self._work is not None and not self._has_ended(self._work):
            return False
        try:
            # Also what was ordered, or cancelled, since the last event.
            self._means.keeper.keep(self._means.queue.standing)
        except StateError as error:
            self._means.teller.trouble(str(error))
        return True

    def _has_ended(self, work: Work[ConfigT]) -> bool:
        """Stop *work* and wait for it; what came to its own end is not owed."""
        logger.info("stopping: the running sync ends after its current title, or soon")
        work.stop()
        if not work.wait(GRACE_S):
            return False
        if work.ended is not None and work.ended.row.result != Result.CANCELLED:
            self._means.keeper.let_go(work.order.run_id)
            try:
                self._settle(work.order, work.ended)
            except StateError as error:
                self._means.teller.trouble(str(error))
        return True

    def cancel(self) -> str | None:
        """Stop the running sync for good, soon; returns its id. Any thread may call it."""
        work = self._work
        if work is None:
            return None
        self._means.keeper.let_go(work.order.run_id)
        work.stop()
        # So that it is written down at once: it may take a while until the sync has ended.
        self._means.inbox.put(QueueMoved())
        return work.order.run_id

    def _next(self) -> Event | None:
        try:
            return self._means.inbox.get(timeout=self._wait_s())
        except Empty:
            return None

    def _wait_s(self) -> float | None:
        """Say how long nothing will be due, as far as is known; None = for ever."""
        waits = [self._means.teller.every_s]
        if self._second_look_at is not None:
            waits.append(max(0.0, self._second_look_at - time.monotonic()))
        if self._is_behind():
            waits.append(_WRITE_AGAIN_S)
        pause = self._means.queue.standing.pause
        if pause is not None and pause.until is not None:
            left = min(pause.until - self._means.clock.now(), _LONGEST_WAIT)
            waits.append(max(0.0, left.total_seconds()))
        return min((one for one in waits if one is not None), default=None)

    def _decide(self, event: Event) -> None:
        match event:
            case Signalled(signal=signal):
                self._obey(signal)
            case Due(keys=keys):
                # First, so that the sync is not lost when it cannot be noted.
                self._means.queue.submit(Order.new(self._scope_of(keys), "schedule", eager=False))
                try:
                    self._follow_queue()
                finally:
                    # A schedule that is not moved on would not come round again.
                    self._means.schedules.fired(keys)
            case RetryDue(keys=keys):
                self._try_again(keys)
            case ClockSet():
                pass  # after each event the clock is looked at
            case ConfigChanged(is_closed=is_closed):
                self._means.configuration.changed(is_closed=is_closed)
                self._look_at_file()
            case WatcherNote(note=note):
                self.watcher_note = note
                _say_watcher(note)
            case QueueMoved():
                self._follow_queue()
            case RunFinished(run_id=run_id):
                self._finish(run_id)
            case _ as never:
                assert_never(never)

    def _obey(self, signal: Signal) -> None:
        match signal:
            case Signal.SYNC:
                logger.info(
                    "Received SIGUSR1 signal - triggering immediate sync",
                    extra={"action": "signal"},
                )
                self._means.queue.submit(Order.new(None, "SIGUSR1"))
                logger.info(
                    "Immediate sync requested via signal", extra={"action": "signal_taken"}
                )
            case Signal.RELOAD:
                logger.info(
                    "Received SIGHUP signal - reading the configuration again",
                    extra={"action": "signal"},
                )
                self._means.teller.reloading()
                try:
                    self._reload()
                finally:
                    self._means.teller.ready(self._means.queue.standing)
            case Signal.STOP:
                self._is_stopping = True
            case _ as never:
                assert_never(never)

    def _scope_of(self, keys: frozenset[str]) -> Scope:
        """Give the lists whose schedules have come round; the global one is for all others."""
        schedules = self._means.schedules
        if schedules.everything not in keys:
            return keys
        own = set(schedules.keys()) - {schedules.everything} - keys
        if not own:
            return None
        lists = self._means.configuration.in_force.following.lists
        return frozenset(one.source for one in lists) - own

    def _follow_queue(self) -> None:
        standing = self._means.queue.standing
        order = standing.running
        if order is not None and (self._work is None or self._work.order.run_id != order.run_id):
            time.sleep(_ANSWERS_LEAVE_S)
            following = self._means.configuration.in_force.following
            self._work = Work(order, following, self._means.perform, self._done)
            self._work.start()
        self._means.keeper.keep(standing)
        self._means.teller.tell(standing)

    def _done(self, ended: Ended) -> None:
        """Take the end of a run; called in its thread."""
        self._means.recent.add(ended)
        self._means.inbox.put(RunFinished(ended.row.run_id))

    def _finish(self, run_id: str) -> None:
        work, self._work = self._work, None
        with ExitStack() as stack:
            # Last, so that whoever waits for the end is then told what came of it.
            stack.callback(self._means.queue.finished, run_id)
            stack.callback(self._means.refresh)
            if work is not None and work.ended is not None:
                self._settle(work.order, work.ended)

    def _settle(self, order: Order, ended: Ended) -> None:
        """Note how a sync ended, and plan to try again what failed for a passing reason."""
        if order.dry_run:
            return
        try:
            self._means.note_end(ended.row)
        finally:
            self._retrying.plan(order, ended)

    def _try_again(self, keys: frozenset[str]) -> None:
        """Let what a failed run left be done, and lists be read whose own time has come."""
        everything = self._means.schedules.everything
        # First, so that it is not lost when it cannot be noted.
        is_taken = self._retrying.submit(keys - {everything}, with_run=everything in keys)
        try:
            self._follow_queue()
        finally:
            if is_taken:
                self._retrying.taken()

    def _look_at_file(self) -> None:
        self._second_look_at = None
        if not self._means.configuration.look():
            # Perhaps it is being written in several goes.
            self._second_look_at = time.monotonic() + _SECOND_LOOK_S

    def _reload(self) -> None:
        self._second_look_at = None
        try:
            self._means.configuration.reload()
        except BeingWrittenError as error:
            logger.info("%s", error, extra={"action": "config_being_written"})

    def _look_again_at_file(self) -> None:
        """Look again when it is time, and say when it is next."""
        configuration, now = self._means.configuration, time.monotonic()
        if self._second_look_at is not None and now >= self._second_look_at:
            if configuration.awaits_writer:
                self._look_at_file()
            else:
                self._reload()
        soon, late = now + _WRITER_LOOK_S, now + _LONGEST_WAIT.total_seconds()
        if configuration.awaits_writer:
            self._second_look_at = min(self._second_look_at or soon, soon)
        elif self._second_look_at is None and configuration.is_to_be_read_again:
            # The watcher sees neither a file that is what it was before it broke, nor its closing.
            self._second_look_at = late

    def _look_at_clock(self) -> None:
        self._look_again_at_file()
        step = self._steps.taken()
        if step:
            self._means.queue.follow_clock(step)
        pause, now = self._means.queue.standing.pause, self._means.clock.now()
        if pause is not None and pause.until is not None and now >= pause.until:
            logger.info("the pause is over", extra={"action": "resumed"})
            self._means.queue.resume()
        heartbeat = self._work.token.heartbeat if self._work is not None else None
        self._means.teller.beat(self._means.queue.standing, heartbeat)
        if step:
            self._follow_clock(step)

    def _follow_clock(self, step: timedelta) -> None:
        """Write down what a clock that was set has changed."""
        way = "back" if step < timedelta() else "forward"
        logger.warning(
            "the clock was set %s by %s: all times follow it",
            way,
            abs(step),
            extra={"action": "clock_set", "by_s": step.total_seconds()},
        )
        self._means.clock_set(step)
        self._means.schedules.keep()
        self._means.retries.keep()
        self._means.keeper.keep(self._means.queue.standing)

    def _catch_up(self) -> None:
        """Write down what could not be written before: a lock or a full disk may be gone."""
        if self._is_behind():
            self._means.keeper.keep(self._means.queue.standing)
            self._means.retries.keep()
            self._means.keeper.try_to_write()
            self._means.teller.trouble_is_over()

    def _is_behind(self) -> bool:
        """Tell whether something could not be written, or read, and it is not known to be over."""
        means = self._means
        return means.keeper.is_behind or means.retries.is_behind or means.teller.is_troubled


def _say_watcher(note: str) -> None:
    if note:
        logger.warning("configuration: %s", note, extra={"action": "watcher"})
    else:
        logger.info("the configuration is being watched again", extra={"action": "watcher"})
