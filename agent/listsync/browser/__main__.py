"""`python -m listsync.browser FOLDER`: the browser's own process, driven over its pipes.

It ends with its input, so it does not outlive an agent that is killed, and takes Chromium with
it. Three threads: this one loads pages, one reads orders, one watches the memory. Whichever of
them ends the process ends it at once, whatever hangs in the others.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import IO, Any, NoReturn

from listsync.browser.messages import BrowserFailure, BrowserStart, Loaded, PageOrder, line
from listsync.process.guard import adopt_orphans, attach, kill_all
from listsync.process.records import descendants, remove

_LONGEST_ORDER = 64 * 1024
_MEASURE_EVERY_S = 0.25
_LARGEST_LOG = 1024 * 1024
_PATIENCE_S = 4.0
_MEMORY = re.compile(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", re.MULTILINE)


class _Process:
    """What the threads share."""

    def __init__(self, folder: Path, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._folder = folder
        self._record: Path | None = None
        self._orders = orders
        self._answers = answers
        self._speaking = threading.Lock()
        self._ending = threading.Lock()
        self._queue: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def run(self) -> NoReturn:
        threading.Thread(target=self._read, daemon=True).start()
        start = BrowserStart(**self._queue.get())
        self._record = Path(start.record)
        try:
            for message in self._pages(start):
                self._say(message)
                if isinstance(message, BrowserFailure) and message.over:
                    break
        except Exception as error:  # noqa: BLE001  # the top of a thread; the agent logs it
            self._say(
                BrowserFailure(why=f"the browser's process has failed ({error!r})", over=True)
            )
        self.end()

    def end_soon(self, *_: object) -> None:
        """End it from a signal handler, which may have interrupted `end` itself."""
        threading.Thread(target=self.end, daemon=True).start()

    def end(self) -> NoReturn:
        """End Chromium and all that is left of it, then this process."""
        self._ending.acquire()  # for ever: one thread does it
        kill_all(_PATIENCE_S)
        remove(self._folder)
        if self._record is not None:
            with suppress(OSError):
                self._record.unlink(missing_ok=True)
        os._exit(0)

    def _pages(self, start: BrowserStart) -> Iterator[Loaded | BrowserFailure]:
        """Launch, say so, then load what is asked for."""
        stand_in_for_distutils()
        gc.disable()  # nearly all that is loaded stays
        from listsync.browser.chromium import Chromium  # noqa: PLC0415  # takes half a second

        gc.enable()
        threading.Thread(target=self._watch, args=(start.limit_mb,), daemon=True).start()
        browser = Chromium.launch(start)
        if isinstance(browser, BrowserFailure):
            yield BrowserFailure(why=browser.why, over=True)
            return
        yield Loaded(url="", status=None, title=browser.version, html="")
        while True:
            yield browser.load(PageOrder(**self._queue.get()))

    def _say(self, message: Loaded | BrowserFailure) -> None:
        try:
            data = line(message)
        except ValueError:
            data = line(BrowserFailure(why="the page is too large"))
        with self._speaking:
            try:
                self._answers.write(data)
            except OSError:  # nobody listens any more
                self.end()

    def _read(self) -> NoReturn:
        with suppress(ValueError, OSError):
            while text := self._orders.readline(_LONGEST_ORDER):
                self._queue.put(json.loads(text))
        self.end()

    def _watch(self, limit_mb: int) -> NoReturn:
        log = self._folder / "browser.log"
        while (used_mb := _memory_mb()) <= limit_mb:
            with suppress(OSError):
                if log.stat().st_size > _LARGEST_LOG:
                    os.truncate(log, 0)
            time.sleep(_MEASURE_EVERY_S)
        why = f"the page takes too much memory ({used_mb:.0f} MB; {limit_mb} MB are allowed)"
        self._say(BrowserFailure(why=why, over=True))
        self.end()


def stand_in_for_distutils() -> None:
    """Have in its place what the library imports of it, and uses for downloads alone.

    Where setuptools is installed, that brings distutils: half of what there would be to load.
    """
    version = ModuleType("distutils.version")
    version.LooseVersion = str  # type: ignore[attr-defined]
    sys.modules["distutils"] = ModuleType("distutils")
    sys.modules["distutils.version"] = version


def _memory_mb() -> float:
    """Measure what the descendants hold of their own.

    The sum of their resident sizes counts Chromium's code once for each of its dozen processes
    (1,030 MB where 415 MB are used), and the proportional size of sandboxed ones cannot be read.
    """
    total = 0
    for one in descendants(os.getpid()):
        with suppress(OSError):
            status = Path(f"/proc/{one.pid}/status").read_text(encoding="utf-8")
            total += sum(int(number) for number in _MEMORY.findall(status))
    return total / 1024


def main() -> NoReturn:
    """Serve the agent that started us."""
    folder = Path(sys.argv[1])
    folder.mkdir(mode=0o700)
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    with Path(os.devnull).open("r+b") as nothing, (folder / "child.log").open("wb") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)  # what libraries print must not get between the answers
        os.dup2(log.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    adopt_orphans()
    process = _Process(folder, orders, answers)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, process.end_soon)
    attach(number=signal.SIGTERM)
    process.run()


if __name__ == "__main__":
    main()
