"""The configuration as the rest of the agent uses it; equal when it means the same."""

from __future__ import annotations

from dataclasses import dataclass

from listsync.config.schema import ProvidersOptions, ServerOptions, SyncOptions
from listsync.domain.media import MediaType
from listsync.domain.syncing import Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class ListConfig:
    """One list to follow.

    `source` is what the service's `parse` made of the user's text. `exclude`: "not these".
    """

    service: str
    source: object
    name: str
    limit: int | None = None
    kind: MediaType | None = None
    exclude: bool = False
    four_k: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that the user wants, checked. `lists` in the user's order, the most important first."""

    server: ServerOptions
    sync: SyncOptions
    lists: tuple[ListConfig, ...]
    exclude: tuple[Exclusion, ...]
    providers: ProvidersOptions
