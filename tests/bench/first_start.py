"""From a bare machine to a first sync that is done, installation included.

A wheel is built first, untimed, as users get one. Then the clock runs: a fresh virtual
environment, `pip install` of the wheel with all it needs (from the network, or pip's cache), `init
--yes` against the built-in server, `run`, and the end of its first sync. `python -m tests.bench
first_start` measures it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from listsync.sandbox.process import SandboxProcess
from tests.bench.figures import Figure

_ROOT = Path(__file__).parents[2]
_BOUND_S = 60.0
_PATIENCE_S = 300.0
_TITLES = 200


def first_start() -> Iterator[Figure]:
    """Install, init, run, first sync."""
    with (
        tempfile.TemporaryDirectory(prefix="listsync-first-") as name,
        SandboxProcess(titles=_TITLES) as server,
    ):
        folder = Path(name)
        wheel = _wheel(folder / "wheel")
        environment = _person(folder, server.api_key)
        began = time.monotonic()
        _run([sys.executable, "-m", "venv", str(folder / "venv")], environment)
        program = folder / "venv" / "bin"
        _run([str(program / "pip"), "install", "-q", str(wheel)], environment)
        installed = time.monotonic()
        _run([str(program / "listsync"), *_init(folder, server.url)], environment)
        written = time.monotonic()
        with _agent(program, environment):
            _await_sync(program, environment)
            done = time.monotonic()
        assert len(server.admin("log")["requests"]) == _TITLES
    yield Figure("a fresh environment with the wheel installed", installed - began, "s")
    yield Figure("  init --yes: server, key, user and list tried", written - installed, "s")
    yield Figure("  from run to the end of the first sync of 200 titles", done - written, "s")
    yield Figure("  all of it, from a bare machine", done - began, "s", _BOUND_S)


def _wheel(folder: Path) -> Path:
    _run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(_ROOT)])
    (wheel,) = folder.glob("listsync-*.whl")
    return wheel


def _person(folder: Path, key: str) -> dict[str, str]:
    """Give a new user's environment; pip's cache stays where it is."""
    ours = ("LISTSYNC_", "XDG_", "OVERSEERR_", "PYTHONPATH", "VIRTUAL_ENV")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    home = {"HOME": str(folder), "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip")}
    return plain | home | {"XDG_RUNTIME_DIR": str(folder), "OVERSEERR_API_KEY": key}


def _init(folder: Path, url: str) -> list[str]:
    rows = "".join(f"movie,{20_000_001 + number}\n" for number in range(_TITLES))
    films = folder / "films.csv"
    films.write_text(f"kind,tmdb_id\n{rows}", encoding="utf-8")
    return ["init", "--yes", "--server", url, "--list", str(films)]


@contextmanager
def _agent(program: Path, environment: Mapping[str, str]) -> Iterator[None]:
    agent = subprocess.Popen(
        [str(program / "listsync"), "run"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(_PATIENCE_S)


def _await_sync(program: Path, environment: Mapping[str, str]) -> None:
    """Ask as people do, until a sync has come to its end."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        asked = subprocess.run(
            [str(program / "listsyncctl"), "progress", "--json"],
            env=environment,
            capture_output=True,
            check=False,
        )
        progress = json.loads(asked.stdout) if asked.returncode == 0 else {}
        if progress.get("last_result") and not progress["in_progress"]:
            return
        time.sleep(0.1)
    raise TimeoutError("no sync came to its end")


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, env=environment, check=True, timeout=_PATIENCE_S)


PARTS = (first_start,)
