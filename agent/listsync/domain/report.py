"""How far a run is, how it ended, and whether it is tried again by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from listsync.domain.lists import ListOutcome
from listsync.domain.media import TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.server import (
    Asking,
    RequestBody,
    ServerInfo,
)
from listsync.errors import (
    LeaseLostError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
    UnreachableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import cut, one_line

if TYPE_CHECKING:
    from listsync.protocol.shapes import AskingShape, PlannedShape


_ENOUGH = 20
"""Titles that tell how fast the others will go."""


class Phase(StrEnum):
    """Where a run is."""

    IDLE = "idle"
    CONNECT = "connect"
    COLLECT = "collect"
    ADD = "add"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How far one list is."""

    name: str
    state: str
    read: int = 0
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A snapshot of the sync that runs or ran last; `sequence` grows with every change.

    `phase_s` is how long the phase has lasted; `changed_at` when anything moved last.
    """

    run_id: str | None
    phase: Phase
    done: int
    total: int
    requested: int
    lists: tuple[ListProgress, ...]
    sequence: int
    phase_s: float = field(default=0.0, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)

    @property
    def eta_s(self) -> float | None:
        """Guess how long the titles still take; None while there is nothing to go by."""
        if self.phase is not Phase.ADD or self.done < _ENOUGH:
            return None
        return self.phase_s / self.done * (self.total - self.done)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


_LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A run failed, or was partly done, for a reason that may pass.

    `why` is for people ("the server cannot be reached"). `is_slow`: it hardly passes by itself (a
    refused key), so it is tried rarely. `not_before`: a time that is known, such as the server's
    own Retry-After. `titles`: it is only for so many titles, which may be at fault themselves.
    """

    why: str
    is_slow: bool = False
    not_before: datetime | None = None
    titles: int = 0


def retry_of(error: Exception, now: datetime) -> Retry | None:
    """Say how a run that *error* ended is tried again; None: not by itself.

    What the server forbids or does not know stays so until somebody changes it there.
    """
    match error:
        case UnreachableError():
            return Retry(why=f"the server cannot be reached ({error.why})")
        case UnavailableError() | RefusedError(kind=Refusal.RATE_LIMITED):
            return Retry(why=str(error), not_before=_named_time(error.retry_after_s, now))
        case RefusedError(kind=Refusal.CREDENTIAL | Refusal.BLOCKED):
            return Retry(why=str(error), is_slow=True)
        case StateError() | LeaseLostError():  # a full disk, another program's lock
            return Retry(why=str(error))
        case ResponseChangedError():
            return Retry(why=str(error), is_slow=True)
        case _:
            return None


def _named_time(wait_s: float | None, now: datetime) -> datetime | None:
    return now + min(timedelta(seconds=wait_s), _LONGEST) if wait_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One run: who asked, when, and whether it may change anything.

    Not `eager`: nobody waits for it, so lists that failed lately are left alone. `confirmed`: what
    is held until somebody says that it is meant so, goes on.
    """

    run_id: str
    origin: str
    started_at: datetime
    dry_run: bool = False
    eager: bool = True
    confirmed: bool = False


class Verdict(StrEnum):
    """How an outcome is counted in front of people.

    SHARED: its title is requested in this run, for another list or row. HANDLED: it was requested
    before and is gone since. ON_HOLD: it is wanted, but may not be requested now.
    """

    REQUESTED = "requested"
    SHARED = "shared"
    ALREADY = "already_there"
    HANDLED = "handled_before"
    REVIEW = "review"
    NOT_FOUND = "not_found"
    EXCLUDED = "excluded"
    SKIPPED = "skipped"
    ON_HOLD = "on_hold"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemReport:
    """What became of one list entry; `reasons` say why, in sentences."""

    list_name: str
    label: str
    verdict: Verdict
    why: str
    key: TitleKey | None = None
    title: str = ""
    reasons: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """What became of one list: how it was read, and what came of its entries.

    `verdicts` count its entries, `departed` what has left it; `left_out` says why the other rows
    that were read are not among them.
    """

    name: str
    service: str
    outcome: ListOutcome
    read: int
    declared: int | None
    new: int
    verdicts: Mapping[Verdict, int] = field(default_factory=Counter)
    departed: Mapping[Verdict, int] = field(default_factory=Counter)
    left_out: Mapping[str, int] = field(default_factory=Counter)
    why: str = ""
    from_memory: bool = False
    is_exclusion: bool = False

    @property
    def is_good(self) -> bool:
        return self.outcome.whole

    @property
    def was_read(self) -> bool:
        """Tell whether anything of it was read this time, or is known to be unchanged."""
        return self.outcome.whole or self.outcome is ListOutcome.PARTIAL


class Result(StrEnum):
    """How a run ended."""

    OK = "ok"
    PARTLY = "partly"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """The whole run. `items` holds what is worth telling, not what was there already.

    `requested` counts titles, each once, however many lists want it. `retry` says why the run is
    tried again by itself.
    `for_feeds`: without a request server lists were only read. `is_first`: no sync ended well at
    this server before.
    `is_whole`: every title was looked at. `failure`: what kind of failure it is, if it failed.
    """

    run: SyncRun
    result: Result
    why: str
    server: ServerInfo | None
    lists: tuple[ListReport, ...]
    items: tuple[ItemReport, ...]
    requested: tuple[RequestBody, ...]
    calls: int
    duration_s: float
    notices: tuple[Notice, ...] = ()
    retry: Retry | None = None
    is_whole: bool = True
    for_feeds: bool = False
    is_first: bool = False
    failure: NoticeKind = NoticeKind.SYNC_FAILED

    @property
    def counts(self) -> Counter[Verdict]:
        """Count the entries of all lists, and what has left them."""
        found: Counter[Verdict] = Counter()
        for one in self.lists:
            found.update(one.verdicts)
            found.update(one.departed)
        return found

    def count(self, verdict: Verdict) -> int:
        return self.counts[verdict]


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


MOST_CANDIDATES = 3
"""Of a title that waits for a decision: `review` shows all."""


def planned_shape(item: PlanItem) -> PlannedShape:
    key = item.body.key if item.body else item.key
    shape: PlannedShape = {
        "verdict": item.verdict.value,
        "label": cut(item.label, 200),
        "kind": key.kind.value if key else None,
        "tmdb_id": key.tmdb_id if key else None,
        "title": cut(item.title, 200),
        "lists": one_line(", ".join(item.lists)),
        "why": cut(item.why, 300),
        "candidates": [cut(one, 200) for one in item.candidates[:MOST_CANDIDATES]],
        "more_candidates": max(0, len(item.candidates) - MOST_CANDIDATES),
    }
    if item.body is not None:
        shape["four_k"] = item.body.four_k
        shape["seasons"] = list(item.body.seasons)
        shape["asking"] = asking_shape(item.body.asking)
    return shape


def asking_shape(asking: Asking) -> AskingShape:
    """Tell only what differs from the usual."""
    values = {
        "user": asking.user,
        "approve": asking.approve,
        "service": asking.service,
        "profile": asking.profile,
        "root_folder": asking.root_folder,
        "language_profile": asking.language_profile,
        "tags": list(asking.tags) or None,
    }
    given = {name: value for name, value in values.items() if value is not None}
    return cast("AskingShape", given)
