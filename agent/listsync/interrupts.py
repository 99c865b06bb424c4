"""What signals do to a program that loads: Ctrl-C ends it at once, others wait.

An exception would not do while a program loads: it can come inside any import, where it is told as
a traceback, turned into another error, or swallowed. Imports nothing of ours, so that a program
can begin with it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_HELD = (signal.SIGUSR1, signal.SIGHUP)
_INTERRUPTED = 130  # as in `protocol.Exit`, which takes longer to load


def leave_at_once() -> None:
    """Let Ctrl-C end the process from now on: nothing is said, nothing put in order."""
    signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)


@contextmanager
def raised() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt during the block, which has something to put in order."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def hold_back() -> None:
    """Let USR1 and HUP wait, which would end a process that has set no handlers yet.

    However many come, one of each is delivered by `let_through`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)


def let_through() -> None:
    """Deliver what waited. Call it before the first thread or child, which inherit the mask."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
