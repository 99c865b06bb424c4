"""Requests in a file from before it was kept which list brought what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from listsync.store.database import Database
from listsync.store.state import SqliteAgentState
from tests.integration.store.conftest import OldDatabase

_SERVER = (
    "INSERT INTO servers (id, identity, product, version, first_seen, last_seen)"
    " VALUES (1, 'x', 'Seerr', '3', '2026-01-01', '2026-01-01')"
)
_REQUEST = (
    "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer, detail,"
    " at) VALUES (1, 'r', ?, ?, 'movie', 603, 0, '[]', 'requested', '',"
    " '2026-01-01T00:00:00+00:00')"
)


def test_older_and_newer_requests_are_found_by_their_lists(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(19) as old, old.write() as connection:
        connection.execute(_SERVER)
        connection.execute(_REQUEST, ("old", '["mine", "ours", "mine"]'))
    database = Database(path)
    with database.write() as connection:
        connection.execute(_REQUEST, ("new", '["ours"]'))
    state = SqliteAgentState(database)
    assert [row.title for row in state.requests.for_list("ours", limit=9).rows] == ["new", "old"]
    assert [row.title for row in state.requests.for_list("mine", limit=9).rows] == ["old"]
    assert state.requests.for_list("theirs", limit=9).rows == ()
    counts = [state.requests.for_list(name, limit=1).total for name in ("ours", "mine", "theirs")]
    assert counts == [2, 1, 0]
    database.close()


def test_a_request_that_names_no_lists_keeps_nobody_from_an_upgrade(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(19) as old, old.write() as connection:
        connection.execute(_SERVER)
        connection.execute(_REQUEST, ("nobody's", ""))
        connection.execute(_REQUEST, ("mine", '["mine"]'))
    database = Database(path)
    state = SqliteAgentState(database)
    assert [row.title for row in state.requests.for_list("mine", limit=9).rows] == ["mine"]
    database.close()


def test_requests_of_an_older_file_are_counted_since_a_point_in_time(
    path: Path, old_database: OldDatabase
) -> None:
    with old_database(22) as old, old.write() as connection:
        connection.execute(_SERVER)
        connection.execute(_REQUEST, ("old", '["mine"]'))
    database = Database(path)
    state = SqliteAgentState(database)
    assert state.requests.since(datetime(2025, 12, 31, tzinfo=UTC)) == {"mine": 1}
    assert state.requests.since(datetime(2026, 1, 2, tzinfo=UTC)) == {}
    database.close()
