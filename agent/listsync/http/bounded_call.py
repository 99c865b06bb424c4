"""Waiting no longer than one wants for what cannot be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from listsync.cancellation import CancelToken

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
