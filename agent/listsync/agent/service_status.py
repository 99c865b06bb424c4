"""What the agent tells the service manager, and for how long it calls itself well."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from listsync.agent.queue import Standing
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.systemd_notify import Systemd
from listsync.cancellation import Heartbeat
from listsync.sync.progress import ProgressBoard

logger = logging.getLogger(__name__)


class SystemdStatus:
    """Speaks to systemd. Used by the decider alone."""

    def __init__(
        self,
        systemd: Systemd,
        board: ProgressBoard,
        recent: RecentRuns,
        control_is_well: Callable[[], bool],
    ) -> None:
        self._systemd = systemd
        self._board = board
        self._recent = recent
        self._control_is_well = control_is_well
        self._seen = -1
        self._next_beat = 0.0
        self._said = ""
        self._trouble: tuple[str, datetime] | None = None

    @property
    def every_s(self) -> float | None:
        """How often `beat` must be called; None = systemd does not watch."""
        return self._systemd.watchdog_every_s

    def ready(self, standing: Standing) -> None:
        self._said = self._words(standing)
        self._systemd.ready(self._said)

    def reloading(self) -> None:
        self._systemd.reloading()

    def stopping(self) -> None:
        self._systemd.stopping()

    def tell(self, standing: Standing) -> None:
        """Say how the agent is, if that has changed."""
        words = self._words(standing)
        if words != self._said:
            self._said = words
            self._systemd.status(words)

    def trouble(self, what: str) -> None:
        """Tell what is wrong with the state, once as long as it is the same."""
        if self._trouble is None or self._trouble[0] != what:
            logger.error("%s", what, extra={"action": "state_trouble"})
        self._trouble = (what, datetime.now(UTC))

    @property
    def is_troubled(self) -> bool:
        return self._trouble is not None

    def trouble_is_over(self) -> None:
        logger.info("the state can be written again", extra={"action": "state_good"})
        self._trouble = None

    def notes(self) -> tuple[str, ...]:
        """Say what went wrong last with the state, for people. Any thread may ask."""
        if self._trouble is None:
            return ()
        what, at = self._trouble
        return (f"{at:%Y-%m-%d %H:%M} UTC: {what}",)

    def beat(self, standing: Standing, sync: Heartbeat | None) -> None:
        """Serve the watchdog when it is time and everybody is well, a running *sync* too."""
        if self.every_s is None or time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + 0.9 * self.every_s
        self.tell(standing)
        if not self._control_is_well():
            logger.error("the control socket hangs", extra={"action": "stuck"})
        elif sync is not None and self._is_stuck(sync):
            logger.error("the running sync hangs", extra={"action": "stuck"})
        else:
            self._systemd.watchdog()

    def _is_stuck(self, sync: Heartbeat) -> bool:
        sequence = self._board.snapshot().sequence
        if sequence != self._seen:
            self._seen = sequence
            sync.beat()
        return sync.is_late

    def _words(self, standing: Standing) -> str:
        if standing.running is not None:
            progress = self._board.snapshot()
            count = f" {progress.done}/{progress.total}" if progress.total else ""
            return f"syncing: {progress.phase.value}{count}"
        words = "paused" if standing.pause is not None else "idle"
        last = self._recent.last_sync
        return f"{words}; last sync {last.row.result}: {last.row.message}" if last else words
