"""What the agent works on and with: what it is asked for, what runs, what waits for how long."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Generic, TypeVar
from uuid import uuid4

from listsync.domain.history import RunRow
from listsync.domain.list_rules import ListRules
from listsync.domain.notices import Notice
from listsync.domain.report import Plan, Retry
from listsync.errors import Problem
from listsync.lean_dataclasses import dataclass

ConfigT = TypeVar("ConfigT")
ConfigT_co = TypeVar("ConfigT_co", covariant=True)
"""The configuration itself, whose form the agent does not know."""

SCHEDULE = "schedule"
"""The origin of a sync that nobody asked for."""
Scope = frozenset[str] | None
"""Sources of the lists that are meant; None = all of them."""


def covers(scope: Scope, other: Scope) -> bool:
    """Tell whether *scope* holds all of *other*."""
    return scope is None or (other is not None and other <= scope)


def together(scope: Scope, other: Scope) -> Scope:
    return None if scope is None or other is None else scope | other


def without(scope: Scope, other: Scope) -> Scope:
    """Leave *other* out of *scope*; of all lists, what is left cannot be named."""
    if other is None:
        return frozenset()
    return None if scope is None else scope - other


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncJob:
    """Somebody wants a sync. `origins`: who, for people (`schedule`, `listsyncctl`, ...).

    `more_origins` counts those that came when there were too many to be kept.

    `eager`: also of lists that failed a moment ago. `confirmed`: what is held is meant.
    `is_own`: the agent wants it by itself (a schedule, a change, what is owed): nobody asked.
    """

    run_id: str
    scope: Scope
    origins: tuple[str, ...]
    dry_run: bool = False
    forced: bool = False
    eager: bool = True
    confirmed: bool = False
    more_origins: int = 0
    is_own: bool = False

    @classmethod
    def new(
        cls,
        scope: Scope,
        origin: str,
        *,
        dry_run: bool = False,
        forced: bool = False,
        eager: bool = True,
    ) -> SyncJob:
        """Make a job with an id of its own."""
        run_id = _new_id()
        return cls(
            run_id=run_id,
            scope=scope,
            origins=(origin,),
            dry_run=dry_run,
            forced=forced,
            eager=eager,
        )

    @classmethod
    def own(cls, scope: Scope, origin: str, *, eager: bool = False) -> SyncJob:
        """Make a job that nobody has asked for."""
        return replace(cls.new(scope, origin, eager=eager), is_own=True)

    def again(self) -> SyncJob:
        """Give the same job once more, which is another run."""
        return replace(self, run_id=_new_id())

    @property
    def origin(self) -> str:
        return words_of_origins(self.origins, self.more_origins)


def _new_id() -> str:
    return uuid4().hex[:12]


def words_of_origins(origins: Iterable[str], more: int) -> str:
    return ", ".join(origins) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What became of a job: `started`, `queued`, or `coalesced` with one that waits.

    In a fleet also `passed_on`, to *leader*, and `left` to whoever leads.
    """

    run_id: str
    state: str
    leader: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing starts by itself until *until*; None = until somebody ends it.

    *since*: when that was said, if it ends by itself.
    """

    until: datetime | None
    since: datetime | None = None

    def moved(self, step: timedelta) -> Pause:
        """Give the same pause on a clock that was set by *step*."""
        until, since = self.until, self.since
        return Pause(until and until + step, since and since + step)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRetry:
    """What failed is tried again at this time; `number` counts the tries after the first.

    `is_slow`: it hardly passes by itself.
    """

    at: datetime
    why: str
    scope: Scope
    number: int
    is_slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSnapshot(Generic[ConfigT_co]):
    """What one configuration asks for, as far as the agent must know it.

    `content` is the configuration itself, which the agent only hands on, whatever it is.
    `warnings` tell what has no effect in it. `is_unfinished`: a program still had it open for
    writing when it was read.
    """

    lists: tuple[ListRules, ...]
    sync_on_change: bool
    server: str
    content: ConfigT_co
    warnings: tuple[Problem, ...] = ()
    is_unfinished: bool = False

    @property
    def enabled(self) -> tuple[ListRules, ...]:
        """Give the lists that are read."""
        return tuple(one for one in self.lists if one.is_enabled)

    def still_followed(self, scope: Scope) -> Scope:
        """Leave out what is followed no more, or is not read."""
        return None if scope is None else scope & {one.source for one in self.enabled}

    def named(self, name: str) -> ListRules | None:
        return next((one for one in self.lists if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of the configuration, as `lists[0].limit`, and what it is set to, as in the file.

    `value` None: to nothing, or to what is secret. `origin` is what set it: the file, a variable
    of the environment or the command line; empty: nothing did, so that it is the default.
    """

    path: str
    value: str | None
    origin: str = ""
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class ReachedServer:
    """The server that answered last; *url* is where it was asked."""

    product: str
    version: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """A run that is over. `plan`: of a dry run, while it is kept.

    `notices` and `retry` are those of the run's report.
    """

    row: RunRow
    plan: Plan | None = None
    server: ReachedServer | None = None
    notices: tuple[Notice, ...] = ()
    retry: Retry | None = None


class Condition(Enum):
    """How a service is. FAILED: it is tried again; one that is vital has ended the agent."""

    OFF = "off"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How one service is, since when, and, where it failed, why and when it is tried again.

    `failing_since` is kept, as is `why`, while it runs again and may fail as before. `address` is
    where it can be reached, `note` what people should know of it beside that, while it runs.
    """

    name: str
    is_vital: bool
    condition: Condition = Condition.OFF
    since: datetime
    failing_since: datetime | None = None
    why: str = ""
    next_try: datetime | None = None
    address: str = ""
    note: str = ""

    def become(
        self, condition: Condition, at: datetime, why: str, next_try: datetime | None
    ) -> ServiceStatus:
        """Say how it is now; what fails time and again has failed since the first time."""
        since = self.since if condition is self.condition else at
        failing_since = self.failing_since if condition is not Condition.OFF else None
        if condition is Condition.FAILED:
            since = failing_since = failing_since or at
        elif failing_since is not None:
            why = self.why
        return replace(
            self,
            condition=condition,
            since=since,
            failing_since=failing_since,
            why=why,
            next_try=next_try,
        )


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Pauses that double from *first_s* to *longest_s*, each up to a fifth shorter at random."""

    first_s: float = 1.0
    longest_s: float = 300.0
    draw: Callable[[], float] = random.random

    def pause_s(self, failures: int) -> float:
        """Give the pause after so many failures in a row (1 or more)."""
        whole = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 60))
        return whole * (1.0 - 0.2 * self.draw())


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A key of the configuration whose new value has not taken force, and why.

    `needs_restart`: it takes force when the agent is started again.
    """

    key: str
    why: str
    needs_restart: bool = False

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"
