"""A progress bar on a terminal, drawn by its own thread from the sync's snapshots."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TextIO

from listsync.domain.sync_records import Progress
from listsync.terminal.progress import BottomLine, bar_line

_EVERY_S = 0.1


class ProgressBar:
    """Draws on *stream* until closed; `hidden()` clears the line for something else."""

    def __init__(self, stream: TextIO, snapshot: Callable[[], Progress]) -> None:
        self._line = BottomLine(stream)
        self._snapshot = snapshot
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._draw_on, name="listsync-bar", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._line.clear()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        with self._lock:
            self._line.clear()
            yield

    def _draw_on(self) -> None:
        while not self._stop.wait(_EVERY_S):
            with self._lock:
                self._line.draw(bar_line(as_reply(self._snapshot())))


def as_reply(progress: Progress) -> dict[str, object]:
    """Say of a snapshot what the agent says to its clients, as far as it is shown."""
    return {
        "phase": progress.phase.value,
        "progress": progress.done,
        "total": progress.total,
        "percent": progress.percent,
        "requested": progress.requested,
        "eta_s": progress.eta_s,
        "lists": [{"name": one.name, "state": one.state} for one in progress.lists],
    }
