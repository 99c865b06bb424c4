"""What a sync would do, as a dry run found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from listsync.domain.media import TitleKey
from listsync.domain.server import RequestBody
from listsync.domain.sync_records import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One title that is worth telling. `body` is what would be asked for, if anything."""

    verdict: Verdict
    label: str
    lists: tuple[str, ...]
    why: str = ""
    key: TitleKey | None = None
    title: str = ""
    body: RequestBody | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The worst first; `left_out` had no room. `counts` are entries."""

    items: tuple[PlanItem, ...]
    counts: Mapping[Verdict, int]
    left_out: int = 0
