"""What only the details of a title can prove, from the list to the server and back to a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.conftest import Home

_FILMS = """title,year,kind
Cinema Paradiso,1990,movie
John Carpenter's The Thing,1982,movie
Matrix 2,2003,movie
Princess Mononoke,2000,movie
Wes Craven's The Thing,2011,movie
"""
_PARADISO, _THING, _RELOADED, _MONONOKE = 11216, 1091, 604, 128


@pytest.fixture
def agent(home: Home, start_agent: Callable[..., AgentProcess]) -> AgentProcess:
    home.write_config([home.write_list("films.csv", _FILMS)], sync={"every": 0})
    return start_agent(home)


def test_details_prove_a_title_or_leave_it_to_me_and_i_am_told_why(agent: AgentProcess) -> None:
    agent.ctl("sync-now", "--wait")
    assert sorted(requested(agent.home)) == sorted([_PARADISO, _THING, _RELOADED])
    for query, words in (
        (_PARADISO, "a release in 1990"),
        (_THING, "made by John Carpenter"),
        (_RELOADED, "part 2 of its film series"),
    ):
        assert words in agent.ctl("explain", f"movie/{query}").out
    review = agent.ctl("review").out
    assert "no release in 2000" in review
    assert "not known to be by Wes Craven" in review
    explained = agent.ctl_json("explain", "mononoke")["titles"][0]
    assert explained["match"]["candidates"][0]["key"] == f"movie/{_MONONOKE}"
    assert "no release in 2000" in agent.ctl("explain", "mononoke").out
