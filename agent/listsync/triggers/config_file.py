"""Notices that the configuration file has other content, however it was saved.

File system events are hints only: what counts is the file's digest, which is also compared when
no event comes. That covers network file systems, lost events and a watch that has died.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from watchdog.events import (
    EVENT_TYPE_MODIFIED,
    DirModifiedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from listsync.domain.events import ConfigChanged, Event, WatcherNote
from listsync.files.folder_moves import FolderMoves
from listsync.files.local_file import open_at_once

_MOST_LINKS = 40  # the kernel's own limit for one path
_EMPTY_S = 1.0
_ABSENT = b""
_NO_FILE = b"no file"
_MOST_BYTES = 16 * 1024 * 1024
_EMPTY = hashlib.sha256().digest()
_READS = frozenset({"opened", "closed_no_write"})
_WRITES = frozenset({"created", "modified", "closed", "moved"})
_MOST_STARTS = 3
_HINTS: list[type[FileSystemEvent]] = [
    # The named classes make the kernel's mask, which leaves reading out; the base class lets
    # every event of that mask through, also those that are new in a later watchdog.
    FileSystemEvent,
    DirModifiedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]
_Identity = tuple[int, int] | None
"""Device and inode of a folder; None while there is no such folder."""


def digest(path: Path) -> bytes:
    """Tell contents apart: SHA-256, `b""` when there is no file, else why it cannot be read.

    Of a file that is far too large, its start and size are told apart.
    """
    try:
        with open(path, "rb", opener=open_at_once) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                return _NO_FILE
            start = file.read(_MOST_BYTES)
            size = facts.st_size if len(start) == _MOST_BYTES else ""
            return hashlib.sha256(start + f"{size}".encode()).digest()
    except (FileNotFoundError, NotADirectoryError):
        return _ABSENT
    except OSError as error:
        return str(error.errno).encode()


class ConfigFileTrigger:
    """Emits one `ConfigChanged` once writes have been quiet for *settle_s* (at most *cap_s*).

    Watches folders, not the file: editors save by renaming a new file over the old one, and a
    watch on the old file would see nothing more. *seen* is the `digest` of what was loaded, so
    that a change between loading and watching is not lost; None takes what is there at the start.
    """

    def __init__(
        self,
        path: Path,
        settle_s: float = 0.25,
        cap_s: float = 2.0,
        poll_s: float = 30.0,
        seen: bytes | None = None,
    ) -> None:
        self._path = path.absolute()
        self._settle_s = settle_s
        self._cap_s = cap_s
        self._poll_s = poll_s
        self._seen = seen
        self._was_open = False
        self._note = ""
        self._touched = threading.Event()

    def run(self, emit: Callable[[Event], None], stop: threading.Event) -> None:
        """Block until *stop* is set; `wake` makes it look at once."""
        say = partial(self._say, emit)
        with closing(_Watch(self._touched, self._poll_s, say)) as watch:
            self._look(watch, emit, stop)
            while not stop.is_set():
                if self._touched.wait(self._poll_s):
                    self._settle(stop)
                self._look(watch, emit, stop)

    def wake(self) -> None:
        """Let `run` look at its *stop* now; from any thread."""
        self._touched.set()

    def _say(self, emit: Callable[[Event], None], note: str) -> None:
        """Tell how it watches, if that has changed, also since an earlier `run`."""
        if note != self._note:
            self._note = note
            emit(WatcherNote(note))

    def _settle(self, stop: threading.Event) -> None:
        end = time.monotonic() + self._cap_s
        quiet = False
        while not quiet and not stop.is_set():
            self._touched.clear()
            quiet = not self._touched.wait(max(0.0, min(self._settle_s, end - time.monotonic())))

    def _look(self, watch: _Watch, emit: Callable[[Event], None], stop: threading.Event) -> None:
        # Watching comes before reading: what happens after reading is then seen by the watch.
        watch.follow(self._path)
        found = digest(self._path)
        if found == _EMPTY != self._seen:
            # Somebody who writes in place has it empty for a moment.
            stop.wait(_EMPTY_S)
            self._settle(stop)
            found = digest(self._path)
        if stop.is_set():
            return
        is_closed = watch.takes_closing()
        # What was told of while it was open is told of again when it is closed.
        if self._seen not in (None, found) or (is_closed and self._was_open):
            emit(ConfigChanged(is_closed))
            self._was_open = is_closed is False
        self._seen = found


class _Watch:
    """Keeps an observer on the right folders; *say* is told why it cannot, or that it can."""

    def __init__(
        self, touched: threading.Event, poll_s: float, say: Callable[[str], None]
    ) -> None:
        self._touched = touched
        self._handler = _Touch(touched)
        self._instead = f"looking every {poll_s:g} s"
        self._say = say
        self._observer: BaseObserver | None = None
        self._moves: FolderMoves | None = None
        self._watched: Mapping[Path, _Identity] = {}

    def follow(self, path: Path) -> None:
        """Watch the folders of *path*, anew if one is another one than before or a watch died."""
        self._handler.target = os.path.realpath(path)
        folders = _folders(path)
        for _ in range(_MOST_STARTS):
            # Again, if one has come or gone while they were looked at.
            wanted = _with_those_above(folders)
            if wanted == self._watched and self._is_alive():
                return
            self.close()
            self._watched = wanted
            self._say(self._start(folders))
            if not self._is_alive():
                return

    def takes_closing(self) -> bool | None:
        """Tell once whether the last writer was seen to close the file, or to put it there."""
        seen, self._handler.is_closed = self._handler.is_closed, None
        return seen

    def close(self) -> None:
        if self._observer is not None:
            _stop(self._observer)
            self._observer = None
        if self._moves is not None:
            self._moves.close()
            self._moves = None

    def _is_alive(self) -> bool:
        return self._moves is not None and self._observer is not None and _is_alive(self._observer)

    def _start(self, folders: frozenset[Path]) -> str:
        """Return what is wrong, or nothing."""
        there = [folder for folder in folders if self._watched[folder]]
        missing = sorted(folders.difference(there))
        try:
            self._observer = _observer(self._handler, there)
            self._moves = FolderMoves(folders, self._touched.set)
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return f"cannot watch for changes ({why}): {self._instead}"
        if missing:
            return f"{missing[0]} does not exist: {self._instead}"
        # watchdog says nothing about these.
        closed = sorted(folder for folder in there if not os.access(folder, os.R_OK))
        return f"{closed[0]} may not be read: {self._instead}" if closed else ""


class _Touch(FileSystemEventHandler):
    """Takes any event but reading as a hint; `is_closed` is what the last one says of `target`."""

    def __init__(self, touched: threading.Event) -> None:
        self._touched = touched
        self.target = ""
        self.is_closed: bool | None = None

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _READS:
            return
        if self.target in (event.src_path, event.dest_path) and event.event_type in _WRITES:
            self.is_closed = event.event_type != EVENT_TYPE_MODIFIED
        self._touched.set()


def _folders(path: Path) -> frozenset[Path]:
    """Find the folders in which a change can give *path* other content.

    That is the real folder of the file, and of each symbolic link on the way to it.
    """
    folders = set()
    for _ in range(_MOST_LINKS):
        steps = ((part, _target(part)) for part in (*reversed(path.parents), path))
        link, target = next(((part, to) for part, to in steps if to), (path, None))
        folders.add(_real(link.parent))
        if target is None:
            break
        path = link.parent / target / path.relative_to(link)
    return frozenset(folders)


def _with_those_above(folders: frozenset[Path]) -> dict[Path, _Identity]:
    everything = {one for folder in folders for one in (folder, *folder.parents)}
    return {one: _identity(one) for one in everything}


def _target(path: Path) -> Path | None:
    """Read a symbolic link; None when it is none, or not to be read."""
    try:
        return path.readlink()
    except OSError:
        return None


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _identity(folder: Path) -> _Identity:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _observer(handler: FileSystemEventHandler, folders: list[Path]) -> BaseObserver:
    """Start watching; raises OSError or RuntimeError when the system has no room for it."""
    observer = Observer()
    try:
        for folder in folders:
            observer.schedule(handler, str(folder), event_filter=_HINTS)
        observer.start()
    except (OSError, RuntimeError):
        _stop(observer)
        raise
    return observer


def _is_alive(observer: BaseObserver) -> bool:
    # The observer itself says that it is alive when the thread of a removed folder has ended.
    return observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)


def _stop(observer: BaseObserver) -> None:
    observer.stop()
    if observer.is_alive():
        observer.join()
