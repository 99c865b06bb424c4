"""Servers that take no writes, are full, encrypt, or take over from each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from listsync import TriggerNotSentError, trigger_sync
from listsync.config_types import SecretStr
from listsync.domain.fleet import FleetRole, LeaseTimes
from listsync.domain.fleet_notices import notices_of_fleet
from listsync.postgres.connection import PostgresLink, PostgresServerError
from tests.integration.fleet.members import fleet_of
from tests.integration.http.authority import authority
from tests.integration.postgres.listener import Listening, until
from tests.postgres_server import set_for_all
from tests.postgres_tls import encrypted

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_LONG = LeaseTimes(60.0, 20.0, 20.0)
_STANDBY = "it is a standby server, or read-only: name the primary in postgres.dsn"


@pytest.fixture(scope="module")
def second_server(postgres_data: Path) -> Iterator[PostgresServer]:
    from tests.postgres_server import PostgresServer  # noqa: PLC0415 - as in conftest

    server = PostgresServer(postgres_data)
    yield server
    server.close()


@pytest.fixture
def standby(second_server: PostgresServer) -> PostgresServer:
    """Give a standby server, which may be promoted."""
    second_server.stand_by()
    return second_server


def test_a_standby_server_is_told_to_all_and_used_once_it_was_promoted(
    standby: PostgresServer,
) -> None:
    dsn = standby.dsn("postgres")
    with pytest.raises(TriggerNotSentError, match=_STANDBY):
        trigger_sync("test", dsn=dsn)
    listening = Listening(dsn)
    listening.start()
    until(lambda: _STANDBY in listening.listener.status.trouble)
    with fleet_of(1, dsn, _LONG) as (only,):
        only.events.wait_for(lambda: _STANDBY in only.membership.status.why)
        (notice,) = notices_of_fleet(only.membership.status)
        assert "requests nothing" in notice.text
        assert only.membership.status.role is FleetRole.JOINING
        standby.promote()
        only.await_role(FleetRole.LEADER)
    listening.is_connected()
    listening.stop()


@pytest.mark.parametrize("is_first", [True, False], ids=["standby-first", "primary-first"])
def test_of_several_servers_the_one_that_takes_writes_is_found_also_after_a_failover(
    postgres_server: PostgresServer, standby: PostgresServer, *, is_first: bool
) -> None:
    servers = [standby, postgres_server] if is_first else [postgres_server, standby]
    ports = ",".join(str(one.port) for one in servers)
    dsn = make_conninfo(standby.dsn("postgres"), host="127.0.0.1,127.0.0.1", port=ports)
    listening = Listening(dsn)
    listening.start()
    listening.is_connected()
    trigger_sync("before", dsn=postgres_server.dsn("postgres"))
    assert listening.next_job().origins == ("before",)
    postgres_server.stop()
    try:
        listening.is_connected(wanted=False)
        standby.promote()
        assert listening.next_job().origins == ("catch-up",)
        trigger_sync("after", dsn=dsn)
        assert listening.next_job().origins == ("after",)
    finally:
        postgres_server.start()
        listening.stop()


def test_a_database_that_is_set_to_be_read_only_keeps_a_fleet_waiting(postgres_dsn: str) -> None:
    set_for_all(postgres_dsn, default_transaction_read_only="on")
    with fleet_of(1, postgres_dsn, _LONG) as (only,):
        only.events.wait_for(lambda: _STANDBY in only.membership.status.why)
        with psycopg.connect(postgres_dsn, autocommit=True) as admin:
            admin.execute("SET default_transaction_read_only = off")
            name = sql.Identifier(admin.info.dbname)
            admin.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))
        only.await_role(FleetRole.LEADER)


def test_a_server_without_a_free_connection_is_told_and_waited_for(postgres_dsn: str) -> None:
    name = f"crowd_{postgres_dsn.partition('dbname=')[2].split()[0]}"
    role = sql.Identifier(name)
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 1").format(role))
        dsn = make_conninfo(postgres_dsn, user=name)
        listening = Listening(dsn)
        try:
            with psycopg.connect(dsn):
                listening.start()
                until(lambda: "too many connections" in listening.listener.status.trouble)
            listening.is_connected()
        finally:
            listening.stop()
            admin.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize(
    ("mode", "signer", "words"),
    [
        ("verify-full", "somebody else", "certificate verify failed"),
        ("verify-full", None, "root certificate file"),
        ("verify-full", "ours", ""),
        ("require", None, ""),
    ],
    ids=["wrong-authority", "no-authority", "verified", "encrypted"],
)
def test_an_encrypted_connection_is_made_or_it_is_said_why_not(
    postgres_dsn: str, tmp_path: Path, mode: str, signer: str | None, words: str
) -> None:
    root = tmp_path / "root.pem"
    if signer is not None:
        root.write_bytes(authority(signer).pem)
    with encrypted(postgres_dsn, tmp_path, authority("ours").signed("127.0.0.1")) as dsn:
        root_of = {"sslrootcert": str(root)} if mode == "verify-full" else {}
        listening = Listening(make_conninfo(dsn, sslmode=mode, **root_of))
        listening.start()
        if words:
            until(lambda: words in listening.listener.status.trouble)
        else:
            listening.is_connected()
            with psycopg.connect(postgres_dsn, autocommit=True) as sender:
                sender.execute(
                    "SELECT pg_notify('sync_trigger', n || repeat('x', 3000))"
                    " FROM generate_series(1, 400) n"
                )
            until(lambda: listening.listener.status.triggers == 400)
        listening.stop()


def test_a_server_that_does_not_encrypt_is_not_used_where_that_is_wanted(
    postgres_dsn: str,
) -> None:
    with pytest.raises(PostgresServerError, match="SSL was required"):
        PostgresLink(SecretStr(make_conninfo(postgres_dsn, sslmode="require")))
