"""`sync-now --wait` and `progress --follow`."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from listsync.protocol import Exit, Reason, RefusedCommand
from tests.integration.ctl.conftest import Agent, Ctl, environment, read_terminal
from tests.integration.ctl.test_commands import BUSY, IDLE, RUN, STATUS

_STARTED = {"run_id": "4f1c", "state": "started"}
_UNKNOWN = RefusedCommand(Reason.NOT_FOUND, "no such run")


@pytest.mark.parametrize(
    ("result", "exit_"),
    [
        ("ok", Exit.OK),
        ("partly", Exit.PARTLY),
        ("failed", Exit.FAILED),
        ("cancelled", Exit.INTERRUPTED),
    ],
)
def test_wait_exits_as_the_run_did(agent: Agent, ctl: Ctl, result: str, exit_: Exit) -> None:
    ended = {"run": {**RUN, "result": result}, "requests": []}
    running = {"run": {**RUN, "ended_at": None, "result": None}, "requests": []}
    agent.script = {"trigger": _STARTED, "progress": BUSY, "runs": [_UNKNOWN, running, ended]}
    ran = ctl("sync-now", "--wait", "--json")
    assert ran.code == exit_
    assert ran.json["run"]["result"] == result
    assert ran.err == ""


def test_wait_reads_the_whole_run_once(agent: Agent, ctl: Ctl) -> None:
    running = {"run": {**RUN, "ended_at": None, "result": None}, "requests": []}
    first = {"run": RUN, "requests": [], "next": "more"}
    last = {"run": RUN, "requests": [{"title": "Dune"}], "next": None}
    agent.script = {"trigger": _STARTED, "progress": BUSY}
    agent.script["runs"] = [{**running, "next": "more"}, first, first, last]
    ran = ctl("sync-now", "--wait", "--json")
    asked = [params for method, params in agent.asked if method == "runs"]
    row, whole = {"run_id": "4f1c", "limit": 1}, {"run_id": "4f1c"}
    assert asked == [row, row, whole, {**whole, "cursor": "more"}]
    assert ran.json["requests"] == last["requests"]


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_dry_run_that_became_a_sync_is_not_shown_as_one(
    agent: Agent, ctl: Ctl, is_dry: bool
) -> None:
    run = {**RUN, "dry_run": is_dry}
    agent.script = {"trigger": _STARTED, "progress": IDLE, "runs": {"run": run, "requests": []}}
    ran = ctl("sync-now", "--dry-run", "--wait")
    assert ran.code == (Exit.OK if is_dry else Exit.BUSY)
    assert ("run 4f1c was to be a dry run, but somebody requested a sync" in ran.err) is not is_dry


def test_wait_follows_a_queued_run(agent: Agent, ctl: Ctl) -> None:
    agent.script = {
        "trigger": {"run_id": "5a", "state": "queued"},
        "progress": [BUSY, IDLE, {**BUSY, "run_id": "5a"}],
        "status": {**STATUS, "pending": {"run_id": "5a", "lists": None, "origins": []}},
        "runs": [_UNKNOWN, _UNKNOWN, _UNKNOWN, {"run": {**RUN, "run_id": "5a"}, "requests": []}],
    }
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.OK
    assert "Run 5a (schedule): ok" in ran.out


def test_wait_ends_when_a_pause_holds_the_run(agent: Agent, ctl: Ctl) -> None:
    waiting: dict[str, object] = {"run_id": "5a", "lists": None, "origins": []}
    agent.script = {
        "trigger": {"run_id": "5a", "state": "queued"},
        "progress": [BUSY, IDLE],
        "status": {**STATUS, "state": "paused", "pending": waiting},
        "runs": _UNKNOWN,
    }
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.PAUSED
    assert "run 5a is queued until the pause ends: see `listsyncctl resume`" in ran.err


def test_wait_ends_when_the_agent_has_forgotten_the_run(agent: Agent, ctl: Ctl) -> None:
    agent.script = {
        "trigger": _STARTED,
        "progress": IDLE,
        "status": {**STATUS, "pending": None},
        "runs": _UNKNOWN,
    }
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.FAILED
    assert "knows nothing of run 4f1c" in ran.err


def test_wait_ends_at_a_timeout_that_was_given(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"trigger": _STARTED, "progress": BUSY, "runs": _UNKNOWN}
    ran = ctl("sync-now", "--wait", "--timeout", "0.7")
    assert ran.code == Exit.NO_ANSWER
    assert "sync 4f1c is still running" in ran.err


def test_follow_ends_at_a_timeout_that_was_given(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"progress": BUSY}
    ran = ctl("progress", "--follow", "--timeout", "0.7")
    assert ran.code == Exit.NO_ANSWER
    assert "a sync is still running; see `listsyncctl progress`" in ran.err


def test_a_backup_is_waited_for_until_a_timeout_that_was_given(agent: Agent, ctl: Ctl) -> None:
    written = {"id": "b1", "state": "running", "file": "/x", "size": 0, "took_s": 0.1, "why": ""}
    agent.script = {"backup": written, "backup_result": written}
    ran = ctl("backup", "x", "--timeout", "0.7")
    assert ran.code == Exit.NO_ANSWER
    assert "/x is still being written" in ran.err


def test_control_c_detaches(agent: Agent, path: Path) -> None:
    agent.script = {"trigger": _STARTED, "progress": BUSY, "runs": _UNKNOWN}
    with subprocess.Popen(
        [sys.executable, "-m", "listsyncctl", "sync-now", "--wait"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(path),
    ) as waiting:
        until = time.monotonic() + 10
        while len(agent.asked) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        waiting.send_signal(signal.SIGINT)
        _, err = waiting.communicate(timeout=30)
    assert waiting.returncode == Exit.INTERRUPTED
    assert (
        err
        == "listsyncctl: detached: sync 4f1c is still running; stop it with `listsyncctl cancel`\n"
    )
    assert "cancel" not in [method for method, _ in agent.asked]


def test_a_terminal_gets_a_bar(agent: Agent, path: Path) -> None:
    ended = {"run": RUN, "requests": []}
    agent.script = {"trigger": _STARTED, "progress": BUSY, "runs": [_UNKNOWN, ended]}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "listsyncctl", "sync-now", "--wait"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env=environment(path, TERM="xterm", COLUMNS="100"),
    ) as waiting:
        out, _ = waiting.communicate(timeout=30)
    os.close(theirs)
    drawn = read_terminal(ours)
    os.close(ours)
    assert (
        "[#######-----------------------] requesting titles 5/20 (25 %), 3 requested, 2 min left"
        in drawn
    )
    assert drawn.endswith("\r\x1b[K")
    assert out.startswith("Run 4f1c (schedule): ok")


def test_follow_says_each_change_and_ends(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"progress": [BUSY, BUSY, IDLE]}
    ran = ctl("progress", "--follow")
    assert ran.out.splitlines() == [
        "requesting titles 5/20 (25 %), 3 requested, 2 min left",
        "no sync is running; last: 12 requested",
    ]


def test_what_another_agent_does_cannot_be_waited_for(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"trigger": {"run_id": "5a", "state": "passed_on", "leader": "attic"}}
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.PARTLY
    assert "Passed on to attic, which leads" in ran.err
    assert ctl("sync-now").code == Exit.OK


def queued_in_a_fleet(role: str, why: str, *, waits: bool) -> dict[str, object]:
    pending: dict[str, object] = {"run_id": "5a", "lists": None, "origins": []}
    fleet = {"role": role, "name": "cellar", "leader": "attic", "why": why, "members": []}
    return {
        "trigger": {"run_id": "5a", "state": "queued"},
        "progress": IDLE,
        "status": {**STATUS, "pending": pending if waits else None, "fleet": fleet},
        "runs": _UNKNOWN,
    }


def test_wait_ends_where_a_queued_run_was_passed_on(agent: Agent, ctl: Ctl) -> None:
    agent.script = queued_in_a_fleet("standby", "", waits=False)
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.PARTLY
    assert "Passed on to attic, which leads" in ran.err


def test_wait_ends_where_nobody_knows_who_leads(agent: Agent, ctl: Ctl) -> None:
    agent.script = queued_in_a_fleet("joining", "it is gone", waits=True)
    ran = ctl("sync-now", "--wait")
    assert ran.code == Exit.PAUSED
    assert "run 5a is queued until this agent takes part in its fleet again" in ran.err
    assert "(it is gone)" in ran.err
