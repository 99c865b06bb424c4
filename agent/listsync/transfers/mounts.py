"""Watches the mapped roots: looks at each now and then, and says when one has changed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from listsync.domain.notices import few
from listsync.domain.transfers import RootHealth
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.ports.state import KeyValueStore
from listsync.transfers.mount_table import Mount, mounts_now
from listsync.transfers.probes import Probes
from listsync.transfers.roots import RootLook, RootRules
from listsync.transfers.settings import TransferSettings

logger = logging.getLogger(__name__)

_USUAL_S, _TROUBLED_S = 60.0, 15.0
_FRESH_S = 5.0
_TOLD_AGAIN_S = 1800.0
"""So that somebody sees that it does not pass by itself."""
_NAME = "mounts"


def rules_of(settings: TransferSettings) -> dict[PurePosixPath, RootRules]:
    """Say what must hold of each root; what several mappings ask of one holds together."""
    found = dict[PurePosixPath, RootRules]()
    for mapping in settings.mappings:
        copied_to = mapping.destination
        found.setdefault(mapping.source, RootRules())
        root = mapping.source if copied_to is None else copied_to
        before, required = found.get(root, RootRules()), mapping.require_mount
        points = {required} if isinstance(required, PurePosixPath) else set()
        found[root] = RootRules(
            is_destination=before.is_destination or copied_to is not None,
            requires_mount=before.requires_mount or required is True,
            mount_points=before.mount_points | points,
            marker=before.marker or mapping.marker,
        )
    return found


@dataclass(slots=True)
class _Watched:
    """One root. `looked_at` and `told_at` count seconds as `time.monotonic` does; None: not yet.

    `among`: all that was mounted then; where that has changed, a look is out of date at once. Who
    looks holds `looking`: others that want to know wait for what is found.
    """

    rules: RootRules
    health: RootHealth
    looked_at: float | None = None
    told_at: float | None = None
    among: Sequence[Mount] = ()
    looking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_fresh(self) -> bool:
        if self.looked_at is None or time.monotonic() - self.looked_at >= _FRESH_S:
            return False
        return self.among == mounts_now()

    def note(self, look: RootLook) -> bool:
        """Take what was found; returns whether that is to be told."""
        now, before = time.monotonic(), self.health
        self.health, self.looked_at = _dated(look.health, before), now
        is_old = self.told_at is None or now - self.told_at >= _TOLD_AGAIN_S
        is_news = self.told_at is None or self.health.trouble is not before.trouble
        if is_news or (is_old and not self.health.is_healthy):
            self.told_at = now
            return True
        return False


class MountWatch:
    """Knows how each mapped root is. Any thread may ask.

    *changed* is called once with each change, with what the first look at a root finds, and now
    and then while one is not well, by the thread that has looked. What each root lies on is kept,
    so that a mount which is gone after a restart is missed too.
    """

    def __init__(
        self, probes: Probes, kept: KeyValueStore, changed: Callable[[RootHealth], None]
    ) -> None:
        self._probes = probes
        self._kept = kept
        self._changed = changed
        self._lock = threading.Lock()
        self._watched: Mapping[PurePosixPath, _Watched] = {}
        self._tries_writing = True
        self._known: dict[PurePosixPath, Mount] | None = None
        self._saved: dict[PurePosixPath, Mount] = {}
        self._woken = threading.Event()

    def follow(self, settings: TransferSettings) -> None:
        """Watch the roots of *settings* from now on; those that are new are looked at next."""
        rules = rules_of(settings)
        with self._lock:
            before = self._watched
            self._tries_writing = not settings.dry_run
            self._watched = {
                root: before[root]
                if root in before and before[root].rules == one
                else _Watched(one, RootHealth(root=root, is_healthy=False, why=_NOT_YET))
                for root, one in rules.items()
            }
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Look at all roots until *stop* is set (and `wake` is called)."""
        while not stop.is_set():
            self._woken.clear()
            self.look_at_all(stop.is_set)
            is_well = all(one.health.is_healthy for one in self._watched.values())
            self._woken.wait(_USUAL_S if is_well else _TROUBLED_S)

    def wake(self) -> None:
        self._woken.set()

    def all(self) -> tuple[RootHealth, ...]:
        """Say how each root was when it was looked at last."""
        return tuple(one.health for one in self._watched.values())

    def health(self, root: PurePosixPath) -> RootHealth:
        """Say how *root* was when it was looked at last; it is not touched."""
        watched = self._watched.get(root)
        return watched.health if watched else _of_nobody(root)

    def healthy(self, root: PurePosixPath) -> RootHealth:
        """Say how *root* is, by a look that is some seconds old at most."""
        watched = self._watched.get(root)
        if watched is None:
            return _of_nobody(root)
        with watched.looking:
            if watched.is_fresh:
                return watched.health
            changes = self._look_at({root: watched})
        self._tell(changes)
        return watched.health

    def look_at_all(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Look at each root that nobody else looks at, or has looked at just now."""
        todo = {
            root: one
            for root, one in self._watched.items()
            if not one.is_fresh and one.looking.acquire(blocking=False)
        }
        try:
            changes = self._look_at(todo, is_over)
        finally:
            for one in todo.values():
                one.looking.release()
        self._tell(changes)

    def note(self) -> str:
        """Say which roots cannot be used; those not looked at yet are left out."""
        bad = [one for one in self.all() if not one.is_healthy and one.trouble is not None]
        return few([f"{one.root}: {one.why}" for one in bad])

    def _look_at(
        self,
        todo: Mapping[PurePosixPath, _Watched],
        is_over: Callable[[], bool] = lambda: False,
    ) -> list[RootHealth]:
        """Look at roots, whose locks the caller holds; returns what is to be told."""
        rules = {root: self._rules(root, one) for root, one in todo.items()}
        news, mounts = [], mounts_now()
        for look in self._probes.look_all(rules, is_over=is_over):
            watched = todo[look.health.root]
            watched.among = mounts
            if watched.note(look):
                news.append(watched.health)
            self._learn(look)
        self._keep()
        return news

    def _rules(self, root: PurePosixPath, watched: _Watched) -> RootRules:
        """Add what is known; whether a destination can be written to is tried while in doubt."""
        is_in_doubt = watched.rules.is_destination and not watched.health.is_healthy
        known = self._all_known().get(root)
        tries_writing = is_in_doubt and self._tries_writing
        return replace(watched.rules, known=known, tries_writing=tries_writing)

    def _all_known(self) -> dict[PurePosixPath, Mount]:
        with self._lock:
            if self._known is None:
                self._saved = _read(self._kept)
                self._known = dict(self._saved)
            return self._known

    def _learn(self, look: RootLook) -> None:
        """Note what a root lies on that is well; that it is another one is worth a word."""
        if look.mount is None or not look.health.is_healthy:
            return
        known, root = self._all_known(), look.health.root
        before, known[root] = known.get(root), look.mount
        if before not in {None, look.mount}:
            words = (root, look.mount, look.mount.point, before, getattr(before, "point", ""))
            logger.info(
                "%s lies on %s at %s now, and lay on %s at %s before",
                *words,
                extra={"action": "mount_changed", "root": str(root)},
            )

    def _keep(self) -> None:
        """Write down what the roots lie on, if that is news; where it fails, the next time."""
        known = dict(self._all_known())
        if known == self._saved:
            return
        rows = {str(at): [str(one.point), one.kind, one.source] for at, one in known.items()}
        try:
            self._kept.save(_NAME, rows)
        except StateError as error:
            extra = {"action": "mounts_not_kept"}
            logger.warning("what is mounted could not be noted: %s", error, extra=extra)
            return
        self._saved = known

    def _tell(self, changes: list[RootHealth]) -> None:
        for health in changes:
            self._changed(health)


_NOT_YET = "it was not looked at yet"


def _of_nobody(root: PurePosixPath) -> RootHealth:
    why = "it is no source and no destination of a mapping"
    return RootHealth(root=root, is_healthy=False, is_mapped=False, why=why)


def _dated(now: RootHealth, before: RootHealth) -> RootHealth:
    """Say since when it is as it is *now*."""
    is_same = before.since is not None and now.trouble is before.trouble
    return replace(now, since=before.since if is_same else now.checked_at or datetime.now(UTC))


def _read(kept: KeyValueStore) -> dict[PurePosixPath, Mount]:
    rows = kept.load(_NAME) or {}
    return {
        PurePosixPath(root): Mount(point=PurePosixPath(point), kind=kind, source=source)
        for root, (point, kind, source) in rows.items()
    }
