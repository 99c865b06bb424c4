"""What the documents tell people to type works as it stands there."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.agent_process import AgentProcess, config_of
from tests.acceptance.conftest import Home, titles_csv
from tests.documents import commands_of, documents

StartAgent = Callable[..., AgentProcess]

_BESIDE_AN_AGENT = r"(listsyncctl|curl|cat)\s|\w+="
_ALONE = r"listsync\s"
_DIALOGUES = (
    "listsync secret set",
    "listsync run",
    "listsync init",
    "listsync login",
    "listsync webhook install",
    "listsync demo",
    "listsync sandbox",
)
"""What runs until it is ended, or asks: each has tests of its own."""
_FINE = {0, 8}
_ELSEWHERE = "/media/usb"
_WRITTEN = "127.0.0.1:4222"


@pytest.fixture
def person(home: Home, port: int) -> Home:
    """A person whose folders are where they are by default."""
    config = home.folder / ".config" / "listsync"
    config.mkdir(parents=True)
    home.write_list("watchlist.csv", titles_csv([603, 27205]))
    library = {"from": "/movies"}
    for key in ("source", "destination"):
        library[key] = str(home.folder / key)
        (home.folder / key).mkdir()
    home.write_config(
        [{"file": "watchlist.csv", "name": "mine"}],
        http={"listen": f"127.0.0.1:{port}"},
        transfers={"mappings": [library]},
    )
    (config / "listsync.yaml").symlink_to(config_of(home))
    state = home.folder / ".local" / "state"
    state.mkdir(parents=True)
    (state / "listsync").symlink_to(home.state)
    commands = home.folder / "bin"
    commands.mkdir()
    for name in ("listsync", "listsyncctl"):
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m {name} "$@"\n')
        script.chmod(stat.S_IRWXU)
    _run(home, "a secret", "echo not-a-real-key | listsync secret set seerr-key")
    return home


def test_commands_that_need_no_agent_work(person: Home) -> None:
    for name, script in _scripts(_ALONE):
        _run(person, name, script.replace(_ELSEWHERE, str(person.folder)))


def test_commands_beside_an_agent_work(person: Home, start_agent: StartAgent, port: int) -> None:
    agent = start_agent(person)
    agent.until_synced(1)
    for name, script in _scripts(_BESIDE_AN_AGENT):
        _run(person, name, script.replace(_WRITTEN, f"127.0.0.1:{port}"), agent)


def _scripts(programs: str) -> Iterator[tuple[str, str]]:
    """Give of each block what can run here, as one script."""
    for document in documents():
        for block in document.blocks("console"):
            lines = [
                line
                for line in commands_of(block)
                if re.match(programs, line) and not line.startswith(_DIALOGUES)
            ]
            if lines:
                yield document.name, "\n".join(lines)


def _run(person: Home, name: str, script: str, agent: AgentProcess | None = None) -> None:
    socket = {"LISTSYNC_SOCKET": str(agent.socket)} if agent else {}
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env=person.environment(
            HOME=str(person.folder), PATH=f"{person.folder}/bin:{os.environ['PATH']}", **socket
        ),
        cwd=person.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode in _FINE, f"{name}: {script}\n{done.stdout}{done.stderr}"
