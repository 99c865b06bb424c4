"""Answers that never end: `cancel`, a stop and Ctrl-C end the sync all the same, and soon."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.agent_process import AgentProcess, requested, until
from tests.acceptance.conftest import Home, Sandboxes, titles_csv
from tests.acceptance.dripping import DrippingProxy, dripping_proxy

StartAgent = Callable[..., AgentProcess]
PROMISED_S = 30.0


@pytest.fixture(scope="module")
def standing_proxy(
    _sandboxes: Sandboxes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DrippingProxy]:
    folder = tmp_path_factory.mktemp("proxy") / "p"
    with dripping_proxy(_sandboxes.emptied().url, folder) as proxy:
        yield proxy


@pytest.fixture
def proxy(home: Home, standing_proxy: DrippingProxy) -> DrippingProxy:
    """Stand before the server and the service of *home*, which follows two films and a list."""
    standing_proxy.stop()
    server = {"url": standing_proxy.url, "api_key": home.sandbox.api_key, "timeout_s": 2}
    home.write_config(
        [home.write_list("l.csv", titles_csv([603, 604])), {"stevenlu": "popular"}],
        server=server,
        providers={"stevenlu": {"base_url": standing_proxy.url}},
        sync={"every": 0},
    )
    return standing_proxy


def until_over(agent: AgentProcess, run_id: str) -> float:
    """Wait until the run has ended as cancelled; gives how long that took."""
    began = time.monotonic()
    until("its end", lambda: (agent.status["running"] or {}).get("run_id") != run_id)
    took_s = time.monotonic() - began
    (run,) = (one for one in agent.runs if one["run_id"] == run_id)
    assert (run["result"], bool(run["ended_at"])) == ("cancelled", True)
    return took_s


def test_cancel_ends_a_sync_whatever_it_waits_for_and_the_next_one_runs(
    home: Home, start_agent: StartAgent, proxy: DrippingProxy
) -> None:
    agent = start_agent(home)

    def cancelled(until_it_waits: Callable[[], None]) -> None:
        run_id = agent.ask("trigger")["run_id"]
        until_it_waits()
        assert "within 5 s" in agent.ask("cancel")["message"]
        assert until_over(agent, run_id) < PROMISED_S

    proxy.drip("GET /movies.json")
    cancelled(proxy.until_dripping)
    read = agent.ask("lists")["lists"][1]
    assert (read["outcome"], read["failures"], read["retry_at"]) == ("not read yet", 0, None)

    proxy.drip("GET /api/v1/media")
    cancelled(proxy.until_dripping)

    proxy.stop()
    wait = {"kind": "status", "status": 429, "path": "/media", "headers": {"Retry-After": "50"}}
    home.sandbox.admin("faults", wait)
    cancelled(lambda: agent.until_logged("Rate limited"))

    proxy.drip("POST /api/v1/request")
    run_id = agent.ask("trigger")["run_id"]
    proxy.until_dripping()
    assert requested(home) == [603]
    waiting = agent.ask("trigger")
    assert waiting["state"] == "queued"
    proxy.stop()
    agent.ask("cancel")
    assert until_over(agent, run_id) < PROMISED_S
    assert agent.until_synced(5)[-1]["run_id"] == waiting["run_id"]
    assert requested(home) == [603, 604]


def test_term_ends_an_agent_whose_sync_waits_for_ever(
    home: Home, start_agent: StartAgent, proxy: DrippingProxy
) -> None:
    agent = start_agent(home)
    proxy.drip("GET /api/v1/media")
    agent.ask("trigger")
    proxy.until_dripping()
    began = time.monotonic()
    assert agent.terminate() == 0
    assert time.monotonic() - began < PROMISED_S


def test_ctrl_c_ends_a_sync_without_an_agent_too(home: Home, proxy: DrippingProxy) -> None:
    proxy.drip("GET /api/v1/media")
    child = subprocess.Popen(
        home.command("once"),
        env=home.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        proxy.until_dripping()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=PROMISED_S)
    finally:
        child.kill()
    assert child.returncode == 130
    assert "stopped on request" in out + err
    assert "Traceback" not in out + err
