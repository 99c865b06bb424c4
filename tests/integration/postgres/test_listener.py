"""The agent listens for as long as it runs, whatever becomes of the connection."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from listsync.domain.postgres_triggers import POOLED, notices_of_postgres
from tests.integration.postgres.listener import PATIENCE_S, Listening, until
from tests.postgres_pooler import pooled
from tests.postgres_server import set_for_all

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_TABLE = Path(__file__).parents[3] / "contrib" / "postgres" / "triggers.sql"


@pytest.fixture
def listening(postgres_dsn: str) -> Iterator[Listening]:
    one = Listening(postgres_dsn)
    one.start()
    one.is_connected()
    yield one
    one.stop()


@pytest.fixture
def sender(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as one:
        yield one


def _send(sender: psycopg.Connection, payload: object) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    sender.execute("SELECT pg_notify('sync_trigger', %s)", (text,))


def _sources(listening: Listening, *names: str) -> list[str]:
    """Give who asked, until all of *names* did."""
    found: list[str] = []
    while not {*names} <= {*found}:
        found += listening.next_job().origins
    return found


def test_a_notification_is_a_sync_and_is_counted(
    listening: Listening, sender: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    _send(sender, {"source": "api", "timestamp": "2026-01-01T00:00:00Z"})
    assert listening.next_job().origins == ("api",)
    assert "[Sync Worker] Received sync trigger notification from api" in caplog.messages
    status = listening.listener.status
    assert (status.triggers, status.last_source, status.trouble) == (1, "api", "")
    assert status.where.startswith("127.0.0.1:")
    _send(sender, {"source": "api", "timestamp": "2026-01-01T00:00:00Z"})
    assert listening.next_job().origins == ("api",)


def test_ten_thousand_at_once_are_a_few_syncs_and_few_lines(
    listening: Listening, sender: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "listsync")
    sender.execute("""SELECT pg_notify('sync_trigger', json_build_object('source', 'flood ' || n,
        'lists', repeat('x', 100))::text) FROM generate_series(1, 9999) n""")
    _send(sender, {"source": "last", "lists": ["One"]})
    assert listening.next_job().scope == frozenset({"mdblist:a/one"})
    assert listening.listener.status.triggers == 10_000
    assert len(caplog.messages) < 60


_OTHERS = """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'listsync'"""


def test_a_connection_that_the_server_ends_is_made_anew_and_made_up_for(
    listening: Listening, sender: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "listsync")
    for _ in range(2):
        sender.execute(_OTHERS)
        assert listening.next_job().origins == ("catch-up",)
        listening.is_connected()
    _send(sender, {"source": "after"})
    assert listening.next_job().origins == ("after",)
    lost = [one for one in caplog.messages if one.startswith("PostgreSQL is not reached")]
    back = [one for one in caplog.messages if "again, after" in one]
    assert (len(lost), len(back)) == (2, 2)


def test_a_server_that_is_away_is_told_once_and_waited_for(
    postgres_server: PostgresServer, postgres_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "listsync")
    listening = Listening(postgres_dsn)
    listening.start()
    listening.is_connected()
    try:
        postgres_server.stop()
        listening.is_connected(wanted=False)
        until(lambda: listening.listener._failures >= 5)
        assert "not reached: " in listening.listener.status.trouble
    finally:
        postgres_server.start()
    assert listening.next_job().origins == ("catch-up",)
    lost = [one for one in caplog.messages if one.startswith("PostgreSQL is not reached")]
    assert len(lost) == 1
    listening.stop()


def test_what_an_agent_misses_while_it_does_not_run_is_made_up_for(
    listening: Listening, sender: psycopg.Connection
) -> None:
    assert listening.jobs.empty(), "a new state has missed nothing"
    listening.stop()
    _send(sender, {"source": "to nobody"})
    listening.start()
    assert listening.next_job().origins == ("catch-up",)
    listening.stop()
    listening.catches_up = False
    listening.start()
    listening.is_connected()
    _send(sender, {"source": "to us"})
    assert listening.next_job().origins == ("to us",)


@pytest.fixture
def table(sender: psycopg.Connection, listening: Listening) -> psycopg.Connection:
    """Make the table, and let the listener find it."""
    listening.stop()
    for _ in range(2):  # it may be run again
        sender.execute(_TABLE.read_bytes())
    sender.execute("INSERT INTO listsync_triggers (source) VALUES ('long ago')")
    listening.values.kept.clear()
    listening.start()
    until(lambda: "postgres_table" in listening.values.kept)
    return sender


def test_triggers_that_are_written_down_count_once_whoever_is_away(
    listening: Listening, table: psycopg.Connection
) -> None:
    insert = "INSERT INTO listsync_triggers (source, lists, dry_run) VALUES (%s, %s, %s)"
    table.execute(insert, ("heard", None, False))
    assert _sources(listening, "heard") == ["heard"]
    listening.stop()
    table.execute(insert, ("missed", ["One", "Nine"], False))
    table.execute(insert, ("dry", None, True))
    listening.start()
    missed, dry = listening.next_job(), listening.next_job()
    assert (missed.origins, missed.scope) == (("missed",), frozenset({"mdblist:a/one"}))
    assert (dry.origins, dry.dry_run) == (("dry",), True)
    table.execute(_OTHERS)
    listening.stop()
    listening.start()
    table.execute(insert, ("x" * 7_000, ["One"] * 5_000, False))
    job = listening.next_job()
    assert (job.origins, job.scope) == (("x" * 63 + "…",), frozenset({"mdblist:a/one"}))
    assert listening.jobs.empty(), "nothing is made up for twice"


def test_a_number_that_is_committed_late_is_not_missed(
    listening: Listening, table: psycopg.Connection
) -> None:
    with psycopg.connect(listening.dsn) as late:
        late.execute("INSERT INTO listsync_triggers (source) VALUES ('late')")
        table.execute("INSERT INTO listsync_triggers (source) VALUES ('early')")
        assert _sources(listening, "early") == ["early"]
        listening.stop()
        late.commit()
    listening.start()
    assert _sources(listening, "late") == ["late"]


def test_many_that_are_written_down_are_read_page_by_page(
    listening: Listening, table: psycopg.Connection
) -> None:
    listening.stop()
    table.execute("""INSERT INTO listsync_triggers (source)
        SELECT 'number ' || n FROM generate_series(1, 2500) n""")
    listening.start()
    until(lambda: listening.listener.status.triggers == 2500)
    table.execute("DELETE FROM listsync_triggers")
    listening.stop()
    listening.start()
    table.execute("INSERT INTO listsync_triggers (source) VALUES ('after pruning')")
    assert _sources(listening, "after pruning")[-1] == "after pruning"


def test_a_table_that_was_begun_anew_is_made_up_for(
    listening: Listening, table: psycopg.Connection
) -> None:
    table.execute("INSERT INTO listsync_triggers (source) SELECT 'n' FROM generate_series(1, 9)")
    _sources(listening, "n")
    until(lambda: listening.values.kept["postgres_table"]["last"] == 10)
    listening.stop()
    table.execute("TRUNCATE listsync_triggers RESTART IDENTITY")
    table.execute("INSERT INTO listsync_triggers (source) VALUES ('new')")
    listening.start()
    assert listening.next_job().origins == ("catch-up",)
    table.execute("INSERT INTO listsync_triggers (source) VALUES ('newer')")
    assert _sources(listening, "newer") == ["newer"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE listsync_triggers (nothing int)", "is of no use: PostgreSQL: column"),
        (
            "CREATE TABLE listsync_triggers (id int, source text)",
            "is of no use: PostgreSQL: column",
        ),
    ],
)
def test_a_table_of_another_form_is_told_and_the_gap_counts(
    listening: Listening,
    sender: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
    statement: str,
    words: str,
) -> None:
    listening.stop()
    sender.execute(statement.encode())
    listening.values.kept["postgres_table"] = {"last": 1, "missing": []}
    listening.start()
    assert listening.next_job().origins == ("catch-up",)
    assert words in caplog.text
    _send(sender, {"source": "still heard", "listsync_trigger": 7})
    assert listening.next_job().origins == ("still heard",)


def test_an_idle_listener_asks_once_in_a_while_and_nothing_else(
    listening: Listening, sender: psycopg.Connection
) -> None:
    last = "SELECT query_start, query FROM pg_stat_activity WHERE application_name = 'listsync'"
    listening.stop()
    listening.start(look_s=0.3)
    asked: set[datetime] = set()
    began = time.monotonic()
    while len(asked) < 4:
        asked |= {at for at, query in sender.execute(last) if query == "SELECT 1"}
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.02)
    times = sorted(asked)
    assert all((b - a).total_seconds() > 0.29 for a, b in pairwise(times))


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_pooler_of_transactions_is_recognised_and_explained(
    postgres_dsn: str, caplog: pytest.LogCaptureFixture, sessions: int
) -> None:
    set_for_all(postgres_dsn, idle_session_timeout="1h")
    with pooled(postgres_dsn, sessions) as dsn:
        listening = Listening(dsn)
        listening.start(answer_s=0.3)
        until(lambda: listening.listener.status.is_pooled)
        listening.stop()
        with psycopg.connect(dsn, autocommit=True) as other:
            for _ in range(sessions):
                assert other.execute("SHOW idle_session_timeout").fetchone() == ("1h",)
    status = listening.listener.status
    assert (status.is_connected, status.trouble) == (True, POOLED)
    (notice,) = notices_of_postgres(status)
    assert (POOLED in notice.text, notice.passes) == (True, False)
    assert caplog.text.count(POOLED) == 1


def test_a_pooler_of_sessions_is_as_good_as_the_server(
    postgres_dsn: str, sender: psycopg.Connection
) -> None:
    with pooled(postgres_dsn, None) as dsn:
        listening = Listening(dsn)
        listening.start()
        listening.is_connected()
        _send(sender, {"source": "through a pooler"})
        assert listening.next_job().origins == ("through a pooler",)
        assert listening.listener.status.trouble == ""
        listening.stop()


def test_a_stop_is_quick_also_while_nobody_answers() -> None:
    import socket  # noqa: PLC0415 - only here

    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        listening = Listening(f"host={host} port={port} user=a dbname=a")
        listening.start()
        peer, _ = silent.accept()
        assert listening.stop() < 5
        peer.close()
