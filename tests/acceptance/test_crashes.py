"""A whole agent that is killed at named places, again and again, while it has work of all kinds.

It reads a list that grows, requests, notifies, copies what webhooks tell of, has a media server
scan it and follows its configuration. In each cycle it is armed with one point at which it kills
itself (`tests/crash_points`); the next start is armed with the next one.
"""

from __future__ import annotations

import itertools
import json
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from listsync.domain.transfers import LIVE_STATES
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import AgentProcess, config_of, replace_file, requested, until
from tests.acceptance.conftest import Home, titles_csv
from tests.crash_points import POINTS
from tests.integration.notify.receiver import Receiver, receiving
from tests.media_servers import Library, PlexFake, serving
from tests.thorough import tries

_SCRIPT = Path(__file__).parents[1] / "crash_points.py"
_FIRST = 20_000_001
_NEW_TITLES = 2
_CYCLES = tries(20, 150)
"""For each of two products."""
_TOKEN = "no-secret-but-long-enough"
_NTH = tries(1, 3)
"""At which of its calls a point may kill."""
_REACHED_S = 2.0
"""How long a point is waited for, before another kill comes at random."""
_SIZE = 100_000


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
    ready_s: list[float] = field(default_factory=list)
    edits: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def media(self) -> Path:
        return self.home.folder / "media"

    def write_config(self) -> None:
        """Write it, each time with another title in its heading, so that it is read anew."""
        source = {"file": "l.csv", "name": "l", "limit": 100_000 + next(self.edits)}
        server = {"url": self.home.sandbox.url, "api_key": self.home.sandbox.api_key}
        config = {
            "server": server | {"timeout_s": 1},
            "lists": [source],
            "sync": {"every": 0},
            "http": {
                "listen": "127.0.0.1:0",
                "tokens": [{"name": "me", "token": _TOKEN, "scopes": ["webhook"]}],
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
        replace_file(config_of(self.home), json.dumps(config))

    def add_work(self) -> None:
        """Want more titles, and have a film imported."""
        first = _FIRST + len(self.titles)
        self.titles += range(first, first + _NEW_TITLES)
        self.home.write_list("l.csv", titles_csv(self.titles))
        name = f"Film {len(self.films)} (2000)"
        film = self.home.folder / "sources" / name / f"{name}.mkv"
        film.parent.mkdir(parents=True)
        film.write_bytes(self.films.setdefault(name, random.randbytes(_SIZE)))
        self.waiting.append(name)
        self.is_asked = False

    def ask_for_sync(self, agent: AgentProcess) -> None:
        agent.ask("trigger")
        self.is_asked = True

    def start(self, point: str | None = None, nth: int = 1) -> AgentProcess:
        """Start it, armed with a *point*; it may be dead before it is ready."""
        armed = [sys.executable, str(_SCRIPT), point, str(nth), "run"] if point else None
        began = time.monotonic()
        agent = self.start_agent(self.home, is_awaited=False, executable=armed)

        def is_ready() -> bool:
            with suppress(ClientError):
                return bool(agent.ask("ping")["pid"] == agent.pid)
            return agent.code is not None

        until("the agent answers", is_ready)
        self.ready_s.append(time.monotonic() - began)
        return agent

    def post_webhooks(self, agent: AgentProcess) -> None:
        """Tell of the films that it has not confirmed to know."""
        services = agent.ask("status")["services"]
        (address,) = (one["address"] for one in services if one["name"] == "http")
        for name in [*self.waiting]:
            place = f"/movies/{name}"
            body = {
                "eventType": "Download",
                "movie": {"id": 1, "title": name, "year": 2000, "folderPath": place, "tmdbId": 1},
                "movieFile": {
                    "id": 1,
                    "relativePath": f"{name}.mkv",
                    "path": f"{place}/{name}.mkv",
                },
            }
            answer = httpx.post(
                f"{address}sync/radarr",
                json=body,
                headers={"Authorization": f"Bearer {_TOKEN}"},
                timeout=60,
                trust_env=False,
            )
            assert answer.status_code == 202, answer.text
            self.waiting.remove(name)

    def until_done(self, agent: AgentProcess) -> None:
        until("all is requested", lambda: len(set(requested(self.home))) == len(self.titles))
        until("nothing runs", agent.is_at_rest)
        until("all is copied", lambda: agent.ask("jobs", state=[*LIVE_STATES])["total"] == 0)
        until("all is told", lambda: not any(one["waiting"] for one in _targets(agent)))


def _targets(agent: AgentProcess) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = agent.ask("targets")["targets"]
    return targets


@pytest.fixture(params=["seerr", "overseerr"])
def world(
    request: pytest.FixtureRequest,
    start_home: Callable[..., Home],
    start_agent: Callable[..., AgentProcess],
    forked_scripts: None,
) -> Iterator[World]:
    del forked_scripts
    titles = _CYCLES * _NEW_TITLES + 10
    home = start_home(request.param, titles=titles, latency_ms=5)
    (home.folder / "media").mkdir()
    shelf = Library(key="1", type="movie", title="Films", locations=("/data/movies",))
    with (
        receiving() as receiver,
        serving(PlexFake, (shelf,), {"/data/movies": home.folder / "media"}) as plex,
    ):
        assert isinstance(plex, PlexFake)
        yield World(home, receiver, plex, start_agent)


@pytest.mark.slow
@pytest.mark.timeout(tries(240, 3600))
def test_wherever_it_is_killed_all_is_done_and_nothing_twice(world: World) -> None:
    chance = random.Random(time.time_ns())
    world.add_work()
    world.write_config()
    names = [*POINTS] * (_CYCLES // len(POINTS) + 1)
    chance.shuffle(names)
    reached = Counter[str]()
    for point in names[:_CYCLES]:
        agent = world.start(point, chance.randint(1, _NTH))
        with suppress(ClientError, httpx.HTTPError, OSError, KeyError, ValueError):
            _give_work(world, agent)
        reached[point] += _end_of(agent, point)
    agent = world.start()
    until("HTTP is open", lambda: _is_open(agent))
    world.post_webhooks(agent)
    if not world.is_asked:
        world.ask_for_sync(agent)
    world.until_done(agent)
    assert agent.terminate() == 0
    _check(world)
    print(
        f"\nready after {sorted(world.ready_s)[len(world.ready_s) // 2]:.2f} s (median),"
        f" {max(world.ready_s):.2f} at the most; {sum(reached.values())} of {_CYCLES} reached:"
        f" {dict(reached)}"
    )


def _give_work(world: World, agent: AgentProcess) -> None:
    until("HTTP is open", lambda: _is_open(agent))
    world.add_work()
    world.post_webhooks(agent)
    world.ask_for_sync(agent)
    world.write_config()


def _is_open(agent: AgentProcess) -> bool:
    return any(one["name"] == "http" and one["address"] for one in agent.ask("status")["services"])


def _end_of(agent: AgentProcess, point: str) -> bool:
    """Wait until the point is reached, or kill it; tells which."""
    until_s = time.monotonic() + _REACHED_S
    while agent.code is None and time.monotonic() < until_s:
        time.sleep(0.01)
    if agent.code is None:
        agent.kill()
        return False
    assert agent.code == -signal.SIGKILL, f"{point}: {agent.code}: {agent.log}"
    return True


def _check(world: World) -> None:
    assert sorted(requested(world.home)) == sorted(world.titles)
    with closing(sqlite3.connect(world.home.state / "listsync.db")) as state:
        assert state.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert state.execute("SELECT count(*) FROM intents").fetchone() == (0,)
        (unread,) = state.execute("SELECT count(*) FROM runs WHERE ended_at IS NULL").fetchone()
    assert unread == 0
    there = {one.parent.name: one.read_bytes() for one in world.media.rglob("*") if one.is_file()}
    assert there == world.films
    messages = {one.sent["id"]: one.sent for one in world.receiver.taken}
    _assert_told_once([*messages.values()])
    children = psutil.Process().children(recursive=True)
    assert not [one for one in children if "rsync" in one.name()]


def _assert_told_once(messages: list[dict[str, Any]]) -> None:
    told = Counter(
        title["tmdb_id"]
        for one in messages
        if one["kind"] in {"requested", "summary"}
        for title in one["data"]["titles"]
    )
    assert not {title: times for title, times in told.items() if times > 1}
    copied = Counter(
        file["job"]
        for one in messages
        if one["kind"] == "transfer"
        for file in one["data"]["files"]
    )
    assert not {job: times for job, times in copied.items() if times > 1}
