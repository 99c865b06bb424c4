"""Single flight: one sync runs, at most one waits, and what comes meanwhile is folded into it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from listsync.domain.runs import Order, Pause, Ticket, together
from listsync.protocol import Reason, RefusedCommand

_MOST_ORIGINS = 1000


@dataclass(frozen=True, slots=True)
class QueueState:
    """What runs, what waits and whether there is a pause."""

    running: Order | None = None
    pending: Order | None = None
    pause: Pause | None = None


class RunQueue:
    """The only way to a sync. Any thread may use it; it never blocks for long.

    *moved* is called after every change, outside of the lock: it must be safe in any thread.
    """

    def __init__(self, moved: Callable[[], None]) -> None:
        self._moved = moved
        self._lock = threading.Lock()
        self._standing = QueueState()

    @property
    def standing(self) -> QueueState:
        return self._standing

    def submit(self, order: Order, *, by_itself: bool = True, no_queue: bool = False) -> Ticket:
        """Take an order. *by_itself*: nobody waits for it, so a pause only puts it off.

        Raises:
            RefusedCommand: paused (unless forced), or busy (with *no_queue*, or when a dry run
                would have to wait behind a sync that is none).
        """
        with self._lock:
            ticket = self._place(order, by_itself=by_itself, no_queue=no_queue)
        self._moved()
        return ticket

    def finished(self, run_id: str) -> None:
        """Note that the running sync is over; what waited goes on."""
        with self._lock:
            running = self._standing.running
            if running is not None and running.run_id == run_id:
                self._standing = replace(self._standing, running=None)
            self._promote()
        self._moved()

    def pause(self, pause: Pause) -> None:
        with self._lock:
            self._standing = replace(self._standing, pause=pause)
        self._moved()

    def follow_clock(self, step: timedelta) -> None:
        """Let a pause end when it would have ended, had the clock not been set by *step*."""
        with self._lock:
            if self._standing.pause is not None:
                self._standing = replace(self._standing, pause=self._standing.pause.moved(step))

    def resume(self) -> bool:
        """End the pause; what waited goes on. Returns whether there was one."""
        with self._lock:
            was_paused = self._standing.pause is not None
            self._standing = replace(self._standing, pause=None)
            self._promote()
        self._moved()
        return was_paused

    def _place(self, order: Order, *, by_itself: bool, no_queue: bool) -> Ticket:
        standing = self._standing
        is_paused = standing.pause is not None and not order.forced
        if is_paused and not by_itself:
            raise RefusedCommand(
                Reason.PAUSED,
                "the agent is paused",
            )
        if standing.running is None and not is_paused:
            self._standing = replace(standing, running=order)
            return Ticket(order.run_id, "started")
        if no_queue:
            raise RefusedCommand(Reason.BUSY, "a sync is running already")
        if standing.pending is None:
            self._standing = replace(standing, pending=order)
            return Ticket(order.run_id, "queued")
        self._standing = replace(standing, pending=_united(standing.pending, order))
        return Ticket(standing.pending.run_id, "coalesced")

    def _promote(self) -> None:
        standing = self._standing
        pending = standing.pending
        if standing.running is not None or pending is None:
            return
        if standing.pause is None or pending.forced:
            self._standing = replace(standing, running=pending, pending=None)


def _united(pending: Order, order: Order) -> Order:
    """Fold *order* into *pending*; a dry run that waits becomes a real one when one is wanted."""
    if order.dry_run and not pending.dry_run:
        raise RefusedCommand(
            Reason.BUSY, "a sync is queued, and a dry run cannot overtake it: try again later"
        )
    return replace(
        pending,
        scope=together(pending.scope, order.scope),
        origins=tuple(dict.fromkeys((*pending.origins, *order.origins)))[:_MOST_ORIGINS],
        dry_run=pending.dry_run and order.dry_run,
        forced=_is_meant(pending, order, lambda one: one.forced),
        eager=pending.eager or order.eager,
        confirmed=_is_meant(pending, order, lambda one: one.confirmed),
    )


def _is_meant(pending: Order, order: Order, said: Callable[[Order], bool]) -> bool:
    """Tell whether either order *said* so; who wanted to see it dry did so only for that."""
    is_dry = pending.dry_run and order.dry_run
    return any(said(one) and (is_dry or not one.dry_run) for one in (pending, order))
