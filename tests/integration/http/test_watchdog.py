"""The watchdog is served as long as a sync goes on, on a real notify socket, and no longer."""

from __future__ import annotations

import select
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from queue import SimpleQueue

import pytest

from listsync import cancellation
from listsync.agent.loop import Agent
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.sync_worker import Perform
from listsync.agent.systemd import Systemd, SystemdStatus
from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.events import Event, QueueMoved, Signal, Signalled
from listsync.domain.report import SyncReport, SyncRun
from listsync.domain.runs import SyncJob
from listsync.errors import ListsyncError
from listsync.http.deadline import Timeouts
from listsync.seerr.client import Seerr
from listsync.sync.progress import ProgressBoard
from tests.builders import sync_report
from tests.integration.providers.trap import HeardRequest, trap
from tests.unit.agent.agent.world import World

EVERY_S = 0.1
COMPUTING_S = 0.4


class Manager:
    """Hears what the agent says to the service manager."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)

    def is_pinged(self, within_s: float = 30) -> bool:
        """Wait for the next ping."""
        end = time.monotonic() + within_s
        while select.select([self._socket], [], [], max(0, end - time.monotonic()))[0]:
            if self._socket.recv(65536) == b"WATCHDOG=1":
                return True
        return False

    def forget(self) -> None:
        """Let go of what has come so far."""
        while select.select([self._socket], [], [], 0)[0]:
            self._socket.recv(65536)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Manager, Systemd]]:
    monkeypatch.setattr(cancellation, "COMPUTING_S", COMPUTING_S)
    with tempfile.TemporaryDirectory(prefix="notify-") as folder:
        manager = Manager(f"{folder}/s")
        usec = str(round(2e6 * EVERY_S))
        yield manager, Systemd({"NOTIFY_SOCKET": f"{folder}/s", "WATCHDOG_USEC": usec})
        manager.close()


@contextmanager
def deciding(systemd: Systemd, perform: Perform[object]) -> Iterator[Agent[object]]:
    """Let a whole agent decide, on the clock of the machine, with one sync that runs."""
    world = World()
    inbox: SimpleQueue[Event] = SimpleQueue()
    status = SystemdStatus(systemd, ProgressBoard(), RecentRuns(), lambda: True)
    agent = Agent(replace(world.agent._parts, inbox=inbox, systemd=status, perform=perform))
    world.queue.submit(SyncJob.new(None, "test"))
    inbox.put(QueueMoved())
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield agent
    finally:
        inbox.put(Signalled(Signal.STOP))
        thread.join(30)
        agent.stop()


def report(run: SyncRun) -> SyncReport:
    return sync_report(run=run)


def test_a_sync_that_waits_for_ever_starves_the_watchdog(
    manager: tuple[Manager, Systemd],
) -> None:
    heard, systemd = manager
    go_on = threading.Event()

    def wedged(run: SyncRun, *_: object) -> SyncReport:
        go_on.wait(60)
        return report(run)

    with deciding(systemd, wedged):
        assert heard.is_pinged()
        end = time.monotonic() + 30
        while heard.is_pinged(within_s=6 * EVERY_S):
            assert time.monotonic() < end
        go_on.set()


def _asking(url: str, timeouts: Timeouts) -> Callable[..., SyncReport]:
    def perform(run: SyncRun, _: object, __: object, token: CancelToken) -> SyncReport:
        seerr = Seerr(url, SecretStr("key"), timeouts=timeouts, token=token)
        with pytest.raises(ListsyncError):
            seerr.read_index(())
        seerr.close()
        return report(run)

    return perform


@pytest.mark.parametrize("is_silent", [False, True], ids=["dripping", "silent"])
def test_a_sync_that_waits_for_a_slow_answer_within_its_deadline_does_not(
    manager: tuple[Manager, Systemd], *, is_silent: bool
) -> None:
    heard, systemd = manager
    over = threading.Event()

    def slow(_: HeardRequest) -> Iterator[bytes]:
        if not is_silent:
            yield b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
        while not over.wait(0.2):
            yield b"" if is_silent else b" "

    timeouts = Timeouts(connect_s=60, answer_s=60, whole_s=60)
    with trap(slow) as server, deciding(systemd, _asking(server.url, timeouts)):
        for _ in range(4):
            time.sleep(COMPUTING_S)
            heard.forget()
            assert heard.is_pinged()
        over.set()
