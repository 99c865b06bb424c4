"""What the agent says to systemd: a real datagram socket stands in for the manager's."""

from __future__ import annotations

import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.acceptance.agent_process import AgentProcess, config_of, until
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]
Message = dict[str, str]


class Manager:
    """The service manager's end of the notification socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[Message] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def next(self, field: str, *, within_s: float = 60.0) -> Message:
        """Wait for the next message that has *field*."""
        end = time.monotonic() + within_s
        while (left := end - time.monotonic()) > 0:
            message = self._receive(left)
            if message is not None and field in message:
                return message
        pytest.fail(f"no {field} within {within_s:g} s, only {self.heard}")

    def rest(self) -> list[Message]:
        """Give what has come and was not waited for."""
        heard = []
        while (message := self._receive(0)) is not None:
            heard.append(message)
        return heard

    def close(self) -> None:
        self._socket.close()

    def _receive(self, timeout_s: float) -> Message | None:
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return None
        lines = self._socket.recv(65536).decode().split("\n")
        self.heard.append(dict(line.split("=", 1) for line in lines))
        return self.heard[-1]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "n.sock")
    yield manager
    manager.close()


def _start(
    start_agent: StartAgent, home: Home, manager: Manager, **environment: str
) -> AgentProcess:
    asked = {"NOTIFY_SOCKET": str(manager.path), **environment}
    return start_agent(home, environment=asked, is_awaited=False)


def _follow(home: Home, **sync: object) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync=sync)


def test_ready_means_that_it_answers(
    home: Home, start_agent: StartAgent, manager: Manager
) -> None:
    _follow(home)
    agent = _start(start_agent, home, manager)
    ready = manager.next("READY")
    assert agent.ask("ping")["pid"] == agent.pid
    assert ready["READY"] == "1"
    assert manager.heard == [ready]


def test_the_status_is_a_sentence_for_people(
    home: Home, start_agent: StartAgent, manager: Manager
) -> None:
    _follow(home)
    agent = _start(start_agent, home, manager)
    manager.next("READY")
    agent.until_synced(1)
    statuses = [one["STATUS"] for one in [*manager.heard, *manager.rest()] if "STATUS" in one]
    assert any(one.startswith("syncing: ") for one in statuses)
    idle = "idle; last sync ok: 1 requested, 0 already there, 0 to review"
    assert idle in statuses or manager.next("STATUS")["STATUS"] == idle
    agent.ask("pause")
    assert manager.next("STATUS")["STATUS"].startswith("paused; last sync ok: ")


@pytest.mark.parametrize("is_good", [True, False], ids=["good", "broken"])
def test_hup_reloads_with_the_time_in_one_message_and_is_ready_again(
    lone_home: Home, start_agent: StartAgent, manager: Manager, is_good: bool
) -> None:
    agent = _start(start_agent, lone_home, manager)
    manager.next("READY")
    if not is_good:
        config_of(lone_home).write_text("oops", encoding="utf-8")
    before_us = time.monotonic_ns() // 1000
    agent.signal(signal.SIGHUP)
    reloading = manager.next("RELOADING")
    assert reloading["RELOADING"] == "1"
    assert before_us <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert manager.next("READY")["READY"] == "1"
    assert agent.status["config"]["valid"] is is_good
    assert not manager.rest()


def test_the_watchdog_is_served_regularly_also_beside_a_sync(
    start_home: Callable[..., Home], start_agent: StartAgent, manager: Manager
) -> None:
    home = start_home(titles=100)
    numbers = range(20_000_001, 20_000_101)
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], sync={"every": 0})
    agent = _start(start_agent, home, manager, WATCHDOG_USEC="3000000")
    manager.next("READY")
    for is_syncing in (False, True):
        if is_syncing:
            home.sandbox.admin("settings", {"latency_ms": 100})
            agent.ask("trigger")
        manager.next("WATCHDOG")
        times = []
        for _ in range(3):
            assert manager.next("WATCHDOG")["WATCHDOG"] == "1"
            times.append(time.monotonic())
        assert max(b - a for a, b in pairwise(times)) < 3
        assert agent.is_at_rest() is not is_syncing


def test_the_watchdog_of_another_process_is_not_served(
    lone_home: Home, start_agent: StartAgent, manager: Manager
) -> None:
    _start(start_agent, lone_home, manager, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    manager.next("READY")
    end = time.monotonic() + 0.5
    until("half a second", lambda: time.monotonic() > end)
    assert not manager.rest()


def test_the_end_is_announced_and_nothing_comes_after_it(
    home: Home, start_agent: StartAgent, manager: Manager
) -> None:
    _follow(home)
    agent = _start(start_agent, home, manager)
    manager.next("READY")
    agent.until_synced(1)
    assert agent.terminate() == 0
    manager.next("STOPPING")
    assert manager.heard[-1] == {"STOPPING": "1"}
    assert not manager.rest()


@pytest.mark.cold
def test_no_child_learns_of_systemd(
    lone_home: Home, start_agent: StartAgent, manager: Manager
) -> None:
    agent = _start(start_agent, lone_home, manager, WATCHDOG_USEC="20000000")
    manager.next("READY")
    agent.ask("trigger")
    environments: list[dict[str, str]] = []

    def seen() -> bool:
        for child in agent.process.children(recursive=True):
            try:
                if "listsync.sandbox" in child.cmdline():
                    environments.append(child.environ())
            except psutil.NoSuchProcess:
                continue
        return bool(environments)

    until("the built-in server as a child", seen)
    assert environments[0]["HOME"] == str(lone_home.folder)
    assert not environments[0].keys() & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}
    agent.until_synced(1)
    until("the child's end", lambda: not agent.process.children(recursive=True))
