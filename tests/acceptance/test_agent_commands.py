"""Each command of the real `listsyncctl` at a real agent."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import listsync
from listsync.protocol import PROTOCOL
from tests.acceptance.agent_process import (
    AgentProcess,
    requested,
    set_latency,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


@pytest.fixture
def agent(home: Home, start_agent: StartAgent) -> AgentProcess:
    """Give an agent that follows two lists and syncs only when it is asked to."""
    lists = [home.write_list("two.csv", _TWO), home.write_list("pulp.csv", titles_csv([680]))]
    home.write_config(lists, sync={"every": 0})
    return start_agent(home)


@pytest.fixture
def idle(lone_home: Home, start_agent: StartAgent) -> AgentProcess:
    """Give an agent that syncs nothing."""
    return start_agent(lone_home)


def _sync(agent: AgentProcess, *arguments: str) -> Any:
    return agent.ctl_json("sync-now", "--wait", *arguments)


def test_exclude_keeps_a_title_from_being_requested_until_it_is_forgotten(
    agent: AgentProcess,
) -> None:
    assert "tmdb:movie/603" in agent.ctl_json("exclude", "tmdb:movie/603")["message"]
    assert _sync(agent)["run"]["requested"] == 2
    assert sorted(requested(agent.home)) == [680, 27205]
    assert agent.ctl_json("forget", "tmdb:movie/603")["count"] >= 1
    assert _sync(agent)["run"]["requested"] == 1
    assert requested(agent.home)[-1] == 603


def test_exclude_of_what_names_no_title_is_refused(idle: AgentProcess) -> None:
    told = idle.ctl("exclude", "The Matrix", "-o", "json")
    assert told.code == 2
    assert "names no title" in told.error["message"]


def test_forget_of_what_is_not_known_says_so(idle: AgentProcess) -> None:
    assert idle.ctl_json("forget", "tmdb:movie/1") == {
        "schema_version": 2,
        "ok": True,
        "count": 0,
        "message": "Nothing is stored about tmdb:movie/1.",
    }


def test_items_tells_each_title_and_finds_one(agent: AgentProcess) -> None:
    _sync(agent)
    found = agent.ctl_json("items")
    assert found["total"] == 3
    assert {one["tmdb_id"] for one in found["items"]} == {603, 27205, 680}
    (one,) = agent.ctl_json("items", "matrix")["items"]
    assert (one["title"], one["kind"], one["tmdb_id"]) == ("The Matrix", "movie", 603)
    assert one["status"] == "requested"
    assert one["list"] == "two.csv"
    assert agent.ctl_json("items", "--list", "pulp.csv")["total"] == 1
    page = agent.ctl_json("items", "--limit", "1", "--offset", "1")
    assert (page["total"], len(page["items"])) == (3, 1)


def test_runs_tells_all_and_one_with_its_requests(agent: AgentProcess) -> None:
    run_id = _sync(agent, "two.csv")["run"]["run_id"]
    _sync(agent)
    runs = agent.ctl_json("runs")["runs"]
    assert [one["requested"] for one in runs] == [1, 2]
    one = agent.ctl_json("runs", run_id[:6])
    assert one["run"]["run_id"] == run_id
    assert {row["tmdb_id"] for row in one["requests"]} == {603, 27205}
    assert {row["lists"] for row in one["requests"]} == {"two.csv"}
    missing = agent.ctl("runs", "zzz", "-o", "json")
    assert missing.code == 1
    assert "no one run" in missing.error["message"]


def test_lists_tells_one_by_its_name(agent: AgentProcess) -> None:
    _sync(agent, "pulp.csv")
    (one,) = agent.ctl_json("lists", "pulp.csv")["lists"]
    assert (one["outcome"], one["read"], one["service"]) == ("complete", 1, "file")
    (other,) = agent.ctl_json("lists", "two.csv")["lists"]
    assert (other["outcome"], other["last_success"]) == ("not read yet", None)
    assert agent.ctl("lists", "pulp").code == 1


def test_the_log_level_changes_at_once(agent: AgentProcess) -> None:
    hiccup = {"kind": "status", "status": 503, "method": "GET"}  # a debug line tells of it
    agent.home.sandbox.admin("faults", hiccup)
    _sync(agent)
    assert " DEBUG " not in agent.log
    assert agent.ctl_json("log-level", "debug")["level"] == "debug"
    agent.home.sandbox.admin("faults", hiccup)
    _sync(agent)
    assert " DEBUG " in agent.log
    assert agent.ctl_json("log-level")["level"] == "debug"
    assert agent.ctl_json("log-level", "warning")["level"] == "warning"
    size = len(agent.log)
    _sync(agent)
    assert len(agent.log) == size


def test_progress_tells_how_far_it_is(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=50)
    numbers = range(20_000_001, 20_000_051)
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], sync={"every": 0})
    agent = start_agent(home)
    assert agent.ctl_json("progress")["in_progress"] is False
    set_latency(home, 100)
    run_id = agent.ctl_json("sync-now")["run_id"]
    until_requested(home, 3)
    first = agent.ctl_json("progress")
    assert first["in_progress"] is True
    assert first["run_id"] == run_id
    assert (first["phase"], first["total"]) == ("add", 50)
    assert 1 <= first["progress"] < 50
    assert first["percent"] == 100 * first["progress"] // 50
    assert first["lists"][0]["name"] == "l.csv"
    until_requested(home, len(requested(home)) + 1)
    second = agent.ctl_json("progress")
    assert second["sequence"] > first["sequence"]
    assert second["progress"] > first["progress"]
    set_latency(home, 0)
    lines = agent.ctl("progress", "--follow", "-o", "json").out.splitlines()
    last = json.loads(lines[-1])
    assert (last["in_progress"], last["phase"]) == (False, "idle")
    assert (last["progress"], last["total"], last["percent"]) == (50, 50, 100)
    assert last["last_result"] == {
        "success": True,
        "message": "Sync complete: 50/50 operations successful",
    }


@pytest.mark.slow
def test_answers_stay_quick_beside_a_sync(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=100)
    numbers = range(20_000_001, 20_000_101)
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], sync={"every": 0})
    agent = start_agent(home)
    agent.ask("trigger")
    times = []
    while agent.status["running"]:
        began = time.monotonic()
        agent.ask("progress")
        times.append(time.monotonic() - began)
    assert len(times) > 10
    times.sort()
    assert times[len(times) // 2] < 1


def test_version_tells_both_sides(idle: AgentProcess) -> None:
    told = idle.ctl_json("version")
    versions = {"version": listsync.__version__, "protocol": PROTOCOL}
    assert told == {"schema_version": 2, **versions, "client": versions}


def test_agents_finds_it_by_its_process(idle: AgentProcess) -> None:
    (found,) = idle.ctl_json("agents")["agents"]
    assert found["pid"] == idle.pid
    assert found["socket"] == str(idle.socket)
    assert found["memory"] > 1_000_000


def test_sync_now_by_signal(agent: AgentProcess) -> None:
    assert agent.ctl_json("sync-now", "--signal")["signalled"] == [{"pid": agent.pid}]
    (run,) = agent.until_synced(1)
    assert run["origin"] == "SIGUSR1"


def test_a_list_that_is_not_there_is_told_with_what_was_meant(idle: AgentProcess) -> None:
    told = idle.ctl("sync-now", "ll.csv")
    assert told.code == 1
    assert told.err == "listsyncctl: no list is called 'll.csv': did you mean 'l.csv'?\n"
    assert idle.runs == []


def test_a_dry_run_tells_and_changes_nothing(agent: AgentProcess) -> None:
    _sync(agent, "pulp.csv")
    before = _state_of(agent.home.state)
    agent.home.sandbox.admin("reset-log", {})
    told = _sync(agent, "--dry-run")
    assert told["run"]["dry_run"] is True
    assert {one["tmdb_id"] for one in told["requests"]} == {603, 27205}
    assert {one["answer"] for one in told["requests"]} == {"would be requested"}
    assert requested(agent.home) == []
    calls = agent.home.sandbox.admin("log")["calls"]
    assert not [route for route in calls if not route.startswith("GET")]
    assert len(agent.runs) == 1
    # The decider notes what it owes just before and after; a dry run is not owed.
    until("rest", agent.is_at_rest)
    assert _state_of(agent.home.state) == before


def _state_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }
