"""Due times over restarts: nothing too early, what was missed once, and where the interval is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.agent_process import AgentProcess, as_if_left_so, requested, until
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_LONG_AGO = "2020-02-02T02:02:02+00:00"
_JITTER = 0.1
_SHORT = ("--interval", "0.01")
"""36 s: the offset after a restart is at most a tenth of it."""


def _follow(home: Home, **sync: object) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync=sync)


def _set_last(home: Home, at: str) -> None:
    with closing(sqlite3.connect(home.state / "listsync.db")) as database, database:
        changed = database.execute(
            "UPDATE notebook SET value = ? WHERE name = 'timetable'",
            (json.dumps({"": {"last": at}}),),
        ).rowcount
    assert changed == 1
    as_if_left_so(home)


def test_a_restart_does_not_sync_before_it_is_due(home: Home, start_agent: StartAgent) -> None:
    _follow(home, every="1m")
    agent = start_agent(home)
    agent.until_synced(1)
    due = agent.status["next_due"]
    assert 30 < agent.due_in_s() <= 60
    agent.kill()
    again = start_agent(home)
    assert again.status["next_due"] == due
    assert again.is_at_rest()
    again.until_synced(1)


@pytest.mark.parametrize("is_killed", [True, False], ids=["kill", "term"])
def test_what_was_missed_is_made_up_for_once(
    home: Home, start_agent: StartAgent, is_killed: bool
) -> None:
    _follow(home)
    agent = start_agent(home, *_SHORT)
    agent.until_synced(1)
    if is_killed:
        agent.kill()
    else:
        agent.terminate()
    _set_last(home, _LONG_AGO)
    again = start_agent(home, *_SHORT)
    runs = again.until_synced(2)
    assert runs[1]["origin"].startswith("schedule")  # and resumed, if the kill came that soon
    assert 20 < again.due_in_s() <= 36
    assert again.is_at_rest()
    assert len(again.runs) == 2


def test_a_clock_that_was_a_year_ahead_puts_off_no_sync(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home, every="1m")
    agent = start_agent(home)
    agent.until_synced(1)
    assert agent.ctl("pause", "--for", "2h").code == 0
    agent.terminate()
    ahead = datetime.now(UTC) + timedelta(days=365)
    _set_last(home, ahead.isoformat())
    pause = {"since": ahead.isoformat(), "until": (ahead + timedelta(hours=2)).isoformat()}
    with closing(sqlite3.connect(home.state / "listsync.db")) as database, database:
        database.execute("UPDATE runs SET started_at = ?", (ahead.isoformat(),))
        database.execute(
            "UPDATE notebook SET value = ? WHERE name = 'pause'", (json.dumps(pause),)
        )
    as_if_left_so(home)
    again = start_agent(home)
    # The state is put right once the agent is ready, and told of thereafter.
    until("what was put right", lambda: "clock was ahead when listsync ran last" in again.log)
    assert 30 < again.due_in_s() <= 60
    ends = datetime.fromisoformat(again.status["paused"]["until"])
    assert timedelta(hours=1.9) < ends - datetime.now(UTC) <= timedelta(hours=2)
    assert datetime.fromisoformat(again.runs[0]["started_at"]) <= datetime.now(UTC)


def test_it_syncs_when_it_is_due(home: Home, start_agent: StartAgent) -> None:
    _follow(home, every="1m")
    agent = start_agent(home)
    agent.until_synced(1)
    agent.terminate()
    _set_last(home, (datetime.now(UTC) - timedelta(seconds=58)).isoformat())
    again = start_agent(home)
    runs = again.until_synced(2)
    assert [one["origin"] for one in runs] == ["schedule", "schedule"]
    assert requested(home) == [603]


def test_the_interval_of_the_command_line_is_before_that_of_the_file(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home, every="1m")
    agent = start_agent(home, "--interval", "12")
    agent.until_synced(1)
    assert 12 * 3600 - 60 < agent.due_in_s() <= 12 * 3600
    assert "in 12 h" in agent.ctl("status").out
    # Also after the file was read again.
    _follow(home, every="2m")
    assert agent.ctl("reload").code == 0
    assert agent.due_in_s() > 11 * 3600


def test_an_interval_of_zero_never_syncs_by_itself(home: Home, start_agent: StartAgent) -> None:
    _follow(home, every="1m")
    agent = start_agent(home, "--interval", "0")
    assert agent.status["next_due"] is None
    assert agent.ctl("sync-now", "--wait").code == 0
    assert agent.status["next_due"] is None
    assert len(agent.runs) == 1


@pytest.mark.parametrize("hours", ["1e12", "inf", "nan", "-1", "soon"])
def test_an_interval_that_is_none_is_refused_in_words(lone_home: Home, hours: str) -> None:
    ran = lone_home.run("run", "--interval", hours)
    assert ran.code == 2, ran.err
    assert "--interval" in ran.err
    assert "Traceback" not in ran.err


def test_automated_mode_runs_the_agent(home: Home, start_agent: StartAgent) -> None:
    _follow(home)
    agent = start_agent(home, command=(), environment={"AUTOMATED_MODE": "true"})
    agent.until_synced(1)
    assert requested(home) == [603]
    assert 23 * 3600 < agent.due_in_s() <= 24 * 3600
    assert agent.terminate(5) == 0


@pytest.mark.cold  # by the environment that it was started with
def test_an_agent_in_automated_mode_is_found_by_its_process(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home, command=(), environment={"AUTOMATED_MODE": "true"})
    (found,) = agent.ctl_json("agents")["agents"]
    assert found["pid"] == agent.pid


def test_cron_is_on_the_clock_of_its_zone(home: Home, start_agent: StartAgent) -> None:
    _follow(home, cron="0 4 * * *", timezone="Pacific/Auckland")
    agent = start_agent(home)
    agent.until_synced(1)
    due = datetime.fromisoformat(agent.status["next_due"])
    assert due.utcoffset() == timedelta()
    assert due.hour in {15, 16}  # summer time or not
    assert (due.minute, due.second) == (0, 0)
