"""A server that ends when it is asked what a Radarr offers that does not answer well."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.conftest import Home, Ran, titles_csv

DORA = {"tags": ["lists"], "name": "dora"}
HD = {"profile": "HD-1080p", "root_folder": "/movies", "name": "hd"}


def follow(home: Home) -> None:
    """Follow one list that names a tag, one whose names the settings know, one of numbers."""
    named = ({**home.write_list("dora.csv", titles_csv([11])), **DORA},)
    known = ({**home.write_list("hd.csv", titles_csv([12])), **HD},)
    rest = ({**home.write_list("four.csv", titles_csv([13])), "profile": 4, "tags": [1, 2]},)
    home.write_config([*named, *known, *rest], sync={"every": 0})


def asked_of_services(home: Home) -> list[str]:
    calls = home.sandbox.admin("log")["calls"]
    return [call for call in calls if call.startswith("GET /service/")]


@pytest.fixture
def home(start_home: Callable[..., Home], tmp_path: Path) -> Home:
    home = start_home(state=tmp_path / "server.json")
    follow(home)
    return home


def while_it_ends(home: Home, *options: str) -> Ran:
    """Sync while the server ends and somebody starts it again."""
    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(home.once, *options)
        assert home.sandbox.wait(60) != 0
        home.sandbox.restart()
        return ran.result()


def test_a_server_that_ends_on_a_look_up_costs_that_list_only_and_happens_once(
    home: Home,
) -> None:
    home.sandbox.admin("settings", {"radarr": "errors"})
    ran = while_it_ends(home)
    assert ran.requested == ["movie/12", "movie/13"]
    home.sandbox.admin("settings", {"radarr": "errors"})
    (why,) = {one["why"] for one in ran.report["items"] if one["list"] == "dora"}
    assert "Radarr could not be asked for tag 'lists'" in why
    assert home.once("--confirm").requested == []
    assert asked_of_services(home) == []
    assert home.sandbox.exit_code is None


def test_steady_syncs_plans_and_dry_runs_ask_no_service(
    home: Home, start_agent: Callable[..., AgentProcess]
) -> None:
    agent = start_agent(home)
    first = agent.ctl("plan")
    assert "tag not looked up yet: 'lists'" in first.out
    assert asked_of_services(home) == []
    agent.ctl("sync-now", "--wait")
    assert len(asked_of_services(home)) == 1
    assert {one["tmdbId"]: one["options"] for one in home.sandbox.admin("log")["requests"]} == {
        11: {"serverId": 0, "tags": [1]},
        12: {"serverId": 0, "profileId": 4, "rootFolder": "/movies"},
        13: {"profileId": 4, "tags": [1, 2]},
    }
    home.sandbox.admin("reset-log", {})
    for command in (["sync-now", "--wait"], ["sync-now", "--dry-run", "--wait"], ["plan"]):
        assert agent.ctl(*command).code == 0
    assert asked_of_services(home) == []
    assert not any("/settings/radarr" in call for call in home.sandbox.admin("log")["calls"])
