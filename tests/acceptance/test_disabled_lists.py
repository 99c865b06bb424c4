"""`enabled: false`: a list is kept with all that is known of it, and nothing leaves it."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_REQUEST = "POST /request"


def _outcomes(agent: AgentProcess) -> dict[str, str]:
    return {one["name"]: one["outcome"] for one in agent.ctl_json("lists")["lists"]}


def _known(agent: AgentProcess) -> dict[str, str]:
    items = agent.ctl_json("items", "--list", "off.csv")["items"]
    return {one["title"]: one["status"] for one in items}


def test_a_disabled_list_keeps_what_it_had_and_loses_nothing(
    home: Home, start_agent: StartAgent
) -> None:
    on = home.write_list("on.csv", titles_csv([603]))
    off = home.write_list("off.csv", titles_csv([680, 13]))
    home.write_config([on, off], sync={"every": 0})
    agent = start_agent(home)
    agent.ask("trigger")
    agent.until_synced(1)
    known = _known(agent)
    assert len(known) == 2

    home.write_list("off.csv", titles_csv([]))  # what a reading would find
    home.write_config([on, {**off, "enabled": False, "cancel_removed": True}], sync={"every": 0})
    assert agent.ctl("reload").code == 0
    agent.ask("trigger")
    agent.until_synced(2)
    assert _outcomes(agent)["off.csv"] == "disabled"
    assert "disabled" in agent.ctl("lists").out
    assert _known(agent) == known
    refused = agent.ctl("sync-now", "off.csv")
    assert refused.code != 0
    assert "'off.csv' is disabled" in refused.err

    home.write_list("off.csv", titles_csv([680, 13]))
    home.write_config([on, off], sync={"every": 0})
    assert agent.ctl("reload").code == 0
    agent.until_synced(3)
    assert _outcomes(agent)["off.csv"] in {"complete", "unchanged"}
    assert sorted(requested(home)) == [13, 603, 680]
    assert home.sandbox.admin("log")["calls"][_REQUEST] == 3, "nothing is requested again"
