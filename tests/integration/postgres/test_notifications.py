"""What others NOTIFY arrives, without asking for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from listsync.config_types import SecretStr
from listsync.postgres.connection import PostgresLink, PostgresServerError
from listsync.postgres.notifications import PostgresNotifications

_PATIENCE_S = 30.0


@pytest.fixture
def sender(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as one:
        yield one


@pytest.fixture
def listening(postgres_dsn: str) -> Iterator[PostgresNotifications]:
    link = PostgresLink(SecretStr(postgres_dsn))
    one = PostgresNotifications(link, ['sync "trigger', "other"])
    yield one
    one.close()


def _send(sender: psycopg.Connection, *payloads: str, channel: str = 'sync "trigger') -> None:
    for payload in payloads:
        sender.execute("SELECT pg_notify(%s, %s)", (channel, payload))


def _heard(listening: PostgresNotifications, count: int) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    until = time.monotonic() + _PATIENCE_S
    while len(heard) < count and time.monotonic() < until:
        heard += [(one.channel, one.payload) for one in listening.wait(_PATIENCE_S)]
    return heard


def test_what_is_sent_arrives_in_order_whatever_the_channels_are_called(
    listening: PostgresNotifications, sender: psycopg.Connection
) -> None:
    _send(sender, "a", "a")
    _send(sender, "\N{SNOWMAN}" * 2_666, channel="other")
    _send(sender, "nobody listens", channel="sync")
    _send(sender, "b" * 7_999)
    name = 'sync "trigger'
    assert _heard(listening, 4) == [
        (name, "a"),
        (name, "a"),
        ("other", "\N{SNOWMAN}" * 2_666),
        (name, "b" * 7_999),
    ]


def test_what_comes_while_something_else_is_asked_is_kept(
    listening: PostgresNotifications, sender: psycopg.Connection
) -> None:
    _send(sender, "first")
    listening.ping()
    assert listening.hears_itself(_PATIENCE_S)
    assert [one.payload for one in listening.wait(0)] == ["first"]
    assert listening.wait(0) == ()


def test_a_wait_ends_when_another_thread_wakes_it(listening: PostgresNotifications) -> None:
    threading.Timer(0.05, listening.wake).start()
    began = time.monotonic()
    assert listening.wait(_PATIENCE_S) == ()
    assert time.monotonic() - began < _PATIENCE_S / 2


def test_a_flood_comes_in_pieces_and_whole(
    listening: PostgresNotifications, sender: psycopg.Connection
) -> None:
    sender.execute(
        "SELECT pg_notify('other', n || repeat('x', 1000)) FROM generate_series(1, 2000) n"
    )
    sizes: list[int] = []
    names: set[str] = set()
    while len(names) < 2000:
        found = listening.wait(_PATIENCE_S)
        sizes.append(len(found))
        names |= {one.payload for one in found}
    assert max(sizes) <= 256
    assert min(sizes) > 0


def test_what_was_sent_before_the_end_of_a_connection_comes_first(
    listening: PostgresNotifications, sender: psycopg.Connection
) -> None:
    _send(sender, "last words")
    pids = [row[0] for row in sender.execute(_OTHERS)]
    for pid in pids:
        sender.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
    assert [payload for _, payload in _heard(listening, 1)] == ["last words"]
    with pytest.raises(PostgresServerError, match="PostgreSQL"):
        listening.wait(_PATIENCE_S)
    with pytest.raises(PostgresServerError, match="PostgreSQL"):
        listening.ping()


_OTHERS = """SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


def test_a_payload_that_is_no_utf8_is_a_payload(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        name = f"{admin.info.dbname}_ascii"
        admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        dsn = psycopg.conninfo.make_conninfo(postgres_dsn, dbname=name)
        one = PostgresNotifications(PostgresLink(SecretStr(dsn)), ["x"])
        try:
            with psycopg.connect(dsn, autocommit=True) as sender:
                sender.execute("SELECT pg_notify('x', E'caf\\351')")
            assert _heard(one, 1) == [("x", "caf\N{REPLACEMENT CHARACTER}")]
        finally:
            one.close()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
