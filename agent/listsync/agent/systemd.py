"""What the agent tells systemd: that it is ready, what it does, and that all of it is well.

Source: sd_notify(3) and sd_watchdog_enabled(3). `sdnotify` 0.3.2 writes the messages; what it
does not do is done here: true UTF-8, a socket that never blocks and is looked up for each
message (a manager that was started anew has a new one), and a variable that no child inherits.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime

from sdnotify import SystemdNotifier  # type: ignore[import-untyped] # it has no types

from listsync.agent.queue import QueueState
from listsync.agent.recent_runs import RecentRuns
from listsync.cancellation import Heartbeat
from listsync.domain.fleet import UNKNOWN_LEADER, FleetRole
from listsync.sync.progress import ProgressBoard
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_LONGEST_STATUS = 1000
_STANDING = {
    FleetRole.JOINING: f"joining: {UNKNOWN_LEADER}",
    FleetRole.STANDBY: "standing by: another agent leads",
}


class Systemd:
    """Says things to the service manager; where there is none, every method does nothing.

    Takes systemd's variables out of *environ* (the agent's is `os.environ`), so that no child
    speaks for the agent. Methods may be called from any thread, never block and never raise;
    they return whether systemd will get the message.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        given = {name: environ.pop(name, "") for name in _VARIABLES}
        address = given["NOTIFY_SOCKET"]
        self._path = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog_every_s = _half_of(given["WATCHDOG_USEC"], given["WATCHDOG_PID"])
        """How often `watchdog` is to be called; None when systemd does not watch."""

    def ready(self, status: str) -> bool:
        """Say that the agent works; also how a reload ends, whether it was accepted or not."""
        return self._send("READY=1", _status(status))

    def status(self, text: str) -> bool:
        """Show *text* in `systemctl status`."""
        return self._send(_status(text))

    def reloading(self) -> bool:
        """Say that a reload begins; `ready` ends it."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        # In one message: systemd takes RELOADING=1 without its time for no reload at all.
        return self._send("RELOADING=1", f"MONOTONIC_USEC={now_us}")

    def stopping(self) -> bool:
        return self._send("STOPPING=1")

    def errno(self, number: int) -> bool:
        """Say with which error the agent ends."""
        return self._send(f"ERRNO={number}")

    def watchdog(self) -> bool:
        """Say that the agent is alive; to be called by what would hang if it were not."""
        return self._send("WATCHDOG=1")

    def _send(self, *fields: str) -> bool:
        if not self._path:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.connect(self._path)
                _Notifier(channel).notify("\n".join(fields).encode().decode("latin-1"))
        except OSError as error:
            logger.debug("systemd does not listen: %s", error)
            return False
        return True


class _Notifier(SystemdNotifier):  # type: ignore[misc] # it has no types
    def __init__(self, channel: socket.socket) -> None:
        # Not the one of the base: it reads the environment and swallows what goes wrong.
        self.debug = True
        self.socket = channel


def _status(text: str) -> str:
    """Write a status: of one line, since a line is a field, and short enough to be sent."""
    return f"STATUS={one_line(text, _LONGEST_STATUS)}"


def _half_of(watchdog_us: str, watchdog_pid: str) -> float | None:
    is_for_us = watchdog_pid in ("", str(os.getpid()))
    if not is_for_us or not watchdog_us.isdecimal() or not int(watchdog_us):
        return None
    return int(watchdog_us) / 2e6


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
        self._shown = ""
        self._state_error: tuple[str, datetime] | None = None

    @property
    def every_s(self) -> float | None:
        """How often `beat` must be called; None = systemd does not watch."""
        return self._systemd.watchdog_every_s

    def ready(self, state: QueueState) -> None:
        self._shown = self._words(state)
        self._systemd.ready(self._shown)

    def reloading(self) -> None:
        self._systemd.reloading()

    def stopping(self) -> None:
        self._systemd.stopping()

    def tell(self, state: QueueState) -> None:
        """Say how the agent is, if that has changed."""
        words = self._words(state)
        if words != self._shown:
            self._shown = words
            self._systemd.status(words)

    def report_state_error(self, what: str) -> None:
        """Tell what is wrong with the state, once as long as it is the same."""
        if self._state_error is None or self._state_error[0] != what:
            logger.error("%s", what, extra={"action": "state_trouble"})
        self._state_error = (what, datetime.now(UTC))

    @property
    def has_state_error(self) -> bool:
        return self._state_error is not None

    def clear_state_error(self) -> None:
        logger.info("the state can be written again", extra={"action": "state_good"})
        self._state_error = None

    def state_errors(self) -> tuple[str, ...]:
        """Say what went wrong last with the state, for people. Any thread may ask."""
        if self._state_error is None:
            return ()
        what, at = self._state_error
        return (f"{at:%Y-%m-%d %H:%M} UTC: {what}",)

    def beat(self, state: QueueState, sync: Heartbeat | None) -> None:
        """Serve the watchdog when it is time and everybody is well, a running *sync* too."""
        if self.every_s is None or time.monotonic() < self._next_beat:
            return
        self._next_beat = time.monotonic() + 0.9 * self.every_s
        self.tell(state)
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

    def _words(self, state: QueueState) -> str:
        if state.running is not None:
            progress = self._board.snapshot()
            count = f" {progress.done}/{progress.total}" if progress.total else ""
            return f"syncing: {progress.phase.value}{count}"
        if state.role is not FleetRole.LEADER:
            return _STANDING[state.role]
        words = "paused" if state.pause is not None else "idle"
        last = self._recent.last_sync
        return f"{words}; last sync {last.row.result}: {last.row.message}" if last else words
