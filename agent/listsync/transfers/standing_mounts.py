"""Notices that a mount has gone, or come, while files are copied from or to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from listsync.domain.transfers import RootHealth
from listsync.transfers.mount_table import mount_of, mounts_now
from listsync.transfers.roots import RootUnavailableError


class StandingMounts:
    """What *roots* lay on when it was made; whether that is so still, costs under a millisecond.

    A root is looked at again only where the kernel's table has changed: its path may hold links.
    """

    def __init__(self, roots: Sequence[PurePosixPath]) -> None:
        self._roots = roots
        self._mounts = mounts_now()

    def check(self, health: Callable[[PurePosixPath], RootHealth]) -> None:
        """Raise RootUnavailableError where a root lies on another mount now, or is not well."""
        now = mounts_now()
        if now == self._mounts:
            return
        for root in self._roots:
            before, on = mount_of(root, self._mounts), mount_of(root, now)
            if before != on:
                why = f"lay on {before} when the copy began, and lies on {on} now"
                raise RootUnavailableError(root, why)
            found = health(root)
            if not found.is_healthy:
                raise RootUnavailableError(root, found.why)
