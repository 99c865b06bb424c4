"""Single flight: one sync runs, at most one waits, and what comes meanwhile is folded into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from listsync.domain.runs import Pause, SyncJob, Ticket, together
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand

_MOST_ORIGINS = 1000


@dataclass(frozen=True, slots=True)
class QueueState:
    """What runs, what waits and whether there is a pause."""

    running: SyncJob | None = None
    pending: SyncJob | None = None
    pause: Pause | None = None


class RunQueue:
    """The only way to a sync. Any thread may use it; it never blocks for long.

    *moved* is called after every change, outside of the lock: it must be safe in any thread.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._lock = threading.Lock()
        self._state = QueueState()

    @property
    def state(self) -> QueueState:
        return self._state

    def submit(self, job: SyncJob, *, by_itself: bool = True, no_queue: bool = False) -> Ticket:
        """Take a job. *by_itself*: nobody waits for it, so a pause only puts it off.

        Raises:
            RefusedCommand: paused (unless forced), or busy (with *no_queue*, or when a dry run
                would have to wait behind a sync that is none).
        """
        with self._lock:
            ticket = self._place(job, by_itself=by_itself, no_queue=no_queue)
        self._moved()
        return ticket

    def finished(self, run_id: str) -> None:
        """Note that the running sync is over; what waited goes on."""
        with self._lock:
            running = self._state.running
            if running is not None and running.run_id == run_id:
                self._state = replace(self._state, running=None)
            self._promote()
        self._moved()

    def pause(self, pause: Pause) -> None:
        with self._lock:
            self._state = replace(self._state, pause=pause)
        self._moved()

    def follow_clock(self, step: timedelta) -> None:
        """Let a pause end when it would have ended, had the clock not been set by *step*."""
        with self._lock:
            if self._state.pause is not None:
                self._state = replace(self._state, pause=self._state.pause.moved(step))

    def resume(self) -> bool:
        """End the pause; what waited goes on. Returns whether there was one."""
        with self._lock:
            was_paused = self._state.pause is not None
            self._state = replace(self._state, pause=None)
            self._promote()
        self._moved()
        return was_paused

    def _place(self, job: SyncJob, *, by_itself: bool, no_queue: bool) -> Ticket:
        state = self._state
        is_paused = state.pause is not None and not job.forced
        if is_paused and not by_itself:
            raise RefusedCommand(
                Reason.PAUSED,
                "the agent is paused",
            )
        if state.running is None and not is_paused:
            self._state = replace(state, running=job)
            return Ticket(job.run_id, "started")
        if no_queue:
            raise RefusedCommand(Reason.BUSY, "a sync is running already")
        if state.pending is None:
            self._state = replace(state, pending=job)
            return Ticket(job.run_id, "queued")
        self._state = replace(state, pending=_united(state.pending, job))
        return Ticket(state.pending.run_id, "coalesced")

    def _promote(self) -> None:
        state = self._state
        pending = state.pending
        if state.running is not None or pending is None:
            return
        if state.pause is None or pending.forced:
            self._state = replace(state, running=pending, pending=None)


def _united(pending: SyncJob, job: SyncJob) -> SyncJob:
    """Fold *job* into *pending*; a dry run that waits becomes a real one when one is wanted."""
    if job.dry_run and not pending.dry_run:
        raise RefusedCommand(
            Reason.BUSY, "a sync is queued, and a dry run cannot overtake it: try again later"
        )
    origins = tuple(dict.fromkeys((*pending.origins, *job.origins)))
    left_out = len(origins[_MOST_ORIGINS:])
    return replace(
        pending,
        scope=together(pending.scope, job.scope),
        origins=origins[:_MOST_ORIGINS],
        more_origins=pending.more_origins + job.more_origins + left_out,
        dry_run=pending.dry_run and job.dry_run,
        forced=_is_meant(pending, job, lambda one: one.forced),
        eager=pending.eager or job.eager,
        confirmed=_is_meant(pending, job, lambda one: one.confirmed),
    )


def _is_meant(pending: SyncJob, job: SyncJob, is_so: Callable[[SyncJob], bool]) -> bool:
    """Tell whether it *is_so* of either job; who wanted to see it dry did so only for that."""
    is_dry = pending.dry_run and job.dry_run
    return any(is_so(one) and (is_dry or not one.dry_run) for one in (pending, job))
