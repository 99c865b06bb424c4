"""The parts of an agent that commands look at and act on, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import pytest

from listsync.agent.active_config import ActiveConfig
from listsync.agent.backups import Backup, Backups
from listsync.agent.notices import AgentFindings, AgentNotices, notices_of_agent
from listsync.agent.queue import RunQueue
from listsync.agent.recent_runs import RecentRuns
from listsync.commands.context import (
    Caller,
    CommandContext,
    GlobalRules,
    Shown,
    TransferParts,
)
from listsync.commands.dispatch import COMMANDS, Dispatcher
from listsync.commands.schema import reasons_of
from listsync.domain.fleet import FleetStatus
from listsync.domain.history import ItemRow, ListRow, Page, RequestRow, RunRow
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, ExternalIds, MediaType, TitleKey
from listsync.domain.messages import Delivery, Message, TargetStatus
from listsync.domain.notices import NoticeRecord
from listsync.domain.postgres_triggers import PostgresStatus
from listsync.domain.report import Verdict
from listsync.domain.runs import (
    ConfigSnapshot,
    EndedRun,
    PendingChange,
    PlannedRetry,
    ReachedServer,
    Scope,
    ServiceStatus,
    Setting,
    SyncJob,
)
from listsync.domain.server_knowledge import UserAllowance
from listsync.domain.transfers import TransferCounts
from listsync.errors import BeingWrittenError, ConfigError, Problem
from listsync.protocol import RefusedCommand
from listsync.sync.limits import UNCAPPED
from listsync.sync.progress import ProgressBoard
from listsyncctl.replies import strange_in
from tests.fakes import FakeAgentState, FakeNotices

AT = datetime(2026, 6, 1, 12, 0, 0, 250_999, tzinfo=UTC)
ISO = "2026-06-01T12:00:00.250+00:00"
SEERR = ReachedServer("Seerr", "3.1.0", "http://seerr:5055")
FILM = TitleKey(MediaType.MOVIE, 603)
BROKEN = Problem(file="listsync.yaml", what="unknown key", line=3, column=2)


def rules(name: str, **more: Any) -> ListRules:
    return ListRules(source=f"file:/{name}", name=name, service="file", **more)


def a_run(run_id: str = "abc123", **more: Any) -> RunRow:
    given: dict[str, Any] = {
        "origin": "schedule",
        "started_at": AT,
        "ended_at": AT + timedelta(minutes=1),
        "result": "ok",
        "message": "1 requested, 2 already there, 0 to review",
        "counts": {Verdict.REQUESTED: 1, Verdict.ALREADY: 2},
        "requested": 1,
        "calls": 9,
    }
    return RunRow(run_id=run_id, **{**given, **more})


def an_item(title: str = "The Matrix (1999)", **more: Any) -> ItemRow:
    entry = ListEntry(rank=1, title=title, year=1999, ids=ExternalIds(imdb="tt0133093"))
    given: dict[str, Any] = {
        "list_name": "one",
        "status": "requested",
        "at": AT,
        "key": FILM,
        "entry": entry,
    }
    return ItemRow(title=title, **{**given, **more})


def a_list(name: str, **more: Any) -> ListRow:
    given: dict[str, Any] = {
        "outcome": "complete",
        "why": "",
        "last_try": AT,
        "last_success": AT,
        "read": 3,
        "declared": 3,
        "failures": 0,
    }
    return ListRow(source=f"file:/{name}", name=name, service="file", **{**given, **more})


def a_request(title: str = "The Matrix (1999)", **more: Any) -> RequestRow:
    given: dict[str, Any] = {
        "key": FILM,
        "four_k": False,
        "seasons": (),
        "lists": ("one", "two"),
        "answer": "requested",
        "detail": "",
        "at": AT,
    }
    return RequestRow(title=title, **{**given, **more})


TESTER = Caller("a test", may_control=True)


def is_one_of(reply: Mapping[str, Any], kinds: Sequence[type]) -> bool:
    """Tell whether a reply is what `describe` says: all of its fields, and no others."""
    for kind in kinds:
        with suppress(msgspec.ValidationError):
            msgspec.convert(reply, kind)
            return reply.keys() <= get_type_hints(kind).keys()
    return False


class Loader:
    """Plays what is wrong with the file."""

    path: Path | None = Path("/etc/listsync.yaml")

    def __init__(self, snapshot: ConfigSnapshot[object]) -> None:
        self.snapshot = snapshot
        self.problems: tuple[Problem, ...] = ()
        self.is_being_written = False
        self.loads = 0
        self.pending: tuple[PendingChange, ...] = ()

    def load(self, *, anyway: bool, is_closed: bool | None) -> ConfigSnapshot[object]:  # noqa: ARG002 - the port's
        self.loads += 1
        if self.is_being_written:
            raise BeingWrittenError(Path("/etc/listsync.yaml"))
        if self.problems:
            raise ConfigError(self.problems)
        return self.snapshot

    def changed(self, old: ConfigSnapshot[object], new: ConfigSnapshot[object]) -> Scope:  # noqa: ARG002 - the port's
        return frozenset()

    def adopt(self, snapshot: ConfigSnapshot[object]) -> None:
        """Follow nothing."""

    def reconcile(self, snapshot: ConfigSnapshot[object]) -> tuple[PendingChange, ...]:  # noqa: ARG002 - the port's
        return self.pending


class FakeBackups(Backups):
    """Begins backups that never end by themselves; `told` is the last one."""

    def __init__(self) -> None:
        self.told: Backup | None = None

    @property
    def last(self) -> Backup | None:
        return self.told

    def start(self, file: Path) -> Backup | None:
        if self.told is not None:
            return None
        self.told = Backup(id="b1", file=file)
        return self.told


class FakeTargets:
    """Implements `ports.outbox.Targets`; what is put waits for ever."""

    def __init__(self) -> None:
        self.known: tuple[TargetStatus, ...] = ()
        self.sent: list[Delivery] = []

    def put(
        self, messages: Sequence[Message], at: datetime, *, only: str | None = None
    ) -> tuple[int, ...]:
        del at
        names = [only] if only is not None else [one.name for one in self.known]
        begin = len(self.sent)
        self.sent += [
            Delivery(number=number, target=name, message=one)
            for number, (name, one) in enumerate(product(names, messages), begin)
        ]
        return tuple(range(begin, len(self.sent)))

    def statuses(self) -> tuple[TargetStatus, ...]:
        return self.known

    def of_test(self, id_: str) -> tuple[Delivery, ...]:
        return tuple(one for one in self.sent if f":{id_}:" in one.message.key)


class _NoRows:
    """Implements what commands ask of transfers, where nothing was ever copied."""

    def page(self, *_: object, **__: object) -> Page[Any]:
        return Page(0, ())

    def counts(self, *_: object) -> TransferCounts:
        return TransferCounts()

    def counts_since(self, since: Sequence[object]) -> tuple[TransferCounts, ...]:
        return (TransferCounts(),) * len(since)

    def find(self, _: int) -> None:
        return None

    def failed_since(self, _: datetime) -> tuple[int, ...]:
        return ()

    def retry(self, *_: object) -> tuple[int, ...]:
        return ()

    def latest(self) -> None:
        return None


def no_transfers() -> TransferParts:
    none: Any = _NoRows()
    return TransferParts(jobs=none, scans=none, webhooks=none)


class World:
    """An agent as the commands see it, that follows the lists *names*."""

    def __init__(self, *names: str) -> None:
        self.queue = RunQueue(lambda: None)
        self.recent, self.board, self.state = RecentRuns(), ProgressBoard(), FakeAgentState()
        self.backups = FakeBackups()
        self.targets = FakeTargets()
        self.shown: dict[str, ListRow] = {}
        self.standing: tuple[NoticeRecord, ...] = ()
        self.waiting = self.refreshes = 0
        self.allowances: tuple[UserAllowance, ...] = ()
        self.due: dict[str, datetime] = {}
        self.retry: PlannedRetry | None = None
        self.notes: tuple[str, ...] = ()
        self.services: tuple[ServiceStatus, ...] = ()
        self.fleet: FleetStatus | None = None
        self.postgres: PostgresStatus | None = None
        self.notices = FakeNotices()
        self.agent_notices = AgentNotices(self.notices)
        self.findings = AgentFindings()
        self.exclusions: tuple[Exclusion, ...] = ()
        self.cap = UNCAPPED
        self.owner_asks = True
        self.has_server = True
        self.settings: tuple[Setting, ...] = ()
        self.transfers = no_transfers()
        self.follow(*map(rules, names))

    def follow(self, *lists: ListRules, warnings: tuple[Problem, ...] = ()) -> None:
        snapshot = ConfigSnapshot(
            lists=lists,
            sync_on_change=True,
            server="http://seerr:5055",
            content=lists,
            warnings=warnings,
        )
        self.loader = Loader(snapshot)
        self.configuration = ActiveConfig(self.loader, snapshot, lambda _: None)
        self.context = CommandContext(
            started_at=datetime.now(UTC),
            queue=self.queue,
            configuration=self.configuration,
            recent=self.recent,
            board=self.board,
            state=self.state,
            notices=self.notices,
            targets=self.targets,
            transfers=self.transfers,
            backups=self.backups,
            backup_place=lambda: Path("/state/backups/next.db"),
            shown=self._shown,
            refresh=self._refresh,
            global_rules=lambda: GlobalRules(
                exclusions=self.exclusions,
                cap=self.cap,
                owner_asks=self.owner_asks,
                has_server=self.has_server,
            ),
            settings=lambda: self.settings,
            due=lambda: self.due,
            retry=lambda: self.retry,
            watcher=lambda: "active",
            services=lambda: self.services,
            fleet=lambda: self.fleet,
            postgres=lambda: self.postgres,
            agent_notices=self._agent_notices,
            cancel=self._cancel,
            reload=self.configuration.reload,
        )
        self.commands = Dispatcher(self.context)

    def ask(self, method: str, **params: Any) -> Mapping[str, Any]:
        answered = self.commands.call(method, params, TESTER)
        if isinstance(answered, RefusedCommand):
            assert answered.reason in reasons_of(COMMANDS[method]), "describe says otherwise"
            raise answered
        assert strange_in(method, answered) is None, "listsyncctl would not understand it"
        assert is_one_of(answered, COMMANDS[method].replies), "describe says otherwise"
        return answered

    def refusal(self, method: str, **params: Any) -> RefusedCommand:
        with pytest.raises(RefusedCommand) as refused:
            self.ask(method, **params)
        return refused.value

    def show(self, *rows: ListRow) -> None:
        self.shown = {row.source: row for row in rows}

    def run(self, run_id: str = "abc123", scope: Scope = None) -> SyncJob:
        """Let a sync run."""
        job = SyncJob(run_id=run_id, scope=scope, origins=("schedule",))
        self.queue.submit(job)
        return job

    def end(self, row: RunRow, **more: Any) -> None:
        """Tell of a run that has ended."""
        self.recent.add(EndedRun(row=row, **more))

    def _shown(self) -> Shown:
        return Shown(
            lists=self.shown,
            notices=self.standing,
            waiting=self.waiting,
            allowances=self.allowances,
        )

    def _agent_notices(self) -> tuple[NoticeRecord, ...]:
        current = self.configuration.current
        found = replace(self.findings, state_errors=self.notes, waiting=self.waiting)
        return self.agent_notices.emit(notices_of_agent(current, found))

    def _refresh(self) -> None:
        self.refreshes += 1

    def _cancel(self) -> str | None:
        running = self.queue.state.running
        return running.run_id if running else None
