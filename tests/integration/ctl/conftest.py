"""The client as people start it, and an agent that answers by a script."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from listsync.commands.context import Caller
from listsync.commands.dispatch import Reply
from listsync.control.rpc import Call
from listsync.control.server import ControlSocket


@pytest.fixture(autouse=True)
def _forks(forked_programs: None) -> None:
    """Start the client quickly."""


Script = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Agent:
    """Answers from `script`: a result, an exception, or a list of these, one per question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.script: Script = {}
        self.answer: Call | None = None
        """Answers in place of the script, if set."""

    def __call__(self, method: str, params: Mapping[str, Any], caller: Caller) -> Reply:
        self.asked.append((method, dict(params)))
        if self.answer is not None:
            return self.answer(method, params, caller)
        found = self.script[method]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, Exception):
            raise found
        result: Mapping[str, Any] = found() if callable(found) else found
        return result


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield Path(made)


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "agent.sock"


@contextmanager
def served(path: Path, answer: Agent) -> Iterator[None]:
    control = ControlSocket(path, answer)
    control.open()
    stop = threading.Event()
    thread = threading.Thread(target=control.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        control.wake()
        thread.join(30)
        control.close()


@pytest.fixture
def agent(path: Path) -> Iterator[Agent]:
    made = Agent()
    with served(path, made):
        yield made


def environment(path: Path, **more: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "LISTSYNC_SOCKET": str(path), "LC_ALL": "C.UTF-8", **more}


def read_terminal(ours: int) -> str:
    """Read all that was drawn on a terminal whose other end is closed everywhere."""
    drawn = b""
    with suppress(OSError):  # is how a terminal says that nothing follows
        while piece := os.read(ours, 65536):
            drawn += piece
    return drawn.decode()


Ctl = Callable[..., Ran]


@pytest.fixture
def ctl(path: Path) -> Ctl:
    """Run `python -m listsyncctl` with these arguments."""

    def run(*arguments: str, **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "listsyncctl", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environment(path, **env),
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
