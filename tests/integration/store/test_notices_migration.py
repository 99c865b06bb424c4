"""In a file of version 19 only the last run tells what is open."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.notices import NoticeKind, Origin
from listsync.store.database import Database
from listsync.store.notices import SqliteNoticeLog
from tests.integration.store.conftest import OldDatabase
from tests.integration.store.state import AT

_RUNS = """
INSERT INTO runs (id, origin, started_at, notices) VALUES
    ('old', 'test', '2026-05-01T12:00:00+00:00', '[{"kind": "review", "text": "", "list": null,
        "since": "2026-05-01T12:00:00+00:00", "run": "old"}]'),
    ('last', 'test', '2026-06-01T12:00:00+00:00', '[{"kind": "on_hold", "text": "148 titles",
        "list": "Dora", "since": "2026-06-01T12:00:00+00:00", "run": "before"}]'),
    ('runs', 'test', '2026-06-02T12:00:00+00:00', NULL)
"""


def test_what_the_last_run_said_is_open(path: Path, old_database: OldDatabase) -> None:
    with old_database(19) as old, old.write() as connection:
        connection.execute(_RUNS)
    database = Database(path)
    (one,) = SqliteNoticeLog(database).open(Origin.SYNC)
    database.close()
    assert (one.notice.kind, one.notice.list_name) == (NoticeKind.ON_HOLD, "Dora")
    assert (one.since, one.run_id, one.notice.needs_person) == (AT, "before", True)
