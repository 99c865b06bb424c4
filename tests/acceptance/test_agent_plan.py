"""What a sync would do, before it does it, and afterwards who brought what."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home

StartAgent = Callable[..., AgentProcess]

_FILMS = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,,Dune\nmovie,99999999,No Such Film\n"
_MORE = "kind,tmdb_id,title\nmovie,603,The Matrix\ntv,1396,Breaking Bad\n"


@pytest.fixture
def agent(home: Home, start_agent: StartAgent) -> AgentProcess:
    lists = [home.write_list("films.csv", _FILMS), home.write_list("more.csv", _MORE)]
    home.write_config(lists, sync={"every": 0})
    return start_agent(home)


def _item(plan: dict[str, Any], label: str) -> dict[str, Any]:
    return next(one for one in plan["items"] if one["label"] == label)


def test_i_see_what_a_sync_would_do_before_it_does_it(agent: AgentProcess) -> None:
    told = agent.ctl("plan")
    assert told.code == 0
    assert "+ The Matrix [movie/603]  for films.csv, more.csv\n" in told.out
    assert "+ Breaking Bad [tv/1396]  for more.csv, seasons 1-5\n" in told.out
    assert "? Dune: waits for review: no year" in told.out
    assert "    could be Dune (2021) [movie/438631]\n" in told.out
    assert told.out.endswith("Nothing was changed.\n")
    assert requested(agent.home) == []
    assert agent.runs == []
    assert agent.ctl_json("items")["total"] == 0


def test_after_a_sync_the_plan_is_only_what_is_left(agent: AgentProcess) -> None:
    agent.ctl("sync-now", "--wait")
    plan = agent.ctl_json("plan")
    assert plan["counts"]["requested"] == 0
    assert plan["counts"]["already_there"] >= 3
    assert [one["label"] for one in plan["items"] if one["verdict"] == "review"] == ["Dune"]


def test_i_can_plan_one_list_and_look_later(agent: AgentProcess) -> None:
    run_id = agent.ctl_json("plan", "more.csv", "--no-wait")["run_id"]
    agent.ctl("progress", "--follow")
    plan = agent.ctl_json("plan", "--id", run_id)
    assert {one["label"] for one in plan["items"]} == {"The Matrix", "Breaking Bad"}
    assert _item(plan, "Breaking Bad")["seasons"] == [1, 2, 3, 4, 5]
    assert agent.ctl("plan", "--id", "zzz").code == 1


def test_a_plan_of_a_server_that_is_away_says_so(agent: AgentProcess) -> None:
    agent.home.sandbox.admin("faults", {"kind": "status", "status": 401, "times": 99})
    told = agent.ctl("plan")
    agent.home.sandbox.admin("faults", method="DELETE")
    assert told.code == 1
    assert told.out.startswith("Plan failed: ")


def test_i_see_which_list_brought_a_request_and_when(agent: AgentProcess) -> None:
    agent.ctl("sync-now", "--wait")
    run_id = agent.runs[0]["run_id"]
    requests = {one["tmdb_id"]: one for one in agent.ctl_json("runs", run_id)["requests"]}
    assert requests[603]["lists"] == "films.csv, more.csv"
    assert requests[603]["requested_as"] is None
    (item,) = agent.ctl_json("items", "matrix", "--list", "more.csv")["items"]
    assert (item["brought_by"], item["run_id"]) == ("films.csv, more.csv", run_id)
    assert item["requested_at"]
    more = agent.ctl_json("lists", "more.csv")
    assert more["counts"] == {"requested": 2}
    assert {one["tmdb_id"] for one in more["requests"]} == {603, 1396}
    assert "Entries: 2 requested\n" in agent.ctl("lists", "more.csv").out


def test_i_can_take_all_items_into_a_spreadsheet(agent: AgentProcess) -> None:
    agent.ctl("sync-now", "--wait")
    target = agent.home.folder / "all.csv"
    assert agent.ctl("items", "--export", str(target)).code == 0
    with target.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == agent.ctl_json("items")["total"] == 5
    assert [row["brought_by"] for row in found if row["tmdb_id"] == "603"] == [
        "films.csv, more.csv"
    ] * 2
