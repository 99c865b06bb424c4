"""Runs one sync for the agent. What only a sync needs is imported when the first one starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from listsync.app.memory_tuning import give_back_memory, import_httpcore
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.domain.report import SyncReport, SyncRun
from listsync.domain.runs import ConfigSnapshot, SyncJob
from listsync.store.database import FILE_NAME, Database
from listsync.sync.progress import ProgressBoard

if TYPE_CHECKING:
    from listsync.app.fleet import Fleet
    from listsync.app.provider_table import KnownServices
    from listsync.ports.fleet import RequestFence


class SyncRunner:
    """Implements `agent.working.Perform` on the state that the agent holds."""

    def __init__(
        self, database: Database, folder: Path, board: ProgressBoard, fleet: Fleet | None = None
    ) -> None:
        self._fleet = fleet
        self._database = database
        self._folder = folder
        self._board = board
        self._known: KnownServices | None = None

    def __call__(
        self, run: SyncRun, snapshot: ConfigSnapshot[Config], job: SyncJob, token: CancelToken
    ) -> SyncReport:
        """Run one sync to its end; raises what `sync`, `wired` and `Fleet.fence` raise."""
        import_httpcore()
        from listsync.app.provider_table import KnownServices  # noqa: PLC0415
        from listsync.app.wiring import wired  # noqa: PLC0415 - megabytes, and a tenth of a second
        from listsync.sync.run import sync  # noqa: PLC0415

        self._known = self._known or KnownServices()

        config = snapshot.content
        try:
            with (
                self._fenced(token, dry_run=run.dry_run) as fence,
                self._state(token, dry_run=run.dry_run) as (database, folder),
                wired(
                    config,
                    database,
                    folder,
                    board=self._board,
                    token=token,
                    scope=job.scope,
                    state_dir=self._folder,
                    known=self._known,
                    fence=fence,
                ) as parts,
            ):
                return sync(run, parts)
        finally:
            self._database.give_memory_back()
            give_back_memory()

    @contextmanager
    def _fenced(self, token: CancelToken, *, dry_run: bool) -> Iterator[RequestFence | None]:
        """Know what the other agents know, and give what each request must heed because of them.

        A dry run requests nothing, so any agent may make one.
        """
        if dry_run or self._fleet is None:
            yield None
            return
        with self._fleet.fence(token) as fence:
            yield fence

    @contextmanager
    def _state(self, token: CancelToken, *, dry_run: bool) -> Iterator[tuple[Database, Path]]:
        """Open what the sync writes to, until *token* is revoked: for a dry run a copy."""
        if not dry_run:
            yield self._database.until_over(lambda: token.is_revoked), self._folder
            return
        from listsync.app.wiring import copy_sandbox, scratch_folder  # noqa: PLC0415 - see above

        with scratch_folder("dry-run") as folder:
            self._database.copy_to(folder / FILE_NAME)
            copy_sandbox(self._folder, folder)
            database = Database(folder / FILE_NAME)
            try:
                yield database, folder
            finally:
                database.close()
