"""The configuration as the rest of the agent uses it; equal when it means the same."""

from __future__ import annotations

from dataclasses import dataclass

from listsync.config.schema import (
    ChromiumOptions,
    ControlOptions,
    LogOptions,
    ProvidersOptions,
    ServerOptions,
    SyncOptions,
)
from listsync.domain.media import MediaType
from listsync.domain.syncing import Exclusion
from listsync.triggers.schedule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """One list to follow.

    `source` is what the service's `parse` made of the user's text. `exclude`: "not these".
    `schedule` None: it follows that of all lists; `Every` zero: only on command or change.
    """

    service: str
    source: object
    name: str
    limit: int | None = None
    kind: MediaType | None = None
    exclude: bool = False
    four_k: bool = False
    schedule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the user wants, checked. `lists` in the user's order, the most important first.

    `schedule` is what `sync` says of it; None: only on command or change.
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
