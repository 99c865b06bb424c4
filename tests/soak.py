"""`make soak`: one agent with work of all kinds for a long time, and what it holds meanwhile.

Something happens every 0.4 s (an edit, a trigger, a signal, a webhook, a look, a fault), a hundred
times as often as in a household, so that ten minutes are as good as a night. Memory, files,
threads and children are looked at all the while; in the end nothing is to have grown, and with
nothing to do the agent is to do nothing.
"""

from __future__ import annotations

import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import click
import httpx
import psutil
import pytest

from listsync.sandbox.process import SandboxProcess
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.busy_world import HEADERS, World, address_of, busy
from tests.acceptance.conftest import Home
from tests.integration.notify.receiver import CannedResponse
from tests.media_servers import Fault
from tests.seeds import drawing

_PAUSE_S = 0.4
_SPEED = 100
"""As many things happen in a second here as in so many seconds at home."""
_MOST_TITLES = 200
_KILLS = 3
"""In the first quarter; memory is judged of the process that lives on."""
_READ = ("status", "lists", "runs", "items", "requests", "notices", "targets", "stats", "jobs")
_QUIET_CPU_PERCENT = 0.1
_SLOPE_MB = 1.0
"""An hour at home."""
_LONG_S = 120.0
"""Memory is judged where it was watched for so long: it grows until all is loaded."""
_MOST = {"wal_mb": 16, "log_mb": 32, "waiting": 1000}
"""What may be there in the end. Messages wait, in the end for minutes, for who refused several."""
_SETTLE_S = 60.0
_MOST_BUSY = 8
"""So often it may still have had something to do, and to say, while it was looked at."""
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """What an agent holds at `at_s`."""

    at_s: float
    rss_mb: float
    files: int
    threads: int
    zombies: int


@dataclass
class Soak:
    """What happened and what was seen; `violations` is empty where all was well."""

    samples: list[Sample] = field(default_factory=list)
    events: int = 0
    refused: int = 0
    quiet_cpu_percent: float = 0.0
    wal_mb: float = 0.0
    log_mb: float = 0.0
    waiting: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def slope_mb(self) -> float:
        """Megabytes more in an hour at home, by the last two thirds of the samples."""
        later = self.samples[len(self.samples) // 3 :]
        slope = statistics.linear_regression(
            [one.at_s for one in later], [one.rss_mb for one in later]
        ).slope
        return slope * 3600 / _SPEED

    def judge(self) -> None:
        """Name what grew or was left over."""
        early, late = self.samples[len(self.samples) // 3], self.samples[-1]
        if late.at_s - early.at_s > _LONG_S and self.slope_mb >= _SLOPE_MB:
            self.violations.append(f"memory grows by {self.slope_mb:.2f} MB an hour")
        for name in ("files", "threads"):
            if getattr(late, name) > getattr(early, name) + 5:
                self.violations.append(f"{name}: {getattr(early, name)} to {getattr(late, name)}")
        if any(one.zombies for one in self.samples[-3:]):
            self.violations.append("zombies stay")
        for name, most in _MOST.items():
            if getattr(self, name) > most:
                self.violations.append(f"{name}: {getattr(self, name):.1f}, and at most {most}")

    def __str__(self) -> str:
        first, last = self.samples[0], self.samples[-1]
        return (
            f"{self.events} events, {self.refused} refused or cut off;"
            f" RSS {first.rss_mb:.1f} to {last.rss_mb:.1f} MB, {self.slope_mb:+.2f} MB an hour at"
            f" home; files {first.files} to {last.files}, threads {first.threads} to"
            f" {last.threads}, zombies {last.zombies}; WAL {self.wal_mb:.1f} MB, log"
            f" {self.log_mb:.1f} MB; idle afterwards {self.quiet_cpu_percent:.3f} % CPU"
        )


def soak(home: Home, seconds: float, quiet_s: float, *, kills: int = _KILLS) -> Soak:
    """Let things happen for so many seconds, then nothing for *quiet_s*, and judge."""
    result, chance = Soak(), drawing()
    started: list[AgentProcess] = []

    def start(home: Home, *, is_awaited: bool = True, **_: object) -> AgentProcess:
        agent = AgentProcess(home)
        started.append(agent)
        return agent.until_ready() if is_awaited else agent

    try:
        with busy(home, start) as world:
            agent = world.start()
            for _ in range(kills):
                _happen(world, agent, result, chance, seconds / 4 / kills)
                agent.kill()
                agent = world.start()
            result.samples.clear()
            _happen(world, agent, result, chance, seconds * (3 / 4 if kills else 1))
            _end(world, agent, result, quiet_s)
    finally:
        for agent in started:
            agent.close()
    result.violations += [
        "a traceback in the log" for agent in started if "Traceback" in agent.log
    ]
    result.judge()
    return result


def _happen(
    world: World, agent: AgentProcess, result: Soak, chance: random.Random, seconds: float
) -> None:
    until_s = time.monotonic() + seconds
    events = (_work, _edit, _trigger, _signal, _look, _look, _browse, _fault, _kill_copy)
    while time.monotonic() < until_s:
        if agent.code is not None:
            result.violations.append(f"the agent ended with {agent.code}")
            return
        try:
            chance.choice(events)(world, agent, chance)
        except (ClientError, httpx.HTTPError, OSError, AssertionError):
            result.refused += 1
        result.events += 1
        result.samples.append(_sample(agent))
        time.sleep(_PAUSE_S)


def _work(world: World, agent: AgentProcess, _: random.Random) -> None:
    if len(world.titles) < _MOST_TITLES:
        world.add_work()
    else:
        world.waiting.append(next(iter(world.films)))
    world.post_webhooks(agent)


def _edit(world: World, _agent: AgentProcess, _: random.Random) -> None:
    world.write_config()


def _trigger(world: World, agent: AgentProcess, _: random.Random) -> None:
    world.receiver.answers.clear()  # whoever is told is well again: a target rests ever longer
    world.ask_for_sync(agent)


def _signal(_world: World, agent: AgentProcess, chance: random.Random) -> None:
    agent.signal(chance.choice([signal.SIGUSR1, signal.SIGHUP]))


def _look(_world: World, agent: AgentProcess, chance: random.Random) -> None:
    agent.ask(chance.choice(_READ))


def _browse(_: World, agent: AgentProcess, chance: random.Random) -> None:
    path = chance.choice(["healthz", "metrics", "api/v1/overview", "api/v1/status", "x" * 3000])
    httpx.get(f"{address_of(agent)}{path}", headers=HEADERS, trust_env=False, timeout=30)


def _fault(world: World, _: AgentProcess, chance: random.Random) -> None:
    kinds = ("html", "drop_before", "drop_after", "drop_midway", "tmdb_down")
    world.home.sandbox.admin("faults", {"kind": chance.choice(kinds), "path": "/api/v1"})
    world.receiver.answers.append(CannedResponse(chance.choice([429, 500, 503])))
    if not world.plex.faults:
        world.plex.faults.append(Fault())


def _kill_copy(_world: World, agent: AgentProcess, _: random.Random) -> None:
    for child in agent.process.children(recursive=True):
        with suppress(psutil.Error):
            if child.name() == "rsync":
                child.kill()


def _sample(agent: AgentProcess) -> Sample:
    with agent.process.oneshot():
        children = agent.process.children(recursive=True)
        return Sample(
            at_s=time.monotonic(),
            rss_mb=agent.process.memory_info().rss / _MB,
            files=agent.process.num_fds(),
            threads=agent.process.num_threads(),
            zombies=sum(_is_zombie(one) for one in children),
        )


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _end(world: World, agent: AgentProcess, result: Soak, quiet_s: float) -> None:
    """Take the faults back, let it come to rest, and look what it does then."""
    world.home.sandbox.admin("faults", method="DELETE")
    world.receiver.answers.clear()
    world.plex.faults.clear()
    world.ask_for_sync(agent)
    until_s = time.monotonic() + _SETTLE_S
    while time.monotonic() < until_s and not agent.is_at_rest():
        time.sleep(0.5)
    time.sleep(quiet_s)  # scans, messages and copies come to their end
    targets = agent.ask("targets")["targets"]
    result.waiting = sum(one["waiting"] for one in targets)
    result.samples += [_sample(agent) for _ in range(3)]
    result.quiet_cpu_percent = _quiet_cpu_percent(agent, quiet_s)
    wal = world.home.state / "listsync.db-wal"
    result.wal_mb = wal.stat().st_size / _MB if wal.exists() else 0.0
    result.log_mb = agent.log_file.stat().st_size / _MB
    if agent.terminate() != 0:
        result.violations.append("it did not end well")


def _quiet_cpu_percent(agent: AgentProcess, seconds: float) -> float:
    """Say what it needs while nothing happens: what waited for its time, it may still do."""
    for _ in range(_MOST_BUSY):
        said, before = agent.log_file.stat().st_size, sum(agent.process.cpu_times()[:2])
        time.sleep(seconds)
        needed = sum(agent.process.cpu_times()[:2]) - before
        if agent.log_file.stat().st_size == said:
            return needed / seconds * 100
    pytest.fail(f"it does not come to rest: {agent.log[-2000:]}")


@contextmanager
def _home() -> Iterator[Home]:
    with (
        tempfile.TemporaryDirectory() as folder,
        SandboxProcess(titles=_MOST_TITLES + 10, latency_ms=5) as sandbox,
    ):
        yield Home(Path(folder), sandbox)


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long things happen.")
def main(minutes: float) -> None:
    """Soak an agent; exit 1 where something grew, hung or was left over."""
    with _home() as home:
        result = soak(home, minutes * 60, quiet_s=90)
    if result.quiet_cpu_percent >= _QUIET_CPU_PERCENT:
        result.violations.append("it does something where nothing is to be done")
    click.echo(str(result))
    for violation in result.violations:
        click.echo(f"VIOLATION: {violation}")
    sys.exit(bool(result.violations))


if __name__ == "__main__":
    main()
