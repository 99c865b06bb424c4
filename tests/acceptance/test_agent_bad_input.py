"""What the agent is given at its start and later that it cannot use."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from listsync.protocol import MAX_PATH_BYTES
from listsync.store.database import FILE_NAME
from tests.acceptance.agent_process import (
    AgentProcess,
    agent_environment,
    config_of,
    requested,
    socket_of,
    until,
)
from tests.acceptance.conftest import Home, titles_csv

pytestmark = pytest.mark.usefixtures("forked_scripts")
StartAgent = Callable[..., AgentProcess]

_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
_TWICE = "server: {url: sandbox}\nlists: []\nlists: []\n"


def _nothing_started(home: Home) -> bool:
    return not home.state.exists() and not socket_of(home).exists()


def _refused(agent: AgentProcess, code: int) -> str:
    assert agent.wait(30) == code, agent.log
    assert "Traceback" not in agent.log
    assert len(agent.log) < 4000
    return agent.log


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", ("empty", "missing"), id="empty"),
        pytest.param(b"\n# nothing\n", ("empty", "missing"), id="only-a-comment"),
        pytest.param(b"# " + b"x" * 10_000_000, ("is larger than",), id="10-MB"),
        pytest.param(bytes(range(256)) * 20, (":1:1: ", "binary", "UTF-8"), id="binary"),
        pytest.param(_BOMB.encode(), ("alias", "anchor", "unknown key"), id="bomb"),
        pytest.param(_TWICE.encode(), ("listsync.yaml:3:1: ",), id="duplicate-keys"),
        pytest.param(b"server: [\n", ("listsync.yaml:",), id="no-yaml"),
    ],
)
def test_a_configuration_that_is_none_is_told_and_78(
    lone_home: Home, start_agent: StartAgent, content: bytes, words: tuple[str, ...]
) -> None:
    config_of(lone_home).write_bytes(content)
    told = _refused(start_agent(lone_home, is_awaited=False), 78)
    assert str(config_of(lone_home)) in told
    assert any(one in told for one in words), told
    assert _nothing_started(lone_home)


def test_a_configuration_that_is_missing_is_told_and_78(
    lone_home: Home, start_agent: StartAgent
) -> None:
    config_of(lone_home).unlink()
    told = _refused(start_agent(lone_home, is_awaited=False), 78)
    first, advice = told.splitlines()
    assert first == f"{config_of(lone_home)}: does not exist"
    assert advice.endswith(f"listsync init --config {config_of(lone_home)}")
    assert _nothing_started(lone_home)


def test_a_configuration_that_is_a_folder_is_told_and_78(
    lone_home: Home, start_agent: StartAgent
) -> None:
    config_of(lone_home).unlink()
    config_of(lone_home).mkdir()
    told = _refused(start_agent(lone_home, is_awaited=False), 78)
    assert told == f"{config_of(lone_home)}: is a directory, expected a file\n"
    assert _nothing_started(lone_home)


def test_a_configuration_that_is_a_pipe_is_told_and_78(
    lone_home: Home, start_agent: StartAgent
) -> None:
    config_of(lone_home).unlink()
    os.mkfifo(config_of(lone_home))
    told = _refused(start_agent(lone_home, is_awaited=False), 78)
    assert told == f"{config_of(lone_home)}: is not a regular file\n"
    assert _nothing_started(lone_home)


@pytest.mark.parametrize("by_option", [False, True], ids=["by-variable", "by-option"])
def test_a_configuration_that_may_not_be_read_is_told_and_78(
    lone_home: Home, start_agent: StartAgent, by_option: bool
) -> None:
    config_of(lone_home).chmod(0)
    options = ["--config", str(config_of(lone_home))] if by_option else []
    agent = start_agent(lone_home, *options, is_awaited=False, as_nobody_special=True)
    told = _refused(agent, 78)
    assert told == f"{config_of(lone_home)}: may not be read by this user (uid {os.geteuid()})\n"
    assert _nothing_started(lone_home)


def test_rights_that_are_lost_later_are_told_and_the_old_one_stays(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home, as_nobody_special=True)
    config_of(lone_home).chmod(0)
    until("the loss in the status", lambda: "may not be read" in agent.ctl("status").out)
    assert agent.status["lists"] == 1
    config_of(lone_home).chmod(0o600)
    until("the recovery", lambda: agent.status["config"]["valid"])


def test_no_configuration_at_all_says_what_to_do(lone_home: Home, start_agent: StartAgent) -> None:
    agent = start_agent(lone_home, is_awaited=False, environment={"LISTSYNC_CONFIG": ""})
    told = _refused(agent, 78)
    assert "there is no configuration yet" in told


# -- state and socket ---------------------------------------------------------------------------


def test_a_state_folder_that_cannot_be_written_is_a_clear_error(
    lone_home: Home, start_agent: StartAgent
) -> None:
    lone_home.state.mkdir(mode=0o500)
    told = _refused(start_agent(lone_home, is_awaited=False, as_nobody_special=True), 1)
    assert f"listsync: cannot use the state directory {lone_home.state}: Permission denied" in told
    assert not socket_of(lone_home).exists()


def test_a_state_folder_that_became_read_only_is_a_clear_error(
    lone_home: Home, start_agent: StartAgent
) -> None:
    start_agent(lone_home).terminate()
    for path in lone_home.state.iterdir():
        path.chmod(0o400)
    lone_home.state.chmod(0o500)
    told = _refused(start_agent(lone_home, is_awaited=False, as_nobody_special=True), 1)
    lone_home.state.chmod(0o700)
    assert str(lone_home.state) in told
    assert not socket_of(lone_home).exists()


def test_a_state_that_another_program_has_locked_is_waited_for(
    lone_home: Home, start_agent: StartAgent
) -> None:
    start_agent(lone_home).terminate()
    with closing(sqlite3.connect(lone_home.state / FILE_NAME)) as other:
        other.execute("BEGIN IMMEDIATE")
        agent = start_agent(lone_home, is_awaited=False)
        until("it has come to the state", socket_of(lone_home).exists)
        assert agent.code is None
    agent.until_ready()


def test_a_state_that_is_a_file_is_a_clear_error(lone_home: Home, start_agent: StartAgent) -> None:
    lone_home.state.write_text("not a folder", encoding="utf-8")
    told = _refused(start_agent(lone_home, is_awaited=False), 1)
    assert "cannot use the state directory" in told
    assert lone_home.state.read_text(encoding="utf-8") == "not a folder"


def test_a_socket_path_that_is_too_long_is_a_clear_error(
    lone_home: Home, start_agent: StartAgent
) -> None:
    long = lone_home.folder / ("s" * MAX_PATH_BYTES)
    told = _refused(start_agent(lone_home, "--socket", str(long), is_awaited=False), 1)
    assert f"longer than {MAX_PATH_BYTES} bytes" in told
    assert "--socket" in told
    assert not long.exists()


def test_a_stale_socket_is_replaced(lone_home: Home, start_agent: StartAgent) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(socket_of(lone_home)))
    assert socket_of(lone_home).is_socket()
    agent = start_agent(lone_home)
    assert agent.ctl("ping").code == 0
    assert socket_of(lone_home).stat().st_mode & 0o777 == 0o600


def test_a_file_at_the_sockets_place_is_left_alone(
    lone_home: Home, start_agent: StartAgent
) -> None:
    socket_of(lone_home).write_text("precious", encoding="utf-8")
    told = _refused(start_agent(lone_home, is_awaited=False), 1)
    assert "is not a socket, so it was left alone" in told
    assert socket_of(lone_home).read_text(encoding="utf-8") == "precious"


def test_the_usual_places_are_made_for_the_owner_only(
    lone_home: Home, start_agent: StartAgent
) -> None:
    runtime = lone_home.folder / "run"
    runtime.mkdir(mode=0o700)
    usual = runtime / "listsync" / "agent.sock"
    agent = start_agent(
        lone_home,
        socket=usual,
        environment={"LISTSYNC_SOCKET": "", "LISTSYNC_STATE_DIR": ""},
    )
    state = lone_home.folder / "xdg-state" / "listsync"
    assert agent.ask("ping")["pid"] == agent.pid
    assert _mode(usual) == 0o600
    assert _mode(usual.parent) == _mode(state) == 0o700


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# -- the server ---------------------------------------------------------------------------------


def test_a_server_that_goes_away_fails_the_run_and_not_the_agent(
    start_home: Callable[..., Home], start_agent: StartAgent, tmp_path: Path
) -> None:
    home = start_home(state=tmp_path / "sandbox.json")
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync={"every": 0})
    agent = start_agent(home)
    assert agent.ctl("sync-now", "--wait").code == 0
    home.sandbox.port = urlsplit(home.sandbox.url).port or 0
    home.sandbox.close()
    failed = agent.ctl("sync-now", "--wait", "-o", "json")
    assert failed.code == 1
    assert failed.json["run"]["result"] == "failed"
    assert str(home.sandbox.port) in failed.json["run"]["message"]
    assert "failed" in agent.ctl("status").out
    home.sandbox.__enter__()
    home.write_list("l.csv", titles_csv([603, 27205]))
    assert agent.ctl("sync-now", "--wait").code == 0
    assert requested(home) == [27205]
    assert [one["result"] for one in agent.runs] == ["ok", "failed", "ok"]


# -- a fault of our own -------------------------------------------------------------------------

_FAULTY = """
from listsync import interrupts
interrupts.hold_back()
from listsync.triggers.schedule.due_times import ScheduleTrigger
def fail(*_):
    raise ValueError("what went wrong")
ScheduleTrigger.run = fail
from listsync.cli import main
main()
"""


_LATE = """
import threading, time
work = threading.Thread.run
def late(thread):
    if thread.name == "listsync-control":
        time.sleep(1)
    work(thread)
threading.Thread.run = late
"""


@pytest.mark.parametrize("before", ["", _LATE], ids=["at_once", "before_it_answers"])
def test_an_agent_of_which_a_part_has_failed_ends_to_be_started_again(
    lone_home: Home, before: str
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", before + _FAULTY, "run"],
        env=agent_environment(lone_home),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1
    assert "the schedule service failed: the agent ends" in ran.stderr
    assert "what went wrong" in ran.stderr
    assert not socket_of(lone_home).exists()


_MUTE = """
from listsync import interrupts
interrupts.hold_back()
from listsync.control.server import ControlSocket
from listsync.commands.dispatch import Dispatcher
def fail(*_):
    raise ValueError("what went wrong")
{0} = fail
from listsync.cli import main
main()
"""


@contextmanager
def faulty_agent(home: Home, what: str) -> Iterator[AgentProcess]:
    """Run an agent of which the function *what* fails."""
    command = [sys.executable, "-c", _MUTE.format(what), "run"]
    agent = AgentProcess(home, executable=command)
    try:
        until("its socket", agent.socket.is_socket)
        yield agent
    finally:
        agent.close()


def test_a_control_thread_that_has_failed_ends_the_agent_and_is_named(lone_home: Home) -> None:
    with faulty_agent(lone_home, "ControlSocket._answered") as agent:
        assert agent.ctl("ping", "--timeout", "1").code != 0
        assert agent.wait() == 1
        assert "the control service failed: the agent ends" in agent.log
        assert "what went wrong" in agent.log
    assert not socket_of(lone_home).exists()


def test_a_message_that_fails_is_answered_and_ends_nothing(lone_home: Home) -> None:
    with faulty_agent(lone_home, "Dispatcher.call") as agent:
        for _ in range(2):
            told = agent.ctl("status")
            assert (told.code, told.err.count("\n")) == (1, 1)
            assert "status failed in the agent: see its log" in told.err
        assert agent.terminate() == 0
        assert agent.log.count("ValueError: what went wrong") == 2


# -- too few files ------------------------------------------------------------------------------


def run_with_files(home: Home, count: int) -> AgentProcess:
    return AgentProcess(home, executable=["prlimit", f"--nofile={count}", *home.command("run")])


def test_an_agent_that_may_open_too_few_files_says_so_and_does_not_start(lone_home: Home) -> None:
    agent = run_with_files(lone_home, 63)
    assert agent.wait() == 78
    assert "at most 63 may be open, the agent needs 64: raise the hard limit" in agent.log
    assert agent.log.count("\n") == 1
    assert not socket_of(lone_home).exists()


def test_an_agent_that_may_open_64_files_syncs_beside_a_crowd(lone_home: Home) -> None:
    lone_home.write_list("l.csv", titles_csv([603, 27205]))
    agent = run_with_files(lone_home, 64).until_ready()
    with closing(agent), ExitStack() as crowd:
        for _ in range(50):
            crowd.enter_context(socket.socket(socket.AF_UNIX)).connect(str(agent.socket))
        assert agent.ctl("sync-now", "--wait").code == 0
        assert agent.runs[-1]["requested"] == 2
        assert agent.terminate() == 0
