"""Connections never hang, and no error repeats what is secret."""

from __future__ import annotations

import time

import pytest

from listsync.config_types import SecretStr
from listsync.postgres.connection import LISTENS, SHARES, PostgresLink, PostgresServerError
from tests.postgres_pooler import pooled
from tests.postgres_server import set_for_all


def test_what_does_not_answer_in_time_is_closed(postgres_dsn: str) -> None:
    link = PostgresLink(SecretStr(postgres_dsn))
    began = time.monotonic()
    with (
        pytest.raises(PostgresServerError, match=r"no answer within 0.2 s"),
        link.within(0.2) as one,
    ):
        one.execute("SELECT pg_sleep(20)")
    assert time.monotonic() - began < 10
    link.close()


def test_what_is_answered_in_time_leaves_the_connection_open(postgres_dsn: str) -> None:
    link = PostgresLink(SecretStr(postgres_dsn))
    for _ in range(3):
        with link.within(30) as one:
            assert one.execute("SELECT 1").fetchone() == (1,)
    link.close()


def test_what_an_administrator_sets_for_all_ends_no_session_of_ours(postgres_dsn: str) -> None:
    set_for_all(
        postgres_dsn,
        DateStyle="German",
        idle_session_timeout="1s",
        statement_timeout="1s",
        synchronous_commit="off",
    )
    shown = "SELECT current_setting(name) FROM unnest(%s::text[]) AS name"
    names = ["idle_session_timeout", "statement_timeout", "synchronous_commit"]
    found = []
    for settings in (LISTENS, SHARES):
        link = PostgresLink(SecretStr(postgres_dsn), settings=settings)
        again = link.another()
        for one in (link, again):
            with one.within(30) as connection:
                found.append([value for (value,) in connection.execute(shown, (names,))])
                assert connection.execute("SELECT clock_timestamp()").fetchone() is not None
            one.close()
    listens, shares = ["0", "1s", "off"], ["0", "5min", "on"]
    assert found == [listens, listens, shares, shares]


@pytest.mark.parametrize("sessions", [1, None], ids=["of-all", "of-its-own"])
def test_a_session_that_a_pooler_may_hand_on_is_left_as_it_is_until_it_is_known_to_be_ours(
    postgres_dsn: str, sessions: int | None
) -> None:
    set_for_all(postgres_dsn, idle_session_timeout="1h")
    with pooled(postgres_dsn, sessions) as dsn:
        link = PostgresLink(SecretStr(dsn), settings=LISTENS)
        assert idle_timeout_of(link) == "1h"
        link.settle()
        again = link.another()
        assert [idle_timeout_of(one) for one in (link, again)] == ["0", "0"]
        link.close()
        again.close()


def idle_timeout_of(link: PostgresLink) -> str:
    with link.within(30) as one:
        row = one.execute("SHOW idle_session_timeout", prepare=False).fetchone()
    assert row is not None
    return str(row[0])


def test_what_a_commit_waits_for_is_left_to_the_administrator(postgres_dsn: str) -> None:
    set_for_all(postgres_dsn, synchronous_commit="remote_write")
    link = PostgresLink(SecretStr(postgres_dsn), settings=SHARES)
    with link.within(30) as one:
        assert one.execute("SHOW synchronous_commit").fetchone() == ("remote_write",)
    link.close()


@pytest.mark.parametrize(
    "dsn",
    [
        "host=127.0.0.1 port=1 user=a password=PlantedPassword1",
        "postgresql://a:PlantedPassword1@127.0.0.1:1/x",
        "PlantedPassword1",
        "postgresql://a:PlantedPassword1@[::1/x",
        "postgresql://a:%zzPlantedPassword1@127.0.0.1:1/x",
        "host=127.0.0.1 password=of two PlantedWords",
        "host=127.0.0.1 password=of two PlantedWords=x",
    ],
)
def test_no_error_repeats_what_is_secret(dsn: str) -> None:
    with pytest.raises(PostgresServerError) as caught:
        PostgresLink(SecretStr(dsn))
    assert "Planted" not in str(caught.value)
