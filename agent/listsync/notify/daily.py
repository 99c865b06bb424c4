"""Tells each day once what happened, by the clocks on the walls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from listsync.domain.message_of_day import LocalDay
from listsync.domain.messages import Message
from listsync.errors import StateError
from listsync.ports.state import KeyValueStore

logger = logging.getLogger(__name__)

_NAME = "daily_summary"
_LOOK_S = 60.0
"""The longest sleep: the machine may have slept meanwhile, or somebody set its clock."""
_LATE = timedelta(minutes=10)
_TOO_LATE = timedelta(hours=24)

MakeSummary = Callable[[LocalDay, datetime | None], Message | None]
"""Sums a day up, and when that was due if it is late; None: there is nothing to tell."""


class DailySummaries:
    """Puts a summary of each day into the outbox when it is due; a day is told once.

    Which day was told last is kept: an agent that was down tells yesterday when it starts, and
    nothing that is older. The first day of all that is due is not told: nobody wanted it.
    """

    def __init__(
        self,
        make: MakeSummary,
        put: Callable[[Sequence[Message], datetime], object],
        kept: KeyValueStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._make = make
        self._put = put
        self._kept = kept
        self._clock = clock
        self.at: time | None = None
        """When each day is told, or was last."""

    def start(self, at: time, zone: tzinfo) -> Callable[[threading.Event], None]:
        """Give the work of telling each day *at* this time of the next one."""
        self.at = at

        def run(stop: threading.Event) -> None:
            while not stop.wait(self.step(at, zone)):
                pass

        return run

    def step(self, at: time, zone: tzinfo) -> float:
        """Tell what is due; returns how many seconds to sleep then."""
        now = self._clock()
        day = LocalDay.last_due(now, at, zone)
        try:
            self._settle(day, day.due(at), now)
        except StateError as error:
            logger.warning("the summary of %s waits: %s", day.date, error)
            return _LOOK_S
        return min(_LOOK_S, max(0.01, (day.next.due(at) - now).total_seconds()))

    def _settle(self, day: LocalDay, due: datetime, now: datetime) -> None:
        told = _date(self._kept.load(_NAME))
        is_wrong = told is not None and told > day.date + timedelta(days=1)  # by a wrong clock
        if told is not None and not is_wrong:
            if told >= day.date:
                return
            if now - due < _TOO_LATE:
                self._tell(day, due, now)
        self._kept.save(_NAME, day.date.isoformat())

    def _tell(self, day: LocalDay, due: datetime, now: datetime) -> None:
        message = self._make(day, due if now - due > _LATE else None)
        if message is not None:
            # Its key is the day: where a kill keeps us from noting it, it is not written again.
            self._put([message], now)
            logger.info("summary of %s: %s", day.date, message.title)


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
