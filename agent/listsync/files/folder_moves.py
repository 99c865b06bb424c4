"""Notices that a folder is moved away, removed, or made anew: of itself and of those above it.

What is watched inside a folder stays with that folder, wherever it is moved, and ends with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from listsync.lean_dataclasses import dataclass

_ITSELF = (
    InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_ONLYDIR
)
_ARRIVALS = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO


class FolderMoves:
    """Calls *moved*, in a thread of its own, until it is closed.

    What happens inside the folders wakes nobody; only where one is missing, the folder in which
    it would appear tells of what is made there.

    Raises:
        OSError, RuntimeError: the system has no room for it.
    """

    def __init__(self, folders: Collection[Path], moved: Callable[[], None]) -> None:
        self._inotify = InotifyFD()
        self._inotify.start()
        try:
            for path, awaited in _to_watch(folders).items():
                watcher = _FolderWatcher(awaited, moved)
                mask = Mask(_ITSELF | (_ARRIVALS if awaited else 0))
                self._inotify.add_callback(
                    os.fsencode(path), mask, watcher, CallbackId(id(watcher))
                )
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        self._inotify.stop()
        self._inotify.join()


@dataclass(frozen=True, slots=True)
class _FolderWatcher:
    """Takes what the kernel tells of one folder; `awaited` are names that are missing in it."""

    awaited: frozenset[bytes]
    moved: Callable[[], None]

    def on_event(self, event: InotifyEvent) -> None:
        if not event.name or event.name in self.awaited:
            self.moved()

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """Pass over: an event has told before why."""

    def on_queue_overflow(self) -> None:
        self.moved()


def _to_watch(folders: Collection[Path]) -> dict[Path, frozenset[bytes]]:
    """Give each folder that is there, and those above it, with what is missing in it."""
    found: dict[Path, frozenset[bytes]] = {}
    for folder in folders:
        way = [folder, *folder.parents]
        there = next(n for n, one in enumerate(way) if os.path.isdir(one))  # noqa: PTH112 - quiet
        for one in way[there:]:
            found.setdefault(one, frozenset())
        if there:
            found[way[there]] |= {os.fsencode(way[there - 1].name)}
    return {one: missing for one, missing in found.items() if os.access(one, os.R_OK)}
