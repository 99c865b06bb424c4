"""Shares the tests among forks of the process that has collected them.

Workers that are started anew each import and collect everything, which costs more than most of
what they then run. Workers of their own here cost a fork: so there can be more of them than cores,
as many tests wait for most of their time. How many suit depends on what else the machine does: of
`auto`, half are given tests always, the others only while a core has nothing to do.

A worker takes a block of tests at a time: neighbours of one file, as they share fixtures, and what
is slow alone unless it shares those of its file. One worker begins with what is slow, so that no
long test is left alone at the end. The process that collected runs none; it reports.
"""

from __future__ import annotations

import functools
import gc
import os
import random
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, Literal

import pytest
from _pytest._io import TerminalWriter
from hypothesis import given, settings
from hypothesis import strategies as st

Block = list[int]
_MAX_BLOCK = 12
_FOLDER = "gw"
_STEADY, _MOST = 1.5, 3
"""Workers for each core."""
_FREE_CORES = 0.25
"""So much of our cores must have been idle lately for one more worker to have tests."""
_LOOK_EVERY_S = 0.5
_Event = tuple[Literal["wants", "ends", "breaks"], Any]
_Location = tuple[str, int | None, str]
_Plain = tuple[Literal["setup", "call", "teardown"], float, float, float]
"""That a phase passed: which, how long it took, when it began and ended."""
_Said = _Plain | dict[str, Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--workers",
        type=_counts,
        default=(0, 0),
        help="share the tests among N forks of this process, or `auto`: as many as suit the cores",
    )


def _counts(text: str) -> tuple[int, int]:
    """Give how many workers have tests always, and how many there are."""
    if text != "auto":
        return int(text), int(text)
    cores = len(os.sched_getaffinity(0))
    return int(cores * _STEADY), cores * _MOST


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for what is no longer used: nearly all stays until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in workers, if there are to be any; None leaves them to pytest."""
    steady, count = session.config.getoption("workers")
    if not count or session.testsfailed or session.config.option.collectonly:
        return None
    _Pool(session, steady, count).run()
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    return True


def _blocks(items: list[pytest.Item]) -> tuple[list[Block], list[Block]]:
    """Divide the tests: those that are quick, and those that are slow, the longest block first."""
    blocks: list[Block] = []
    for _, found in groupby(range(len(items)), lambda at: (items[at].path, _is_slow(items[at]))):
        left = list(found)
        size = _size(items, left)
        blocks += [left[at : at + size] for at in range(0, len(left), size)]
    slow = [block for block in blocks if _is_slow(items[block[0]])]
    quick = [block for block in blocks if block not in slow]
    return quick, sorted(slow, key=len, reverse=True)


def _size(items: list[pytest.Item], block: Block) -> int:
    """Say how many of one file go together: all, if they share what the file has made."""
    if any(_shares_with_file(items[at]) for at in block):
        return len(block)
    return 1 if _is_slow(items[block[0]]) else _MAX_BLOCK


def _shares_with_file(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    return any(fixture.scope == "module" for found in fixtures for fixture in found)


def _is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None


@dataclass(slots=True)
class _Worker:
    """What the process that reports knows of a fork."""

    number: int
    pid: int
    connection: Connection
    exits: int
    """Readable once the fork has ended, whoever else holds its end of the connection."""
    block: Block = field(default_factory=list)
    """What it has not ended yet."""


def idle_core_s() -> float:
    """Give the seconds that our cores have been idle in sum, since the machine began."""
    ours = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines]
    ticks = sum(int(one[4]) + int(one[5]) for one in fields if one[0] in ours)
    return ticks / os.sysconf("SC_CLK_TCK")


class Idleness:
    """Looks now and then whether our cores have less to do than they could."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        idle_s: Callable[[], float] = idle_core_s,
    ) -> None:
        self._clock, self._idle_s = clock, idle_s
        self._looked_at, self._idle_then = clock(), idle_s()

    def is_room(self) -> bool:
        """Say whether one more has room, once for each look."""
        passed = self._clock() - self._looked_at
        if passed < _LOOK_EVERY_S:
            return False
        idle = self._idle_s()
        free = (idle - self._idle_then) / passed
        self._looked_at, self._idle_then = self._clock(), idle
        return free >= _FREE_CORES


class _Pool:
    """The workers, and what is left for them."""

    def __init__(self, session: pytest.Session, steady: int, count: int) -> None:
        self._session = session
        self._steady = steady
        self._patient: list[_Worker] = []
        """Those that ask for tests and are given them when there is room."""
        self._quick, self._slow = map(deque, _blocks(session.items))
        self._count = min(count, len(self._quick) + len(self._slow))
        self._workers: list[_Worker] = []
        self._folder = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]

    def run(self) -> None:
        _load_what_is_drawn_from()
        gc.collect()
        gc.freeze()  # a collection in a fork would copy all, and one at the end look through it
        idleness = Idleness()
        try:
            for number in range(self._count):
                self._workers.append(self._fork(number))
            while self._workers:
                self._take_turn()
                while self._patient and (self._is_over() or idleness.is_room()):
                    self._give(self._patient.pop(0))
        finally:
            for worker in self._workers:
                os.kill(worker.pid, signal.SIGINT)
                self._bury(worker)

    def _take_turn(self) -> None:
        """Do what the workers that have something to say ask for."""
        ready = wait(
            [one for worker in self._workers for one in (worker.connection, worker.exits)],
            timeout=_LOOK_EVERY_S if self._patient else None,
        )
        for worker in list(self._workers):
            if worker.connection in ready or worker.exits in ready:
                self._listen(worker)
            if worker.exits in ready:
                self._workers.remove(worker)
                self._patient = [one for one in self._patient if one is not worker]
                self._bury(worker)
                if worker.block:
                    self._mourn(worker)

    def _listen(self, worker: _Worker) -> None:
        try:
            while worker.connection.poll():
                self._follow(worker, worker.connection.recv())
        except (EOFError, ConnectionError):
            return

    def _follow(self, worker: _Worker, event: _Event) -> None:
        what, of = event
        match what:
            case "wants":
                if worker.number < self._steady:
                    self._give(worker)
                else:
                    self._patient.append(worker)
            case "ends":
                number, location, reports = of
                worker.block.remove(number)
                self._tell(self._session.items[number], location, reports)
            case "breaks":
                raise RuntimeError(of)

    def _tell(self, item: pytest.Item, location: _Location, reports: list[_Said]) -> None:
        """Report what has run, as if it had run here."""
        hook = self._session.config.hook
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=location)
        for said in reports:
            hook.pytest_runtest_logreport(report=self._report(item, location, said))
        hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=location)

    def _report(self, item: pytest.Item, location: _Location, said: _Said) -> pytest.TestReport:
        if isinstance(said, tuple):
            when, duration, start, stop = said
            return pytest.TestReport(
                item.nodeid, location, {}, "passed", None, when, (), duration, start, stop
            )
        config = self._session.config
        report: pytest.TestReport = config.hook.pytest_report_from_serializable(
            config=config, data=said
        )
        return report

    def _give(self, worker: _Worker) -> None:
        worker.block = [] if self._is_over() else self._next_block(worker)
        worker.connection.send(worker.block)

    def _is_over(self) -> bool:
        is_ended = bool(self._session.shouldfail or self._session.shouldstop)
        return is_ended or not (self._quick or self._slow)

    def _next_block(self, worker: _Worker) -> Block:
        at_once, later = self._quick, self._slow
        if worker.number == 0 and self._count > 1:
            at_once, later = later, at_once
        return list((at_once or later).popleft())

    def _mourn(self, worker: _Worker) -> None:
        """Let the test fail that ended its worker, and have another worker do the rest."""
        lost, *rest = worker.block
        item = self._session.items[lost]
        report = pytest.TestReport(
            item.nodeid, item.location, {}, "failed", "its worker ended", "call"
        )
        self._session.config.hook.pytest_runtest_logreport(report=report)
        if rest:
            self._quick.appendleft(rest)
        self._workers.append(self._fork(worker.number))

    @staticmethod
    def _bury(worker: _Worker) -> None:
        os.waitpid(worker.pid, 0)
        os.close(worker.exits)
        worker.connection.close()

    def _fork(self, number: int) -> _Worker:
        ours, theirs = Pipe()
        pid = os.fork()
        if pid:
            theirs.close()
            return _Worker(number, pid, ours, os.pidfd_open(pid))
        code = 1
        try:
            ours.close()
            for other in self._workers:
                other.connection.close()
                os.close(other.exits)
            _work(self._session, theirs, self._folder / f"{_FOLDER}{number}")
            code = 0
        except BaseException:  # noqa: BLE001 - nothing of the other process may run on here
            theirs.send(("breaks", traceback.format_exc()))
        finally:
            os._exit(code)


@settings(max_examples=1, database=None)
@given(st.text())
def _load_what_is_drawn_from(_text: str) -> None:
    """Have hypothesis read the tables of Unicode and our constants once for all forks."""


# -- in the fork ---------------------------------------------------------------------------


def _work(session: pytest.Session, connection: Connection, folder: Path) -> None:
    """Run tests until there are none."""
    _be_alone(session.config, folder)
    # It looks through all conftest modules for each hook of each test; here none is to come.
    session.gethookproxy = functools.cache(session.gethookproxy)  # type: ignore[assignment, method-assign]
    kept = _Reports(session.config)
    session.config.pluginmanager.register(kept)
    between = _Between.from_parent(session, name="between")
    try:
        while block := _ask_for_block(connection):
            items = [session.items[number] for number in block]
            for number, item, following in zip(block, items, [*items[1:], between], strict=True):
                vars(item)["location"] = _location(item)
                item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
                connection.send(("ends", (number, item.location, kept.taken())))
    finally:
        session._setupstate.teardown_exact(None)


def _location(item: pytest.Item) -> _Location:
    """Give where it is without looking for its line, which says no more of what has failed."""
    path, _, name = item.nodeid.partition("::")
    return path, None, name.replace("::", ".")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Give the folder of this run that all of its workers have, of which each has one in it."""
    own = factory.getbasetemp()
    return own.parent if own.name.startswith(_FOLDER) else own


def _be_alone(config: pytest.Config, folder: Path) -> None:
    """Share nothing with the other forks."""
    random.seed()
    folder.mkdir(exist_ok=True)
    config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]
    config.pluginmanager.unregister(name="terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()
    config.pluginmanager.register(_Stacks(), "terminalreporter")
    capture.start_global_capturing()
    capture.suspend_global_capture()


def _ask_for_block(connection: Connection) -> Block:
    connection.send(("wants", None))
    block: Block = connection.recv()
    return block


class _Stacks:
    """Stands in for what reports: where all threads are when a test takes too long is written."""

    def __init__(self) -> None:
        self._tw = TerminalWriter(os.fdopen(os.dup(2), "w", buffering=1))
        """Here pytest looks for it (`Config.get_terminal_writer`)."""


class _Between(pytest.Item):
    """Follows the last test of a block: only fixtures of the session outlive it."""

    def runtest(self) -> None:
        raise NotImplementedError


class _Reports:
    """Keeps what a test reports, for the process that collected it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._kept: list[_Said] = []
        wants_times = config.option.durations is not None or config.option.xmlpath is not None
        self._left_out = () if wants_times else ("setup", "teardown")
        """Of what is plain: nobody asks for it."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if _is_plain(report):
            if report.when not in self._left_out:
                self._kept.append((report.when, report.duration, report.start, report.stop))
            return
        hook = self._config.hook
        self._kept.append(hook.pytest_report_to_serializable(config=self._config, report=report))

    def taken(self) -> list[_Said]:
        kept, self._kept = self._kept, []
        return kept


def _is_plain(report: pytest.TestReport) -> bool:
    """Whether there is nothing to say but that it passed, and when: so it is of nearly all."""
    return report.passed and not (report.sections or report.user_properties or report.longrepr)
