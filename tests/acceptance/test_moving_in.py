"""What people bring with them from ListSync: its variables, its folder."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]


def test_a_wrong_value_in_the_environment_costs_its_own_list_only(
    home: Home, start_agent: StartAgent
) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync={"every": 0})
    agent = start_agent(home, environment={"IMDB_LISTS": "worst", "ANILIST_LISTS": "dave"})
    assert agent.ctl("sync-now", "--wait").code == 8
    assert requested(home) == [603]
    lists = {one["name"]: one for one in agent.ask("lists")["lists"]}
    assert (lists["l.csv"]["outcome"], lists["imdb: worst"]["outcome"]) == (
        "complete",
        "not_found",
    )
    assert "'worst' is no list of IMDb" in lists["imdb: worst"]["why"]
    told = [f"{one['subject']} {one['text']}" for one in agent.ask("status")["notices"]]
    assert any("imdb: worst" in one and "is no list of IMDb" in one for one in told)
    assert any("ANILIST_LISTS" in one for one in told)
