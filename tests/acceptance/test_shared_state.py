"""The state beside other programs: one holds a lock on it, one wants a copy, one reads it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from listsync.protocol import Code
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import (
    AgentProcess,
    agent_environment,
    ctl_command,
    requested,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(home: Home) -> Home:
    home.write_config([home.write_list("two.csv", titles_csv([603, 27205]))], sync={"every": 0})
    return home


@contextmanager
def lock_of_another_process(home: Home) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(home.state / "listsync.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.communicate()


def test_a_lock_of_another_program_delays_a_sync_and_nothing_else(
    home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(home)
    with lock_of_another_process(home):
        run_id = agent.ask("trigger")["run_id"]
        slowest = 0.0
        for method in ("status", "progress", "lists", "runs", "items") * 4:
            asked = time.monotonic()
            agent.ask(method)
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.05)
        assert slowest < 20  # the lock is held all the time, and is waited for a minute
        with pytest.raises(ClientError, match="another program has held a lock") as refused:
            agent.ask("exclude", item="tmdb:movie/1")
        assert refused.value.code == Code.UNAVAILABLE
        assert requested(home) == []  # what cannot be written down is not requested
    until_requested(home, 2)
    (run,) = agent.until_synced(1)
    assert (run["run_id"], run["result"], run["requested"]) == (run_id, "ok", 2)
    assert agent.ask("exclude", item="tmdb:movie/1")["ok"]


def test_a_backup_of_a_running_agent_is_a_state_to_go_on_with(
    home: Home, start_agent: StartAgent, tmp_path: Path
) -> None:
    agent = start_agent(home)
    agent.ask("trigger")
    agent.until_synced(1)
    (tmp_path / "there").mkdir()
    done = subprocess.run(
        ctl_command(agent, "backup", "listsync.db"),
        env=agent_environment(home),
        cwd=tmp_path / "there",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    copy = tmp_path / "there" / "listsync.db"
    assert (done.returncode, done.stderr) == (0, "")
    assert str(copy) in done.stdout
    assert copy.stat().st_mode & 0o7777 == 0o600
    assert [one.name for one in copy.parent.iterdir()] == ["listsync.db"]
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM synced_items").fetchone() == (2,)
    assert "exists already" in agent.ctl("backup", str(copy)).err
    assert "cannot write" in agent.ctl("backup", str(tmp_path / "none" / "b.db")).err
    beside = home.run("backup", str(tmp_path / "b.db"), "--socket", str(agent.socket))
    assert (beside.code, "listsyncctl backup" in beside.err) == (5, True)
    agent.terminate()
    restored = home.run("once", "--json", "--confirm", "--state-dir", str(copy.parent))
    assert (restored.code, restored.requested) == (0, [])
    assert requested(home) == [603, 27205]


def test_without_an_agent_the_state_is_backed_up_under_its_lock(home: Home) -> None:
    file = home.folder / "b.db"
    assert "no state" in home.run("backup", str(file)).err
    assert home.once().code == 0
    assert home.run("backup", "b.db").code == 0
    assert file.stat().st_mode & 0o7777 == 0o600
    again = home.run("backup", "b.db")
    assert (again.code, "exists already" in again.err) == (1, True)
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM synced_items").fetchone() == (2,)


def test_other_tools_see_the_lists_that_the_configuration_names_now(
    home: Home, start_agent: StartAgent
) -> None:
    def shown() -> list[str]:
        with closing(sqlite3.connect(f"file:{home.state}/listsync.db?mode=ro", uri=True)) as other:
            return [Path(name).name for (name,) in other.execute("SELECT list_id FROM lists")]

    assert home.once().code == 0
    assert shown() == ["two.csv"]
    agent = start_agent(home)
    home.write_config([home.write_list("one.csv", titles_csv([680]))], sync={"every": 0})
    agent.ask("reload")
    assert shown() == ["one.csv"]  # before it was ever read
    home.write_config([home.write_list("two.csv", titles_csv([603]))], sync={"every": 0})
    agent.terminate()
    start_agent(home)
    assert shown() == ["two.csv"]
