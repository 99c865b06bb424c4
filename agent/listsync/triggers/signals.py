"""Turns signals into events: USR1 a sync, HUP a reload or the end, TERM and INT the end."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType

from listsync.domain.events import Event, QueueMoved, Signal, Signalled
from listsync.protocol import Exit


def install(emit: Callable[[Event], None], *, ends_with_terminal: bool = False) -> None:
    """Set the handlers; call it in the main thread, and `interrupts.let_through` after it.

    *emit* runs inside a handler, thus between any two instructions of the main thread: it must
    be as safe there as `SimpleQueue.put` is. A second TERM or INT ends the process at once; a
    second HUP does not: the kernel and the shell may both say that the terminal is gone.
    """
    stopping = False
    _wake_main_thread(emit)

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            os._exit(Exit.INTERRUPTED)
        stopping = True
        emit(Signalled(Signal.STOP))

    signal.signal(signal.SIGUSR1, lambda _number, _frame: emit(Signalled(Signal.SYNC)))
    hangup = Signal.HANGUP if ends_with_terminal else Signal.RELOAD
    signal.signal(signal.SIGHUP, lambda _number, _frame: emit(Signalled(hangup)))
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _wake_main_thread(emit: Callable[[Event], None]) -> None:
    """See to it that the main thread runs its handlers, whatever it waits for.

    While one signal is pending in the main thread, the kernel gives the next one to another
    thread: Python then only notes it, and the main thread would go on sleeping. So each signal
    also writes a byte, and a thread that takes no signals itself turns it into an event.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)

    def pass_on() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        # Holding on to `writing` as well: its descriptor must stay open as long as this runs.
        while reading.recv(4096) and writing.fileno() >= 0:
            emit(QueueMoved())

    threading.Thread(target=pass_on, name="listsync-signals", daemon=True).start()
