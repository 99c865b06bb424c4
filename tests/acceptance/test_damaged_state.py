"""A state that is damaged, newer, on a full or read-only disk, at the real commands."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.acceptance.agent_process import (
    AgentProcess,
    requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_CAN_MOUNT = (
    subprocess.run(
        ["unshare", "-rm", "true"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ).returncode
    == 0
    if shutil.which("unshare")
    else False
)


@pytest.fixture
def home(home: Home) -> Home:
    follow(home, 603, 27205)
    return home


def follow(home: Home, *numbers: int) -> None:
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], sync={"every": 0})


def damage(home: Home) -> None:
    file = home.state / "listsync.db"
    content = bytearray(file.read_bytes())
    content[4096:16384] = os.urandom(12288)
    file.write_bytes(content)


def test_a_damaged_state_is_set_aside_and_nothing_is_requested_until_that_is_confirmed(
    home: Home, start_agent: StartAgent
) -> None:
    assert home.once().code == 0
    damage(home)
    follow(home, 603, 27205, 680)
    agent = start_agent(home)
    (aside,) = home.state.glob("listsync-damaged-*.db")
    status = agent.status
    (notice,) = status["notices"]
    assert (notice["kind"], status["needs_person"]) == ("state_in_doubt", True)
    assert aside.name in notice["text"]
    assert "sync-now --confirm" in agent.ctl("status").out
    assert agent.ctl("sync-now", "--wait").code == 8
    assert requested(home) == [603, 27205]
    assert [one["kind"] for one in agent.status["notices"]] == ["state_in_doubt", "on_hold"]
    agent.kill()
    again = start_agent(home)  # neither a kill nor a start is a confirmation
    assert again.ctl("sync-now", "--wait").code == 8
    assert requested(home) == [603, 27205]
    assert again.ctl("sync-now", "--confirm", "--wait").code == 0
    assert requested(home) == [603, 27205, 680]
    assert again.status["notices"] == []
    assert aside.exists()


def test_a_restored_backup_is_gone_on_with_when_that_is_confirmed(
    home: Home, start_agent: StartAgent
) -> None:
    """The steps that README names."""
    agent = start_agent(home)
    assert agent.ctl("sync-now", "--wait").code == 0
    backup = home.folder / "backup.db"
    assert agent.ctl("backup", str(backup)).code == 0
    follow(home, 603, 27205, 680)
    assert agent.ctl("sync-now", "--wait").code == 0
    agent.terminate()
    (home.folder / "away").mkdir()
    for part in home.state.glob("listsync.db*"):
        part.rename(home.folder / "away" / part.name)
    shutil.copy(backup, home.state / "listsync.db")
    follow(home, 603, 27205, 680, 155)
    held = home.once()
    assert (held.code, held.requested) == (8, [])
    done = home.once("--confirm")
    assert (done.code, done.requested) == (0, ["movie/155"])
    assert requested(home) == [603, 27205, 680, 155]


@pytest.mark.parametrize("command", ["run", "once"])
def test_the_state_of_a_newer_listsync_is_refused_with_78(home: Home, command: str) -> None:
    assert home.once().code == 0
    with closing(sqlite3.connect(home.state / "listsync.db")) as other:
        other.executescript("CREATE TABLE more (id INTEGER) STRICT; PRAGMA user_version = 99")
    (home.state / "listsync.db.sha256").write_text("between")
    before = (home.state / "listsync.db").read_bytes()
    ran = home.run(command)
    assert ran.code == 78
    assert "was written by a newer listsync (schema 99" in ran.err
    assert "install the newer one" in ran.err
    assert (home.state / "listsync.db").read_bytes() == before


_FULL = """
import subprocess, sys, os
folder, options = sys.argv[1], sys.argv[2]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)
subprocess.run(["cp", "-a", folder + ".before/.", folder], check=True)
if options == "full":
    with open(folder + "/ballast", "wb", 0) as file:
        try:
            while file.write(bytes(4096)): pass
        except OSError:
            pass
else:
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
done = subprocess.run(sys.argv[3:])
if options == "full":
    os.unlink(folder + "/ballast")
    done2 = subprocess.run(sys.argv[3:])
    print("then", done2.returncode, flush=True)
print(sorted(os.listdir(folder)))
sys.exit(done.returncode)
"""


@pytest.mark.skipif(not _CAN_MOUNT, reason="unshare -rm is not allowed here")
@pytest.mark.parametrize("disk", ["full", "read-only"])
def test_a_disk_without_room_or_right_is_said_and_nothing_is_set_aside(
    home: Home, disk: str
) -> None:
    assert home.once().code == 0
    home.state.rename(home.folder / "state.before")
    home.state.mkdir()
    follow(home, 603, 27205, 680)
    in_a_namespace = ("unshare", "-rm", sys.executable, "-c", _FULL)
    done = subprocess.run(
        [*in_a_namespace, str(home.state), disk, *home.command("once", "--json")],
        env=home.environment(),
        cwd=home.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert ("full" if disk == "full" else "read-only") in done.stderr.lower()
    assert "damaged" not in done.stdout + done.stderr
    if disk == "full":
        assert "then 0" in done.stdout
        assert requested(home) == [603, 27205, 680]
    else:
        assert requested(home) == [603, 27205]


def test_a_killed_agent_is_back_before_its_state_is_looked_through(
    home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(home)
    assert agent.ctl("sync-now", "--wait").code == 0
    agent.kill()
    write_and_die(home, "UPDATE requests SET seasons = '{'")  # which only a look at all finds
    start_agent(home).kill()
    assert not [*home.state.glob("listsync-damaged-*")]
    home.once()  # which looks at all first
    assert [*home.state.glob("listsync-damaged-*")]


def write_and_die(home: Home, statement: str) -> None:
    """Change the state as a listsync does that is killed then: its log stays."""
    pid = os.fork()
    if pid == 0:
        connection = sqlite3.connect(home.state / "listsync.db", isolation_level=None)
        connection.execute(statement)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
