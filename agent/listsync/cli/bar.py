"""A progress bar on a terminal, drawn by its own thread from the sync's snapshots."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TextIO

from listsync.cli.words import harmless, width
from listsync.domain.sync_records import Phase, Progress

_EVERY_S = 0.1
_WIDTH = 30
_WORDS = {
    Phase.IDLE: "",
    Phase.CONNECT: "connecting to the server",
    Phase.COLLECT: "reading lists",
    Phase.ADD: "titles",
    Phase.REPORT: "finishing",
}


class ProgressBar:
    """Draws on *stream* until closed; `hidden()` clears the line for something else."""

    def __init__(self, stream: TextIO, snapshot: Callable[[], Progress]) -> None:
        self._stream = stream
        self._snapshot = snapshot
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._draw_on, name="listsync-bar", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._clear()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        with self._lock:
            self._clear()
            yield

    def _draw_on(self) -> None:
        while not self._stop.wait(_EVERY_S):
            with self._lock:
                self._stream.write("\r\x1b[K" + self._line())
                self._stream.flush()

    def _clear(self) -> None:
        self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _line(self) -> str:
        columns = shutil.get_terminal_size().columns
        line = bar_line(self._snapshot(), time.monotonic() - self._started)
        while width(line) >= columns:
            line = line[:-1]
        return line


def bar_line(progress: Progress, elapsed_s: float) -> str:
    """Draw one snapshot, e.g. `[######----]  60%  120/200 titles, 80 requested, 0:08 left`."""
    words = _WORDS[progress.phase]
    if not progress.total:
        return words
    filled = _WIDTH * progress.done // progress.total
    line = f"[{'#' * filled}{'-' * (_WIDTH - filled)}] {progress.percent:3d}%  "
    line += f"{progress.done:,}/{progress.total:,} {words}"
    if progress.phase is Phase.COLLECT:
        waiting = [one.name for one in progress.lists if one.state == "waiting"]
        return line + (f": {harmless(waiting[0], 40)}" if waiting else "")
    if progress.requested:
        line += f", {progress.requested:,} requested"
    if progress.done >= 20:
        left = elapsed_s / progress.done * (progress.total - progress.done)
        line += f", {int(left // 60)}:{int(left % 60):02d} left"
    return line
