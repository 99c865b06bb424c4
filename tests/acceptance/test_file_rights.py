"""What the real programs make, under any umask; what they say of places that others may change."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.conftest import Home

StartAgent = Callable[..., AgentProcess]


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o777])
def test_what_the_agent_makes_is_its_users_alone(
    lone_home: Home, start_agent: StartAgent, mask: int
) -> None:
    home = lone_home
    socket = home.folder / "run" / "agent.sock"
    backup = home.folder / "b.db"
    with umask(mask):
        agent = start_agent(
            home,
            "--log-file",
            str(home.folder / "file.log"),
            socket=socket,
            as_nobody_special=True,
        )
        assert agent.ctl("backup", str(backup)).code == 0
    assert {mode(path) for path in home.state.iterdir()} == {0o600}
    assert [path.name for path in home.state.iterdir() if path.name.endswith("-wal")]
    assert (mode(home.state), mode(socket.parent)) == (0o700, 0o700)
    assert {mode(path) for path in (socket, backup, home.folder / "file.log")} == {0o600}


def test_what_a_user_names_follows_that_users_umask(
    lone_home: Home, start_agent: StartAgent
) -> None:
    agent = start_agent(lone_home)
    made = lone_home.folder / "items.csv"
    with umask(0o027):
        assert agent.ctl("items", "--export", str(made)).code == 0
    assert mode(made) == 0o640


def test_an_export_follows_no_link(lone_home: Home, start_agent: StartAgent) -> None:
    agent = start_agent(lone_home)
    victim, made = lone_home.folder / "victim", lone_home.folder / "items.json"
    victim.write_text("precious", encoding="utf-8")
    made.symlink_to(victim)
    assert agent.ctl("items", "--export", str(made)).code == 0
    assert victim.read_text(encoding="utf-8") == "precious"
    assert not made.is_symlink()


def test_places_that_every_user_may_change_are_told(
    lone_home: Home, start_agent: StartAgent
) -> None:
    home = lone_home
    run, settings = home.folder / "run", home.folder / "settings"
    for folder in (home.state, run, settings):
        folder.mkdir()
        folder.chmod(0o777)
    config = settings / "listsync.yaml"
    config.write_text("server: {url: sandbox}\nsync: {every: 0}\nlists: []\n", encoding="utf-8")
    places = {"LISTSYNC_CONFIG": str(config), "LISTSYNC_SOCKET": str(run / "a.sock")}
    expected = {str(home.state), str(run), str(settings)}

    checked = home.run("check", **places)
    told = {
        place for place in expected for line in checked.err.splitlines() if f", {place}," in line
    }
    assert (checked.code, told) == (0, expected)

    agent = start_agent(home, environment=places, socket=run / "a.sock")
    assert checked.err.count("every user") == len(expected)
    doubts = [one for one in agent.status["notices"] if one["kind"] == "open_to_others"]
    assert {place for place in expected for one in doubts if place in one["text"]} == expected
    assert not any(one["needs_person"] for one in doubts)
    assert all(f", {place}, can be changed by every user" in agent.log for place in expected)

    for place in expected:
        Path(place).chmod(0o755)
    assert agent.ctl("reload").code == 0
    assert not [one for one in agent.status["notices"] if one["kind"] == "open_to_others"]
