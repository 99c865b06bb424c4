"""A whole agent in this process, whose syncs only tell which configuration they were given."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest

import listsync.web.all_routes
import listsync.web.server  # noqa: F401 - a first import takes longer than a reload waits
from listsync.agent.services import AgentService
from listsync.agent.systemd import Systemd
from listsync.app.agent_wiring import WiredAgent
from listsync.app.config_loader import ConfigLoader, DaemonOptions
from listsync.app.sync_runner import SyncRunner
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.config.values import SERVICES
from listsync.domain.events import Event, Signal, Signalled
from listsync.domain.report import SyncReport, SyncRun
from listsync.domain.runs import ConfigSnapshot, SyncJob
from listsync.store.state_folder import open_state
from listsyncctl.client import ask
from tests.builders import sync_report

_SOON_S = 30.0


class AgentInProcess:
    """An agent with *more* services, which decides in a thread until `close`."""

    def __init__(self, folder: Path, *more: AgentService[Config]) -> None:
        self.file, self.socket = folder / "listsync.yaml", folder / "a.sock"
        self.syncs: SimpleQueue[object] = SimpleQueue()
        self.write({})
        options = DaemonOptions(
            config_path=self.file, state_dir=folder / "state", socket=self.socket
        )
        options.state_dir.mkdir()
        loader = ConfigLoader(options, {})
        snapshot = loader.await_first(lambda _: None)
        loader.set_up_log(snapshot.content)
        self.inbox: SimpleQueue[Event] = SimpleQueue()
        self._database = open_state(options.state_dir)
        self.daemon = WiredAgent(options, loader, snapshot, self._database, self.inbox)
        table = self.daemon._table
        self.daemon._table = lambda seen: (*table(seen), *more)  # type: ignore[method-assign]
        self.daemon.wire(Systemd({}), b"")
        self.daemon.control.open()
        self.daemon.start()
        self.is_clean = False
        self._decider = threading.Thread(target=self._decide)
        self._decider.start()

    def write(self, changes: dict[str, object]) -> None:
        """Write what all tests begin with, and *changes*, by their keys."""
        data: dict[str, Any] = {
            "server": {"url": "http://127.0.0.1:9", "api_key": "k"},
            "lists": [{"file": "/a"}],
        }
        for key, value in deepcopy(changes).items():
            if key.startswith("lists[].custom."):
                data["lists"] = [{"custom": {"url": "http://127.0.0.1:9/"}}]
            *way, name = key.replace("[]", ".0").split(".")
            place: Any = data
            for step in way:
                place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
            if key.startswith("lists[]") and name in {*SERVICES, "addresses"}:
                place.clear()
            place[name] = value
        self.file.write_text(json.dumps(data))

    def ask(self, method: str) -> Mapping[str, Any]:
        return ask([self.socket], method, {}, timeout_s=_SOON_S)

    def reload(self) -> Mapping[str, Any]:
        return self.ask("reload")

    @property
    def http_url(self) -> str:
        """Say where the HTTP transport is; empty: it is shut."""
        services = self.ask("status")["services"]
        address: str = next(one["address"] for one in services if one["name"] == "http")
        return address

    def next_sync(self, *before: object) -> object:
        """Start a sync; give the configuration of the first one that has none of *before*."""
        self.ask("trigger")
        given = before[0]
        with suppress(Empty):
            while given in before:
                given = self.syncs.get(timeout=30)
        return given

    def _decide(self) -> None:
        self.is_clean = self.daemon.run()

    def close(self) -> None:
        self.inbox.put(Signalled(Signal.STOP))
        self._decider.join(_SOON_S)
        self._database.close()
        assert not self._decider.is_alive()


StartAgent = Callable[..., AgentInProcess]


@pytest.fixture
def start_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartAgent]:
    """Start an agent with the given further services, once a test."""
    started: list[AgentInProcess] = []

    def note(
        _: SyncRunner,
        run: SyncRun,
        snapshot: ConfigSnapshot[Config],
        job: SyncJob,
        token: CancelToken,
    ) -> SyncReport:
        del job, token
        started[0].syncs.put(snapshot.content)
        return sync_report(run=run)

    def start(*more: AgentService[Config]) -> AgentInProcess:
        started.append(AgentInProcess(tmp_path, *more))
        return started[0]

    monkeypatch.setattr(SyncRunner, "__call__", note)
    before, level = list(logging.root.handlers), logging.getLogger("listsync").level
    yield start
    started[0].close()
    for handler in set(logging.root.handlers) - set(before):
        logging.root.removeHandler(handler)
        handler.close()
    logging.getLogger("listsync").setLevel(level)


@pytest.fixture
def agent(start_agent: StartAgent) -> AgentInProcess:
    return start_agent()
