"""The run that goes on (`runs`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from listsync.domain.notices import standing_after
from listsync.domain.run_messages import judgement_of, message_of
from listsync.domain.sync_records import SyncReport, SyncRun
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.title_status import TitleStatusTable

_KEPT = timedelta(days=30)
LAST_NOTICES = (
    "SELECT notices FROM runs WHERE notices IS NOT NULL ORDER BY started_at DESC, id LIMIT 1"
)
"""What stood after the last run that ended with a report."""


class SqliteRunLog:
    """Implements `ports.history.RunLog`; see there."""

    def __init__(
        self, database: Database, server: Callable[[], int | None], statuses: TitleStatusTable
    ) -> None:
        self._database = database
        self._server = server
        self._statuses = statuses

    def begin(self, run: SyncRun) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO runs (id, origin, started_at) VALUES (?, ?, ?)",
                (run.run_id, run.origin, rows.iso(run.started_at)),
            )

    def is_first(self) -> bool:
        return not self._database.read(
            "SELECT 1 FROM runs WHERE server = ?"
            " AND (result = 'ok' OR (result = 'partly' AND requested > 0)) LIMIT 1",
            self._server(),
        )

    def end(self, report: SyncReport, at: datetime) -> None:
        counts = {
            one.name: {"outcome": one.outcome, **(Counter(one.verdicts) + Counter(one.departed))}
            for one in report.lists
        }
        self._statuses.write(report.run.started_at)
        before = self._database.read(LAST_NOTICES)
        notices = standing_after(
            rows.notices_of(before[0]["notices"] if before else None), judgement_of(report, at)
        )
        with self._database.write() as connection:
            connection.execute(
                "UPDATE runs SET ended_at = ?, result = ?, why = ?, message = ?, requested = ?,"
                " calls = ?, lists = ?, notices = ? WHERE id = ?",
                (
                    rows.iso(at),
                    report.result,
                    report.why,
                    message_of(report),
                    len(report.requested),
                    report.calls,
                    json.dumps(counts),
                    rows.notices_text(notices),
                    report.run.run_id,
                ),
            )
            connection.execute(
                "DELETE FROM runs WHERE started_at < ? AND id != ? AND (result IS NULL"
                " OR result NOT IN ('ok', 'partly') OR EXISTS (SELECT 1 FROM runs AS later"
                " WHERE later.server = runs.server AND later.started_at > runs.started_at"
                " AND later.result IN ('ok', 'partly')))",
                (rows.iso(at - _KEPT), report.run.run_id),
            )
