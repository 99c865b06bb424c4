"""A process for tests to send signals to: holds them back, is slow to start, says what it gets.

Run as `python signalled.py LONG|SHORT` (how long it takes to set its handlers).
"""

from __future__ import annotations

from listsync import interrupts

interrupts.hold_back()

import sys  # noqa: E402 - what may take long comes after the signals are held back
import threading  # noqa: E402
import time  # noqa: E402
from queue import SimpleQueue  # noqa: E402

from listsync.domain.events import Event, Signal, Signalled  # noqa: E402
from listsync.triggers import signals  # noqa: E402


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    inbox: SimpleQueue[Event] = SimpleQueue()
    say("held back")
    time.sleep(0.5 if sys.argv[1] == "LONG" else 0)
    signals.install(inbox.put)
    interrupts.let_through()
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    say("ready")
    while True:
        event = inbox.get()
        if not isinstance(event, Signalled):
            continue
        say(event.signal)
        while event.signal is Signal.STOP:
            inbox.get()  # a stop that takes for ever


if __name__ == "__main__":
    main()
