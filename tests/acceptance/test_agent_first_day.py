"""The agent as a new user meets it: start it, edit the file, ask for a sync, make a mistake."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.agent_process import (
    AgentProcess,
    agent_environment,
    config_of,
    ctl_command,
    on_a_terminal,
    replace_file,
    requested,
    until,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_MATRIX, _INCEPTION, _PULP = 603, 27205, 680


def _text(home: Home, *lists: str, more: str = "") -> str:
    entries = "".join(f"  - file: {name}.csv\n    name: {name}\n" for name in lists)
    server = f"server:\n  url: {home.sandbox.url}\n  api_key: {home.sandbox.api_key}\n"
    return f"{server}lists:\n{entries}{more}"


def _write(home: Home, *lists: str) -> None:
    home.write_list("first.csv", titles_csv([_MATRIX]))
    home.write_list("second.csv", titles_csv([_INCEPTION]))
    config_of(home).write_text(_text(home, *lists), encoding="utf-8")


def _by_replacing(path: Path, old: str, new: str) -> None:
    replace_file(path, path.read_text(encoding="utf-8").replace(old, new))


def _by_sed(path: Path, old: str, new: str) -> None:
    subprocess.run(["sed", "-i", f"s/{old}/{new}/", path], check=True, timeout=60)


def _by_vim(path: Path, old: str, new: str) -> None:
    # Under /tmp vim would write in place; elsewhere it renames the old file away.
    script = ["set backupskip= writebackup backupcopy=no", f"%s/{old}/{new}/", "wq"]
    commands = [part for line in script for part in ("-c", line)]
    subprocess.run(
        ["vim", "-u", "NONE", "-i", "NONE", "-N", "-es", *commands, path],
        env={**os.environ, "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(_by_replacing, id="os.replace"),
        pytest.param(_by_sed, id="sed"),
        pytest.param(
            _by_vim,
            id="vim",
            marks=pytest.mark.skipif(shutil.which("vim") is None, reason="no vim here"),
        ),
    ],
)
def test_a_list_added_in_an_editor_is_synced_and_only_that_list(
    home: Home, start_agent: StartAgent, edit: Callable[[Path, str, str], None]
) -> None:
    _write(home, "first")
    path = config_of(home)
    path.write_text(
        _text(home, "first", more="#  - {file: second.csv, name: second}\n"), encoding="utf-8"
    )
    agent = start_agent(home)
    agent.until_synced(1)
    assert requested(home) == [_MATRIX]
    before = agent.ctl_json("lists")["lists"]
    edit(path, "^#" if edit is not _by_replacing else "#", "")
    runs = agent.until_synced(2)
    assert runs[1]["origin"] == "config"
    assert requested(home) == [_MATRIX, _INCEPTION]
    lists = {one["name"]: one for one in agent.ctl_json("lists")["lists"]}
    assert lists["first"]["last_try"] == before[0]["last_try"]
    assert lists["second"]["outcome"] == "complete"


def test_the_first_sync_comes_by_itself(home: Home, start_agent: StartAgent) -> None:
    _write(home, "first", "second")
    agent = start_agent(home)
    (run,) = agent.until_synced(1)
    assert run["result"] == "ok"
    assert sorted(requested(home)) == [_MATRIX, _INCEPTION]


def test_a_comment_causes_no_sync(home: Home, start_agent: StartAgent) -> None:
    _write(home, "first")
    agent = start_agent(home, "--log-level", "debug")
    agent.until_synced(1)
    loaded_at = agent.status["config"]["loaded_at"]
    _by_replacing(config_of(home), "lists:", "# what I like\n\nlists:")
    until("the file read again", lambda: agent.status["config"]["loaded_at"] != loaded_at)
    # What a reload asks for is in the queue before the reload has answered.
    assert agent.ctl("reload").code == 0
    assert agent.is_at_rest()
    agent.until_synced(1)


def test_sync_now_waits_and_shows_a_bar_on_a_terminal(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=40, latency_ms=40)
    home.write_config(
        [home.write_list("l.csv", titles_csv(range(20_000_001, 20_000_041)))], sync={"every": 0}
    )
    agent = start_agent(home)
    code, seen = on_a_terminal(ctl_command(agent, "sync-now", "--wait"), agent_environment(home))
    assert code == 0
    assert "[#" in seen
    assert "/40 (" in seen
    assert "40 requested, 0 already there, 0 to review" in seen
    assert len(requested(home)) == 40


def test_sync_now_without_wait_answers_at_once_with_the_id(
    home: Home, start_agent: StartAgent
) -> None:
    _write(home, "first")
    agent = start_agent(home)
    agent.until_synced(1)
    told = agent.ctl_json("sync-now")
    assert told["state"] == "started"
    assert agent.until_synced(2)[1]["run_id"] == told["run_id"]


def test_usr1_syncs_and_says_so(home: Home, start_agent: StartAgent) -> None:
    _write(home, "first")
    agent = start_agent(home)
    agent.until_synced(1)
    agent.signal(signal.SIGUSR1)
    assert agent.until_synced(2)[1]["origin"] == "SIGUSR1"
    lines = agent.log.splitlines()
    received = "Received SIGUSR1 signal - triggering immediate sync"
    taken = "Immediate sync requested via signal"
    first = next(number for number, line in enumerate(lines) if line.endswith(received))
    assert any(line.endswith(taken) for line in lines[first:])


def test_a_mistake_is_told_with_its_place_and_mended_by_the_next_save(
    home: Home, start_agent: StartAgent
) -> None:
    _write(home, "first")
    agent = start_agent(home)
    agent.until_synced(1)
    path = config_of(home)
    good = path.read_text(encoding="utf-8")
    replace_file(path, good + "    limt: 3\n")
    line = len(good.splitlines()) + 1
    place = f"{path}:{line}:5: "

    def told() -> str:
        out = agent.ctl("status").out
        return out if place in out else ""

    words = until("the place of the mistake", told)
    assert 'unknown key "limt"' in words
    assert 'did you mean "limit"' in words
    assert "invalid" in words
    assert place in agent.log
    # The old one is in force and works.
    assert agent.ctl("sync-now", "--wait").code == 0
    agent.until_synced(2)

    replace_file(path, _text(home, "first", "second"))
    agent.until_synced(3)
    status = agent.status
    assert status["config"]["valid"]
    assert status["config"]["problems"] == []
    assert status["pid"] == agent.pid
    assert requested(home) == [_MATRIX, _INCEPTION]


def test_reload_of_a_broken_file_exits_78_and_of_a_good_one_0(
    home: Home, start_agent: StartAgent
) -> None:
    _write(home, "first")
    agent = start_agent(home)
    agent.until_synced(1)
    path = config_of(home)
    good = path.read_text(encoding="utf-8")
    path.write_text(good + "oops\n", encoding="utf-8")
    told = agent.ctl("reload")
    assert told.code == 78
    assert f"{path}:" in told.err
    assert "the last good configuration stays in force" in told.err
    path.write_text(good, encoding="utf-8")
    assert agent.ctl("reload").code == 0
    assert agent.status["config"]["valid"]
    agent.until_synced(1)


def test_a_file_removed_and_put_back_is_survived(home: Home, start_agent: StartAgent) -> None:
    _write(home, "first")
    agent = start_agent(home)
    agent.until_synced(1)
    path = config_of(home)
    path.unlink()
    until("the loss in the status", lambda: "does not exist" in agent.ctl("status").out)
    assert agent.status["lists"] == 1
    assert agent.ctl("sync-now", "--wait").code == 0
    path.write_text(_text(home, "first", "second"), encoding="utf-8")
    agent.until_synced(3)
    assert agent.status["config"]["valid"]
    assert requested(home) == [_MATRIX, _INCEPTION]
