"""One sync at a time, pauses, and what is owed after them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.acceptance.agent_process import (
    AgentProcess,
    agent_environment,
    config_of,
    ctl_command,
    replace_file,
    requested,
    set_latency,
    started,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]
StartHome = Callable[..., Home]

_NUMBERS = range(20_000_001, 20_000_201)


@pytest.fixture
def busy(start_home: StartHome, start_agent: StartAgent) -> AgentProcess:
    """Give an agent in a sync that would take a minute."""
    home = start_home(titles=200)
    home.write_config([home.write_list("l.csv", titles_csv(_NUMBERS))], sync={"every": 0})
    agent = start_agent(home)
    set_latency(home, 120)
    assert agent.ask("trigger", origin="the test")["state"] == "started"
    until_requested(home, 2)
    return agent


def _follow(home: Home, *numbers: int) -> None:
    lists = [home.write_list(f"{number}.csv", titles_csv([number])) for number in numbers]
    home.write_config(lists, sync={"every": 0})


# -- one at a time ----------------------------------------------------------------------------


def test_of_many_triggers_one_runs_one_waits_and_the_others_join_it(busy: AgentProcess) -> None:
    running = busy.status["running"]["run_id"]
    queued = busy.ctl_json("sync-now")
    assert queued["state"] == "queued"
    assert queued["run_id"] != running
    for _ in range(2):
        joined = busy.ctl_json("sync-now")
        assert joined == {**queued, "state": "coalesced"}
    refused = busy.ctl("sync-now", "--no-queue")
    assert refused.code == 5
    assert "a sync is running already" in refused.err
    waiting = busy.ctl("status").out
    assert f"Queued    all lists (triggered by listsyncctl; run {queued['run_id']})" in waiting
    set_latency(busy.home, 0)
    runs = busy.until_synced(2)
    assert [one["run_id"] for one in runs] == [running, queued["run_id"]]
    assert [one["result"] for one in runs] == ["ok", "ok"]
    assert sorted(requested(busy.home)) == list(_NUMBERS)
    assert busy.home.sandbox.admin("log")["max_posts_in_flight"] == 1


def test_cancel_ends_the_running_sync_for_good(busy: AgentProcess) -> None:
    run_id = busy.status["running"]["run_id"]
    told = busy.ctl_json("cancel")
    assert told["run_id"] == run_id
    (run,) = busy.until_synced(1)
    assert run["result"] == "cancelled"
    count = len(requested(busy.home))
    assert count < 50
    busy.kill()
    again = AgentProcess(busy.home).until_ready()
    try:
        assert again.is_at_rest()
        assert len(again.runs) == 1
    finally:
        again.close()
    assert len(requested(busy.home)) == count


def test_whoever_waits_for_a_sync_that_is_cancelled_gets_130(busy: AgentProcess) -> None:
    assert busy.ctl("cancel").code == 0
    busy.until_synced(1)
    command = ctl_command(busy, "sync-now", "--wait")
    with started(command, agent_environment(busy.home)) as waiting:
        until("the second sync", lambda: busy.status["running"])
        assert busy.ctl("cancel").code == 0
        assert waiting.wait(30) == 130
    assert [one["result"] for one in busy.until_synced(2)] == ["cancelled", "cancelled"]


def test_cancel_with_nothing_running_says_so(lone_home: Home, start_agent: StartAgent) -> None:
    told = start_agent(lone_home).ctl("cancel")
    assert (told.code, told.out) == (0, "No sync is running.\n")


def test_a_second_agent_and_once_are_refused_and_name_the_first(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home)
    second = start_agent(lone_home, is_awaited=False, socket=lone_home.folder / "b.sock")
    assert second.wait() == 5
    assert f"pid {agent.pid}" in second.log
    once = lone_home.run("once")
    assert once.code == 5
    assert f"pid {agent.pid}" in once.err
    assert agent.runs == []
    assert agent.status["pid"] == agent.pid


def test_an_agent_with_another_state_does_not_take_the_socket(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home)
    other = {"LISTSYNC_STATE_DIR": str(lone_home.folder / "other")}
    second = start_agent(lone_home, is_awaited=False, environment=other)
    assert second.wait() == 5
    assert f"another agent answers at {agent.socket}" in second.log
    assert agent.ctl("ping").code == 0


# -- pauses -----------------------------------------------------------------------------------


def _add_list(home: Home, *numbers: int) -> None:
    before = config_of(home).read_text(encoding="utf-8")
    _follow(home, *numbers)
    after = config_of(home).read_text(encoding="utf-8")
    config_of(home).write_text(before, encoding="utf-8")
    replace_file(config_of(home), after)


def _paused(home: Home, start_agent: StartAgent) -> AgentProcess:
    """Give an agent that is paused and remembers a change and a signal."""
    _follow(home, 603)
    agent = start_agent(home)
    assert agent.ctl("pause").code == 0
    _add_list(home, 603, 27205)
    until("the change is remembered", lambda: agent.status["pending"])
    assert agent.ctl("sync-now", "--signal").code == 0
    until("so is the signal", lambda: len(agent.status["pending"]["origins"]) == 2)
    return agent


def _kept(home: Home, name: str) -> str:
    """Read a note that the state keeps for the next start; shown is what waits before that."""
    with closing(sqlite3.connect(f"file:{home.state}/listsync.db?mode=ro", uri=True)) as state:
        rows = state.execute("SELECT value FROM notebook WHERE name = ?", (name,)).fetchall()
    return str(rows[0][0]) if rows else ""


def test_a_pause_puts_off_what_comes_and_resume_makes_up_for_it_once(
    home: Home, start_agent: StartAgent
) -> None:
    agent = _paused(home, start_agent)
    out = agent.ctl("status").out
    assert "paused" in out
    assert "Paused    until `listsyncctl resume`" in out
    assert "Queued    all lists (triggered by config, SIGUSR1" in out
    assert agent.runs == []
    assert agent.ctl("resume").code == 0
    (run,) = agent.until_synced(1)
    assert run["origin"] == "config, SIGUSR1"
    assert sorted(requested(home)) == [603, 27205]
    assert agent.status["paused"] is None


def test_while_paused_a_sync_is_refused_with_6_unless_forced(
    home: Home, start_agent: StartAgent
) -> None:
    agent = _paused(home, start_agent)
    refused = agent.ctl("sync-now")
    assert refused.code == 6
    assert "--force" in refused.err
    assert agent.runs == []
    assert agent.ctl("sync-now", "603.csv", "--force", "--wait").code == 0
    status = agent.status
    assert status["paused"]
    assert status["pending"]
    assert requested(home) == [603]
    assert agent.ctl("resume").code == 0
    agent.until_synced(2)
    assert requested(home) == [603, 27205]


def test_a_pause_and_what_waits_survive_a_power_cut(home: Home, start_agent: StartAgent) -> None:
    agent = _paused(home, start_agent)
    until("both are written down", lambda: "SIGUSR1" in _kept(home, "owed"))
    agent.kill()
    agent = start_agent(home)
    status = agent.status
    assert status["state"] == "paused"
    assert status["pending"]["lists"] is None
    assert agent.runs == []
    assert agent.ctl("sync-now").code == 6
    assert agent.ctl("resume").code == 0
    (run,) = agent.until_synced(1)
    assert run["origin"] == "config, SIGUSR1, resumed"
    until("its end is written down", lambda: _kept(home, "owed") in {"", "null"})
    agent.kill()
    after = start_agent(home)
    assert after.is_at_rest()
    assert after.status["paused"] is None
    assert len(after.runs) == 1


def test_a_pause_for_a_while_ends_by_itself(home: Home, start_agent: StartAgent) -> None:
    _follow(home, 603)
    agent = start_agent(home)
    began = time.monotonic()
    assert agent.ctl("pause", "--for", "2s").code == 0
    agent.ctl("sync-now", "--signal")
    until("the signal is remembered", lambda: agent.status["pending"])
    agent.until_synced(1)
    assert 1.8 <= time.monotonic() - began < 60
    assert agent.status["paused"] is None


def test_a_pause_that_ended_while_nothing_ran_is_over(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home)
    assert agent.ctl("pause", "--for", "1s").code == 0
    agent.kill()
    end = time.monotonic() + 1
    until("the end of the pause", lambda: time.monotonic() > end)
    assert start_agent(lone_home).status["paused"] is None
