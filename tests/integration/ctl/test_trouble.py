"""No agent, a dead one, a frozen one, another's: each is one line that says what to do."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from listsync.protocol import Exit
from tests.integration.ctl.conftest import Agent, Ctl, environment


def test_stopped_or_never_started(ctl: Ctl, path: Path) -> None:
    ran = ctl("status")
    assert (ran.code, ran.out) == (Exit.NOT_RUNNING, "")
    assert ran.err.startswith(
        f"listsyncctl: the agent is not running (it was stopped, or not started yet): "
        f"no socket at {path}: start it"
    )
    assert [line.split("  ")[1] for line in ran.err.splitlines()[1:]] == [
        "systemctl --user start listsync",
        "listsync init",
        "listsyncctl agents",
    ]


def test_in_a_container_nobody_is_sent_to_systemd(ctl: Ctl) -> None:
    ran = ctl("status", LISTSYNC_WAIT_FOR_CONFIG="true")
    assert "listsync check " in ran.err
    assert "systemctl --user" not in ran.err


def test_who_reads_json_gets_no_advice_for_people(ctl: Ctl) -> None:
    error = json.loads(ctl("status", "--json").err)["error"]
    assert error["exit"] == Exit.NOT_RUNNING
    assert "listsync init" not in error["message"]


def test_every_place_that_was_tried_is_named(ctl: Ctl, folder: Path) -> None:
    ran = ctl("status", LISTSYNC_SOCKET="", XDG_RUNTIME_DIR=str(folder))
    assert f"no socket at {folder}/listsync/agent.sock or /run/listsync/agent.sock" in ran.err


def test_crashed(ctl: Ctl, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    ran = ctl("status")
    assert ran.code == Exit.NOT_RUNNING
    assert f"crashed or was killed: stale socket at {path}" in ran.err


def test_a_full_queue_is_busy(ctl: Ctl, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as frozen, socket.socket(socket.AF_UNIX) as first:
        frozen.bind(str(path))
        frozen.listen(0)
        first.connect(str(path))
        ran = ctl("status", "--timeout", "0.2")
    assert ran.code == Exit.NO_ANSWER
    assert "too busy" in ran.err


def test_a_frozen_agent_is_given_up_in_time(ctl: Ctl, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(path))
        frozen.listen(10)
        started = time.monotonic()
        ran = ctl("status", "--timeout", "0.3")
    assert ran.code == Exit.NO_ANSWER
    assert f"{path} did not answer within 0.3 s" in ran.err
    assert time.monotonic() - started < 30


def test_a_slow_agent_gets_the_command_at_most_once(agent: Agent, ctl: Ctl) -> None:
    def slow() -> dict[str, object]:
        time.sleep(0.6)
        return {"run_id": "1", "state": "started"}

    agent.script = {"trigger": slow, "ping": {"pong": True, "pid": 1}}
    assert ctl("sync-now", "--timeout", "0.3").code == Exit.NO_ANSWER
    assert ctl("ping").code == Exit.OK
    assert [method for method, _ in agent.asked].count("trigger") == 1


def test_a_terminal_that_cannot_show_a_title_is_no_trouble(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"lists": {"lists": [{"name": "映画"}]}}
    ran = ctl("lists", PYTHONIOENCODING="latin-1")
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert "??" in ran.out


@pytest.mark.parametrize("command", ["sync-now", "lists", "progress --follow"])
def test_closed_streams_hinder_nothing(agent: Agent, path: Path, command: str) -> None:
    agent.script = {
        "trigger": {"run_id": "1", "state": "started"},
        "lists": {"lists": []},
        "progress": {"in_progress": False, "phase": "idle"},
    }
    ran = subprocess.run(
        ["sh", "-c", f'"$0" -m listsyncctl {command} <&- >&-', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(path),
    )
    assert (ran.returncode, ran.stderr) == (Exit.OK, "")
    assert agent.asked


@pytest.mark.parametrize("by_option", [False, True], ids=["by-variable", "by-option"])
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_anothers_socket_says_whose_it_is(agent: Agent, path: Path, by_option: bool) -> None:
    path.parent.chmod(0o711)
    # All that will be imported: somebody else may not read where this Python lies.
    become = (
        "import os, sys, pathlib, pwd; import listsyncctl.__main__ as c, listsyncctl.commands; "
    )
    become += "os.setgroups([]); os.setgid(65534); os.setuid(65534); c.run()"
    options = ["--socket", str(path)] if by_option else []
    ran = subprocess.run(
        [sys.executable, "-c", become, *options, "ping"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(path),
    )
    assert ran.returncode == Exit.FORBIDDEN
    assert (
        f"permission denied at {path}, which belongs to root: run this as that user" in ran.stderr
    )
    assert agent.asked == []


def test_a_path_that_is_too_long(ctl: Ctl) -> None:
    ran = ctl("ping", "--socket", "/" + "x" * 107)
    assert ran.code == Exit.USAGE
    assert "at most 107 bytes" in ran.err


def test_a_relative_path_is_told_whole(ctl: Ctl) -> None:
    ran = ctl("ping", "--socket", "nowhere.sock")
    assert ran.code == Exit.NOT_RUNNING
    assert f"no socket at {Path.cwd()}/nowhere.sock" in ran.err


def test_a_file_is_no_agent(ctl: Ctl, path: Path) -> None:
    path.write_text("", encoding="utf-8")
    ran = ctl("ping")
    assert ran.code == Exit.NOT_RUNNING
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("socket_", "says", "exit_"),
    [
        pytest.param("/nowhere/agent.sock", "no socket at /nowhere", Exit.NOT_RUNNING, id="whole"),
        pytest.param(
            "agent.sock", "the folder that it is relative to is gone", Exit.USAGE, id="rel"
        ),
    ],
)
def test_a_working_folder_that_is_gone_is_no_crash(
    tmp_path: Path, socket_: str, says: str, exit_: Exit
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    script = "import os, sys; os.rmdir(os.getcwd()); from listsyncctl.__main__ import run; run()"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", script, "ping", "--socket", socket_],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
    )
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.returncode == exit_
