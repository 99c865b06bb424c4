"""Planning, against a scripted agent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from listsync.protocol import Exit, Reason, RefusedCommand
from tests.integration.ctl.conftest import Agent, Ctl, environment
from tests.integration.ctl.test_commands import BUSY, IDLE, RUN

_STARTED = {"run_id": "4f1c", "state": "started"}
_DRY = {**RUN, "dry_run": True, "message": "1 would be requested, 120 already there"}
_DUNE = {
    "verdict": "requested",
    "label": "Dune (2021)",
    "kind": "movie",
    "tmdb_id": 438631,
    "lists": "films",
    "why": "",
    "candidates": [],
    "four_k": True,
    "seasons": [],
    "asking": {"user": "family"},
}
_HEAT = {**_DUNE, "verdict": "failed", "label": "Heat", "tmdb_id": None, "why": "no answer"}
_DONE = {
    "state": "done",
    "run": _DRY,
    "counts": {"requested": 1, "already_there": 120, "failed": 1},
    "total": 2,
    "left_out": 0,
    "items": [_HEAT],
    "next": "after-heat",
}
_PAGES = [_DONE, {**_DONE, "items": [_DUNE], "next": None}]


@pytest.fixture
def planning(agent: Agent) -> Agent:
    agent.script = {
        "plan": _STARTED,
        "runs": [
            RefusedCommand(Reason.NOT_FOUND, "no such run"),
            {"run": _DRY, "requests": []},
        ],
        "progress": [BUSY, IDLE],
        "plan_result": list(_PAGES),
    }
    return agent


def test_a_plan_is_waited_for_and_read_to_its_end(planning: Agent, ctl: Ctl) -> None:
    ran = ctl("plan", "films")
    assert ran.code == Exit.OK
    assert ran.out.splitlines() == [
        "+ Dune (2021) [movie/438631]  for films, as family, 4K",
        "! Heat: no answer  (films)",
        "Plan: 1 would be requested, 120 already there. Nothing was changed.",
    ]
    assert planning.asked[0] == ("plan", {"lists": ["films"]})
    asked = [params for method, params in planning.asked if method == "plan_result"]
    assert asked == [{"run_id": "4f1c"}, {"run_id": "4f1c", "cursor": "after-heat"}]


def test_a_plan_for_programs_is_whole(planning: Agent, ctl: Ctl) -> None:
    found = ctl("plan", "--json").json
    assert [one["label"] for one in found["items"]] == ["Heat", "Dune (2021)"]
    assert found["counts"]["already_there"] == 120
    assert "next" not in found
    assert planning.asked[0] == ("plan", {})


@pytest.mark.parametrize(
    ("result", "code"),
    [("partly", Exit.PARTLY), ("failed", Exit.FAILED), ("cancelled", Exit.INTERRUPTED)],
)
def test_the_exit_code_says_how_it_ended(
    planning: Agent, ctl: Ctl, result: str, code: Exit
) -> None:
    run = {**_DRY, "result": result, "why": "because"}
    planning.script["plan_result"] = {**_DONE, "run": run, "items": [], "next": None}
    assert ctl("plan").code == code


def test_without_waiting_its_id_is_told(planning: Agent, ctl: Ctl) -> None:
    ran = ctl("plan", "--no-wait")
    assert (ran.code, ran.out) == (
        Exit.OK,
        "Plan 4f1c started; show it with `listsyncctl plan --id 4f1c`.\n",
    )
    assert ctl("plan", "--no-wait", "--json").json["run_id"] == "4f1c"
    planning.script["plan"] = {"run_id": "4f1c", "state": "queued"}
    assert "queued until the running sync ends" in ctl("plan", "--no-wait").out


def test_a_plan_that_was_started_is_shown(planning: Agent, ctl: Ctl) -> None:
    assert "+ Dune (2021)" in ctl("plan", "--id", "4f1c").out
    assert planning.asked[0] == ("plan_result", {"run_id": "4f1c"})
    planning.script["plan_result"] = {"state": "running", "run_id": "4f1c"}
    assert "Plan 4f1c started" in ctl("plan", "--id", "4f1c").out


def test_a_sync_that_came_before_the_plan_is_said(planning: Agent, ctl: Ctl) -> None:
    planning.script["runs"] = {"run": {**RUN, "dry_run": False}, "requests": []}
    ran = ctl("plan")
    assert (ran.code, ran.out) == (Exit.BUSY, "")
    assert "plan again" in ran.err


@pytest.mark.parametrize("line", ["plan --id 4f1c films", "plan --id 4f1c --no-wait"])
def test_wrong_usage_is_said(ctl: Ctl, line: str) -> None:
    assert ctl(*line.split()).code == Exit.USAGE


def test_who_leaves_is_told_how_to_come_back(planning: Agent, path: Path) -> None:
    planning.script["runs"] = RefusedCommand(Reason.NOT_FOUND, "no such run")
    planning.script["progress"] = BUSY
    child = subprocess.Popen(
        [sys.executable, "-m", "listsyncctl", "plan"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(path),
    )
    end = time.monotonic() + 10
    while len(planning.asked) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert child.returncode == Exit.INTERRUPTED
    assert "`listsyncctl plan --id 4f1c`" in err
