"""The run that goes on (`runs`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from listsync.domain.notices import NoticeRecord, Origin, renewed
from listsync.domain.report import SyncReport, SyncRun
from listsync.domain.run_messages import message_of
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.notices import put_open
from listsync.store.title_status import TitleStatusTable

_KEPT = timedelta(days=30)


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

    def end(self, report: SyncReport, at: datetime, notices: Sequence[NoticeRecord]) -> None:
        counts = {
            one.name: {"outcome": one.outcome, **(Counter(one.verdicts) + Counter(one.departed))}
            for one in report.lists
        }
        own = renewed((), report.notices, at, report.run.run_id)
        self._statuses.write(report.run.started_at)
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
                    rows.notices_text(own),
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
            put_open(connection, Origin.SYNC, notices, at)
