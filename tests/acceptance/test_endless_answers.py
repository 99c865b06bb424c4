"""Answers that never end: `cancel`, a stop and Ctrl-C end the sync all the same, and soon."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.agent_process import AgentProcess, requested, until
from tests.acceptance.conftest import Home, titles_csv
from tests.acceptance.dripping import DrippingProxy, dripping_proxy

StartAgent = Callable[..., AgentProcess]
PROMISED_S = 5.0


@pytest.fixture
def home(shared_home: Home) -> Home:
    return shared_home


@pytest.fixture
def proxy(home: Home) -> Iterator[DrippingProxy]:
    """Stand before the server of *home*, which follows a list of two films through it."""
    with dripping_proxy(home.sandbox.url, home.folder / "proxy") as proxy:
        follow(home, proxy, home.write_list("l.csv", titles_csv([603, 604])))
        yield proxy


def follow(home: Home, proxy: DrippingProxy, *lists: dict[str, object], **more: object) -> None:
    server = {"url": proxy.url, "api_key": home.sandbox.api_key, "timeout_s": 2}
    home.write_config(lists, server=server, sync={"every": 0}, **more)


def until_over(agent: AgentProcess, run_id: str) -> float:
    """Wait until the run has ended as cancelled; gives how long that took."""
    began = time.monotonic()
    until("its end", lambda: (agent.status["running"] or {}).get("run_id") != run_id)
    took_s = time.monotonic() - began
    (run,) = (one for one in agent.runs if one["run_id"] == run_id)
    assert (run["result"], bool(run["ended_at"])) == ("cancelled", True)
    return took_s


@pytest.mark.parametrize(
    "calls", ["GET /api/v1/status", "GET /api/v1/media", "POST /api/v1/request"]
)
def test_cancel_ends_a_sync_whose_answer_never_ends_and_the_next_one_runs(
    home: Home, start_agent: StartAgent, proxy: DrippingProxy, calls: str
) -> None:
    agent = start_agent(home)
    proxy.drip(calls)
    run_id = agent.ask("trigger")["run_id"]
    proxy.until_dripping()
    waiting = agent.ask("trigger")
    assert waiting["state"] == "queued"
    proxy.stop()
    told = agent.ctl("cancel")
    assert (told.code, "within 5 s" in told.out) == (0, True)
    assert until_over(agent, run_id) < PROMISED_S
    runs = agent.until_synced(2)
    assert runs[1]["run_id"] == waiting["run_id"]
    assert sorted(requested(home)) == [603, 604]


def test_cancel_ends_a_sync_whose_list_never_ends_and_nothing_of_it_counts(
    home: Home, start_agent: StartAgent, proxy: DrippingProxy
) -> None:
    services = {"stevenlu": {"base_url": proxy.url}}
    follow(home, proxy, {"stevenlu": "popular"}, providers=services)
    agent = start_agent(home)
    proxy.drip("GET /movies.json")
    run_id = agent.ask("trigger")["run_id"]
    proxy.until_dripping()
    agent.ask("cancel")
    assert until_over(agent, run_id) < PROMISED_S
    (one,) = agent.ask("lists")["lists"]
    assert (one["outcome"], one["failures"], one["retry_at"]) == ("not read yet", 0, None)


@pytest.mark.usefixtures("proxy")
def test_cancel_ends_a_sync_that_the_server_asked_to_wait(
    home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(home)
    slower = {"kind": "status", "status": 429, "path": "/media", "headers": {"Retry-After": "50"}}
    home.sandbox.admin("faults", slower)
    run_id = agent.ask("trigger")["run_id"]
    agent.until_logged("Rate limited")
    agent.ask("cancel")
    assert until_over(agent, run_id) < 2


def test_term_ends_an_agent_whose_sync_waits_for_ever_and_the_next_one_goes_on(
    home: Home, start_agent: StartAgent, proxy: DrippingProxy
) -> None:
    agent = start_agent(home)
    proxy.drip("GET /api/v1/media")
    agent.ask("trigger")
    proxy.until_dripping()
    began = time.monotonic()
    assert agent.terminate() == 0
    assert time.monotonic() - began < PROMISED_S
    proxy.stop()
    again = start_agent(home)
    again.until_synced(2)
    assert sorted(requested(home)) == [603, 604]


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
