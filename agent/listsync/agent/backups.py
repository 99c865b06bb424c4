"""Backups of the state, each in a thread of its own beside everything else."""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from listsync.errors import StateError

logger = logging.getLogger(__name__)

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

    def stop(self, timeout_s: float) -> None:
        """Give up what is being made, and wait until nothing is left of it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

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


def _words(file: Path, error: OSError) -> str:
    advice = f": {_ADVICE}" if error.errno in _FORBIDDEN else ""
    return f"cannot write {file}: {error.strerror or error}{advice}"


def _log(ended: Backup) -> None:
    extra = {"action": f"backup_{ended.state}", "file": str(ended.file)}
    if ended.state == "done":
        logger.info("a backup of the state is in %s", ended.file, extra=extra)
    else:
        logger.error("no backup of the state was made: %s", ended.why, extra=extra)
