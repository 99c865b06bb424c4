"""What the agent works with, for tests: a service manager, a file, schedules, syncs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue

from listsync.agent.active_config import ActiveConfig
from listsync.agent.loop import Agent
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.sync_worker import AgentParts
from listsync.agent.systemd import Systemd, SystemdStatus
from listsync.cancellation import CancelToken
from listsync.domain.events import Clock, Event, QueueMoved, RunFinished, Signal, Signalled
from listsync.domain.history import RunRow
from listsync.domain.list_rules import ListRules
from listsync.domain.report import Result, Retry, SyncReport, SyncRun
from listsync.domain.runs import ConfigSnapshot, EndedRun, PendingChange, Scope, SyncJob
from listsync.errors import BeingWrittenError, ConfigError, Problem
from listsync.sync.progress import ProgressBoard
from listsync.triggers.schedule.retry_backoff import BackOff
from tests.builders import sync_report
from tests.fakes import FakeKeyValueStore

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
BROKEN = (Problem(file="listsync.yaml", what="unknown key", line=3, column=2),)
_PATIENCE_S = 30.0


def config_snapshot(
    content: object, *names: str, sync_on_change: bool = True
) -> ConfigSnapshot[object]:
    """Follow the lists file:*names*."""
    return ConfigSnapshot(
        lists=tuple(ListRules(source=f"file:{one}", name=one, service="file") for one in names),
        sync_on_change=sync_on_change,
        server="http://seerr",
        content=content,
    )


class FakeSystemd(Systemd):
    """Records what it is told."""

    def __init__(self, watchdog_every_s: float | None = None) -> None:
        super().__init__({})
        self.watchdog_every_s = watchdog_every_s
        self.said: list[tuple[str, str]] = []

    def count(self, what: str) -> int:
        return sum(said == what for said, _ in self.said)

    def ready(self, status: str) -> bool:
        return self._note("ready", status)

    def status(self, text: str) -> bool:
        return self._note("status", text)

    def reloading(self) -> bool:
        return self._note("reloading")

    def stopping(self) -> bool:
        return self._note("stopping")

    def watchdog(self) -> bool:
        return self._note("watchdog")

    def _note(self, what: str, words: str = "") -> bool:
        self.said.append((what, words))
        return True


class FakeLoader:
    """Plays what is in the file; *change* is what every change of it concerns."""

    path: Path | None = Path("/etc/listsync.yaml")

    def __init__(self, file: ConfigSnapshot[object], change: Scope = None) -> None:
        self.file: ConfigSnapshot[object] | tuple[Problem, ...] = file
        self.change = change
        self.adopted: list[ConfigSnapshot[object]] = []
        self.loads = 0
        self.fails: Exception | None = None
        self.pending: tuple[PendingChange, ...] = ()
        self.is_being_written = False
        self.closings: list[bool | None] = []

    def load(self, *, anyway: bool, is_closed: bool | None) -> ConfigSnapshot[object]:
        self.loads += 1
        self.closings.append(is_closed)
        if self.is_being_written and not anyway:
            raise BeingWrittenError(Path("/etc/listsync.yaml"))
        if isinstance(self.file, ConfigSnapshot):
            return self.file
        raise ConfigError(self.file)

    def changed(self, old: ConfigSnapshot[object], new: ConfigSnapshot[object]) -> Scope:
        assert old.content != new.content
        return self.change

    def adopt(self, snapshot: ConfigSnapshot[object]) -> None:
        self.adopted.append(snapshot)
        if self.fails is not None:
            raise self.fails

    def reconcile(self, snapshot: ConfigSnapshot[object]) -> tuple[PendingChange, ...]:
        assert snapshot is self.file
        return self.pending


class FakeSchedules:
    """Schedules by key; `taken` are those that fired."""

    everything = ""

    def __init__(self, *keys: str) -> None:
        self.all = keys
        self.taken: list[frozenset[str]] = []
        self.keeps = 0
        self.fails: Exception | None = None

    def keys(self) -> Collection[str]:
        return self.all

    def keep(self) -> None:
        self.keeps += 1

    def fired(self, keys: Iterable[str]) -> None:
        self.taken.append(frozenset(keys))
        if self.fails is not None:
            raise self.fails


class FakeSyncs:
    """Implements `Perform`: each sync lasts until `end`, or until it is stopped."""

    def __init__(self) -> None:
        self.given: list[tuple[SyncJob, ConfigSnapshot[object]]] = []
        self.stops_when_told = True
        self.result = Result.OK
        self.retry: Retry | None = None
        self.fails: Exception | None = None
        self._begun = threading.Semaphore(0)
        self._may_end = threading.Semaphore(0)

    def __call__(
        self, run: SyncRun, snapshot: ConfigSnapshot[object], job: SyncJob, stop: CancelToken
    ) -> SyncReport:
        self.given.append((job, snapshot))
        self._begun.release()
        result = self._wait(stop)
        if self.fails is not None:
            raise self.fails
        return sync_report(
            run=run, result=result, retry=None if result is Result.CANCELLED else self.retry
        )

    def begun(self) -> SyncJob:
        """Wait for the next sync to begin."""
        assert self._begun.acquire(timeout=_PATIENCE_S), "no sync began"
        return self.given[-1][0]

    def end(self, result: Result = Result.OK, retry: Retry | None = None) -> None:
        self.result, self.retry = result, retry
        self._may_end.release()

    def _wait(self, stop: CancelToken) -> Result:
        for _ in range(1000):
            if self._may_end.acquire(timeout=0.005):
                return self.result
            if stop.is_set() and self.stops_when_told:
                return Result.CANCELLED
        raise AssertionError("nobody ended the sync")


class Inbox(SimpleQueue[Event]):
    """An inbox without waiting: when it is empty, the clock moves on, at most to `until_s`.

    Then it hands out the signal to stop, so that `Agent.run` returns.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now_s = self.until_s = 1000.0

    def get(self, block: bool = True, timeout: float | None = None) -> Event:  # noqa: ARG002
        try:
            return super().get_nowait()
        except Empty:
            if timeout is None or self.now_s + timeout > self.until_s:
                self.now_s = self.until_s
                return Signalled(Signal.STOP)
            self.now_s += timeout
            raise

    def wait(self) -> Event:
        """Wait for an event of another thread."""
        return super().get(timeout=_PATIENCE_S)


class World:
    """An agent among fakes, on a clock of its own. `play` lets it decide until nothing is due."""

    def __init__(self) -> None:
        first = config_snapshot("first", "one", "two", "three")
        self.inbox = Inbox()
        self.set_by = timedelta()
        self.clock = Clock(lambda: self.now, lambda: self.inbox.now_s)
        self.steps: list[timedelta] = []
        self.key_values = FakeKeyValueStore()
        self.systemd = FakeSystemd()
        self.schedules = FakeSchedules("")
        self.back_off = BackOff(self.key_values, self.clock, draw=lambda: 0.0)
        self.syncs = FakeSyncs()
        self.recent = RecentRuns()
        self.noted: list[RunRow] = []
        self.noting_fails: Exception | None = None
        self.refreshes = 0
        self.refresh_fails: Exception | None = None
        self.queue = RunQueue(lambda: self.inbox.put(QueueMoved()))
        self.loader = FakeLoader(first, frozenset({"file:one"}))
        self.configuration = ActiveConfig(self.loader, first, self._want)
        self.status = SystemdStatus(self.systemd, ProgressBoard(), self.recent, lambda: True)
        self.agent = Agent(
            AgentParts(
                inbox=self.inbox,
                queue=self.queue,
                configuration=self.configuration,
                schedules=self.schedules,
                retries=self.back_off,
                queue_store=QueueStore(self.key_values),
                systemd=self.status,
                recent=self.recent,
                perform=self.syncs,
                note_end=self._note_end,
                begun=lambda: None,
                note=lambda: None,
                refresh=self._refresh,
                clock=self.clock,
                clock_set=self.steps.append,
            )
        )

    @property
    def now(self) -> datetime:
        return AT + timedelta(seconds=self.inbox.now_s) + self.set_by

    def submit(self, scope: Scope = None, origin: str = "test") -> SyncJob:
        job = SyncJob.new(scope, origin)
        self.queue.submit(job)
        return job

    def play(self, *events: Event, for_s: float = 0.0) -> None:
        """Let the agent decide on *events* and all that follows within *for_s*."""
        for event in events:
            self.inbox.put(event)
        self.inbox.until_s = self.inbox.now_s + for_s
        self.agent._is_stopping = False
        self.agent.run()

    def begin_run(self, scope: Scope = None, origin: str = "test") -> SyncJob:
        """Let a sync begin."""
        job = self.submit(scope, origin)
        self.play()
        self.syncs.begun()
        return job

    def end_run(self, result: Result = Result.OK, retry: Retry | None = None) -> None:
        """Let the running sync end, and the agent learn of it."""
        self.syncs.end(result, retry)
        self.await_end()

    def await_end(self) -> None:
        """Wait for the end of the running sync, and let the agent learn of it."""
        event: Event | None = None
        while not isinstance(event, RunFinished):
            event = self.inbox.wait()
            self.play(event)

    def end_all(self) -> None:
        """Leave no thread behind."""
        self.syncs.stops_when_told = True
        for thread in threading.enumerate():
            if thread.name == "listsync-sync":
                self.agent.cancel()
                self.syncs.end()
                thread.join(_PATIENCE_S)

    def _want(self, scope: Scope) -> None:
        self.queue.submit(SyncJob.own(scope, "config", eager=True))

    def _note_end(self, ended: EndedRun) -> None:
        if self.noting_fails is not None:
            raise self.noting_fails
        self.noted.append(ended.row)

    def _refresh(self) -> None:
        self.refreshes += 1
        if self.refresh_fails is not None:
            raise self.refresh_fails


def running(world: World) -> SyncJob:
    job = world.queue.state.running
    assert job is not None
    return job
