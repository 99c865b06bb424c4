"""The configuration as the rest of the agent uses it; equal when it means the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from listsync.config.schema import (
    ChromiumOptions,
    ControlOptions,
    LogOptions,
    ProvidersOptions,
    ServerOptions,
    SyncOptions,
)
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Exclusion
from listsync.domain.runs import Scope
from listsync.errors import Problem
from listsync.sync.limits import Cap
from listsync.triggers.schedule.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """One list to follow.

    `source` is what the service's `parse` made of the user's text; `rules` what is wanted of the
    list. `schedule` None: it follows that of all lists; `Every` zero: only on command or change.
    """

    source: object
    rules: ListRules
    schedule: Rule | None = None

    @property
    def service(self) -> str:
        return self.rules.service

    @property
    def name(self) -> str:
        return self.rules.name

    def is_read_in(self, scope: Scope) -> bool:
        """Tell whether a sync of *scope* reads it; lists of what is excluded are always read."""
        return scope is None or self.rules.is_exclusion or self.rules.source in scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the user wants, checked. `lists` in the user's order, the most important first.

    `schedule` is what `sync` says of it; None: only on command or change. `warnings` tell what has
    no effect. `is_unfinished`: a program still had a file of it open for writing.
    """

    server: ServerOptions
    sync: SyncOptions
    schedule: Rule | None
    lists: tuple[ListConfig, ...]
    exclude: tuple[Exclusion, ...]
    providers: ProvidersOptions
    chromium: ChromiumOptions
    control: ControlOptions
    log: LogOptions
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    is_unfinished: bool = field(default=False, compare=False)

    @property
    def cap(self) -> Cap:
        return Cap(per_run=self.sync.max_per_run, per_day=self.sync.max_per_day)
