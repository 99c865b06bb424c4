"""The webhooks of Radarr and Sonarr, a running agent, rsync, and kills of both at random.

What was promised to the senders arrives whole, media servers are asked once for each folder, and
people are told once of each file. In this agent what fails is tried again soon, and scans and
messages wait for an hour, so that what goes out in the end is all there is.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import httpx
import psutil
import pytest

from listsync.domain.transfers import LIVE_STATES
from listsync.sandbox.process import SandboxProcess
from listsync.store.state_folder import opened_state
from listsync.transfers.retries import MOST_INTERRUPTIONS
from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.conftest import Home
from tests.integration.notify.receiver import Receiver, receiving
from tests.media_servers import JellyfinFake, Library, MediaServerFake, PlexFake, serving
from tests.seeds import drawing
from tests.thorough import tries
from tests.webhooks import Sample, samples

_SENDERS = {
    "/movies": "movies",
    "/movies-4k": "movies-4k",
    "/tv": "tv",
    "/anime": "anime",
    "D:\\Media\\Movies": "windows",
}
"""The libraries of the samples, and what their folders are called here."""
_KILLS = tries(4, 100)
_SIZE = 1_500_000
_SPEED = "3m"
"""With that size: half a second for each file, so that most kills hit one."""
_TOKEN = "no-secret-but-long-enough"
_PATIENT = """
import sys
from datetime import timedelta
from listsync.domain import message_of_transfer
from listsync.store import library_scans
from listsync.transfers import retries
retries._pause = lambda *_: timedelta(seconds=0.5)
library_scans.QUIET = library_scans.QUIET_BY = timedelta(hours=1)
message_of_transfer._SEASON_QUIET_S = message_of_transfer._QUIET_S = 3600.0
from listsync.cli import main
sys.argv[1:] = ["run"]
main()
"""


@dataclass
class Libraries:
    """Folders with the files of all samples, and where they are copied to."""

    sources: Path
    media: Path
    files: dict[Path, bytes] = field(default_factory=dict)
    """What is to be at each place in the end."""

    def fill(self, sample: Sample) -> None:
        for path in sample.paths:
            library, relative = _place_of(path)
            source = self.sources / library / relative
            source.parent.mkdir(parents=True, exist_ok=True)
            if not source.exists():
                source.write_bytes(random.randbytes(_SIZE))
                source.with_suffix(".en.srt").write_bytes(b"words of it")
            for one in (source, source.with_suffix(".en.srt")):
                self.files[self.media / one.relative_to(self.sources)] = one.read_bytes()

    def mappings(self) -> list[dict[str, object]]:
        return [
            {
                "from": sender,
                "source": str(self.sources / name),
                "destination": str(self.media / name),
                "media_server": f"/data/{name}",
            }
            for sender, name in _SENDERS.items()
        ]

    def are_covered(self, scans: list[str]) -> bool:
        """Tell whether media servers were asked for each file, by a folder that holds it."""
        seen = (PurePosixPath("/data") / one.relative_to(self.media) for one in self.files)
        return all(any(one.is_relative_to(scan) for scan in scans) for one in seen)

    def all_there(self) -> bool:
        return all(one.exists() for one in self.files)

    def truncated(self) -> list[Path]:
        """Name what lies under its final name and is not whole."""
        found = []
        for path, content in self.files.items():
            with suppress(FileNotFoundError):
                if path.stat().st_size != len(content):
                    found.append(path)
        return found


def _place_of(path: str) -> tuple[str, PurePath]:
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    (found,) = (
        (name, kind(path).relative_to(sender))
        for sender, name in _SENDERS.items()
        if kind(path).is_relative_to(sender)
    )
    return found


class Watcher(threading.Thread):
    """Looks all the while for what must never be: half a file, or two copies beside each other."""

    def __init__(self, libraries: Libraries) -> None:
        super().__init__(daemon=True)
        self._libraries = libraries
        self._before: Counter[str] = Counter()
        self.over = threading.Event()
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.over.wait(0.1):
            self.wrong += map(str, self._libraries.truncated())
            runs = self._runs()
            twice = [root for root in runs if min(runs[root], self._before[root]) > 1]
            self.wrong += [f"two copies at once to {root}" for root in twice]
            self._before = runs

    def _runs(self) -> Counter[str]:
        """Count by destination the runs of rsync, each of which has a session of its own."""
        sessions = set[tuple[str, int]]()
        for process in copies_to(self._libraries.media):
            with suppress(psutil.Error, ProcessLookupError):
                sessions.add((process.cmdline()[-1], os.getsid(process.pid)))
        return Counter(root for root, _ in sessions)


def copies_to(media: Path) -> Iterator[psutil.Process]:
    """Find the processes of rsync that copy below *media*."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() != "rsync":
                continue
            words = process.cmdline()
            if words and words[-1].startswith(str(media)):
                yield process


@dataclass
class World:
    """A home with libraries, two media servers and somebody to be told."""

    home: Home
    libraries: Libraries
    servers: tuple[MediaServerFake, ...]
    receiver: Receiver
    start_agent: Callable[..., AgentProcess]

    def start(self) -> AgentProcess:
        return self.start_agent(self.home, executable=[sys.executable, "-c", _PATIENT])

    def write_config(self) -> None:
        plex, jellyfin = self.servers
        self.home.write_config(
            [],
            server={"url": "sandbox"},
            sync={"every": 0},
            http={
                "listen": "127.0.0.1:0",
                "tokens": [{"name": "me", "token": _TOKEN, "scopes": ["webhook"]}],
            },
            notify=[{"webhook": {"url": self.receiver.url}, "on": ["transfer", "failure"]}],
            transfers={
                "mappings": self.libraries.mappings(),
                "media_servers": [
                    {"plex": {"url": plex.url, "token": plex.token}},
                    {"jellyfin": {"url": jellyfin.url, "api_key": jellyfin.token}},
                ],
                "limits": {"bandwidth": _SPEED},
                # What was killed again and again would wait for longer than the test does.
                "retry": {"attempts": 100, "every": "10s"},
            },
        )

    def post(self, agent: AgentProcess, sample: Sample) -> bool:
        """Post a webhook; False: it was not taken, as the agent does not listen yet."""
        try:
            services = agent.status["services"]
            address = next(one["address"] for one in services if one["name"] == "http")
            answer = httpx.post(
                f"{address}sync/{sample.app}",
                content=sample.raw,
                headers={"Authorization": f"Bearer {_TOKEN}"},
                timeout=60,
                trust_env=False,
            )
        except (httpx.HTTPError, OSError):
            return False
        assert answer.status_code == 202, answer.text
        return True

    def let_time_pass(self) -> None:
        """Make due what waits for others of its kind."""
        with opened_state(self.home.state) as state, state.write() as connection:
            connection.execute("UPDATE library_scans SET due_at = created_at")
            connection.execute("UPDATE deliveries SET due_at = '2026-01-01T00:00:00.000+00:00'")

    def jobs(self) -> Mapping[int, tuple[str, str]]:
        """Give the state of each job, and its destination; nobody may work on the state."""
        with opened_state(self.home.state) as state:
            rows = state.read("SELECT id, state, destination_root, relative FROM transfer_jobs")
        return {row[0]: (row[1], f"{row[2]}/{row[3]}") for row in rows}


@pytest.fixture
def world(
    tmp_path: Path, start_agent: Callable[..., AgentProcess], forked_scripts: None
) -> Iterator[World]:
    del forked_scripts
    libraries = Libraries(tmp_path / "sources", tmp_path / "media")
    for name in _SENDERS.values():
        (libraries.media / name).mkdir(parents=True)
    for sample in samples("sync"):
        libraries.fill(sample)
    shelves = tuple(
        Library(key=str(key), type="movie", title=name, locations=(f"/data/{name}",))
        for key, name in enumerate(_SENDERS.values(), 1)
    )
    disks = {f"/data/{name}": libraries.media / name for name in _SENDERS.values()}
    with ExitStack() as stack:
        kinds: tuple[type[MediaServerFake], ...] = (PlexFake, JellyfinFake)
        servers = tuple(stack.enter_context(serving(kind, shelves, disks)) for kind in kinds)
        receiver = stack.enter_context(receiving())
        yield World(Home(tmp_path, SandboxProcess()), libraries, servers, receiver, start_agent)


def _kill_something(world: World, agent: AgentProcess, chance: random.Random) -> AgentProcess:
    """Kill the agent or an rsync, as power cuts and the kernel do; gives the agent of then."""
    running = [*copies_to(world.libraries.media)]
    if running and chance.random() < 0.5:
        with suppress(psutil.Error):
            chance.choice(running).kill()
        return agent
    agent.kill()
    return world.start()


@pytest.mark.chaos
@pytest.mark.slow
@pytest.mark.timeout(tries(180, 3600))
@pytest.mark.skipif(shutil.which("rsync") is None, reason="there is no rsync")
def test_whatever_is_killed_every_file_arrives_whole_and_is_told_of_once(world: World) -> None:
    chance = drawing()
    world.write_config()
    agent = world.start()
    watcher = Watcher(world.libraries)
    watcher.start()
    waiting = [*samples("sync")] * 2
    chance.shuffle(waiting)
    kills = 0
    while kills < _KILLS:
        for _ in range(min(len(waiting), chance.randrange(20))):
            if world.post(agent, waiting[-1]):
                waiting.pop()
        time.sleep(chance.uniform(0.0, 1.5))
        agent = _kill_something(world, agent, chance)
        kills += 1
        if _KILLS > 10 and world.libraries.all_there():
            _remove_some(world.libraries, chance)
            waiting = [*samples("sync")]
    for sample in waiting:
        until("a webhook is taken", partial(world.post, agent, sample))
    _until_done(agent)
    if _KILLS > MOST_INTERRUPTIONS:  # a copy that was killed so often in a row waits for a person
        agent.ask("jobs_retry_failed")
        _until_done(agent)
    watcher.over.set()
    watcher.join()
    assert not watcher.wrong, watcher.wrong[:5]
    for path, content in world.libraries.files.items():
        assert path.read_bytes() == content, path
    assert set(_all_files(world.libraries.media)) == set(world.libraries.files)
    assert agent.terminate() == 0
    jobs = world.jobs()
    assert {state for state, _ in jobs.values()} <= {"succeeded", "skipped"}
    copied = {number: path for number, (state, path) in jobs.items() if state == "succeeded"}
    videos = {str(one) for one in world.libraries.files if one.suffix == ".mkv"}
    assert set(copied.values()) == videos
    if _KILLS <= 10:  # else some were removed, and copied again
        assert len(copied) == len(set(copied.values())), "what was there has not been copied"
    world.let_time_pass()
    _told_once(world, world.start(), set(copied))


def _told_once(world: World, agent: AgentProcess, copied: set[int]) -> None:
    for server in world.servers:
        server.wait(partial(world.libraries.are_covered, server.scans))
    world.receiver.wait(lambda _: sum(_counts(world.receiver)) >= len(copied))
    assert agent.terminate() == 0
    for server in world.servers:
        assert len(server.scans) == len(set(server.scans)), server.scans
    told = [file["job"] for one in _synced(world.receiver) for file in one["files"]]
    assert len(told) == len(set(told))
    assert set(told) <= copied
    assert sum(_counts(world.receiver)) == len(copied)


def _counts(receiver: Receiver) -> list[int]:
    """Tell of how many files each message said that they are there; it names 20 at most."""
    return [one["count"] for one in _synced(receiver)]


def _synced(receiver: Receiver) -> list[dict[str, Any]]:
    messages = {one.sent["id"]: one.sent for one in receiver.taken}
    return [one["data"] for one in messages.values() if one["kind"] == "transfer"]


def _until_done(agent: AgentProcess) -> None:
    def is_done() -> bool:
        assert agent.code is None, agent.log
        return bool(agent.ask("jobs", state=[*LIVE_STATES])["total"] == 0)

    until("all is copied", is_done, within_s=90)


def _remove_some(libraries: Libraries, chance: random.Random) -> None:
    """Have something to copy again."""
    for path in chance.sample(sorted(libraries.files), k=len(libraries.files) // 2):
        path.unlink()


def _all_files(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_file())
