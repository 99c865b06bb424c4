"""`listsync doctor`, as a person runs it beside an agent, and where much is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home, titles_csv

_EVERY = {
    "configuration",
    "permissions",
    "state",
    "disk",
    "sqlite",
    "clock",
    "timezone",
    "list",
    "server",
    "user",
    "rights",
    "browser",
    "rsync",
    "socket",
    "service_manager",
    "trigger",
}


def _by_name(out: str) -> dict[str, dict[str, Any]]:
    return {f"{one['name']} {one['subject']}".strip(): one for one in json.loads(out)["checks"]}


def test_beside_an_agent_all_is_tried_to_its_end_and_nothing_is_changed(
    home: Home, start_agent: Callable[..., AgentProcess]
) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync={"every": 0})
    agent = start_agent(home)
    before = {one.name: one.stat().st_mtime_ns for one in home.folder.iterdir() if one.is_file()}
    ran = home.run("doctor", "--json", LISTSYNC_SOCKET=str(agent.socket))
    told = _by_name(ran.out)
    assert ran.code == 0, ran.out
    assert {one["name"] for one in told.values()} == _EVERY
    assert told["trigger l.csv"]["state"] == "ok"
    assert "1 would be requested" in told["trigger l.csv"]["text"]
    assert "Background dry run completed: 1 would be requested" in agent.log
    assert agent.ask("runs")["runs"] == []
    assert requested(home) == []
    after = {one.name: one.stat().st_mtime_ns for one in home.folder.iterdir() if one.is_file()}
    del before["agent.log"], after["agent.log"]
    assert after == before


def test_what_is_wrong_is_told_together_with_what_to_do_and_no_secret(home: Home) -> None:
    server = {"url": home.sandbox.url.replace("://", "://me:hidden-login@"), "api_key": "hidden-k"}
    lists: list[dict[str, object]] = [
        {"file": "missing.csv", "name": "https://example.org/l?token=hidden-token"}
    ]
    home.write_config(lists, server=server)
    ran = home.run("doctor", TZ="Europe/Atlantis")
    assert ran.code == 1
    lines = [line for line in ran.out.splitlines() if not line.startswith(" ")]
    assert any(line.startswith("✗ failed    server: the API key is refused") for line in lines)
    assert any(line.startswith("✗ failed    list https://example.org/l") for line in lines)
    assert any(line.startswith("▲ warning   timezone: TZ=Europe/Atlantis") for line in lines)
    assert any(line.startswith("· skipped   trigger: not tried") for line in lines)
    assert lines[-1].startswith("2 checks failed, ")
    assert "what to do: check the path in the configuration" in ran.out
    assert "hidden" not in ran.out + ran.err
    assert not home.state.exists()


def test_an_invalid_configuration_is_told_and_the_rest_is_tried(home: Home) -> None:
    (home.folder / "listsync.yaml").write_text("lists: 7\nserverr: {}\n", encoding="utf-8")
    ran = home.run("doctor", "--json")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert told["result"] == "failed"
    states = {one["name"]: one["state"] for one in told["checks"]}
    assert states["configuration"] == "failed"
    assert states["list"] == states["server"] == "skipped"
    assert states["sqlite"] == states["disk"] == "ok"
