"""The mounts of an agent: watched while its configuration has mappings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from listsync.agent.services import AgentService, ServiceWork
from listsync.config.configuration import Config
from listsync.domain.transfers import RootHealth
from listsync.errors import StateError
from listsync.ports.state import KeyValueStore
from listsync.ports.transfers import JobQueue

if TYPE_CHECKING:
    from listsync.transfers.mounts import MountWatch
    from listsync.transfers.probes import Probes

logger = logging.getLogger(__name__)

_STOP_S = 7.0
"""A look that hangs is ended after 5 s."""
_BEGIN_S = 2.0
"""How long somebody who asks waits until anything is watched."""


class TransferMounts:
    """Knows how the mapped roots are, and lets jobs go on that waited for one.

    *changed* is called when a root has changed, *unblocked* when jobs may go on, each by the
    thread that has looked. Any thread may ask.
    """

    def __init__(
        self,
        kept: KeyValueStore,
        jobs: JobQueue,
        changed: Callable[[], None],
        unblocked: Callable[[], None] = lambda: None,
    ) -> None:
        self._kept = kept
        self._jobs = jobs
        self._changed = changed
        self._unblocked = unblocked
        self._probes: Probes | None = None
        self._watch: MountWatch | None = None
        self._is_watched = threading.Event()

    @property
    def probes(self) -> Probes:
        """What looks at mapped roots: one for all, as it knows what hangs."""
        from listsync.transfers.probes import Probes  # noqa: PLC0415 - for those who transfer

        if self._probes is None:
            self._probes = Probes()
        return self._probes

    def start(self, config: Config) -> ServiceWork:
        """Begin to watch the roots of *config*."""
        from listsync.transfers.mounts import MountWatch  # noqa: PLC0415 - so

        self._watch = watch = MountWatch(self.probes, self._kept, self._has_changed)
        watch.follow(config.transfers)
        self._is_watched.set()
        return watch.run

    def follow(self, config: Config) -> None:
        if self._watch is not None:
            self._watch.follow(config.transfers)

    def wake(self) -> None:
        if self._watch is not None:
            self._watch.wake()

    def all(self) -> tuple[RootHealth, ...]:
        """Say how each root was when it was looked at last."""
        return self._watch.all() if self._watch is not None else ()

    def healthy(self, root: PurePosixPath) -> RootHealth:
        """Say how *root* is, by a look that is some seconds old at most.

        Services start side by side: what copies or scans may ask first, and would put off what is
        due.
        """
        self._is_watched.wait(_BEGIN_S)
        if self._watch is None:
            return RootHealth(root=root, is_healthy=False, why="nothing is watched yet")
        return self._watch.healthy(root)

    def note(self) -> str:
        """Say what cannot be used."""
        return self._watch.note() if self._watch is not None else ""

    def _has_changed(self, health: RootHealth) -> None:
        if health.is_healthy:
            self._let_go_on(health.root)
        self._changed()

    def _let_go_on(self, root: PurePosixPath) -> None:
        try:
            count = self._jobs.unblock(str(root), datetime.now(UTC))
        except StateError as error:  # they are tried in some minutes in any case
            extra = {"action": "jobs_not_unblocked"}
            logger.warning("jobs that wait for %s stay so: %s", root, error, extra=extra)
            return
        if count:
            extra = {"action": "jobs_unblocked", "root": str(root), "jobs": str(count)}
            logger.info("%s can be used again: %s go on", root, count, extra=extra)
            self._unblocked()


def mounts_service(mounts: TransferMounts) -> AgentService[Config]:
    """Make the row of what watches the mounts: the agent goes on without it."""
    return AgentService(
        name="mounts",
        start=mounts.start,
        needs=lambda config: config.transfers.is_on or None,
        keys=("transfers.mappings", "transfers.dry_run"),
        follows=lambda config: (config.transfers.mappings, config.transfers.dry_run),
        follow=mounts.follow,
        note=mounts.note,
        wake=mounts.wake,
        stop_s=_STOP_S,
        is_vital=False,
    )
