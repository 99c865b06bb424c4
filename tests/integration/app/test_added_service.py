"""A further service of the agent is one row: it fails, comes back, is shown, and is reconciled."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import Any

from listsync.agent.services import AgentService, ServiceWork
from listsync.config.configuration import Config
from listsync.errors import StateError
from tests.integration.app.conftest import AgentInProcess, StartAgent


class ExtraService:
    """Stands for a service of its own: opens where a key says, but not at place 777."""

    def __init__(self) -> None:
        self.closed: SimpleQueue[int] = SimpleQueue()
        self.breaks = threading.Event()
        self.starts = 0

    def start(self, config: Config) -> ServiceWork:
        self.starts += 1
        place = config.chromium.memory_mb
        if place == 777:
            raise StateError("place 777 is taken")

        def work(stop: threading.Event) -> None:
            while not stop.wait(0.005):
                if self.breaks.is_set():
                    self.breaks.clear()
                    raise ValueError("the extra broke")
            self.closed.put(place)

        return work

    @property
    def row(self) -> AgentService[Config]:
        return AgentService(
            name="extra",
            start=self.start,
            needs=lambda config: config.chromium.memory_mb,
            keys=("chromium.memory_mb",),
            is_vital=False,
        )


def shown(agent: AgentInProcess) -> dict[str, Any]:
    (found,) = (one for one in agent.ask("status")["services"] if one["name"] == "extra")
    return dict(found)


def noted(agent: AgentInProcess) -> list[str]:
    """Give the kinds of the notices that are written down and open."""
    return [one["kind"] for one in agent.ask("notices")["notices"] if one.get("ended_at") is None]


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def test_a_service_that_is_added_follows_fails_and_comes_back(start_agent: StartAgent) -> None:
    extra = ExtraService()
    agent = start_agent(extra.row)
    until(lambda: shown(agent)["state"] == "running")
    assert [one["name"] for one in agent.ask("status")["services"]] == [
        "control",
        "config-file",
        "schedule",
        "history-log",
        "daily-backup",
        "http",
        "mounts",
        "transfers",
        "scans",
        "missed-events",
        "notify",
        "postgres",
        "daily-summary",
        "fleet",
        "extra",
    ]

    agent.write({"server.timeout_s": 7})
    agent.reload()
    assert extra.starts == 1, "what it does not need leaves it alone"

    agent.write({"chromium.memory_mb": 500})
    assert agent.reload()["pending"] == []
    assert (extra.closed.get(timeout=30), extra.starts) == (1024, 2)

    extra.breaks.set()
    until(lambda: shown(agent)["state"] == "failed")
    failed = shown(agent)
    assert failed["why"] == "ValueError: the extra broke"
    assert failed["next_try"] > failed["since"]
    until(lambda: shown(agent)["state"] == "running")
    assert extra.starts == 3

    agent.write({"chromium.memory_mb": 777})
    (pending,) = agent.reload()["pending"]
    assert pending["key"] == "chromium.memory_mb"
    assert pending["why"] == "place 777 is taken; it is tried again by itself"
    assert shown(agent)["state"] == "failed"
    kinds = {one["kind"]: one["text"] for one in agent.ask("status")["notices"]}
    assert kinds["service_failed"] == "the extra service has failed: place 777 is taken"
    assert kinds["config_pending"].startswith("not in force yet: chromium.memory_mb: ")
    until(lambda: "service_failed" in noted(agent))
    assert agent.ask("ping")["pong"], "the others go on"

    agent.write({"chromium.memory_mb": 600})
    assert agent.reload()["pending"] == []
    assert shown(agent)["state"] == "running"
    until(lambda: "service_failed" not in noted(agent))


class Listener:
    """Stands for a service of the network: it listens at a port, and follows its other keys."""

    def __init__(self) -> None:
        self.opened: list[socket.socket] = []
        self.followed: list[int] = []

    def start(self, config: Config) -> ServiceWork:
        del config
        time.sleep(0.05)  # an agent that would not wait for it would be ready before
        listener = socket.create_server(("127.0.0.1", 0))
        self.opened.append(listener)

        def work(stop: threading.Event) -> None:
            listener.settimeout(0.005)
            with listener, ExitStack() as clients:
                while not stop.is_set():
                    with suppress(TimeoutError):
                        clients.enter_context(listener.accept()[0])

        return work

    @property
    def port(self) -> int:
        return int(self.opened[-1].getsockname()[1])

    @property
    def row(self) -> AgentService[Config]:
        return AgentService(
            name="listener",
            start=self.start,
            needs=lambda config: config.chromium.memory_mb,
            follows=lambda config: config.server.timeout_s,
            follow=lambda config: self.followed.append(int(config.server.timeout_s)),
            keys=("chromium.memory_mb", "server.timeout_s"),
            address=lambda: f"http://127.0.0.1:{self.port}",
            note=lambda: "its token is in the state folder",
            is_vital=False,
            before_ready=True,
        )


def test_a_service_of_the_network_is_one_row(start_agent: StartAgent) -> None:
    listener = Listener()
    agent = start_agent(listener.row)
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        (told,) = (one for one in agent.ask("status")["services"] if one["name"] == "listener")
        assert (told["state"], told["address"]) == ("running", f"http://127.0.0.1:{listener.port}")
        assert told["note"] == "its token is in the state folder"

        agent.write({"server.timeout_s": 7})
        assert agent.reload()["pending"] == []
        assert (listener.followed, len(listener.opened)) == ([7], 1), "it keeps its socket"

        agent.write({"server.timeout_s": 7, "chromium.memory_mb": 500})
        assert agent.reload()["pending"] == []
        assert (listener.followed, len(listener.opened)) == ([7], 2)
        assert client.recv(1) == b"", "who was connected to the first is let go"

    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        agent.close()
        assert client.recv(1) == b"", "a client that stays does not hold up the end"
        assert agent.is_clean
