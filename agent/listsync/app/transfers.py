"""Copies and scans of an agent: what webhooks ask for is done while there are mappings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from listsync.agent.services import AgentService, ServiceWork
from listsync.app.transfer_mounts import TransferMounts, mounts_service
from listsync.config.configuration import Config
from listsync.config.paths import copy_records
from listsync.domain.notices import few
from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import CopyProgress, MediaServerTrouble
from listsync.store.database import Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.library_scans import SqliteScanQueue
from listsync.store.transfer_jobs import SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.terminal.output import plural

if TYPE_CHECKING:
    from listsync.transfers.batches import CopyMeans
    from listsync.transfers.copying import BatchCopier
    from listsync.transfers.intake import WebhookIntake
    from listsync.transfers.missed_events import MissedEvents
    from listsync.transfers.scans import LibraryScans
    from listsync.transfers.settings import NamedMediaServer, TransferSettings
    from listsync.transfers.workers import TransferWorkers

logger = logging.getLogger(__name__)

_STOP_S = 8.5
"""What is copied may go on for 3 s, then has 4 s to end; Docker waits for 10 s in all."""
_SCANS_STOP_S = 2.0


class Transfers:
    """Takes webhooks, copies what they ask for, and has media servers look at it.

    *config* gives the configuration in force, *changed* is called when something has changed that
    people should know of. What only those need who transfer is imported when it begins.
    """

    def __init__(
        self,
        database: Database,
        state_dir: Path,
        config: Callable[[], Config],
        changed: Callable[[], None],
    ) -> None:
        self._database = database
        self._inbox = SqliteWebhookInbox(database)
        self._jobs = SqliteJobQueue(database)
        self._scan_queue = SqliteScanQueue(database)
        self._records = copy_records(state_dir)
        self._config = config
        self._changed = changed
        self._workers: TransferWorkers | None = None
        self._copier: BatchCopier | None = None
        self._scans: LibraryScans | None = None
        self._missed: MissedEvents | None = None
        self.mounts = TransferMounts(
            SqliteKeyValueStore(database), self._jobs, changed, unblocked=self.wake
        )

    def follow(self, config: Config) -> None:
        """Let scans be written for the media servers of *config* from now on.

        Raises:
            StateError: it could not be noted.
        """
        names = [one.name for one in _servers_of(config.transfers)]
        self._scan_queue.follow(names, datetime.now(UTC))

    def intake(self) -> WebhookIntake:
        """Make what takes webhooks."""
        from listsync.transfers.intake import WebhookIntake  # noqa: PLC0415 - so

        return WebhookIntake(self._inbox, lambda: self._settings, self.wake)

    @property
    def _settings(self) -> TransferSettings:
        return self._config().transfers

    def services(self) -> tuple[AgentService[Config], ...]:
        """Give the rows of what runs for long; the agent goes on without any of them."""
        return (
            mounts_service(self.mounts),
            self._copies_service(),
            self._scans_service(),
            self._missed_service(),
        )

    def _copies_service(self) -> AgentService[Config]:
        return AgentService(
            name="transfers",
            start=self._start_copies,
            needs=lambda config: config.transfers.is_on or None,
            follows=lambda config: config.transfers,
            follow=self._follow_copies,
            keys=("transfers",),
            note=self._note_of_copies,
            wake=self._wake_copies,
            stop_s=_STOP_S,
            is_vital=False,
        )

    def _scans_service(self) -> AgentService[Config]:
        return AgentService(
            name="scans",
            start=self._start_scans,
            needs=lambda config: _servers_of(config.transfers) or None,
            keys=("transfers.media_servers",),
            note=self._note_of_scans,
            stop_s=_SCANS_STOP_S,
            is_vital=False,
        )

    def _missed_service(self) -> AgentService[Config]:
        return AgentService(
            name="missed-events",
            start=self._start_missed,
            needs=lambda config: (config.transfers.is_on and config.transfers.missed) or None,
            keys=("transfers.missed",),
            note=lambda: self._missed.note() if self._missed is not None else "",
            wake=self._end_missed,
            is_vital=False,
        )

    def _start_copies(self, config: Config) -> ServiceWork:
        from listsync.domain.message_of_transfer import messages_of_jobs  # noqa: PLC0415 - so
        from listsync.process.records import sweep  # noqa: PLC0415 - so
        from listsync.transfers.batches import JobLedger  # noqa: PLC0415 - so
        from listsync.transfers.copy_batch import CopyAccess  # noqa: PLC0415 - so
        from listsync.transfers.copying import BatchCopier  # noqa: PLC0415 - so
        from listsync.transfers.workers import TransferWorkers  # noqa: PLC0415 - so

        sweep(self._records)
        access = CopyAccess(
            probes=self.mounts.probes, health=self.mounts.healthy, copied=self._jobs
        )
        self._copier = BatchCopier(access, lambda: self._settings, self._records)
        history = SqliteJobHistory(self._database)
        ledger = JobLedger(self._jobs, history, messages_of_jobs, self._wake_scans)
        means = self._means(config.transfers)
        self._workers = workers = TransferWorkers(self._jobs, ledger, means, self.mounts.all)
        return workers.run

    def _follow_copies(self, config: Config) -> None:
        if self._workers is not None:
            self._workers.follow(self._means(config.transfers))

    def _means(self, settings: TransferSettings) -> CopyMeans:
        from listsync.transfers.batches import CopyMeans  # noqa: PLC0415 - so

        assert self._copier is not None  # noqa: S101 - made before
        limits = settings.limits
        return CopyMeans(copier=self._copier, retry=settings.retry, concurrent=limits.concurrent)

    def _start_scans(self, config: Config) -> ServiceWork:
        from listsync.transfers.media_servers import open_media_server  # noqa: PLC0415 - so
        from listsync.transfers.scans import LibraryScans  # noqa: PLC0415 - so

        servers = {
            one.name: partial(open_media_server, one.name, one.options)
            for one in config.transfers.media_servers
        }
        self._scans = scans = LibraryScans(
            self._scan_queue, servers, self.mounts.healthy, changed=self._changed
        )
        return scans.run

    def _start_missed(self, config: Config) -> ServiceWork:
        def look(stop: threading.Event) -> None:
            # Made in its own time: nobody waits for what is imported.
            self._missed = missed = self._missed_events(config)
            missed.run(stop)

        return look

    def _missed_events(self, config: Config) -> MissedEvents:
        from listsync.store.imported_jobs import SqliteImportedJobs  # noqa: PLC0415 - so
        from listsync.transfers.missed_events import MissedEvents, MissedMeans  # noqa: PLC0415 - so

        means = MissedMeans(
            intake=self.intake(),
            is_known=SqliteImportedJobs(self._database).knows,
            kept=SqliteKeyValueStore(self._database),
        )
        return MissedEvents(config.transfers.missed, means)

    def _end_missed(self) -> None:
        if self._missed is not None:
            self._missed.wake()

    def wake(self) -> None:
        """Have it seen that jobs or scans are due, or to be cancelled. Any thread may call it."""
        self._wake_copies()
        self._wake_scans()

    def _wake_copies(self) -> None:
        if self._workers is not None:
            self._workers.wake()

    def _wake_scans(self) -> None:
        if self._scans is not None:
            self._scans.wake()

    def progress(self) -> tuple[CopyProgress, ...]:
        """Say how far everything is that is being copied."""
        return self._workers.progress() if self._workers is not None else ()

    def is_dry_run(self) -> bool:
        """Tell whether it is only said what would be copied."""
        return self._settings.dry_run

    def mappings(self) -> tuple[PathMapping, ...]:
        """Give the libraries that are mapped now."""
        return self._settings.mappings

    def _note_of_copies(self) -> str:
        running = self.progress()
        if not running:
            return ""
        done, total = sum(one.done for one in running), sum(one.total for one in running)
        share = f" ({100 * done / total:.0f} %)" if total else ""
        return f"copying {plural(sum(len(one.jobs) for one in running), 'file')}{share}"

    @property
    def media_server_troubles(self) -> tuple[MediaServerTrouble, ...]:
        """Say which media servers cannot be asked, and why."""
        return self._scans.troubles if self._scans is not None else ()

    def _note_of_scans(self) -> str:
        troubles = self.media_server_troubles
        return few([f"{one.server}: {one.why}" for one in troubles])


def _servers_of(settings: TransferSettings) -> tuple[NamedMediaServer, ...]:
    """Give the media servers that are told of anything."""
    return settings.media_servers if settings.is_on else ()
