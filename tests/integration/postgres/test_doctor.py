"""What the doctor says of PostgreSQL, as it stands on a real one."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from listsync import __version__
from listsync.app import postgres_checks
from listsync.app.doctor import CheckResult, CheckState
from listsync.config_types import SecretStr
from listsync.fleet.lease import FleetLease
from listsync.fleet.schema import FORMAT
from listsync.postgres.connection import PostgresLink
from tests.integration.app.test_doctor import found, patient_of
from tests.postgres_pooler import pooled

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_TABLE = "CREATE TABLE listsync_triggers (id bigint)"


def _found(folder: Path, dsn: str | None, **postgres: object) -> list[CheckResult]:
    http = {"listen": "127.0.0.1:0"}
    patient = patient_of(folder, http=http, postgres={"dsn": dsn, **postgres})
    return found(postgres_checks.postgres, patient)


def _of(subject: str, results: list[CheckResult]) -> list[tuple[CheckState, str, str]]:
    return [(one.state, one.text, one.advice) for one in results if one.subject == subject]


@contextmanager
def _led(dsn: str, *members: tuple[str, str, str]) -> Iterator[FleetLease]:
    """Let there be a fleet with *members*: their name, version and lists."""
    lease = FleetLease("sync_trigger", "an-owner", "attic")
    link = PostgresLink(SecretStr(dsn))
    lease.prepare(link.connection)
    assert lease.acquire(link.connection)
    for number, values in enumerate(members):
        insert = "INSERT INTO listsync_members (fleet, owner, name, version, lists) VALUES "
        given = (lease.fleet, str(number), *values)
        link.connection.execute(insert + "(%s, %s, %s, %s, %s)", given)
    try:
        yield lease
    finally:
        link.close()


def test_without_a_dsn_nothing_is_said_and_psycopg_is_not_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert _found(tmp_path, None) == []
    (one,) = _found(tmp_path, "host=127.0.0.1")
    assert one.state is _FAILED
    assert "pip install 'listsync[postgres]'" in one.text


def test_all_is_well_at_a_server_that_answers(tmp_path: Path, postgres_dsn: str) -> None:
    results = _found(tmp_path, postgres_dsn)
    assert {one.state for one in results} == {_OK}
    assert [(one.check, one.subject) for one in results] == [
        ("postgres", ""),
        ("clock", "postgres"),
        ("postgres", "notifications"),
        ("postgres", "triggers"),
    ]
    database = postgres_dsn.partition("dbname=")[2].split()[0]
    assert f"answers, database {database} as listsync" in results[0].text


def test_a_server_that_is_away_is_told_with_what_to_do_and_no_secret(tmp_path: Path) -> None:
    (one,) = _found(tmp_path, "host=127.0.0.1 port=1 user=a password=PlantedPassword1")
    assert (one.state, "refused" in one.text, "psql" in one.advice) == (_FAILED, True, True)
    assert "Planted" not in str(one)


def test_a_standby_server_is_told_as_nobody_can_listen_there(
    tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = postgres_checks._FACTS.replace("pg_is_in_recovery()", "true")
    monkeypatch.setattr(postgres_checks, "_FACTS", facts)
    (one,) = _found(tmp_path, postgres_dsn)
    assert (one.state, "target_session_attrs" in one.advice) == (_FAILED, True)


@pytest.mark.parametrize("sessions", [1, 2])
def test_what_a_pooler_of_transactions_swallows_is_told(
    tmp_path: Path, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch, sessions: int
) -> None:
    monkeypatch.setattr(postgres_checks, "_ANSWER_S", 0.5)
    with pooled(postgres_dsn, sessions) as dsn:
        results = _found(tmp_path, dsn, fleet=True)
    ((state, text, advice),) = _of("notifications", results)
    assert state is _FAILED
    assert "pooler" in text
    assert "pool_mode = session" in advice
    assert [one.state for one in results].count(_OK) == len(results) - 1


def test_a_pooler_of_sessions_is_as_good_as_the_server(tmp_path: Path, postgres_dsn: str) -> None:
    with pooled(postgres_dsn, None) as dsn:
        assert {one.state for one in _found(tmp_path, dsn, fleet=True)} == {_OK}


def test_what_becomes_of_triggers_that_nobody_hears_is_told(
    tmp_path: Path, postgres_dsn: str
) -> None:
    ((state, _, advice),) = _of("triggers", _found(tmp_path, postgres_dsn, catch_up=False))
    assert (state, "triggers.sql" in advice) == (_WARNING, True)
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
    ((state, text, _),) = _of("triggers", _found(tmp_path, postgres_dsn, catch_up=False))
    assert (state, "keeps" in text) == (_OK, True)


@pytest.fixture
def stranger(postgres_dsn: str) -> Iterator[str]:
    """Give the DSN of a role without any right."""
    name = f"stranger_{postgres_dsn.partition('dbname=')[2].split()[0]}"
    with psycopg.connect(postgres_dsn) as link:
        link.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    yield psycopg.conninfo.make_conninfo(postgres_dsn, user=name)
    with psycopg.connect(postgres_dsn) as link:
        link.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_rights_that_are_missing_are_named(
    tmp_path: Path, postgres_dsn: str, stranger: str
) -> None:
    (one,) = _of("fleet", _found(tmp_path, stranger, fleet=True))
    assert one[0] is _FAILED
    assert "GRANT CREATE ON SCHEMA public" in one[2]
    with psycopg.connect(postgres_dsn) as link:
        link.execute(_TABLE)
    with _led(postgres_dsn):
        results = _found(tmp_path, stranger, fleet=True)
    ((state, _, advice),) = _of("triggers", results)
    assert (state, "GRANT SELECT ON listsync_triggers" in advice) == (_FAILED, True)
    ((state, text, advice),) = _of("fleet", results)
    assert state is _FAILED
    assert text == "we may not use listsync_fleets, listsync_members, listsync_rows"
    assert advice.startswith("GRANT SELECT, INSERT, UPDATE, DELETE ON listsync_fleets")


def test_a_fleet_is_told_from_its_first_agent_to_its_end(
    tmp_path: Path, postgres_dsn: str
) -> None:
    ((state, text, _),) = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
    assert (state, "no fleet yet" in text) == (_OK, True)
    members = [(name, __version__, "the same") for name in ("attic", "cellar")]
    with _led(postgres_dsn, *members) as lease:
        ((state, text, _),) = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
        assert state is _OK
        assert re.fullmatch(r"attic leads since \d+ s, among 2 agents", text)
        other = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True, channel="other"))
        assert "no fleet other yet" in other[0][1]
        with psycopg.connect(postgres_dsn) as link:
            lease.release(link)
        ((state, text, _),) = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
        assert (state, text) == (
            _WARNING,
            "nobody leads; 2 agents took part in the last 5 minutes",
        )


def test_a_fleet_in_another_schema_of_the_database_is_told(
    tmp_path: Path, postgres_dsn: str
) -> None:
    with psycopg.connect(postgres_dsn) as link:
        link.execute("CREATE SCHEMA theirs")
    theirs = psycopg.conninfo.make_conninfo(postgres_dsn, options="-c search_path=theirs")
    with _led(theirs), _led(postgres_dsn):
        results = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
    assert [state for state, *_ in results] == [_OK, _WARNING]
    assert results[1][1] == (
        "this fleet is in the schema public; there are tables of a fleet in theirs, too"
    )


def test_agents_that_differ_are_named(tmp_path: Path, postgres_dsn: str) -> None:
    with _led(postgres_dsn, ("attic", __version__, "a"), ("cellar", "9.9.9", "b")):
        results = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
        assert [state for state, *_ in results] == [_OK, _WARNING, _WARNING]
        assert "cellar (9.9.9)" in results[1][1]
        assert "the same lists" in results[2][1]
        with psycopg.connect(postgres_dsn) as link:
            link.execute("UPDATE listsync_fleets SET format = %s", (FORMAT + 1,))
        ((state, text, _),) = _of("fleet", _found(tmp_path, postgres_dsn, fleet=True))
    assert (state, "a newer listsync" in text) == (_FAILED, True)
