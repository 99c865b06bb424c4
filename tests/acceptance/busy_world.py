"""A home with work of all kinds, for an agent to which something happens all the while.

It reads a list that grows, requests, notifies, copies what webhooks tell of, has a media server
scan it and follows its configuration. What was done twice, or not, is told in the end.
"""

from __future__ import annotations

import itertools
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from listsync.domain.transfers import LIVE_STATES
from listsync.store.state_folder import opened_state
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import AgentProcess, config_of, replace_file, until
from tests.acceptance.conftest import Home, titles_csv
from tests.integration.notify.receiver import Receiver, receiving
from tests.media_servers import Library, PlexFake, serving

FIRST = 20_000_001
NEW_TITLES = 2
"""Of each time that work is added."""
_TOKEN = "no-secret-but-long-enough"
HEADERS = {"Authorization": f"Bearer {_TOKEN}"}
_SIZE = 100_000
_NOW = "2026-01-01T00:00:00.000+00:00"


@dataclass
class World:
    """What the agent works for, and what it was given to do."""

    home: Home
    receiver: Receiver
    plex: PlexFake
    start_agent: Callable[..., AgentProcess]
    titles: list[int] = field(default_factory=list)
    films: dict[str, bytes] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    """Films whose webhook was not taken yet."""
    is_asked: bool = False
    """Whether an agent has confirmed that it will sync what is wanted by now."""
    requested_again: set[int] = field(default_factory=set)
    """Titles that the server has lost, and may have been asked for twice."""
    ready_s: list[float] = field(default_factory=list)
    edits: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    environment: dict[str, str] = field(default_factory=dict)
    """Of each agent."""

    @property
    def media(self) -> Path:
        return self.home.folder / "media"

    def write_config(self) -> None:
        replace_file(config_of(self.home), json.dumps(self.config()))

    def config(self) -> dict[str, Any]:
        """Give it, each time with another limit, so that it is read anew."""
        source = {"file": "l.csv", "name": "l", "limit": 100_000 + next(self.edits)}
        server = {"url": self.home.sandbox.url, "api_key": self.home.sandbox.api_key}
        return {
            "server": server | {"timeout_s": 1},
            "lists": [source],
            "sync": {"every": 0},
            "http": {
                "listen": "127.0.0.1:0",
                "tokens": [{"name": "me", "token": _TOKEN, "scopes": ["webhook", "read"]}],
            },
            "notify": [{"webhook": {"url": self.receiver.url}, "on": ["requested", "transfer"]}],
            "transfers": {
                "mappings": [
                    {
                        "from": "/movies",
                        "source": str(self.home.folder / "sources"),
                        "destination": str(self.media),
                        "media_server": "/data/movies",
                    }
                ],
                "media_servers": [{"plex": {"url": self.plex.url, "token": self.plex.token}}],
                "retry": {"attempts": 100, "every": "10s"},
            },
        }

    def add_work(self) -> None:
        """Want more titles, and have a film imported."""
        first = FIRST + len(self.titles)
        self.titles += range(first, first + NEW_TITLES)
        self.write_lists()
        name = f"Film {len(self.films)} (2000)"
        film = self.home.folder / "sources" / name / f"{name}.mkv"
        film.parent.mkdir(parents=True)
        film.write_bytes(self.films.setdefault(name, random.randbytes(_SIZE)))
        self.waiting.append(name)
        self.is_asked = False

    def write_lists(self) -> None:
        self.home.write_list("l.csv", titles_csv(self.titles))

    def ask_for_sync(self, agent: AgentProcess) -> None:
        agent.ask("trigger")
        self.is_asked = True

    def start(self, executable: Sequence[str] | None = None) -> AgentProcess:
        """Start it; what else *executable* is may be dead before it is ready."""
        began = time.monotonic()
        agent = self.start_agent(
            self.home, is_awaited=False, executable=executable, environment=self.environment
        )

        def is_ready() -> bool:
            with suppress(ClientError):
                return bool(agent.ask("ping")["pid"] == agent.pid)
            return agent.code is not None

        until("the agent answers", is_ready)
        self.ready_s.append(time.monotonic() - began)
        return agent

    def give_work(self, agent: AgentProcess) -> None:
        """Have it told of films and asked for a sync, and change its configuration beside that."""
        self.add_work()
        self.post_webhooks(agent)
        self.ask_for_sync(agent)
        self.write_config()

    def post_webhooks(self, agent: AgentProcess) -> None:
        """Tell of the films that it has not confirmed to know."""
        address = until("HTTP is open", lambda: address_of(agent))
        for name in [*self.waiting]:
            answer = httpx.post(
                f"{address}sync/radarr",
                json=_webhook_of(name),
                headers=HEADERS,
                timeout=60,
                trust_env=False,
            )
            if self.is_taken(answer):
                self.waiting.remove(name)

    def is_taken(self, answer: httpx.Response) -> bool:
        """Tell whether a webhook was; where that must be, fail."""
        assert answer.status_code == 202, answer.text
        return True

    def finish(self, agent: AgentProcess) -> None:
        """Have done what is left, and end it."""
        self.post_webhooks(agent)
        if not self.is_asked:
            self.ask_for_sync(agent)
        # A request that was cut off is on hold, and the run is tried again in a minute.
        until("all is requested", lambda: set(self.held()) == set(self.titles), within_s=120)
        until("nothing runs", agent.is_at_rest)
        until("all is copied", lambda: agent.ask("jobs", state=[*LIVE_STATES])["total"] == 0)
        until("all is told", lambda: not any(one["waiting"] for one in targets_of(agent)))
        assert agent.terminate() == 0

    def let_time_pass(self) -> None:
        """Make due what is to be tried again later; no agent may run."""
        with opened_state(self.home.state) as state, state.write() as connection:
            connection.execute("UPDATE library_scans SET due_at = created_at")
            connection.execute("UPDATE deliveries SET due_at = ?", (_NOW,))
            connection.execute("UPDATE transfer_jobs SET next_at = ?", (_NOW,))

    def check(self) -> None:
        """Hold what is there against what was wanted, once all is done and no agent runs."""
        assert self.held() == Counter(self.titles)
        self.check_rest()

    def check_rest(self) -> None:
        """Hold all but what is requested against what was wanted."""
        with closing(sqlite3.connect(self.home.state / "listsync.db")) as state:
            assert state.execute("PRAGMA quick_check").fetchall() == [("ok",)]
            assert state.execute("SELECT count(*) FROM intents").fetchone() == (0,)
            open_runs = "SELECT count(*) FROM runs WHERE ended_at IS NULL"
            assert state.execute(open_runs).fetchone() == (0,)
        for backup in (self.home.state / "backups").glob("*"):
            assert backup.suffix == ".db", "a backup was cut off, and left there"
            with closing(sqlite3.connect(backup)) as copy:
                assert copy.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        files = (one for one in self.media.rglob("*") if one.is_file())
        assert {one.parent.name: one.read_bytes() for one in files} == self.films
        messages = {one.sent["id"]: one.sent for one in self.receiver.accepted}
        assert_told_once([*messages.values()], self.requested_again)
        children = psutil.Process().children(recursive=True)
        assert not [one for one in children if "rsync" in one.name()]

    def held(self) -> Counter[int]:
        """Count the requests that the server has of each title."""
        status, reply = self.home.sandbox.api("GET", "/request?take=10000")
        assert status == 200
        return Counter(one["media"]["tmdbId"] for one in reply["results"])


def _webhook_of(name: str) -> dict[str, object]:
    place, file = f"/movies/{name}", f"{name}.mkv"
    return {
        "eventType": "Download",
        "movie": {"id": 1, "title": name, "year": 2000, "folderPath": place, "tmdbId": 1},
        "movieFile": {"id": 1, "relativePath": file, "path": f"{place}/{file}"},
    }


def address_of(agent: AgentProcess) -> str:
    """Say where it answers HTTP; empty while it does not."""
    services = agent.ask("status")["services"]
    return next((one["address"] or "" for one in services if one["name"] == "http"), "")


def targets_of(agent: AgentProcess) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = agent.ask("targets")["targets"]
    return targets


def assert_told_once(
    messages: Sequence[dict[str, Any]], requested_again: AbstractSet[int]
) -> None:
    told = Counter(
        title["tmdb_id"]
        for one in messages
        if one["kind"] in {"requested", "summary"}
        for title in one["data"]["titles"]
    )
    assert not {one for one, times in told.items() if times > 1} - requested_again, told
    copied = Counter(
        file["job"]
        for one in messages
        if one["kind"] == "transfer"
        for file in one["data"]["files"]
    )
    assert not {job: times for job, times in copied.items() if times > 1}


@contextmanager
def busy(home: Home, start_agent: Callable[..., AgentProcess]) -> Iterator[World]:
    """Have somebody to be told, and a media server that sees what is copied."""
    media = home.folder / "media"
    media.mkdir()
    shelf = Library(key="1", type="movie", title="Films", locations=("/data/movies",))
    with receiving() as receiver, serving(PlexFake, (shelf,), {"/data/movies": media}) as plex:
        assert isinstance(plex, PlexFake)
        world = World(home, receiver, plex, start_agent)
        world.add_work()
        world.write_config()
        yield world
