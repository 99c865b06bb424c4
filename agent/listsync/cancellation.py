"""How a run is ended from outside, how it shows that it goes on, and how long it waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

COMPUTING_S = 300.0
"""How long a run may work without waiting for anything: the largest lists take a tenth of it."""
CUT_AFTER_S = 2.0
"""How long what a run waits for may still come when it is to end."""
LEAVE_AFTER_S = 4.0
"""How long it may take until it has ended for everybody else, whatever it hangs in."""


class Heartbeat:
    """When a run was last seen to go on, or until when it said that it would wait.

    Beaten by what works and by what waits, never by a loop beside them: a run that hangs in
    something without a deadline falls silent.
    """

    def __init__(self) -> None:
        self._silent_until = time.monotonic()

    def beat(self, wait_s: float = 0.0) -> None:
        """Show progress: nothing else may be seen for *wait_s* seconds. Any thread may call it."""
        self._silent_until = max(self._silent_until, time.monotonic() + wait_s)

    @property
    def is_late(self) -> bool:
        """Tell whether the run was silent for longer than all that it waits for may take."""
        return time.monotonic() > self._silent_until + COMPUTING_S


class CancelToken(threading.Event):
    """Ends one run in three steps, each of which any thread may take.

    `set`: nothing new is begun, and pauses end. `cut`: what waits for somebody's answer is broken
    off. `revoke`: the run is over for everybody else; what is left of it can change nothing.
    """

    def __init__(self, heartbeat: Heartbeat | None = None) -> None:
        super().__init__()
        self.heartbeat = heartbeat or Heartbeat()
        self.is_cut = False
        self.is_revoked = False
        self._cutting = threading.Lock()
        self._breaks: dict[object, Callable[[], None]] = {}

    def wait(self, timeout: float | None = None) -> bool:
        """Pause; returns at once, and then true, when the run is to end."""
        self.heartbeat.beat(timeout or 0.0)
        return super().wait(timeout)

    def cut(self) -> None:
        """Break off all waiting, now and from now on."""
        self.set()
        with self._cutting:
            self.is_cut = True
            breaks = tuple(self._breaks.values())
        for break_off in breaks:
            break_off()

    def revoke(self) -> None:
        """Let nothing that is left of the run have any effect."""
        self.is_revoked = True
        self.cut()

    def breaking(self, break_off: Callable[[], None]) -> Breaking:
        """Have `cut` call *break_off*, which wakes what waits in the block, and never raises."""
        return Breaking(self, break_off)

    def add(self, one: Breaking) -> None:
        with self._cutting:
            self._breaks[one] = one.break_off
            is_cut = self.is_cut
        if is_cut:
            one.break_off()

    def remove(self, one: Breaking) -> None:
        with self._cutting:
            self._breaks.pop(one, None)


class Breaking:
    """What a cut breaks off between `begin` and `end`, or in a block; ending it twice is fine."""

    __slots__ = ("_token", "break_off")

    def __init__(self, token: CancelToken, break_off: Callable[[], None]) -> None:
        self._token = token
        self.break_off = break_off

    def begin(self) -> None:
        """Begin; after the cut it is broken off at once."""
        self._token.add(self)

    def end(self) -> None:
        self._token.remove(self)

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()


T = TypeVar("T")


def call_bounded(
    work: Callable[[], T],
    seconds: float,
    token: CancelToken,
    discard: Callable[[T], object] = lambda _: None,
) -> T:
    """Call *work* in a thread of its own, and wait *seconds* for what it gives.

    What comes too late goes to *discard*.

    Raises:
        TimeoutError: it takes longer, or *token* was cut; the thread is left behind.
    """
    call = _Call(work, discard)
    token.heartbeat.beat(seconds)
    try:
        threading.Thread(
            target=copy_context().run, args=(call.run,), name="listsync-call", daemon=True
        ).start()
    except RuntimeError:  # there is no room for a thread
        call.run()
    with token.breaking(call.awaken):
        return call.result(seconds)


class _Call(Generic[T]):
    """One call that somebody waits for, perhaps not to its end."""

    def __init__(self, work: Callable[[], T], discard: Callable[[T], object]) -> None:
        self._work = work
        self._discard = discard
        self._lock = threading.Lock()
        self._awake = threading.Event()
        self._is_left = False
        self._given: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            given = self._work()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
        else:
            with self._lock:
                if not self._is_left:
                    self._given.append(given)
            if self._is_left:
                self._discard(given)
        self._awake.set()

    def awaken(self) -> None:
        self._awake.set()

    def result(self, seconds: float) -> T:
        self._awake.wait(seconds)
        with self._lock:
            self._is_left = not self._given
        if self._error is not None:
            raise self._error
        if self._is_left:
            raise TimeoutError
        return self._given[0]
