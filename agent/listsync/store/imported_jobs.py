"""Whether an import was asked for already: by a job that was made, or that ended, or by a scan."""

from __future__ import annotations

from datetime import datetime

from listsync.domain.transfers import EventDecision, NewJob, NewScan
from listsync.store.database import Database
from listsync.store.job_rows import path_text
from listsync.store.row_codec import iso


class SqliteImportedJobs:
    """Tells what was asked for; any thread may use it, raises StateError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def knows(self, decision: EventDecision, since: datetime) -> bool:
        """Tell whether all that *decision* wants is under way, or was asked for since then."""
        return all(self._knows_job(one, since) for one in decision.jobs) and all(
            self._knows_scan(one, since) for one in decision.scans
        )

    def _knows_job(self, job: NewJob, since: datetime) -> bool:
        root = job.place.destination_root
        rows = self._database.read(
            "SELECT 1 FROM transfer_jobs WHERE destination_root = ? AND relative = ?"
            " AND (ended_at IS NULL OR ended_at >= ? OR created_at >= ?) LIMIT 1",
            *(path_text(root or job.place.source_root), path_text(job.place.relative)),
            *(iso(since), iso(since)),
        )
        return bool(rows)

    def _knows_scan(self, scan: NewScan, since: datetime) -> bool:
        rows = self._database.read(
            "SELECT 1 FROM library_scans WHERE folder = ? AND created_at >= ? LIMIT 1",
            *(path_text(scan.folder), iso(since)),
        )
        return bool(rows)
