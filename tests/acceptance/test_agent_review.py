"""Titles that could be several: what a person sees of them, and what choosing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home

StartAgent = Callable[..., AgentProcess]

_DUNE = "title,kind\nDune,movie\n"
_VILLENEUVE = 438631


@pytest.fixture
def agent(home: Home, start_agent: StartAgent) -> AgentProcess:
    """Give an agent of whose two lists one title is not certain."""
    lists = [
        home.write_list("films.csv", _DUNE),
        home.write_list("more.csv", "kind,tmdb_id,title\nmovie,603,The Matrix\n"),
    ]
    home.write_config(lists, sync={"every": 0})
    agent = start_agent(home)
    _sync(agent)
    assert requested(home) == [603]
    return agent


def _sync(agent: AgentProcess) -> None:
    agent.ctl_json("sync-now", "--wait")


def _waiting(agent: AgentProcess) -> dict[str, Any]:
    (row,) = agent.ctl_json("review")["reviews"]
    found: dict[str, Any] = row
    return found


def _number_of(row: dict[str, Any], key: str) -> str:
    return next(str(one["number"]) for one in row["candidates"] if one["key"] == key)


def _status(agent: AgentProcess) -> str:
    (row,) = agent.ctl_json("items", "dune")["items"]
    return str(row["status"])


def test_a_title_held_for_review_is_requested_once_i_chose_it(agent: AgentProcess) -> None:
    row = _waiting(agent)
    assert (row["title"], row["lists"]) == ("Dune", "films.csv")
    assert len(row["candidates"]) > 1
    assert _status(agent) == "review"
    number = _number_of(row, f"movie/{_VILLENEUVE}")
    said = agent.ctl("review", "accept", row["id"], number)
    assert f"Dune is Dune (2021) [movie/{_VILLENEUVE}]: the next sync requests it" in said.out
    assert agent.ctl_json("review")["reviews"] == []
    assert _status(agent) == "open"
    assert requested(agent.home) == [603]
    _sync(agent)
    assert requested(agent.home) == [603, _VILLENEUVE]
    assert _status(agent) == "requested"
    _sync(agent)
    assert len(requested(agent.home)) == 2


def test_what_i_accept_with_sync_is_requested_at_once(agent: AgentProcess) -> None:
    row = _waiting(agent)
    agent.ctl_json("review", "accept", row["id"], f"tmdb:movie/{_VILLENEUVE}", "--sync")
    agent.until_synced(2)
    assert requested(agent.home) == [603, _VILLENEUVE]


def test_a_title_that_i_rejected_is_not_asked_about_again(
    agent: AgentProcess, start_agent: StartAgent
) -> None:
    row = _waiting(agent)
    agent.ctl_json("review", "reject", row["id"])
    _sync(agent)
    assert agent.ctl_json("review")["total"] == 0
    assert _status(agent) == "rejected"
    assert requested(agent.home) == [603]
    agent.terminate()
    again = start_agent(agent.home)
    (decided,) = again.ctl_json("review", "--decided")["reviews"]
    assert decided["choice"]["key"] is None
    again.ctl_json("review", "undo", row["id"])
    assert _waiting(again)["id"] == row["id"]


def test_my_choice_holds_for_the_same_title_on_another_list(
    agent: AgentProcess, home: Home
) -> None:
    agent.ctl_json("review", "accept", _waiting(agent)["id"], f"movie/{_VILLENEUVE}")
    home.write_list("more.csv", _DUNE)
    _sync(agent)
    assert requested(home) == [603, _VILLENEUVE]
    assert agent.ctl_json("review")["total"] == 0


def test_forgetting_the_title_makes_it_wait_again(agent: AgentProcess) -> None:
    agent.ctl_json("review", "accept", _waiting(agent)["id"], f"movie/{_VILLENEUVE}")
    assert agent.ctl_json("forget", f"tmdb:movie/{_VILLENEUVE}")["count"] == 1
    assert _status(agent) == "review"


# -- IMDb ids ----------------------------------------------------------------------------------

_DUNE_AT_IMDB = "https://www.imdb.com/title/tt1160419/?ref_=nv_sr_1"


def _decision(agent: AgentProcess) -> str:
    (one,) = agent.ctl_json("explain", "dune")["titles"]
    return str(one["decision"]["why"])


def test_an_imdb_address_that_i_choose_is_looked_up_once_for_all_lists(
    agent: AgentProcess, home: Home
) -> None:
    row = _waiting(agent)
    said = agent.ctl("review", "accept", row["id"], _DUNE_AT_IMDB).out
    assert said.startswith("Dune is tt1160419: the next sync looks that up and requests it")
    assert agent.ctl_json("review")["total"] == 0
    assert _status(agent) == "open"
    assert _decision(agent) == "you chose tt1160419: the next sync looks it up"
    assert f"+ Dune [movie/{_VILLENEUVE}]" in agent.ctl("plan").out
    assert requested(home) == [603]
    home.write_list("more.csv", _DUNE)
    _sync(agent)
    assert requested(home) == [603, _VILLENEUVE]
    assert {one["status"] for one in agent.ctl_json("items", "dune")["items"]} == {"requested"}
    (decided,) = agent.ctl_json("review", "--decided")["reviews"]
    assert decided["choice"]["key"] == f"movie/{_VILLENEUVE}"
    assert (
        "  you chose Dune (2021) [movie/438631] (tt1160419), "
        in agent.ctl("review", "--decided").out
    )
    agent.ctl_json("review", "undo", row["id"])
    assert agent.ctl_json("review", "--decided")["total"] == 0


def test_an_imdb_id_that_leads_nowhere_is_told_and_the_title_waits_again(
    agent: AgentProcess,
) -> None:
    row = _waiting(agent)
    agent.ctl_json("review", "accept", row["id"], "tt0000003")
    assert "? Dune: waits for review: you chose tt0000003, but " in agent.ctl("plan").out
    _sync(agent)
    again = _waiting(agent)
    assert again["why"].startswith("you chose tt0000003, but the server's catalogue knows no")
    assert again["candidates"] == row["candidates"]
    assert _status(agent) == "review"
    assert "you chose tt0000003, but" in _decision(agent)
    assert requested(agent.home) == [603]


def test_review_and_explain_show_the_same_evidence(agent: AgentProcess) -> None:
    row = _waiting(agent)
    (one,) = agent.ctl_json("explain", "dune")["titles"]
    assert one["match"]["candidates"] == row["candidates"]
    assert all(found["votes"] and found["evidence"] for found in row["candidates"])
    lines = agent.ctl("review").out.splitlines()[1 : 1 + len(row["candidates"])]
    shown = agent.ctl("explain", "dune").out
    assert all(line.strip() in shown for line in lines)
