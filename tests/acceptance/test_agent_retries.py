"""What failed is tried again by itself. A minute passes here by changing what was written down."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.acceptance.agent_process import AgentProcess, as_if_left_so, requested
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_PAST = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def _follow(home: Home, **more: object) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], **more)


def _let_a_minute_pass(home: Home) -> None:
    """Let the retry that was written down be due; no agent may run."""
    with closing(sqlite3.connect(home.state / "listsync.db")) as database, database:
        (kept,) = database.execute("SELECT value FROM notebook WHERE name = 'retry'").fetchone()
        changed = json.dumps({**json.loads(kept), "due": _PAST})
        database.execute("UPDATE notebook SET value = ? WHERE name = 'retry'", (changed,))
    as_if_left_so(home)


def _retry_in_s(agent: AgentProcess) -> float:
    at = datetime.fromisoformat(agent.status["retry"]["at"])
    return (at - datetime.now(UTC)).total_seconds()


def test_an_agent_that_begins_before_its_server_syncs_when_that_is_there(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home)
    home.sandbox.kill()
    agent = start_agent(home)
    (run,) = agent.until_synced(1)
    assert run["result"] == "failed"
    assert 50 < _retry_in_s(agent) <= 66
    words = "the server cannot be reached (connection refused"
    assert agent.status["retry"]["why"].startswith(words)
    told = agent.ctl("status").out
    assert f"retry in 1 min: {words}" in told or f"retry in 59 s: {words}" in told
    agent.until_logged(f"retry in 1 min: {words}")
    # Neither the time nor the number of the try is lost.
    at = agent.status["retry"]["at"]
    agent.kill()
    agent = start_agent(home)
    assert agent.status["retry"]["at"] == at
    # Nor is what failed forgotten.
    assert agent.status["last_run"]["run_id"] == run["run_id"]
    result = agent.ask("progress")["last_result"]
    assert (result["success"], run["message"] in result["message"]) == (False, True)
    agent.terminate()
    home.sandbox.restart()
    _let_a_minute_pass(home)
    agent = start_agent(home)
    runs = agent.until_synced(2)
    assert [(one["origin"], one["result"]) for one in runs[1:]] == [("retry", "ok")]
    assert requested(home) == [603]
    assert agent.status["retry"] is None


@pytest.mark.parametrize(
    ("on_change", "origin"),
    [
        pytest.param(True, "config", id="where-a-change-is-synced-anyway"),
        pytest.param(False, "retry", id="where-a-change-is-no-reason-to-sync"),
    ],
)
def test_a_key_that_is_mended_in_the_file_is_tried_at_once(
    home: Home, start_agent: StartAgent, *, on_change: bool, origin: str
) -> None:
    wrong = {"url": home.sandbox.url, "api_key": "wrong"}
    _follow(home, server=wrong, sync={"on_config_change": on_change})
    agent = start_agent(home)
    (run,) = agent.until_synced(1)
    assert run["result"] == "failed"
    assert 59 * 60 < _retry_in_s(agent) <= 66 * 60
    _follow(home, sync={"on_config_change": on_change})
    runs = agent.until_synced(2)
    assert (runs[1]["origin"], runs[1]["result"]) == (origin, "ok")
    status = agent.status
    assert status["retry"] is None
    assert status["server"]["product"] == "Seerr"
    # The state knows it too.
    agent.terminate()
    assert start_agent(home).status["server"] == status["server"]


def test_a_list_that_failed_is_asked_again_alone_at_its_own_time(
    home: Home, start_agent: StartAgent
) -> None:
    class Service(BaseHTTPRequestHandler):
        is_well = False

        def do_GET(self) -> None:
            self.send_response(200 if Service.is_well else 503)
            self.end_headers()
            self.wfile.write(b'[{"title": "Alien", "imdb_id": "tt0078748"}]')

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Service) as service:
        serving = threading.Thread(target=service.serve_forever, daemon=True)
        serving.start()
        base = f"http://127.0.0.1:{service.server_port}"
        popular: dict[str, object] = {"stevenlu": "popular", "name": "s"}
        mine = home.write_list("l.csv", titles_csv([603]))
        home.write_config([mine, popular], providers={"stevenlu": {"base_url": base}})
        agent = start_agent(home)
        (run,) = agent.until_synced(1)
        assert (run["result"], agent.status["retry"]) == ("partly", None)
        assert requested(home) == [603]
        (_, told) = agent.ask("lists")["lists"]
        assert told["outcome"] == "unavailable"
        assert "retry in" in agent.ctl("lists").out
        agent.terminate()
        with closing(sqlite3.connect(home.state / "listsync.db")) as database, database:
            database.execute(
                "UPDATE followed SET retry_at = ? WHERE retry_at IS NOT NULL", (_PAST,)
            )
        as_if_left_so(home)
        Service.is_well = True
        agent = start_agent(home)
        runs = agent.until_synced(2)
        assert (runs[1]["origin"], runs[1]["result"]) == ("retry", "ok")
        outcomes = {one["name"]: one["last_try"] for one in agent.ask("lists")["lists"]}
        assert outcomes["l.csv"] < runs[1]["started_at"] < outcomes["s"]
        assert requested(home) == [603, 348]
        service.shutdown()


def test_a_plan_that_fails_is_not_tried_again(home: Home, start_agent: StartAgent) -> None:
    _follow(home, sync={"every": 0})
    agent = start_agent(home)
    home.sandbox.kill()
    assert agent.ctl("plan").code == 1
    assert (agent.status["retry"], agent.status["last_run"]) == (None, None)
