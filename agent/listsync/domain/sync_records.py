"""One sync as records: wishes, what they were taken for, what was decided, what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from listsync.domain.list_rules import ALL_SEASONS, NO_FILTERS, Filters, Seasons, Which
from listsync.domain.lists import ListEntry, ListOutcome
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.retry import Retry
from listsync.domain.server import (
    AS_USUAL,
    Answered,
    Asking,
    Candidate,
    RequestBody,
    SearchPage,
    SeriesDetails,
    ServerInfo,
    TitleFacts,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """What the user wants done with one list.

    `source` names the list for good (`mdblist:user/slug`), so that its memory survives a new
    `name`. `limit` counts titles from the top, `max_per_run` and `max_per_day` (24 hours) those
    that are asked for. `is_exclusion`: "not these". `new_seasons`: of series that were handled,
    seasons that air later are asked for. `cancel_removed`: what leaves the list is not waited for.
    """

    source: str
    name: str
    service: str
    limit: int | None = None
    kind: MediaType | None = None
    is_exclusion: bool = False
    four_k: bool = False
    asking: Asking = AS_USUAL
    seasons: Seasons = ALL_SEASONS
    filters: Filters = NO_FILTERS
    max_per_run: int | None = None
    max_per_day: int | None = None
    new_seasons: bool = False
    cancel_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What must never be asked for: a title by key, outer id or name, or all of a genre."""

    key: TitleKey | None = None
    imdb: str | None = None
    tvdb: int | None = None
    title: str | None = None
    year: int | None = None
    kind: MediaType | None = None
    genre: str | None = None


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


class Member(NamedTuple):
    """One list entry behind a wish; `entry_id` is its name in the list's memory.

    A named tuple, as `media` explains.
    """

    rules: ListRules
    entry: ListEntry
    entry_id: str

    @property
    def named_seasons(self) -> frozenset[int] | None:
        """The seasons that the row or its list names; None: it depends on the series."""
        if self.entry.seasons:
            return frozenset(self.entry.seasons)
        rule = self.rules.seasons
        return rule.numbers if rule.which is Which.NAMED else None

    @property
    def season_rule(self) -> str:
        """By which rule seasons are chosen; seasons that the row names are one by themselves."""
        return ",".join(map(str, self.entry.seasons)) or str(self.rules.seasons)

    def seasons_of(self, details: SeriesDetails) -> frozenset[int]:
        """Choose the seasons of a series that are wanted."""
        named = self.named_seasons
        return self.rules.seasons.of(details) if named is None else named


Members = tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One title that one or more lists want, in one edition.

    `members` in list order; `ids` are those of all members together; `seasons` are those that all
    members name, empty where that depends on the series.
    `conflict` says why the members cannot mean one title, or what they say that was not
    understood, if so. `check_ids` and `bare_id` are as of entries.
    """

    members: tuple[Member, ...]
    ids: ExternalIds
    kind: MediaType | None
    title: str | None
    original_title: str | None
    year: int | None
    seasons: frozenset[int]
    four_k: bool
    conflict: str | None = None
    check_ids: bool = False
    bare_id: int | None = None

    @property
    def label(self) -> str:
        return self.members[0].entry.label


class How(StrEnum):
    """By what evidence a wish was taken for a title.

    TITLE_INSTEAD: by the title, because the ids lead to another one.
    """

    TMDB_ID = "TMDB id"
    IMDB_ID = "IMDb id"
    TVDB_ID = "TVDB id"
    TITLE = "title"
    TITLE_INSTEAD = "title instead of the id"
    CHOICE = "choice"


class Found(StrEnum):
    """How far the evidence goes. REVIEW: a person must choose."""

    FOUND = "found"
    REVIEW = "review"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class ChosenId:
    """An IMDb id that a person chose for a lookup, before anybody looked it up."""

    lookup: str
    imdb: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The title a wish was taken for, or why it was taken for none.

    `reasons` are sentences for people; `candidates` are what was on offer, best first.
    `score` is the classic figure: similarity x 2 for the exact year, x 1.5 for one off; what its
    details prove has that of the same title and year.
    `is_provisional`: searches answered nothing, so a later sync must confirm it.
    `chosen`: the choice of a person that was looked up for it.
    """

    found: Found
    how: How
    key: TitleKey | None = None
    title: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    is_provisional: bool = False
    chosen: ChosenId | None = None


Question = tuple[str, str, int | None]
"""One search at the server: of which sort, for what, of which year."""


@dataclass(frozen=True, slots=True)
class LookupAnswers:
    """What the server answered while a title was looked up.

    `empty` are searches that answered nothing, which may be an outage; they are not in `pages`.
    """

    pages: Mapping[Question, SearchPage] = field(default_factory=dict)
    facts: Mapping[TitleKey, TitleFacts] = field(default_factory=dict)
    empty: frozenset[Question] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A wish with all that must be known to decide: its match and, for series, the seasons.

    `answers`: the match rests on a search that answered nothing, so it is to be asked again.
    `was_wrong`: such a search answered something when it was.
    """

    wish: Wish
    match: Match | None
    details: SeriesDetails | None = None
    facts: TitleFacts | None = None
    is_fresh: bool = False
    error: Exception | None = None
    answers: LookupAnswers | None = None
    was_wrong: bool = False


class SkipReason(StrEnum):
    """Why a wish is not asked for."""

    AVAILABLE = "available"
    REQUESTED = "requested already"
    SAME_RUN = "asked for in this run already"
    HANDLED = "handled before"
    BLOCKLISTED = "blocklisted at the server"
    DELETED = "deleted at the server"
    DECLINED = "declined at the server"
    REQUEST_FAILED = "requested already, but Radarr or Sonarr did not take it"
    EXCLUDED = "excluded"
    REVIEW = "held for review"
    NOT_FOUND = "not found"
    NO_SEASONS = "no seasons to ask for"
    NO_TVDB_ID = "no TVDB id"
    SETBACK = "put off, tried again later"
    HELD = "on hold"
    OPEN = "left open"
    FILTERED = "left out by the list's filters"
    CAPPED = "left for a later sync"


@dataclass(frozen=True, slots=True)
class Request:
    """A decision to ask for a title, on behalf of *members*, the first of them above all.

    `left_out`: members that want seasons which are not asked for now, with why.
    """

    body: RequestBody
    members: tuple[Member, ...] = ()
    left_out: tuple[tuple[Member, Skip], ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """A decision not to ask. `of_members`: those for which it is for a reason of their own."""

    reason: SkipReason
    detail: str = ""
    of_members: tuple[tuple[Member, Skip], ...] = ()

    def of(self, member: Member) -> Skip:
        """Say why nothing is asked for on behalf of one of the members."""
        return next((own for one, own in self.of_members if one is member), self)

    def apart(self, own: Iterable[tuple[Member, Skip]]) -> Skip:
        """Add what holds for single members in its place."""
        differing = ((one, skip) for one, skip in own if skip != self)
        return replace(self, of_members=(*self.of_members, *differing))


Decision = Request | Skip


@dataclass(frozen=True, slots=True)
class Requested:
    """The server took the request (in a dry run: would have been asked).

    `members` and `left_out` as in the decision.
    """

    body: RequestBody
    answered: Answered | None
    members: tuple[Member, ...] = ()
    left_out: tuple[tuple[Member, Skip], ...] = ()

    def of(self, member: Member) -> Requested | Skip:
        """Say what became of the title for one of the members."""
        return next((own for one, own in self.left_out if one is member), self)


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no to this request."""

    body: RequestBody
    answered: Answered


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be found out or done; the next run tries again.

    `may_pass`: nobody answered, which says nothing of the title itself.
    """

    error: str
    may_pass: bool = False


Outcome = Requested | Refused | Failed | Skip


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
