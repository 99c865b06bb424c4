"""Why a title was requested, or was not, as a person asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home

StartAgent = Callable[..., AgentProcess]

_FILMS = "title,year,kind\nDune,2021,movie\nDune: Part Nine,2031,movie\n"
_VILLENEUVE = 438631


@pytest.fixture
def agent(home: Home, start_agent: StartAgent) -> AgentProcess:
    home.write_config([home.write_list("films.csv", _FILMS)], sync={"every": 0})
    return start_agent(home)


def _sync(agent: AgentProcess) -> None:
    agent.ctl("sync-now", "--wait")


def _explained(agent: AgentProcess, *query: str) -> dict[str, Any]:
    found: dict[str, Any] = agent.ctl_json("explain", *query)["titles"][0]
    return found


def test_i_am_told_why_a_title_was_requested_and_on_whose_behalf(agent: AgentProcess) -> None:
    _sync(agent)
    assert requested(agent.home) == [_VILLENEUVE]
    found = _explained(agent, "dune")
    assert (found["kind"], found["tmdb_id"]) == ("movie", _VILLENEUVE)
    assert found["decision"] == {
        "verdict": "already_there",
        "why": "requested already",
        "conditions": [],
    }
    assert [(one["list"], one["rank"], one["followed"]) for one in found["lists"]] == [
        ("films.csv", 1, True)
    ]
    assert (found["match"]["found"], found["match"]["how"]) == ("found", "title")
    assert found["match"]["candidates"][0]["key"] == f"movie/{_VILLENEUVE}"
    (one,) = found["requests"]
    assert (one["lists"], one["answer"]) == ("films.csv", "requested")
    assert one["run_id"] == agent.runs[0]["run_id"]
    said = agent.ctl("explain", f"movie/{_VILLENEUVE}").out
    assert "  Decision   requested already\n" in said
    assert "  Lists      films.csv, rank 1, added " in said


def test_what_i_deleted_at_the_server_is_explained(agent: AgentProcess) -> None:
    _sync(agent)
    agent.home.sandbox.admin("media", {"kind": "movie", "tmdbId": _VILLENEUVE, "remove": True})
    _sync(agent)
    assert requested(agent.home) == [_VILLENEUVE]
    decision = _explained(agent, "dune")["decision"]
    assert decision["verdict"] == "handled_before"
    assert "stays so" in decision["why"]


def test_what_is_not_looked_up_yet_or_excluded_is_explained(agent: AgentProcess) -> None:
    agent.ctl("reload")
    assert agent.ctl_json("explain", "dune")["titles"] == []
    _sync(agent)
    agent.ctl_json("exclude", f"tmdb:movie/{_VILLENEUVE}")
    agent.ctl_json("forget", "tmdb:movie/841")
    assert _explained(agent, f"tmdb:movie/{_VILLENEUVE}")["decision"]["verdict"] == "excluded"


def test_what_was_not_found_is_explained_with_what_i_can_do(agent: AgentProcess) -> None:
    _sync(agent)
    found = agent.ctl_json("explain", "part nine")["titles"][0]
    assert found["decision"]["why"] == "nothing sure was found before: the next sync looks again"
    name = found["match"]["review_id"]
    agent.ctl_json("review", "accept", name, "movie/841")
    _sync(agent)
    assert requested(agent.home) == [_VILLENEUVE, 841]
    after = agent.ctl_json("explain", "part nine")["titles"][0]
    assert after["choice"]["key"] == "movie/841"
