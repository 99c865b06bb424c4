"""Triggers that are sent arrive whole, are kept where a table keeps them, and fail in one way."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import cast

import psycopg
import pytest

import listsync
from listsync import TriggerNotSentError, trigger_sync
from listsync.postgres.sender import DSN_VARIABLE, MOST_BYTES, payloads_of
from tests.integration.postgres.listening import listening
from tests.postgres_pooler import pooled
from tests.postgres_server import PostgresServer

_WAIT_S = 30.0
_FILE = Path(__file__).parents[3] / "contrib" / "postgres" / "triggers.sql"
_TABLE = _FILE.read_text(encoding="utf-8").replace("'sync_trigger'", "'Mine: …'").encode()


def test_a_trigger_names_its_source_and_its_time_and_what_else_is_wanted(
    postgres_dsn: str,
) -> None:
    with listening(postgres_dsn) as heard:
        trigger_sync("webhook", dsn=postgres_dsn)
        trigger_sync("me", dsn=postgres_dsn, lists=("mine", "hers"), dry_run=True)
        first, second = heard()
    assert first.keys() == {"source", "timestamp"}
    assert first["source"] == "webhook"
    assert str(first["timestamp"]).endswith("+00:00")
    del second["timestamp"]
    assert second == {"source": "me", "lists": ["mine", "hers"], "dry_run": True}


def test_a_trigger_may_be_sent_through_a_pooler_of_transactions(postgres_dsn: str) -> None:
    with listening(postgres_dsn) as heard, pooled(postgres_dsn, 2) as dsn:
        for _ in range(3):
            trigger_sync("me", dsn=dsn)
        assert [one["source"] for one in heard()] == ["me"] * 3


def test_whatever_a_source_is_called_is_sent(postgres_dsn: str) -> None:
    sources = ("", "a\x00b", "\ud800", "x" * 100_000, '"' * 900, "\U0001f3ac" * 5000)
    with listening(postgres_dsn) as heard:
        for source in sources:
            trigger_sync(source, dsn=postgres_dsn)
            (one,) = heard()
            assert 0 < len(str(one["source"])) <= 200


def test_more_lists_than_fit_into_one_notification_are_all_sent(postgres_dsn: str) -> None:
    with listening(postgres_dsn) as heard:
        for name in ("a list of mine and of my whole family", '"' * 1000, "\U0001f3ac" * 1000):
            lists = [f"{number}{name}"[:1000] for number in range(300)]
            trigger_sync("\U0001f3ac" * 200, dsn=postgres_dsn, lists=lists, dry_run=True)
            found = heard()
            assert len(found) > 1
            assert [one for part in found for one in cast("list[str]", part["lists"])] == lists
            assert all(part["dry_run"] for part in found)


def test_a_payload_may_be_as_long_as_postgresql_takes(postgres_dsn: str) -> None:
    room = MOST_BYTES - len(payloads_of("me", ["", *("x" * 1000,) * 7])[0].encode())
    lists = ["y" * room, *("x" * 1000,) * 7]
    with listening(postgres_dsn) as heard:
        trigger_sync("me", dsn=postgres_dsn, lists=lists)
        trigger_sync("me", dsn=postgres_dsn, lists=[f"y{lists[0]}", *lists[1:]])
        assert [len(cast("list[str]", one["lists"])) for one in heard()] == [8, 4, 4]


def test_a_table_of_triggers_keeps_what_is_sent_and_it_is_heard_once(postgres_dsn: str) -> None:
    lists = [f"list {number} of my whole family" for number in range(1000)]
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
    with listening(postgres_dsn, "Mine: …") as heard:
        trigger_sync("me\n", dsn=postgres_dsn, channel="Mine: …")
        trigger_sync("me", dsn=postgres_dsn, channel="Mine: …", lists=lists, dry_run=True)
        assert [one["listsync_trigger"] for one in heard()] == [1, 2]
    with psycopg.connect(postgres_dsn) as link:
        rows = link.execute("SELECT source, lists, dry_run FROM listsync_triggers ORDER BY id")
        assert rows.fetchall() == [("me", None, False), ("me", lists, True)]


@pytest.mark.parametrize("other", ["Mine: …2", "Mine: "])
def test_a_table_that_notifies_another_channel_keeps_nothing_from_ours(
    postgres_dsn: str, other: str
) -> None:
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
    with listening(postgres_dsn, other) as heard:
        trigger_sync("me", dsn=postgres_dsn, channel=other)
        assert [one["source"] for one in heard()] == ["me"]
    with psycopg.connect(postgres_dsn) as link:
        assert link.execute("SELECT count(*) FROM listsync_triggers").fetchone() == (0,)


def test_who_may_not_write_to_the_table_notifies_all_the_same(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
        link.execute("DROP ROLE IF EXISTS listsync_test_sender")
        link.execute("CREATE ROLE listsync_test_sender LOGIN")
    other = psycopg.conninfo.make_conninfo(postgres_dsn, user="listsync_test_sender")
    try:
        with listening(postgres_dsn, "Mine: …") as heard:
            trigger_sync("me", dsn=other, channel="Mine: …")
            assert [one["source"] for one in heard()] == ["me"]
    finally:
        with psycopg.connect(postgres_dsn) as link:
            assert link.execute("SELECT count(*) FROM listsync_triggers").fetchone() == (0,)
            link.execute("DROP ROLE listsync_test_sender")


def test_without_a_dsn_the_variable_counts(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DSN_VARIABLE, postgres_dsn)
    with listening(postgres_dsn) as heard:
        trigger_sync("me")
        assert len(heard()) == 1


def test_threads_send_beside_each_other_and_leave_no_connection(postgres_dsn: str) -> None:
    threads = [
        threading.Thread(target=trigger_sync, args=(f"thread {n}",), kwargs={"dsn": postgres_dsn})
        for n in range(6)
    ]
    with listening(postgres_dsn) as heard:
        for one in threads:
            one.start()
        for one in threads:
            one.join(_WAIT_S)
        assert {one["source"] for one in heard()} == {f"thread {n}" for n in range(6)}
        left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'listsync trigger'"
        with psycopg.connect(postgres_dsn) as link:
            end = time.monotonic() + _WAIT_S
            while link.execute(left).fetchone() != (0,):  # the server ends them in its own time
                assert time.monotonic() < end
                link.rollback()


@pytest.mark.parametrize("dsn", ["", "host=127.0.0.1 port=1 user=a password=Planted1", "Planted1"])
def test_what_cannot_be_sent_raises_the_one_error_without_secrets(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(DSN_VARIABLE, raising=False)
    with pytest.raises(TriggerNotSentError) as caught:
        trigger_sync("me", dsn=dsn)
    assert "Planted" not in str(caught.value)


def test_a_server_that_is_gone_is_told_at_once(
    postgres_dsn: str, postgres_server: PostgresServer
) -> None:
    postgres_server.stop()
    try:
        with pytest.raises(TriggerNotSentError, match="refused"):
            trigger_sync("me", dsn=postgres_dsn)
    finally:
        postgres_server.start()
    trigger_sync("me", dsn=postgres_dsn)


def test_a_server_that_says_nothing_is_not_waited_for_without_an_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dsn = f"host=127.0.0.1 port={silent.getsockname()[1]} user=a connect_timeout=2"
        with pytest.raises(TriggerNotSentError, match="timeout"):
            trigger_sync("me", dsn=dsn)


def test_a_table_that_somebody_locks_is_not_waited_for_without_an_end(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.postgres.sender._SEND_S", 0.3)
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
        link.commit()
        link.execute("LOCK TABLE listsync_triggers")
        with pytest.raises(TriggerNotSentError, match=r"no answer within 0.3 s"):
            trigger_sync("me", dsn=postgres_dsn, channel="Mine: …")


def test_without_psycopg_it_is_said_how_to_come_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(TriggerNotSentError, match=r"pip install 'listsync\[postgres\]'"):
        trigger_sync("me", dsn="host=127.0.0.1")


def test_the_package_loads_what_sends_only_when_it_is_used() -> None:
    script = (
        "import sys, listsync\n"
        "assert not [one for one in sys.modules if one.startswith('listsync.')]\n"
        "assert 'typing' not in sys.modules\n"
        "from listsync import trigger_sync\n"
        "assert 'psycopg' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-S", "-c", script], check=True, env=_paths())
    assert set(listsync.__all__) == {"TriggerNotSentError", "__version__", "trigger_sync"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = listsync.nothing  # type: ignore[attr-defined]


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(filter(None, sys.path))}
