"""Single flight: one sync runs, at most one waits, and what comes meanwhile is folded into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from listsync.domain.fleet import UNKNOWN_LEADER, FleetRole
from listsync.domain.runs import Pause, SyncJob, Ticket, together
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand

_MOST_ORIGINS = 1000
_RUNS = "a sync is running already"

PassOn = Callable[[SyncJob], Ticket]
"""Sends a job to the agent that leads; waits for nothing."""
Tell = Callable[[SyncJob, Ticket], object]
"""Tells other agents what somebody asked of this one; waits for nothing."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """What runs, what waits, whether there is a pause, and how we stand in a fleet.

    Who has no fleet leads. While nothing is known of the others, everything waits.
    """

    running: SyncJob | None = None
    pending: SyncJob | None = None
    pause: Pause | None = None
    role: FleetRole = FleetRole.LEADER


class RunQueue:
    """The only way to a sync. Any thread may use it; it never blocks for long.

    *moved* is called after every change, outside of the lock: it must be safe in any thread.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._lock = threading.Lock()
        self._state = QueueState()
        self._pass_on: PassOn | None = None
        self._tell: Tell | None = None

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
            pass_on, tell, ticket = self._pass_on, self._tell, Ticket(job.run_id, "left")
            if pass_on is None:
                ticket = self._place(job, by_itself=by_itself, no_queue=no_queue)
        if pass_on is not None:
            return ticket if job.is_own else pass_on(job)
        if tell is not None and not job.is_own:
            tell(job, ticket)
        self._moved()
        return ticket

    def hold(self) -> None:
        """Start nothing until `lead`: it is not known who leads. What runs is done once more."""
        with self._lock:
            self._pass_on = self._tell = None
            running = self._state.running
            if self._state.role is FleetRole.LEADER and running and not running.dry_run:
                self._wait(running.again())
            self._state = replace(self._state, role=FleetRole.JOINING)
        self._moved()

    def stand_by(self, pass_on: PassOn) -> None:
        """Start nothing, as another agent leads: what somebody asks for is its to do."""
        with self._lock:
            pending = self._state.pending
            self._state = replace(self._state, role=FleetRole.STANDBY, pending=None)
            self._pass_on, self._tell = pass_on, None
        if pending is not None and not pending.is_own:
            pass_on(pending)
        self._moved()

    def lead(self, job: SyncJob | None = None, tell: Tell | None = None) -> None:
        """Start what waited and what comes, and *job* with it.

        *tell* learns of all that somebody asks, or has asked, of this agent.
        """
        with self._lock:
            self._pass_on, self._tell = None, tell
            waited = self._state.pending
            self._state = replace(self._state, role=FleetRole.LEADER)
            if job is not None:
                self._wait(job)
            self._promote()
        if tell is not None and waited is not None and not waited.is_own:
            tell(waited, Ticket(waited.run_id, "queued"))
        self._moved()

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
        is_held = state.role is not FleetRole.LEADER
        if state.running is None and not is_paused and not is_held:
            self._state = replace(state, running=job)
            return Ticket(job.run_id, "started")
        if no_queue:
            why = UNKNOWN_LEADER if is_held else _RUNS
            raise RefusedCommand(Reason.BUSY, why)
        if state.pending is None:
            self._state = replace(state, pending=job)
            return Ticket(job.run_id, "queued")
        self._state = replace(state, pending=_united(state.pending, job))
        return Ticket(state.pending.run_id, "coalesced")

    def _wait(self, job: SyncJob) -> None:
        """Let *job*, which is no dry run, wait with what waits."""
        pending = self._state.pending
        united = job if pending is None else _united(pending, job)
        self._state = replace(self._state, pending=united)

    def _promote(self) -> None:
        state = self._state
        pending = state.pending
        is_held = state.role is not FleetRole.LEADER
        if state.running is not None or pending is None or is_held:
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
        is_own=pending.is_own and job.is_own,
    )


def _is_meant(pending: SyncJob, job: SyncJob, is_so: Callable[[SyncJob], bool]) -> bool:
    """Tell whether it *is_so* of either job; who wanted to see it dry did so only for that."""
    is_dry = pending.dry_run and job.dry_run
    return any(is_so(one) and (is_dry or not one.dry_run) for one in (pending, job))
