"""Tells systemd how the agent is doing (sd_notify), where systemd asked for it.

Source: sd_notify(3) and sd_watchdog_enabled(3). `sdnotify` 0.3.2 writes the messages; what it
does not do is done here: true UTF-8, a socket that never blocks and is looked up for each
message (a manager that was started anew has a new one), and a variable that no child inherits.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import MutableMapping

from sdnotify import SystemdNotifier  # type: ignore[import-untyped] # it has no types

from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_LONGEST_STATUS = 1000


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

    def extend_timeout(self, by_s: float) -> bool:
        """Ask for *by_s* from now before a start or stop counts as failed."""
        return self._send(f"EXTEND_TIMEOUT_USEC={round(by_s * 1e6)}")

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
