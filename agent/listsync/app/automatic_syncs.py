"""Syncs that nobody asks for: a change of the configuration does, or what failed before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from listsync.agent.queue import RunQueue
from listsync.agent.retries import RETRY
from listsync.config.configuration import Config
from listsync.domain.history import ListRow
from listsync.domain.runs import Following, Order, Scope, covers
from listsync.triggers.schedule import EVERYTHING, BackOff, Timetable


class AutomaticSyncs:
    """Puts them into the queue. Any thread may use it."""

    def __init__(self, queue: RunQueue, timetable: Timetable, back_off: BackOff) -> None:
        self._queue = queue
        self._timetable = timetable
        self._back_off = back_off

    def of_change(self, scope: Scope) -> None:
        """Sync the lists that a change of the configuration concerns."""
        self._queue.submit(Order.new(scope, "config"))
        planned = self._back_off.planned()
        if planned is not None and covers(scope, planned.scope):
            self._back_off.begin_anew()

    def of_failures(self, following: Following[Config]) -> None:
        """Try again what failed: a change of the configuration may have mended it."""
        planned = self._back_off.planned()
        if planned is not None:
            scope = following.of_those_followed(planned.scope)
            if scope != frozenset():
                self._queue.submit(Order.new(scope, RETRY, eager=False))
            self._back_off.begin_anew()

    def of_new_lists(self, following: Following[Config], known: Mapping[str, ListRow]) -> None:
        """Sync lists that came into the file while nothing ran, unless all are due anyway."""
        now = datetime.now(UTC)
        is_due = self._timetable.due_times().get(EVERYTHING, now + timedelta(days=1)) <= now
        new = {one.source for one in following.lists if not one.is_exclusion} - set(known)
        if known and new and following.sync_on_change and not is_due:
            self.of_change(frozenset(new))

    def retry_times(
        self, following: Following[Config], known: Mapping[str, ListRow]
    ) -> dict[str, datetime]:
        """Give when what failed is tried again, by the source of a list or `EVERYTHING`."""
        rows = (known.get(one.source) for one in following.lists)
        times = {row.source: at for row in rows if row and (at := row.asked_again_at)}
        planned = self._back_off.planned()
        return {**times, **({EVERYTHING: planned.at} if planned else {})}
