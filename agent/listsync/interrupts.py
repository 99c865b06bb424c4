"""What Ctrl-C does: it ends a program at once, unless there is something to put in order first.

An exception would not do while a program loads: it can come inside any import, where it is told as
a traceback, turned into another error, or swallowed. Imports nothing of ours, so that a program
can begin with it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

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
