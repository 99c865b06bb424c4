"""An agent that others trigger by NOTIFY."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.acceptance.agent_process import (
    AgentProcess,
    requested,
    set_latency,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]
StartHome = Callable[..., Home]
Notify = Callable[..., None]

_NUMBERS = range(20_000_001, 20_000_101)


@pytest.fixture
def notify(postgres_dsn: str) -> Iterator[Notify]:
    with psycopg.connect(postgres_dsn, autocommit=True) as sender:

        def send(source: str, **more: object) -> None:
            payload = json.dumps({"source": source, **more})
            sender.execute("SELECT pg_notify('sync_trigger', %s)", (payload,))

        yield send


@pytest.mark.slow
def test_triggers_that_come_in_a_sync_are_one_sync_after_it(
    start_home: StartHome, start_agent: StartAgent, postgres_dsn: str, notify: Notify
) -> None:
    home = start_home(titles=len(_NUMBERS))
    lists = [home.write_list("l.csv", titles_csv(_NUMBERS))]
    home.write_config(lists, sync={"every": 0}, postgres={"dsn": postgres_dsn})
    agent = start_agent(home)
    agent.until_logged("listening to PostgreSQL")
    set_latency(home, 120)
    notify("radarr")
    until_requested(home, 2)
    running = agent.status["running"]["run_id"]
    for source in ("api", "webhook", "api"):
        notify(source, lists=["l.csv"])
    until("all have come", lambda: agent.status["postgres"]["triggers"] == 4)
    waiting = agent.status["pending"]
    set_latency(home, 0)
    first, second = agent.until_synced(2)
    assert (first["run_id"], second["run_id"]) == (running, waiting["run_id"])
    assert (first["origin"], second["origin"]) == ("radarr", "api, webhook")
    assert [one["result"] for one in (first, second)] == ["ok", "ok"]
    assert sorted(requested(home)) == list(_NUMBERS)
