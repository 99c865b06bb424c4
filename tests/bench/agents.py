"""What the running agent costs, and how quickly it answers; measured from outside."""

from __future__ import annotations

import compileall
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self
from uuid import uuid4

import zmq

import listsync
import listsyncctl
from listsync.protocol import request
from tests.bench.figures import Figure
from tests.bench.players import Player, players
from tests.bench.runs import Bench, bench
from tests.integration.providers.lists import MDBLIST, TRAKT

INVENTED = 20_000_001
PATIENCE_S = 120.0
IDLE_S = 60.0
SETTLED_S = 0.05
"""How long after the end of a sync the agent counts as idle: its memory has been trimmed."""
_ECHO = """
import sys, zmq
socket = zmq.Context().socket(zmq.REP)
socket.bind(sys.argv[1])
while True:
    socket.send(socket.recv())
"""


class RunningAgent:
    """`listsync run` as a process; its log is read as it is written, each line with its time."""

    def __init__(self, one: Bench) -> None:
        self.folder = one.folder
        self.socket = one.folder / "agent.sock"
        self._ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ready.bind(str(one.folder / "notify"))
        self._lines: SimpleQueue[tuple[float, dict[str, Any]]] = SimpleQueue()
        began = time.monotonic()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "listsync", "run", "--log-format", "json"),
                *("--config", str(one.folder / "listsync.yaml")),
                *("--state-dir", str(one.folder / "state"), "--socket", str(self.socket)),
            ],
            stderr=subprocess.PIPE,
            env={**os.environ, "NOTIFY_SOCKET": str(one.folder / "notify")},
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._ready.settimeout(PATIENCE_S)
        assert b"READY=1" in self._ready.recv(4096)
        self.ready_s = time.monotonic() - began
        self._context = zmq.Context()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> float:
        """Stop it; returns how long that took."""
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE_S)
        took = time.monotonic() - began
        self._ready.close()
        self._context.destroy(linger=0)
        (self.folder / "notify").unlink(missing_ok=True)
        return took

    def wait_for(self, action: str) -> float:
        """Wait for the next log line of *action*; returns when it came."""
        until = time.monotonic() + PATIENCE_S
        while (left := until - time.monotonic()) > 0:
            try:
                at, line = self._lines.get(timeout=left)
            except Empty:
                break
            if line.get("action") == action:
                return at
        raise TimeoutError(action)

    def drain(self) -> None:
        while not self._lines.empty():
            self._lines.get()

    @contextmanager
    def asking(self) -> Iterator[zmq.Socket[bytes]]:
        with self._context.socket(zmq.REQ) as asking:
            asking.connect(f"ipc://{self.socket}")
            yield asking

    def memory_mb(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def wake_ups(self) -> int:
        """Count how often any of its threads went to sleep so far."""
        total = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            text = (task / "status").read_text(encoding="utf-8")
            total += int(text.split("\nvoluntary_ctxt_switches:")[1].split()[0])
        return total

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.put((time.monotonic(), json.loads(line)))


def ask(asking: zmq.Socket[bytes], method: str, **params: object) -> tuple[float, dict[str, Any]]:
    """Ask once; returns how long the answer took, and the answer."""
    id_ = uuid4().hex
    message = json.dumps(request(method, params, id_=id_, deadline=time.time() + 60)).encode()
    took, reply = _exchange(asking, message)
    return took, json.loads(reply)["result"]


def start_up() -> Iterator[Figure]:
    with bench() as one:
        one.write_list(films(10), every=0)
        times = []
        for _ in range(5):
            with RunningAgent(one) as agent:
                times.append(agent.ready_s)
    yield Figure("agent: from exec to READY=1", statistics.median(times), "s", 0.7)


def wake_up() -> Iterator[Figure]:
    """From what wakes it to the start of the sync."""
    with bench() as one:
        one.write_list(films(10), every=0)
        with RunningAgent(one) as agent:
            config = one.folder / "listsync.yaml"
            changed, signalled = [], []
            for turn in range(15):
                began = _save(config, limit=5 + turn % 2)
                changed.append(agent.wait_for("sync_started") - began)
                agent.wait_for("sync_ended")
                began = time.monotonic()
                os.kill(agent.pid, signal.SIGUSR1)
                signalled.append(agent.wait_for("sync_started") - began)
                agent.wait_for("sync_ended")
    yield Figure(
        "agent: configuration saved -> sync started", statistics.median(changed), "s", 0.5
    )
    yield Figure("agent: SIGUSR1 -> sync started", 1000 * statistics.median(signalled), "ms", 50)


def answers() -> Iterator[Figure]:
    """How long a trigger takes to be accepted, idle and beside a sync of 10,000 titles."""
    with bench() as one:
        one.write_list(films(10), every=0)
        idle, bare = [], []
        with (
            _one_processor(),
            RunningAgent(one) as agent,
            agent.asking() as asking,
            _echo(one.folder / "echo.sock") as echo,
        ):
            for _ in range(300):
                time.sleep(SETTLED_S)
                idle.append(ask(asking, "trigger", origin="bench")[0])
                agent.wait_for("sync_ended")
                time.sleep(SETTLED_S)
                bare.append(_exchange(echo, b"{}")[0])
    yield Figure("agent: trigger accepted, idle, p99", 1000 * _p99(idle), "ms", 5)
    yield Figure("  median", 1000 * statistics.median(idle), "ms")
    yield Figure("  a REP socket that only echoes, p99", 1000 * _p99(bare), "ms")
    with bench(titles=10_000) as one:
        one.write_list(films(10_000), every=0)
        with RunningAgent(one) as agent, agent.asking() as asking:
            ask(asking, "trigger", origin="bench")
            beside: list[float] = []
            while ask(asking, "progress")[1]["run_id"] and len(beside) < 600:
                beside.append(ask(asking, "trigger", lists=["file: list.csv"])[0])
                time.sleep(0.02)
    yield Figure("agent: trigger accepted, in a sync, p99", 1000 * _p99(beside), "ms", 50)
    yield Figure("  of so many triggers", len(beside), "")


def status() -> Iterator[Figure]:
    """The whole of `listsyncctl status`, beside the interpreter with its two libraries alone."""
    # As when it is installed: else a change since, or PYTHONDONTWRITEBYTECODE, adds compiling.
    for package in (listsync, listsyncctl):
        compileall.compile_dir(package.__path__[0], quiet=1)
    with bench() as one:
        one.write_list(films(10), every=0)
        with RunningAgent(one) as agent:
            ctl = str(Path(sys.executable).with_name("listsyncctl"))
            command = [ctl, "status", "--socket"]
            ours, bare = [], []
            for _ in range(20):
                ours.append(_time([*command, str(agent.socket)]))
                bare.append(_time([sys.executable, "-c", "import zmq, click"]))
    ratio = statistics.median(ours) / statistics.median(bare)
    yield Figure("listsyncctl status: whole process", 1000 * statistics.median(ours), "ms", 100)
    yield Figure("  in bare interpreters with zmq and click", ratio, "x", 2.5)


def help_text() -> Iterator[Figure]:
    """The whole of `listsync --help`, beside an interpreter that only imports click."""
    compileall.compile_dir(listsync.__path__[0], quiet=1)
    program = str(Path(sys.executable).with_name("listsync"))
    ours, bare = [], []
    for _ in range(20):
        ours.append(_time([program, "--help"]))
        bare.append(_time([sys.executable, "-c", "import click"]))
    ratio = statistics.median(ours) / statistics.median(bare)
    yield Figure("listsync --help: whole process", 1000 * statistics.median(ours), "ms", 80)
    yield Figure("  in interpreters that import click", ratio, "x", 1.2)


def idle() -> Iterator[Figure]:
    """A minute of nothing, before and after syncs of 1,000 titles: from a file, from services."""
    with bench(titles=1000) as one, players() as hosts:
        one.write_list(films(1000), every=0)
        with RunningAgent(one) as agent, agent.asking() as asking:
            time.sleep(2)
            yield Figure("agent: memory when idle, before a sync", agent.memory_mb(), "MB", 50)
            ask(asking, "trigger", origin="bench")
            agent.wait_for("sync_ended")
            time.sleep(2)
            yield Figure("agent: the same after a sync of 1,000", agent.memory_mb(), "MB", 50)
            _follow_services(one.folder / "listsync.yaml", hosts[0])
            agent.wait_for("sync_ended")
            time.sleep(2)
            yield Figure("agent: the same after lists of four services", agent.memory_mb(), "MB")
            cpu, wakes = agent.cpu_s(), agent.wake_ups()
            time.sleep(IDLE_S)
            share = 100 * (agent.cpu_s() - cpu) / IDLE_S
            yield Figure("agent: CPU over an idle minute", share, "%", 0.1)
            yield Figure("agent: wake-ups in it, all threads", agent.wake_ups() - wakes, "", 10)


def ends() -> Iterator[Figure]:
    with bench(latency_ms=200, titles=1000) as one:
        one.write_list(films(1000), every=0)
        times = []
        for _ in range(5):
            agent = RunningAgent(one)
            times.append(agent.end())
        yield Figure("agent: SIGTERM -> exit, idle", statistics.median(times), "s", 1)
        times = []
        for _ in range(3):
            agent = RunningAgent(one)
            with agent.asking() as asking:
                ask(asking, "trigger", origin="bench")
                time.sleep(3)
            times.append(agent.end())
        yield Figure("agent: SIGTERM -> exit, in a sync", statistics.median(times), "s", 5)


PARTS = (start_up, wake_up, answers, status, help_text, idle, ends)


def films(count: int) -> list[dict[str, object]]:
    return [{"kind": "movie", "tmdb_id": INVENTED + n} for n in range(count)]


def _follow_services(config: Path, host: Player) -> None:
    """Follow lists of four services, too, whose 1,000 films are the same."""
    content = json.loads(config.read_text(encoding="utf-8"))
    content["lists"] += [
        {"imdb": "ls990000001"},
        {"trakt": TRAKT},
        {"mdblist": MDBLIST},
        {"stevenlu": "popular"},
    ]
    content["providers"] = {
        "imdb": {"base_url": host.url, "web_url": host.url},
        "trakt": {"base_url": host.url, "client_id": "listsync"},
        "mdblist": {"base_url": host.url, "web_url": host.url},
        "stevenlu": {"base_url": host.url},
    }
    config.write_text(json.dumps(content), encoding="utf-8")


def _save(config: Path, **changes: object) -> float:
    """Change the list as an editor would; returns when that was done."""
    content = json.loads(config.read_text(encoding="utf-8"))
    content["lists"][0] |= changes
    new = config.with_suffix(".new")
    new.write_text(json.dumps(content), encoding="utf-8")
    new.replace(config)
    return time.monotonic()


def _time(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def _exchange(asking: zmq.Socket[bytes], message: bytes) -> tuple[float, bytes]:
    began = time.monotonic()
    asking.send(message)
    reply = asking.recv()
    return time.monotonic() - began, reply


@contextmanager
def _one_processor() -> Iterator[None]:
    """Keep this process and what it starts on one processor.

    Else it is measured how long a virtual machine takes to wake its other ones, at each of the
    half dozen hand-overs between threads.
    """
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_of_them)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


@contextmanager
def _echo(path: Path) -> Iterator[zmq.Socket[bytes]]:
    """Start a process whose REP socket sends back what it gets: the least that an answer costs."""
    with (
        subprocess.Popen([sys.executable, "-c", _ECHO, f"ipc://{path}"]) as process,
        zmq.Context() as context,
        context.socket(zmq.REQ) as asking,
    ):
        try:
            asking.connect(f"ipc://{path}")
            _exchange(asking, b"{}")
            yield asking
        finally:
            process.kill()


def _p99(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
