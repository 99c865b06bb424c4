"""Agents found by their processes, and signalled without the socket."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from listsync.protocol import Exit
from listsyncctl.agents import (
    RunningAgent,
    ask_to_sync,
    choose_agents,
    existing_agents,
    find_agents,
)
from listsyncctl.client import ClientError
from tests.integration.ctl.conftest import Ctl

_CODE = """
import signal, socket, sys
{handle}
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[2])
listening.listen()
print("ready", flush=True)
signal.pause()
"""
Started = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def started(folder: Path) -> Iterator[Started]:
    """Start what looks like an agent, by the name of its script."""
    children: list[subprocess.Popen[str]] = []

    def start(socket: Path, *, catches: bool = True) -> subprocess.Popen[str]:
        handler = "signal.signal(signal.SIGUSR1, lambda *_: print('signalled', flush=True))"
        script = folder / "listsync"
        script.write_text(_CODE.format(handle=handler if catches else ""), encoding="utf-8")
        child = subprocess.Popen(
            [sys.executable, str(script), "run", str(socket)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def test_each_agent_is_found_with_its_socket(started: Started, folder: Path, ctl: Ctl) -> None:
    pids = {started(folder / f"{n}.sock").pid: str(folder / f"{n}.sock") for n in (1, 2)}
    found = {one["pid"]: one for one in ctl("agents", "--json").json["agents"]}
    assert pids.items() <= {pid: one["socket"] for pid, one in found.items()}.items()
    for pid in pids:
        assert found[pid]["memory"] > 1 << 20
        assert found[pid]["fds"] > 3
        assert found[pid]["uptime_s"] >= 0
    assert str(next(iter(pids))) in ctl("agents").out


def test_the_signal_goes_to_the_agent_at_the_socket(
    started: Started, folder: Path, ctl: Ctl
) -> None:
    mine, other = started(folder / "1.sock"), started(folder / "2.sock")
    ran = ctl("sync-now", "--signal", "--socket", str(folder / "1.sock"))
    assert ran.code == Exit.OK
    assert ran.out == f"Sent SIGUSR1 to the agent (pid {mine.pid}); it syncs now.\n"
    assert mine.stdout is not None
    assert mine.stdout.readline() == "signalled\n"
    assert other.poll() is None


def test_the_signal_goes_to_the_agent_with_the_pid(
    started: Started, folder: Path, ctl: Ctl
) -> None:
    other, mine = started(folder / "1.sock"), started(folder / "2.sock")
    ran = ctl("sync-now", "--signal", "--pid", str(mine.pid), "--json")
    assert ran.json["signalled"] == [{"pid": mine.pid}]
    assert mine.stdout is not None
    assert mine.stdout.readline() == "signalled\n"
    assert other.poll() is None


def test_a_pid_that_is_no_agent_is_not_signalled(started: Started, folder: Path, ctl: Ctl) -> None:
    started(folder / "1.sock")
    ran = ctl("sync-now", "--signal", "--pid", str(os.getpid()))
    assert ran.code == Exit.NOT_RUNNING
    assert f"no listsync agent has the pid {os.getpid()}" in ran.err


_PLACES = ("/run/user/7/listsync/agent.sock", "/run/listsync/agent.sock")
_MINE, _SYSTEM, _ELSEWHERE = *_PLACES, "/tmp/x.sock"


def _agents(*of: tuple[int, str | None]) -> list[RunningAgent]:
    """Describe agents, each of a user and at a socket."""
    return [RunningAgent(psutil.Process(), uid, 1.0, socket, None, None) for uid, socket in of]


@pytest.mark.parametrize(
    ("of", "chosen"),
    [
        pytest.param([(7, _ELSEWHERE), (7, _MINE)], 1, id="at-the-users-socket"),
        pytest.param([(7, _ELSEWHERE), (8, _SYSTEM)], 1, id="at-the-systems-socket"),
        pytest.param([(8, _SYSTEM), (7, _MINE)], 1, id="at-the-users-before-the-systems"),
        pytest.param([(8, _ELSEWHERE), (7, _ELSEWHERE)], 1, id="the-only-one-of-the-user"),
        pytest.param([(7, None)], 0, id="whose-socket-may-not-be-seen"),
    ],
)
def test_the_own_agent_is_meant(of: list[tuple[int, str | None]], chosen: int) -> None:
    agents = _agents(*of)
    found = choose_agents(agents, places=_PLACES, is_named=False, uid=7)
    assert found == [agents[chosen]]


@pytest.mark.parametrize(
    ("of", "is_named", "exit_", "words"),
    [
        ([], False, Exit.NOT_RUNNING, "no listsync agent found"),
        ([(7, _ELSEWHERE)], True, Exit.NOT_RUNNING, f"no listsync agent found.*at {_MINE}"),
        ([(8, _ELSEWHERE)], False, Exit.USAGE, "only agents of other users run .*--pid"),
        (
            [(7, _ELSEWHERE), (7, _ELSEWHERE)],
            False,
            Exit.USAGE,
            "several agents of yours run .*--socket or --pid, or say --all",
        ),
    ],
    ids=["none", "not-at-the-socket", "of-others", "several"],
)
def test_an_agent_that_is_not_clearly_meant_is_not_signalled(
    of: list[tuple[int, str | None]], is_named: bool, exit_: Exit, words: str
) -> None:
    with pytest.raises(ClientError, match=words) as caught:
        choose_agents(_agents(*of), places=_PLACES, is_named=is_named, uid=7)
    assert caught.value.exit == exit_


def test_none_is_found(folder: Path, ctl: Ctl) -> None:
    for line in (["agents"], ["sync-now", "--signal"]):
        ran = ctl(*line, "--socket", str(folder / "x.sock"))
        assert (ran.code, ran.out) == (Exit.NOT_RUNNING, "")
        assert "no listsync agent found: start one with `listsync run`" in ran.err


def test_an_agent_that_does_not_catch_the_signal_yet_is_spared(
    started: Started, folder: Path, ctl: Ctl
) -> None:
    child = started(folder / "1.sock", catches=False)
    ran = ctl("sync-now", "--signal", "--socket", str(folder / "1.sock"))
    assert ran.code == Exit.BUSY
    assert f"pid {child.pid} is still starting" in ran.err
    assert child.poll() is None


def test_a_process_that_has_gone_is_said(started: Started, folder: Path) -> None:
    child = started(folder / "1.sock")
    agents = existing_agents(f"{folder}/./1.sock")
    child.kill()
    child.wait()
    with pytest.raises(ClientError, match="the process has gone") as caught:
        list(ask_to_sync(agents))
    assert caught.value.exit == Exit.NOT_RUNNING


def test_no_permission_is_said(
    started: Started, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = started(folder / "1.sock")

    def denied(_: psutil.Process, __: int) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "send_signal", denied)
    with pytest.raises(ClientError, match=f"permission denied: the agent with pid {child.pid}"):
        list(ask_to_sync(existing_agents(folder / "1.sock")))


def test_each_signal_is_logged_with_its_pid(
    started: Started, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    child = started(folder / "1.sock")
    with caplog.at_level(logging.INFO):
        list(ask_to_sync(existing_agents(folder / "1.sock")))
    assert f"sent SIGUSR1 to pid {child.pid}" in caplog.messages


def test_this_process_is_none() -> None:
    assert os.getpid() not in {one.process.pid for one in find_agents()}
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
