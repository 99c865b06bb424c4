"""Holds back the signals that would kill a process that has not set its handlers yet.

Imports nothing but `signal`, so that a program can call `block` before its other imports.
"""

from __future__ import annotations

import signal

_HELD = (signal.SIGUSR1, signal.SIGHUP)


def block() -> None:
    """Let USR1 and HUP wait: however many come, one of each is delivered by `unblock`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)


def unblock() -> None:
    """Deliver what waited. Call it before the first thread or child, which inherit the mask."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
