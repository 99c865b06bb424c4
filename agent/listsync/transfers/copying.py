"""Copies batches of jobs, with the rsync that is installed here."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from listsync.cancellation import CancelToken
from listsync.domain.transfers import CopyProgress, CopyResult, FailureClass, TransferJob
from listsync.transfers.copy_batch import (
    BatchWishes,
    CopyAccess,
    CopyBatch,
    Results,
    roots_of,
)
from listsync.transfers.copy_plan import failed
from listsync.transfers.rsync import RsyncRunner
from listsync.transfers.rsync_program import RsyncProgram, RsyncUnusableError, find_rsync
from listsync.transfers.settings import TransferSettings

logger = logging.getLogger(__name__)

RSYNC = "rsync"
"""What jobs wait for that are blocked because no rsync can be used."""


class BatchCopier:
    """Copies batches, several at a time; *records* is where living children are on record."""

    def __init__(
        self,
        access: CopyAccess,
        settings: Callable[[], TransferSettings],
        records: Path | None = None,
    ) -> None:
        self._access = access
        self._settings = settings
        self._records = records
        self._found: tuple[object, RsyncProgram] | None = None

    def copy(
        self,
        jobs: Sequence[TransferJob],
        token: CancelToken,
        report: Callable[[CopyProgress], None],
        cancelled: Callable[[], frozenset[int]],
    ) -> tuple[CopyResult, ...]:
        """Copy *jobs*; one result for each, in their order. Raises nothing but for bugs.

        *cancelled* tells which jobs are not wanted any more; it is asked several times a second.
        """
        wishes = BatchWishes(token=token, report=report, cancelled=cancelled)
        try:
            runner = RsyncRunner(self._program(), self._records)
        except RsyncUnusableError as error:
            return tuple(failed(job, FailureClass.ENVIRONMENT, str(error), RSYNC) for job in jobs)
        results = Results()
        for roots, group in groupby(sorted(jobs, key=roots_of), roots_of):
            batch = CopyBatch(self._access, self._settings(), runner, wishes, roots)
            results |= batch.copy(list(group))
        return tuple(results[job.number] for job in jobs)

    def _program(self) -> RsyncProgram:
        """Find rsync again only where it is another one than before."""
        path = shutil.which("rsync")
        key = path and (path, Path(path).stat().st_mtime_ns)
        if self._found is None or self._found[0] != key:
            self._found = (key, find_rsync())
            _tell(self._found[1])
        return self._found[1]


def _tell(program: RsyncProgram) -> None:
    """Log what copies are made with, and what that cannot do."""
    lacks = "".join(f"; {one}" for one in program.limitations())
    logger.info(
        "copies use rsync %s (%s)%s",
        program.version_text,
        program.path,
        lacks,
        extra={"action": "rsync_found", "version": program.version_text},
    )
