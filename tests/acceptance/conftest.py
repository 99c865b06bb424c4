"""A sandbox, a folder, and the `listsync` command in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess

if TYPE_CHECKING:
    from tests.acceptance.agent_process import AgentProcess

LISTS = Path(__file__).parents[2] / "contrib" / "lists"
FIRST_SYNC = Path(__file__).parents[1] / "fixtures" / "catalogue" / "first-sync.json"


@dataclass(frozen=True, slots=True)
class Ran:
    """One finished command."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        assert self.out, (self.code, self.err)
        report: dict[str, Any] = json.loads(self.out)
        return report

    @property
    def requested(self) -> list[str]:
        return [f"{one['kind']}/{one['tmdb_id']}" for one in self.report["requested"]]

    def verdicts(self, verdict: str) -> dict[str, str]:
        """Give the labels of all items of *verdict* and why."""
        items = self.report["items"]
        return {one["label"]: one["why"] for one in items if one["verdict"] == verdict}


@dataclass(frozen=True, slots=True)
class Home:
    """A person's folder: the configuration, the lists, the state."""

    folder: Path
    sandbox: SandboxProcess

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write_config(self, lists: Sequence[dict[str, object]], **more: object) -> None:
        server = {"url": self.sandbox.url, "api_key": self.sandbox.api_key}
        config = {"server": server, "lists": list(lists)} | more
        (self.folder / "listsync.yaml").write_text(json.dumps(config), encoding="utf-8")

    def write_list(self, name: str, content: str | bytes) -> dict[str, object]:
        """Write a list file; returns its entry for `write_config`."""
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)
        return {"file": name, "name": name}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "listsync", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "LISTSYNC_CONFIG": str(self.folder / "listsync.yaml"),
            "LISTSYNC_STATE_DIR": str(self.state),
            **more,
        }

    def run(self, *arguments: str, **environment: str) -> Ran:
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment(**environment),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def once(self, *options: str) -> Ran:
        return self.run("once", "--json", *options)

    def kill_once(self, when: Callable[[], bool], delay_s: float = 0) -> None:
        """Run a sync and kill it *delay_s* after *when* holds."""
        child = subprocess.Popen(
            self.command("once", "--json"),
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 30
        while not when():
            assert child.poll() is None, "the sync ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(delay_s)
        child.kill()
        child.wait(30)


@pytest.fixture(autouse=True)
def _forks(forked_programs: None) -> None:
    """Start programs quickly."""


@pytest.fixture
def start_home(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    """Start a sandbox with the given options, once a test."""
    started: list[SandboxProcess] = []

    def start(product: str = "seerr", **options: Any) -> Home:
        sandbox = SandboxProcess(product, **options)
        started.append(sandbox.__enter__())
        return Home(tmp_path, sandbox)

    yield start
    for sandbox in started:
        sandbox.close()


@pytest.fixture
def start_agent() -> Iterator[Callable[..., AgentProcess]]:
    """Start `listsync run` in a home and wait until it answers; no log may hold a traceback."""
    from tests.acceptance.agent_process import AgentProcess  # noqa: PLC0415 - it imports us

    started: list[AgentProcess] = []

    def start(home: Home, *options: str, is_awaited: bool = True, **more: Any) -> AgentProcess:
        agent = AgentProcess(home, *options, **more)
        started.append(agent)
        return agent.until_ready() if is_awaited else agent

    yield start
    for agent in started:
        agent.close()
    for agent in started:
        assert "Traceback" not in agent.log, agent.log


class Sandboxes:
    """The one that tests have one after the other; who ends it leaves a new one to the next."""

    def __init__(self) -> None:
        self._used: SandboxProcess | None = None

    def emptied(self) -> SandboxProcess:
        try:
            if self._used is not None and self._used.exit_code is None:
                self._used.admin("reset", {})
                return self._used
        except UnavailableError:
            pass  # a test closed it
        self.close()
        self._used = SandboxProcess().__enter__()
        return self._used

    def close(self) -> None:
        if self._used is not None:
            self._used.close()


@pytest.fixture(scope="session")
def _sandboxes() -> Iterator[Sandboxes]:
    sandboxes = Sandboxes()
    yield sandboxes
    sandboxes.close()


@pytest.fixture
def home(tmp_path: Path, _sandboxes: Sandboxes) -> Home:
    """Give a home whose server has served other tests and was emptied: it is there at once."""
    return Home(tmp_path, _sandboxes.emptied())


@pytest.fixture
def lone_home(tmp_path: Path) -> Home:
    """Give a home whose server is the built-in one, started by the agent for a sync."""
    home = Home(tmp_path, SandboxProcess())
    home.write_list("l.csv", titles_csv([603]))
    text = "server: {url: sandbox}\nsync: {every: 0}\nlists: [{file: l.csv, name: l.csv}]\n"
    (tmp_path / "listsync.yaml").write_text(text, encoding="utf-8")
    return home


def titles_csv(numbers: Sequence[int]) -> str:
    """Write a list of the sandbox's invented films."""
    return "kind,tmdb_id\n" + "".join(f"movie,{number}\n" for number in numbers)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give whole programs more time than units: they share two cores with the other tests."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(120))
