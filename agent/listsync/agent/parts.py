"""What the decider works with."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue
from typing import Generic, Protocol

from listsync.agent.active_config import Configuration
from listsync.agent.queue import RunQueue
from listsync.agent.queue_store import QueueStore
from listsync.agent.recent_runs import RecentRuns
from listsync.agent.retries import Retries
from listsync.agent.service_status import SystemdStatus
from listsync.agent.sync_worker import Perform
from listsync.domain.clock import Clock
from listsync.domain.events import Event
from listsync.domain.history import RunRow
from listsync.domain.runs import ConfigT


class Schedules(Protocol):
    """The due times of schedules, by key: a list's source, or `everything`."""

    everything: str

    def keys(self) -> Collection[str]: ...

    def fired(self, keys: Iterable[str]) -> None:
        """Note that *keys* were taken up; raises StateError."""
        ...

    def keep(self) -> None:
        """Write down what has changed, also by the clock; raises StateError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts(Generic[ConfigT]):
    """The parts of an agent that decides, which all are made before it."""

    inbox: SimpleQueue[Event]
    queue: RunQueue
    configuration: Configuration[ConfigT]
    schedules: Schedules
    retries: Retries
    queue_store: QueueStore
    systemd: SystemdStatus
    recent: RecentRuns
    perform: Perform[ConfigT]
    note_end: Callable[[RunRow], None]
    """Called when a sync has ended: the state may not know yet. Raises StateError."""
    refresh: Callable[[], None]
    """Called when a run has ended, to read anew what is shown of the lists."""
    clock: Clock
    clock_set: Callable[[timedelta], None]
    """Called when the clock was set, to move what the state holds with it. Raises StateError."""
