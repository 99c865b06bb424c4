"""`POST /api/sync` goes to a fleet by NOTIFY; an agent alone needs no database for it."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.app.conftest import AgentInProcess
from tests.integration.postgres.listening import listening

_TOKEN = "no-secret-but-long-enough"
_NOBODY = "host=127.0.0.1 port=1 user=a password=PlantedPassword1"


def _open(agent: AgentInProcess, port: int, **postgres: object) -> None:
    tokens = [{"name": "me", "token": _TOKEN}]
    agent.write({"http": {"listen": f"127.0.0.1:{port}", "tokens": tokens}, "postgres": postgres})
    agent.reload()


def _post(port: int, path: str = "/api/sync") -> httpx.Response:
    headers = {"Authorization": f"Bearer {_TOKEN}"}
    url = f"http://127.0.0.1:{port}{path}"
    return httpx.post(url, headers=headers, timeout=30, trust_env=False)


def test_an_agent_alone_syncs_though_its_database_is_dead(
    agent: AgentInProcess, port: int
) -> None:
    _open(agent, port, dsn=_NOBODY)
    answer = _post(port)
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert answer.json()["run_id"]
    agent.syncs.get(timeout=30)


@pytest.mark.parametrize("path", ["/api/sync", "/api/sync/trigger"])
def test_in_a_fleet_it_is_sent_on_its_channel(
    agent: AgentInProcess, port: int, postgres_dsn: str, path: str
) -> None:
    _open(agent, port, dsn=postgres_dsn, channel="ours", fleet=True)
    with listening(postgres_dsn, "ours") as heard:
        answer = _post(port, path)
        assert [one["source"] for one in heard()] == ["api"]
    assert (answer.status_code, answer.json()["state"]) == (200, "sent")


def test_in_a_fleet_whose_database_is_dead_it_is_an_error_without_secrets(
    agent: AgentInProcess, port: int
) -> None:
    _open(agent, port, dsn=_NOBODY, fleet=True)
    answer = _post(port)
    assert (answer.status_code, answer.json()["success"]) == (500, False)
    assert answer.json()["message"].startswith("the trigger was not sent: PostgreSQL: ")
    assert "Planted" not in answer.text


def test_leaving_the_fleet_is_followed_without_a_restart(agent: AgentInProcess, port: int) -> None:
    _open(agent, port, dsn=_NOBODY, fleet=True)
    assert _post(port).status_code == 500
    _open(agent, port, dsn=_NOBODY)
    assert _post(port).status_code == 200
