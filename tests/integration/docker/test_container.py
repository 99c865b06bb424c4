"""The agent as a container starts it: as process 1, with nothing but a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.getuid() != 0, reason="only root makes a namespace of processes"
)

_RUN = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-m"]
_LISTS = "lists:\n  - file: mine.txt\n"


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


class Container:
    """A folder as /config, and an agent that is process 1 of a namespace of its own."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.log = config.parent / "log"
        self.variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(config),
            "LISTSYNC_CONFIG_DIR": str(config),
            "LISTSYNC_STATE_DIR": str(config / "state"),
            "LISTSYNC_WAIT_FOR_CONFIG": "true",
        }
        self._running: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> None:
        with self.log.open("wb") as log:
            self._running = subprocess.Popen(
                [*_RUN, "listsync", "run"], env={**self.variables, **more}, stdout=log, stderr=log
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def process_1(self) -> int:
        """Give the pid that process 1 has outside."""
        assert self._running is not None
        children = Path(f"/proc/{self._running.pid}/task/{self._running.pid}/children")
        until(lambda: bool(children.read_text()))
        return int(children.read_text().split()[0])

    def inside(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, as `docker exec` does."""
        return subprocess.run(
            ["nsenter", f"--target={self.process_1}", "--pid", "--mount", *command],
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.inside(sys.executable, "-m", "listsyncctl", *arguments)

    def ends(self, number: signal.Signals) -> int:
        os.kill(self.process_1, number)
        return self.ended()

    def ended(self) -> int:
        assert self._running is not None
        return self._running.wait(30)

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait(30)


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    config = tmp_path / "config"
    config.mkdir(mode=0o700)
    made = Container(config)
    yield made
    made.kill()


def test_it_waits_for_its_configuration_and_says_so(container: Container) -> None:
    container.start()
    config = container.config / "listsync.yaml"
    until(lambda: f"waiting for a change of {config}" in container.said)
    assert (container.config / "listsync.yaml.example").is_file()
    config.write_text(f"server: {{url: sandbx}}\n{_LISTS}")
    until(lambda: f"{config}:1:" in container.said and container.said.count("waiting for") == 2)
    (container.config / "mine.txt").write_text("tt0133093\n")
    config.write_text(f"server: {{url: sandbox}}\n{_LISTS}")
    until(lambda: "started (pid" in container.said)


def test_one_that_waits_stops_at_once(container: Container) -> None:
    container.start()
    until(lambda: "waiting for a change" in container.said)
    assert container.ends(signal.SIGTERM) == 0


def test_the_environment_alone_starts_it_as_process_1(container: Container) -> None:
    container.start(OVERSEERR_URL="http://127.0.0.1:9", OVERSEERR_API_KEY="k", IMDB_LISTS="top")
    until(lambda: "started (pid 2" in container.said)
    socket = container.config / "state" / "agent.sock"
    assert f"socket {socket}" in container.said
    assert container.ctl("ping").returncode == 0
    agents = container.ctl("agents", "-o", "plain").stdout.splitlines()
    assert [line.split("\t")[::2][:2] for line in agents] == [["2", str(socket)]]
    left = container.inside("sh", "-c", "sleep 0.1 & echo $!").stdout.strip()
    until(lambda: container.inside("test", "-e", f"/proc/{left}").returncode == 1)
    os.kill(container.process_1, signal.SIGHUP)
    until(lambda: "Received SIGHUP" in container.said)
    assert container.ends(signal.SIGTERM) == 0


def test_the_end_of_the_agent_is_that_of_process_1(container: Container) -> None:
    del container.variables["LISTSYNC_WAIT_FOR_CONFIG"]
    container.start()
    assert container.ended() == 78
