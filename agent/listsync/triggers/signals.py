"""Turns signals into events: USR1 a sync, HUP a reload, TERM and INT the end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

from listsync.domain.events import Event, Signal, Signalled
from listsync.protocol import Exit


def install(emit: Callable[[Event], None]) -> None:
    """Set the handlers; call it in the main thread, and `signal_mask.unblock` after it.

    *emit* runs inside a handler, thus between any two instructions of the main thread: it must
    be as safe there as `SimpleQueue.put` is. A second TERM or INT ends the process at once.
    """
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            os._exit(Exit.INTERRUPTED)
        stopping = True
        emit(Signalled(Signal.STOP))

    signal.signal(signal.SIGUSR1, lambda _number, _frame: emit(Signalled(Signal.SYNC)))
    signal.signal(signal.SIGHUP, lambda _number, _frame: emit(Signalled(Signal.RELOAD)))
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
