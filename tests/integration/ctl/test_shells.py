"""What Tab writes in a shell is one word for that shell, whatever a list is called."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ctl.conftest import Agent, environment

_COMPLETIONS = Path(__file__).parents[3] / "contrib" / "completions"
_NAMES = ("stevenlu: popular", 'it\'s $HOME "new"', "mdblist: me/my list", "a\\b=c", "--wide")
_PRINT = "printf '(%s)' {}; printf '%s\\n' :END"
_OF_SH = "; ".join(
    f"{name}() {{ {_PRINT.format(chr(34) + '$@' + chr(34))}; }}"
    for name in ("listsync", "listsyncctl")
)
_OF_ZSH = f"source {_COMPLETIONS}/_listsync; {_OF_SH}"
_OF_FISH = "; ".join(
    f"function {name}; {_PRINT.format('$argv')}; end" for name in ("listsync", "listsyncctl")
)
_SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        f"bind 'set bell-style none'; source {_COMPLETIONS}/listsync.bash; {_OF_SH}",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        f"unsetopt beep prompt_sp; autoload -Uz compinit; compinit -D; {_OF_ZSH}",
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        f"source {_COMPLETIONS}/listsync.fish; {_OF_FISH}",
    ),
}
"""How each is started, and told to print the words that a program would get."""
_CASES = (
    ("listsyncctl lists st", "(lists)(stevenlu: popular)"),
    ("listsyncctl lists stevenlu:\\ p", "(lists)(stevenlu: popular)"),
    ("listsyncctl items --list=stevenlu:", "(items)(--list=stevenlu: popular)"),
    (
        "listsyncctl sync-now 'stevenlu: popular' md",
        "(sync-now)(stevenlu: popular)(mdblist: me/my list)",
    ),
    ("listsync sch", "(schema)"),
)
_MORE_CASES = (
    ("listsyncctl lists stevenlu:", "(lists)(stevenlu: popular)"),
    ('listsyncctl lists "stevenlu: p', "(lists)(stevenlu: popular)"),
    ("listsyncctl lists 'it", f"(lists)({_NAMES[1]})"),
    ('listsyncctl lists "it', f"(lists)({_NAMES[1]})"),
    ("listsyncctl lists a", f"(lists)({_NAMES[3]})"),
    ("listsyncctl lists -- --w", "(lists)(--)(--wide)"),
)
"""bash is told how to write a word: the others know by themselves."""


class Shell:
    """An interactive shell at a terminal of its own, with the completions and our programs."""

    def __init__(self, name: str, folder: Path, socket: Path) -> None:
        self.name = name
        command, set_up = _SHELLS[name]
        for program in ("listsync", "listsyncctl"):
            file = folder / program
            file.write_text(
                f'#!/bin/sh\nexec {sys.executable} -m {program} "$@"\n', encoding="utf-8"
            )
            file.chmod(0o755)
        more = {"TERM": "dumb", "PS1": "", "HOME": str(folder), "HISTFILE": ""}
        variables = environment(socket, **more)
        variables["PATH"] = f"{folder}:{os.environ['PATH']}"
        self._terminal, slave = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            cwd=folder,
        )
        os.close(slave)
        self._seen = ""
        self._says(f"{set_up}; printf '%s%s\\n' SET UP\n", "SETUP\r\n")

    def words(self, typed: str) -> str:
        """Give the words that a program gets when *typed*, Tab and Enter are pressed."""
        said = self._says(f"{typed}\t\n", ":END\r\n")
        return said[said.rindex("\n(") + 1 if "\n(" in said else said.rindex("\r(") + 1 :]

    def _says(self, keys: str, awaited: str) -> str:
        os.write(self._terminal, keys.encode())
        until = time.monotonic() + 30
        while awaited not in self._seen:
            ready, _, _ = select.select([self._terminal], [], [], until - time.monotonic())
            assert ready, self._seen
            self._seen += os.read(self._terminal, 65536).decode()
        said, _, self._seen = self._seen.partition(awaited)
        return said

    def close(self) -> None:
        self._process.kill()
        self._process.wait(30)
        os.close(self._terminal)


@pytest.fixture(params=_SHELLS)
def shell(request: pytest.FixtureRequest, folder: Path, path: Path) -> Iterator[Shell]:
    if shutil.which(request.param) is None:
        pytest.skip(f"needs {request.param}")
    made = Shell(request.param, folder, path)
    yield made
    made.close()


def test_what_tab_writes_is_one_word(shell: Shell, agent: Agent) -> None:
    agent.script = {"lists": {"lists": [{"name": name} for name in _NAMES]}}
    until = time.monotonic() + 50
    for typed, words in _CASES + (_MORE_CASES if shell.name == "bash" else ()):
        # A machine under load gives up asking the agent, as it is to.
        while (got := shell.words(typed)) != words:
            assert time.monotonic() < until, f"{typed}: {got}"


def test_the_names_of_files_are_completed_by_the_shell(shell: Shell, folder: Path) -> None:
    (folder / "my lists.yaml").touch()
    assert shell.words("listsync check my") == "(check)(my lists.yaml)"
