"""Backups of the state, each in a thread of its own beside everything else."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from listsync.domain.events import SYSTEM_CLOCK, Clock
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass

logger = logging.getLogger(__name__)

FIRST_S = 300.0
"""How long what begins with the agent comes first."""
_LOOK_S = 1800.0
_AGAIN_S = 3600.0
_DAY_S = 24 * 3600.0

Write = Callable[[Path, threading.Event], int]
"""Brings a backup to a path that does not exist yet, unless the event is set; gives its size."""

_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT}
_ADVICE = (
    "the agent writes it as its own user and sees only what its unit shows it "
    "(ProtectHome=, ReadWritePaths=); its state directory is always possible"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One backup: `state` is running, done or failed; `why` says why it failed."""

    id: str
    file: Path
    state: str = "running"
    size: int = 0
    took_s: float = 0.0
    why: str = ""


class Backups:
    """Makes one backup at a time, and remembers the last one. Any thread may use it."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._last: Backup | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def last(self) -> Backup | None:
        return self._last

    def start(self, file: Path) -> Backup | None:
        """Begin a backup to *file*; None while another one is made."""
        with self._lock:
            if self._last is not None and self._last.state == "running":
                return None
            begun = self._last = Backup(id=uuid4().hex[:12], file=file)
            self._thread = threading.Thread(
                target=self._run, args=(begun,), name="listsync-backup", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError as error:  # the system has no room for a thread
                self._thread = None
                self._last = replace(begun, state="failed", why=str(error))
            return begun

    def wait(self) -> Backup | None:
        """Wait for the end of what is being made; returns it."""
        if self._thread is not None:
            self._thread.join()
        return self._last

    def stop(self, timeout_s: float) -> None:
        """Give up what is being made, and wait until nothing is left of it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def resume(self) -> None:
        """Let backups be made again after a `stop`."""
        self._stop.clear()

    def _run(self, begun: Backup) -> None:
        since = time.monotonic()
        try:
            size = self._write(begun.file, self._stop)
        except StateError as error:
            ended = replace(begun, state="failed", why=str(error))
        except OSError as error:
            ended = replace(begun, state="failed", why=_words(begun.file, error))
        except Exception:
            logger.exception("the backup failed", extra={"action": "backup_failed"})
            ended = replace(begun, state="failed", why="a fault in listsync: see the agent's log")
        else:
            ended = replace(begun, state="done", size=size)
        ended = replace(ended, took_s=round(time.monotonic() - since, 3))
        _log(ended)
        self._last = ended


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFolder:
    """Where backups are that nobody asked for: each raises OSError.

    `newest` says when the last one was made; `name` gives the path of the next one; `prune`
    removes those beyond the number that is kept.
    """

    newest: Callable[[], datetime | None]
    name: Callable[[datetime], Path]
    prune: Callable[[], None]


class DailyBackups:
    """Makes a backup a day, in a thread of its own; `note` says why there is none, for people.

    *look_through* comes before each look: what is backed up is to be whole. It takes the stop.
    """

    def __init__(
        self,
        write: Write,
        folder: BackupFolder,
        clock: Clock = SYSTEM_CLOCK,
        look_through: Callable[[threading.Event], object] = lambda _: None,
    ) -> None:
        self.note = ""
        self._look_through = look_through
        self._backups = Backups(write)
        self._folder = folder
        self._clock = clock
        self._due_s: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Block until *stop* is set; the first look is in `FIRST_S`."""
        self._backups.resume()
        stop.wait(FIRST_S)
        while not stop.is_set():
            self._look_through(stop)
            if not stop.is_set():
                stop.wait(self.look())

    def stop(self, timeout_s: float) -> None:
        """Give up what is being made."""
        self._backups.stop(timeout_s)

    def look(self) -> float:
        """Make a backup if one is due; returns in how many seconds to look again.

        Elapsed time counts, whatever the clock says meanwhile; a long wait would not count the
        time that the computer is suspended.
        """
        try:
            if self._due_s is None:
                self._due_s = self._clock.elapsed_s() + self._left_s()
            if self._clock.elapsed_s() >= self._due_s:
                self._due_s = self._clock.elapsed_s() + (_DAY_S if self._make() else _AGAIN_S)
        except OSError as error:
            self._give_up(error.strerror or str(error))
            self._due_s = self._clock.elapsed_s() + _AGAIN_S
        return min(self._due_s - self._clock.elapsed_s(), _LOOK_S)

    def _left_s(self) -> float:
        newest = self._folder.newest()
        age_s = (self._clock.now() - newest).total_seconds() if newest else _DAY_S
        return _DAY_S - age_s if 0 <= age_s < _DAY_S else 0.0

    def _make(self) -> bool:
        self._backups.start(self._folder.name(self._clock.now()))
        made = self._backups.wait()
        if made is None or made.state != "done":
            self._fail(made.why if made else "")
            return False
        self.note = ""
        self._folder.prune()
        return True

    def _give_up(self, why: str) -> None:
        """Say why there was no try; of one that failed the log says it already."""
        self._fail(why)
        logger.error("%s", self.note, extra={"action": "backup_failed"})

    def _fail(self, why: str) -> None:
        self.note = f"no daily backup of the state was made: {why}"


def _words(file: Path, error: OSError) -> str:
    advice = f": {_ADVICE}" if error.errno in _FORBIDDEN else ""
    return f"cannot write {file}: {error.strerror or error}{advice}"


def _log(ended: Backup) -> None:
    extra = {"action": f"backup_{ended.state}", "file": str(ended.file)}
    if ended.state == "done":
        logger.info("a backup of the state is in %s", ended.file, extra=extra)
    else:
        logger.error("no backup of the state was made: %s", ended.why, extra=extra)
