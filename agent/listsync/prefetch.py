"""Work that waits, done ahead by a few threads; results in the order of the items."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")

_AHEAD = 2048
_CHECK_EVERY_S = 0.1


class _Slot(Generic[Item, Done]):
    """One item on its way; `ready` is set when `result` or `error` is."""

    __slots__ = ("error", "item", "ready", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Done | None = None
        self.error: BaseException | None = None
        self.ready = threading.Event()


class Overlap(Generic[Item, Done]):
    """Runs *slow* in *workers* daemon threads, at most *ahead* items before their turn.

    Daemon threads of our own: nothing that the end of the process would wait for.
    """

    def __init__(self, slow: Callable[[Item], Done], *, workers: int, ahead: int = 32) -> None:
        self._slow = slow
        self._workers = workers
        self._ahead = ahead
        self._queue: SimpleQueue[_Slot[Item, Done] | None] = SimpleQueue()
        self._waiting: deque[_Slot[Item, Done] | Done] = deque()
        self._started = 0
        self._slow_waiting = 0

    def map(
        self,
        items: Iterable[Item],
        quick: Callable[[Item], Done | None],
        check: Callable[[], None] = lambda: None,
    ) -> Generator[Done]:
        """Yield one result an item, in order; what *quick* answers costs no thread.

        *check* is called again and again while a result is waited for, and before it is given:
        what it raises ends the waiting, and leaves the threads behind.
        """
        waiting = self._waiting
        source = iter(items)
        try:
            self._fill(waiting, source, quick)
            while waiting:
                head = waiting.popleft()
                if isinstance(head, _Slot):
                    self._slow_waiting -= 1
                    yield _awaited(head, check)
                else:
                    yield head
                self._fill(waiting, source, quick)
        finally:
            self.close()
            waiting.clear()
            self._slow_waiting = 0

    def ready(self, most: int) -> Iterator[Done]:
        """Yield what `map` yields next, as far as it is there without waiting; at most *most*."""
        for one in islice(self._waiting, most):
            if not isinstance(one, _Slot):
                yield one
            elif one.ready.is_set() and one.error is None:
                yield _take(one)
            else:
                return

    def _fill(
        self,
        waiting: deque[_Slot[Item, Done] | Done],
        source: Iterator[Item],
        quick: Callable[[Item], Done | None],
    ) -> None:
        if waiting and self._slow_waiting > self._ahead // 2:
            return  # in bursts: a thread that ends with every item would disturb every item
        while self._slow_waiting < self._ahead and len(waiting) < _AHEAD:
            item = next(source, None)
            if item is None:
                return
            answer = quick(item)
            if answer is None:
                self._slow_waiting += 1
                waiting.append(self._submit(item))
            else:
                waiting.append(answer)

    def _submit(self, item: Item) -> _Slot[Item, Done]:
        if self._started < self._workers:
            self._started += 1
            # With a copy of the context: what it logs belongs to the run.
            threading.Thread(
                target=copy_context().run, args=(self._work,), name="listsync-read", daemon=True
            ).start()
        slot: _Slot[Item, Done] = _Slot(item)
        self._queue.put(slot)
        return slot

    def _work(self) -> None:
        while (slot := self._queue.get()) is not None:
            try:
                slot.result = self._slow(slot.item)
            except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
                slot.error = error
            slot.ready.set()

    def close(self) -> None:
        """Let the threads go; what is still queued is not started.

        Once: a second time would take back the word to go.
        """
        if not self._started:
            return
        with suppress(Empty):
            while True:
                self._queue.get_nowait()
        for _ in range(self._started):
            self._queue.put(None)
        self._started = 0


def _awaited(slot: _Slot[Item, Done], check: Callable[[], None]) -> Done:
    while not slot.ready.wait(_CHECK_EVERY_S):
        check()
    check()
    return _take(slot)


def _take(slot: _Slot[Item, Done]) -> Done:
    if slot.error is not None:
        raise slot.error
    assert slot.result is not None  # noqa: S101 - the worker sets one of the two
    return slot.result
