"""What the commands look at and act on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from listsync.agent.active_config import ActiveConfigView
from listsync.agent.backups import Backups
from listsync.agent.queue import RunQueue
from listsync.agent.recent_runs import RecentRuns
from listsync.domain.fleet import FleetStatus
from listsync.domain.history import ListRow
from listsync.domain.media import Exclusion
from listsync.domain.notices import NoticeRecord
from listsync.domain.postgres_triggers import PostgresStatus
from listsync.domain.runs import PlannedRetry, ServiceStatus, Setting
from listsync.domain.server_knowledge import UserAllowance
from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import CopyProgress, JobState, RootHealth, TransferCounts
from listsync.errors import Problem
from listsync.lean_dataclasses import dataclass
from listsync.ports.outbox import Targets
from listsync.ports.runs import Notices
from listsync.ports.state import AgentState
from listsync.ports.transfers import JobHistory, ScanQueue, WebhookHistory
from listsync.sync.limits import UNCAPPED, Cap
from listsync.sync.progress import ProgressBoard


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a command, as the transport knows them; *name* is for the log."""

    name: str
    may_control: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was read from the state when the last run ended, so that nobody waits for the disk.

    `lists` is how each list was read last, by source; `waiting` counts titles for review;
    `permission_warnings` tell which places others may change, `state_doubt` why what is
    remembered may not be the whole of it; `allowances` what was left to users.
    """

    lists: Mapping[str, ListRow] = field(default_factory=dict)
    notices: tuple[NoticeRecord, ...] = ()
    waiting: int = 0
    permission_warnings: tuple[str, ...] = ()
    state_doubt: str = ""
    allowances: tuple[UserAllowance, ...] = ()


class StateOverview:
    """Keeps what was read last in `shown`. Any thread may use it."""

    def __init__(self, read: Callable[[], Shown]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self.shown = Shown()

    def refresh(self) -> None:
        """Read it anew; raises StateError."""
        with self._lock:  # else what was read first could be shown last
            self.shown = self._read()


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalRules:
    """What holds for all lists: exclusions, caps, and whether the server's owner asks.

    Without a server nothing is requested. Days begin in `zone`.
    """

    exclusions: Sequence[Exclusion] = ()
    cap: Cap = UNCAPPED
    owner_asks: bool = True
    has_server: bool = True
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStatus:
    """How copies are, from memory: jobs that are not over, those that run, and mapped folders.

    `day` counts those of the last 24 hours.
    """

    counts: Mapping[JobState, int] = field(default_factory=dict)
    day: TransferCounts = field(default_factory=TransferCounts)
    progress: tuple[CopyProgress, ...] = ()
    roots: tuple[RootHealth, ...] = ()
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferParts:
    """What commands look at and act on of copies, scans and webhooks.

    `mappings` are those of the configuration. `wake` has it seen soon that jobs or scans are due.
    """

    jobs: JobHistory
    scans: ScanQueue
    webhooks: WebhookHistory
    status: Callable[[], TransferStatus] = TransferStatus
    mappings: Callable[[], tuple[PathMapping, ...]] = tuple
    wake: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """The parts of a running agent that a command may touch, from any thread.

    `due` is when each schedule is due, by key (None = never); `retry` what is tried again because
    it failed; `refresh` reads anew what is shown.
    `backup_place` names the next backup beside the daily ones; raises OSError.
    `global_rules` are those of the configuration, `settings` all its keys without secrets.
    `agent_notices` are what the agent itself has to say to people. `cancel` returns the id of
    what it stopped. In `shared_memory` a command writes what all agents of a fleet must know:
    they know it when the block is left, or it was not written; raises UnavailableError.
    """

    started_at: datetime
    queue: RunQueue
    configuration: ActiveConfigView
    recent: RecentRuns
    board: ProgressBoard
    state: AgentState
    notices: Notices
    targets: Targets
    transfers: TransferParts
    backups: Backups
    backup_place: Callable[[], Path]
    shown: Callable[[], Shown]
    refresh: Callable[[], None]
    global_rules: Callable[[], GlobalRules]
    settings: Callable[[], Sequence[Setting]]
    due: Callable[[], Mapping[str, datetime | None]]
    retry: Callable[[], PlannedRetry | None]
    watcher: Callable[[], str]
    services: Callable[[], tuple[ServiceStatus, ...]]
    fleet: Callable[[], FleetStatus | None]
    postgres: Callable[[], PostgresStatus | None]
    agent_notices: Callable[[], tuple[NoticeRecord, ...]]
    cancel: Callable[[], str | None]
    reload: Callable[[], tuple[Problem, ...]]
    shared_memory: Callable[[], AbstractContextManager[None]] = nullcontext
