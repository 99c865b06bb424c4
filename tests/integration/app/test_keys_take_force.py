"""Every key of the configuration, changed while an agent runs: it takes force, or that is said."""

from __future__ import annotations

import grp
import json
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import certifi
import pytest

from listsync import logs
from listsync.agent.systemd_notify import Systemd
from listsync.app.config_diff import config_of
from listsync.app.config_loader import DaemonOptions, Loader
from listsync.app.daemon import _Daemon
from listsync.app.sync_runner import Performer
from listsync.cancellation import CancelToken
from listsync.config.load import load
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import holds, is_model, keys_of
from listsync.config.services import SERVICES
from listsync.config_types import Options
from listsync.domain.events import Event, Signal, Signalled
from listsync.domain.runs import Following, Order
from listsync.domain.sync_records import Result, SyncReport, SyncRun
from listsync.store.recovery import open_state
from listsyncctl.client import ask
from tests.fakes import SERVER

_GROUP = grp.getgrgid(os.getegid()).gr_name
_SOON_S = 10.0


class Agent:
    """A whole agent in this process, whose syncs only tell which configuration they were given."""

    def __init__(self, folder: Path) -> None:
        self.file, self.socket = folder / "listsync.yaml", folder / "a.sock"
        self.syncs: SimpleQueue[object] = SimpleQueue()
        self.write({})
        options = DaemonOptions(
            config_path=self.file, state_dir=folder / "state", socket=self.socket
        )
        options.state_dir.mkdir()
        loader = Loader(options, {})
        following = loader.await_first(lambda _: None)
        loader.set_up_log(config_of(following))
        self.inbox: SimpleQueue[Event] = SimpleQueue()
        self._database = open_state(options.state_dir)
        self.daemon = _Daemon(options, loader, following, self._database, self.inbox)
        self.daemon.wire(Systemd({}), b"")
        self.daemon.control.open()
        self.daemon.start()
        self._decider = threading.Thread(target=self.daemon.run)
        self._decider.start()

    def write(self, changes: dict[str, object]) -> None:
        """Write what all tests begin with, and *changes*, by their keys."""
        data: dict[str, Any] = {
            "server": {"url": "http://127.0.0.1:9", "api_key": "k"},
            "lists": [{"file": "/a"}],
        }
        for key, value in changes.items():
            *way, name = key.replace("lists[]", "lists.0").split(".")
            place: Any = data
            for step in way:
                place = place[int(step)] if step.isdigit() else place.setdefault(step, {})
            if key.startswith("lists[]") and name in SERVICES:
                place.clear()
            place[name] = value
        self.file.write_text(json.dumps(data))

    def reload(self) -> dict[str, Any]:
        return ask([self.socket], "reload", {}, timeout_s=_SOON_S)

    def next_sync(self, before: object) -> object:
        """Start a sync; give the configuration of the first one that has another than *before*."""
        ask([self.socket], "trigger", {}, timeout_s=_SOON_S)
        given = before
        with suppress(Empty):
            while given == before:
                given = self.syncs.get(timeout=2.0)
        return given

    def close(self) -> None:
        self.inbox.put(Signalled(Signal.STOP))
        self._decider.join(_SOON_S)
        self._database.close()
        assert not self._decider.is_alive()


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    def note(
        _: Performer, run: SyncRun, following: Following, order: Order, token: CancelToken
    ) -> SyncReport:
        del order, token
        made.syncs.put(following.content)
        return SyncReport(
            run=run,
            result=Result.OK,
            why="",
            server=SERVER,
            lists=(),
            items=(),
            requested=(),
            calls=0,
            duration_s=0.0,
        )

    monkeypatch.setattr(Performer, "__call__", note)
    before, level = list(logging.root.handlers), logs.level()
    made = Agent(tmp_path)
    yield made
    made.close()
    for handler in set(logging.root.handlers) - set(before):
        logging.root.removeHandler(handler)
        handler.close()
    logs.set_level(level)


# -- what can be seen of a key --------------------------------------------------------------------


def rights(agent: Agent) -> str:
    return oct(stat.S_IMODE(agent.socket.stat().st_mode))


def next_due(agent: Agent) -> object:
    """Give the days and minutes of all due times, which no two rules below have alike."""
    due = agent.daemon._timetable.planned()
    return {key: at and (at.month, at.hour, at.minute // 15) for key, at in due.items()}


def log_form(_: Agent) -> str:
    (ours,) = (one for one in logging.root.handlers if isinstance(one, logs._StreamHandler))
    return type(ours.formatter).__name__


def log_file(_: Agent) -> tuple[str, int, int] | None:
    for one in logging.root.handlers:
        if isinstance(one, logs._FileHandler):
            return Path(one.baseFilename).name, one.maxBytes, one.backupCount
    return None


def syncs_on_change(agent: Agent) -> bool:
    return agent.daemon._configuration.in_force.following.sync_on_change


@dataclass(frozen=True)
class Change:
    """What a key is changed to, beside *given*; what is seen of it differs then."""

    to: object
    seen: Callable[[Agent], object] | None = None
    given: dict[str, object] = field(default_factory=dict)


_LOG_FILE: dict[str, object] = {"log.file": "agent.log"}
_AT_ONCE = {
    "control.group": Change(_GROUP, rights),
    "log.level": Change("debug", lambda _: logs.level()),
    "log.format": Change("json", log_form),
    "log.file": Change("agent.log", log_file),
    "log.max_mb": Change(1, log_file, _LOG_FILE),
    "log.keep": Change(1, log_file, _LOG_FILE),
    "sync.every": Change("100d", next_due),
    "sync.cron": Change("7 3 1 2 *", next_due),
    "sync.timezone": Change("Asia/Tokyo", next_due, {"sync.cron": "7 3 1 2 *"}),
    "sync.on_config_change": Change(False, syncs_on_change),
    "lists[].every": Change("100d", next_due),
    "lists[].cron": Change("7 3 1 2 *", next_due),
}
"""Keys whose effect is seen as soon as the reload has been answered."""

_OF_SERVICE: dict[str, object] = {
    "base_url": "http://127.0.0.1:7",
    "web_url": "http://127.0.0.1:7",
    "auth_url": "http://127.0.0.1:7",
    "timeout_s": 7,
    "user_agent": "seven",
    "at_once": 7,
    "pace_s": 7,
    "list_timeout_s": 7,
    "proxy": "http://127.0.0.1:7",
    "ca_file": None,
    "browser": "never",
    "page_size": 7,
    "film_pages": 7,
    "chart_films": 7,
    "chart_size": 7,
    "special_items_limit": 7,
    "limit_mib": 7,
    "token": "seven",
    "api_key": "seven",
    "client_id": "seven",
    "client_secret": "seven",
}
_FOR_THE_NEXT_SYNC: dict[str, object] = {
    **{
        f"providers.{service}.{name}": value
        for service in SERVICES
        for name, value in _OF_SERVICE.items()
    },
    "server.url": "http://127.0.0.1:7",
    "server.api_key": "seven",
    "server.act_as": 7,
    "server.approve": True,
    "server.timeout_s": 7,
    "server.max_per_second": 7,
    "server.ca_file": None,
    "sync.four_k": True,
    "sync.max_per_run": 7,
    "sync.max_per_day": 7,
    "exclude": ["tmdb:movie/7"],
    "chromium.memory_mb": 777,
    "chromium.no_sandbox": True,
    "lists[].file": "/seven",
    "lists[].imdb": "ls007777777",
    "lists[].letterboxd": "seven/list/seven",
    "lists[].tmdb": "list/7",
    "lists[].trakt": "trending:movies",
    "lists[].stevenlu": "popular",
    "lists[].mdblist": "seven/seven",
    "lists[].name": "seven",
    "lists[].limit": 7,
    "lists[].kind": "tv",
    "lists[].exclude": True,
    "lists[].four_k": True,
    "lists[].filters.kind": "tv",
    "lists[].filters.year": 1977,
    "lists[].filters.rating": 7,
    "lists[].filters.votes": 7,
    "lists[].filters.genres": ["Drama"],
    "lists[].filters.genres_not": ["Drama"],
    "lists[].filters.languages": ["de"],
    "lists[].filters.languages_not": ["de"],
    "lists[].seasons": "first",
    "lists[].new_seasons": True,
    "lists[].max_per_run": 7,
    "lists[].max_per_day": 7,
    "lists[].user": 7,
    "lists[].approve": True,
    "lists[].service": "seven",
    "lists[].profile": "seven",
    "lists[].root_folder": "/seven",
    "lists[].language_profile": "seven",
    "lists[].tags": ["seven"],
    "lists[].cancel_removed": True,
}
"""Keys that each sync reads anew; None stands for a file of certificates."""


def keys(model: type[Options] = ConfigForm, before: str = "") -> Iterator[str]:
    """Walk all keys that a file may have, with `[]` behind those of sequences."""
    for name, key in keys_of(model).items():
        held = holds(key.type)
        inside = holds(held.entry) if held.entry is not None else held
        if is_model(inside.kind):
            sign = "[]" if held.entry is not None else ""
            yield from keys(inside.kind, f"{before}{name}{sign}.")
        else:
            yield f"{before}{name}"


def test_of_every_key_it_is_known_when_it_takes_force() -> None:
    known = {*_AT_ONCE, *_FOR_THE_NEXT_SYNC}
    unknown = set(keys()) - known
    assert not unknown, "say in this file when they take force, or have the agent say so"
    gone = {one for one in known if not one.startswith("providers.")} - set(keys())
    assert not gone


def test_a_key_takes_force_while_the_agent_runs(agent: Agent) -> None:
    for key in sorted(_AT_ONCE):
        change = _AT_ONCE[key]
        assert change.seen is not None
        agent.write(change.given)
        assert agent.reload()["pending"] == []
        before = change.seen(agent)
        agent.write({**change.given, key: change.to})
        assert agent.reload()["pending"] == [], key
        assert change.seen(agent) != before, f"{key} is said to be in force"


def test_the_next_sync_is_given_every_other_key(agent: Agent, tmp_path: Path) -> None:
    walked = 0
    given = before = agent.next_sync(None)
    for key in keys():
        if key in _AT_ONCE:
            continue
        value = _FOR_THE_NEXT_SYNC[key]
        agent.write({key: value if value is not None else ca_file(tmp_path)})
        assert agent.reload()["pending"] == [], key
        given = agent.next_sync(before)
        assert given != before, f"{key} is said to be in force"
        before = given
        walked += 1
    assert walked > 100
    assert given == load(agent.file, {})


def ca_file(folder: Path) -> str:
    path = folder / "ca.pem"
    end = "-----END CERTIFICATE-----"
    path.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    return str(path)


def test_a_group_that_is_refused_is_said_until_it_is_given(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    agent.write({"control.group": _GROUP})
    with monkeypatch.context() as patch:
        patch.setattr(os, "chown", refuse)
        reloaded = agent.reload()
        status = ask([agent.socket], "status", {}, timeout_s=_SOON_S)
        assert rights(agent) == "0o600"
    assert "not yet all of it. control.group: " in reloaded["message"]
    assert [one["key"] for one in reloaded["pending"]] == ["control.group"]
    assert status["config"]["pending"] == reloaded["pending"]
    assert agent.reload()["pending"] == []
    assert rights(agent) == "0o660"
