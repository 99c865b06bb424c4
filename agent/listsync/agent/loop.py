"""The decider: takes events from the inbox, one by one, and waits for nothing else.

But for a moment before it starts a sync (`sync_worker`), so that answers leave first.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from queue import Empty
from typing import Generic, assert_never

from listsync.agent.active_config import ConfigPolling
from listsync.agent.sync_worker import AgentParts, RunningSync
from listsync.domain.events import (
    ClockSet,
    ClockSteps,
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
from listsync.domain.runs import SCHEDULE, ConfigT, Scope, SyncJob
from listsync.errors import StateError

logger = logging.getLogger(__name__)

_LONGEST_WAIT = timedelta(seconds=30)
_WRITE_AGAIN_S = 1.0


class Agent(Generic[ConfigT]):
    """Runs until a signal ends it. `run` and `stop` are called by the main thread."""

    def __init__(self, parts: AgentParts[ConfigT]) -> None:
        self._parts = parts
        self._sync = RunningSync(parts)
        self._polling = ConfigPolling(parts.configuration)
        self._is_stopping = False
        self._steps = ClockSteps(parts.clock)
        self.watcher_note = ""

    def run(self) -> None:
        """Decide until a stop is asked for."""
        self._parts.systemd.ready(self._parts.queue.state)
        self._parts.begun()
        while not self._is_stopping:
            event = self._next()
            try:
                if event is None:
                    self._catch_up()
                else:
                    self._decide(event)
                self._look_at_clock()
                self._parts.note()
            except StateError as error:
                self._parts.systemd.report_state_error(str(error))
            except Exception:
                logger.exception("an event failed: %s", event, extra={"action": "event_failed"})

    def stop(self) -> bool:
        """Let the running sync end; returns whether it did. It is owed at the next start."""
        self._parts.systemd.stopping()
        if not self._sync.stop():
            return False
        self._take_late_signals()
        try:
            # Also what was requested, or cancelled, since the last event.
            self._parts.queue_store.keep(self._parts.queue.state)
            self._sync.note_ends()
        except StateError as error:
            self._parts.systemd.report_state_error(str(error))
        return True

    def _take_late_signals(self) -> None:
        """Take each signal for a sync that the one for the end has overtaken: it is owed, too."""
        with suppress(Empty):
            while True:
                event = self._parts.inbox.get_nowait()
                if event == Signalled(Signal.SYNC):
                    self._obey(Signal.SYNC)

    def cancel(self) -> str | None:
        """Stop the running sync for good, soon; returns its id. Any thread may call it."""
        return self._sync.cancel()

    def cut_off(self, why: str) -> None:
        """End the running sync at once, as nothing may be requested. Any thread may call it."""
        self._sync.cut_off(why)

    def _next(self) -> Event | None:
        try:
            return self._parts.inbox.get(timeout=self._wait_s())
        except Empty:
            return None

    def _wait_s(self) -> float | None:
        """Say how long nothing will be due, as far as is known; None = for ever."""
        waits = [self._parts.systemd.every_s, self._polling.wait_s]
        if self._is_behind():
            waits.append(_WRITE_AGAIN_S)
        pause = self._parts.queue.state.pause
        if pause is not None and pause.until is not None:
            left = min(pause.until - self._parts.clock.now(), _LONGEST_WAIT)
            waits.append(max(0.0, left.total_seconds()))
        return min((one for one in waits if one is not None), default=None)

    def _decide(self, event: Event) -> None:
        match event:
            case Signalled(signal=signal):
                self._obey(signal)
            case Due(keys=keys):
                # First, so that the sync is not lost when it cannot be noted.
                self._parts.queue.submit(SyncJob.own(self._scope_of(keys), SCHEDULE))
                try:
                    self._sync.follow_queue()
                finally:
                    # A schedule that is not moved on would not come round again.
                    self._parts.schedules.fired(keys)
            case RetryDue(keys=keys):
                self._sync.try_again(keys)
            case ClockSet():
                pass  # after each event the clock is looked at
            case ConfigChanged(is_closed=is_closed):
                self._polling.changed(is_closed=is_closed)
            case WatcherNote(note=note):
                self.watcher_note = note
            case QueueMoved():
                self._sync.follow_queue()
            case RunFinished(run_id=run_id):
                self._sync.finish(run_id)
            case _ as never:
                assert_never(never)

    def _obey(self, signal: Signal) -> None:
        match signal:
            case Signal.SYNC:
                logger.info(
                    "Received SIGUSR1 signal - triggering immediate sync",
                    extra={"action": "signal"},
                )
                self._parts.queue.submit(SyncJob.new(None, "SIGUSR1"))
                logger.info(
                    "Immediate sync requested via signal", extra={"action": "signal_taken"}
                )
            case Signal.RELOAD:
                logger.info(
                    "Received SIGHUP signal - reading the configuration again",
                    extra={"action": "signal"},
                )
                self._parts.systemd.reloading()
                try:
                    self._polling.reload()
                finally:
                    self._parts.systemd.ready(self._parts.queue.state)
            case Signal.STOP:
                self._is_stopping = True
            case Signal.HANGUP:
                logger.info(
                    "Received SIGHUP signal - the terminal is gone, stopping",
                    extra={"action": "signal"},
                )
                self._is_stopping = True
            case _ as never:
                assert_never(never)

    def _scope_of(self, keys: frozenset[str]) -> Scope:
        """Give the lists whose schedules have come round; the global one is for all others."""
        schedules = self._parts.schedules
        if schedules.everything not in keys:
            return keys
        own = set(schedules.keys()) - {schedules.everything} - keys
        if not own:
            return None
        lists = self._parts.configuration.current.snapshot.lists
        return frozenset(one.source for one in lists) - own

    def _look_at_clock(self) -> None:
        self._polling.poll()
        step = self._steps.taken()
        if step:
            self._parts.queue.follow_clock(step)
        pause, now = self._parts.queue.state.pause, self._parts.clock.now()
        if pause is not None and pause.until is not None and now >= pause.until:
            logger.info("the pause is over", extra={"action": "resumed"})
            self._parts.queue.resume()
        self._parts.systemd.beat(self._parts.queue.state, self._sync.heartbeat)
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
        self._parts.clock_set(step)
        self._parts.schedules.keep()
        self._parts.retries.keep()
        self._parts.queue_store.keep(self._parts.queue.state)

    def _catch_up(self) -> None:
        """Write down what could not be written before: a lock or a full disk may be gone."""
        if self._is_behind():
            self._parts.queue_store.keep(self._parts.queue.state)
            self._parts.retries.keep()
            self._sync.note_ends()
            self._parts.queue_store.try_to_write()
            self._parts.systemd.clear_state_error()

    def _is_behind(self) -> bool:
        """Tell whether something could not be written, or read, and it is not known to be over."""
        parts = self._parts
        return (
            parts.queue_store.is_behind
            or parts.retries.is_behind
            or self._sync.is_behind
            or parts.systemd.has_state_error
        )
