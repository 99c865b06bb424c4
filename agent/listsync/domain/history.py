"""What listsync can tell of its lists, titles and runs, past and present, page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from listsync.domain.decisions import Found, How, Match
from listsync.domain.lists import ListEntry, ListOutcome
from listsync.domain.media import Edition, TitleKey
from listsync.domain.notices import Notice
from listsync.domain.report import Verdict
from listsync.domain.run_notes import FailedRequest, HandledEntries
from listsync.domain.server import (
    TAKEN,
    Candidate,
    MediaStatus,
    RequestStatus,
    ResponseKind,
    ServerRequest,
    TitleFacts,
    TitleState,
)
from listsync.lean_dataclasses import dataclass

_T = TypeVar("_T")

Key = tuple[str | int, ...]
"""Where a row stands in its order: rows that come or go before it change nothing.

An entry whose rank moves meanwhile may be told twice, or not at all.
"""


class Page(NamedTuple, Generic[_T]):
    """Some rows of *total*; `last` is the key to go on after, None where nothing follows.

    `total` is counted for a first page only, and None for one that goes on.
    """

    total: int | None
    rows: tuple[_T, ...]
    last: Key | None = None


class TitleStatus(StrEnum):
    """GONE: declined or deleted, and the server does not say which."""

    REQUESTED = "requested"
    AVAILABLE = "available"
    PARTLY_AVAILABLE = "partly available"
    DECLINED = "declined"
    DELETED = "deleted"
    FAILED = "failed"
    BLOCKLISTED = "blocklisted"
    CANCELLED = "cancelled"
    GONE = "gone"


_BY_STATE = {
    MediaStatus.AVAILABLE: TitleStatus.AVAILABLE,
    MediaStatus.PARTIALLY_AVAILABLE: TitleStatus.PARTLY_AVAILABLE,
    MediaStatus.BLOCKLISTED: TitleStatus.BLOCKLISTED,
    MediaStatus.DELETED: TitleStatus.DELETED,
}
_ABSENT = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_FAILED = (RequestStatus.FAILED, RequestStatus.NONE)


NEW, OPEN, REJECTED, HANDLED, COULD_NOT = "new", "open", "rejected", "handled", "failed"
EXCLUDED = "excluded"


def entry_status(  # noqa: PLR0913 - facts
    *,
    is_handled: bool = False,
    became: str | None = None,
    is_excluded: bool = False,
    has_failed: bool = False,
    is_chosen: bool | None = None,
    found: str | None = None,
    has_match_failed: bool = False,
) -> str:
    """Say in a word what became of an entry of a list.

    `became`: what is noted of its title, where it was handled. `has_failed`: what it says that it
    is could not be requested; `has_match_failed`: what it was taken for. `is_chosen`: a person
    took a title for it; False: none. `found`: what came of looking it up; None: nobody did.
    """
    if is_handled or is_excluded:
        return (became or HANDLED) if is_handled else EXCLUDED
    if has_failed:
        return COULD_NOT
    if is_chosen is not None:
        return OPEN if is_chosen else REJECTED
    if found is None:
        return NEW
    if has_match_failed:
        return COULD_NOT
    return OPEN if found == Found.FOUND else found


def title_status(
    state: int, requests: Collection[int], answer: str | None, *, is_newer: bool
) -> TitleStatus:
    """Judge by the server's index, by what is known of requests there, and by our last request.

    *state* and *requests* are the server's numbers; *answer* is what it answered to our last
    request, if there was one; *is_newer*: since the index was read.
    """
    if state in _ABSENT and is_newer and answer in TAKEN:
        return TitleStatus.REQUESTED
    if state in _BY_STATE:
        return _BY_STATE[MediaStatus(state)]
    if state != MediaStatus.UNKNOWN:
        has_failed = any(one in requests for one in _FAILED)
        return TitleStatus.FAILED if has_failed else TitleStatus.REQUESTED
    if answer == ResponseKind.CANCELLED:
        return TitleStatus.CANCELLED
    return TitleStatus.DECLINED if RequestStatus.DECLINED in requests else TitleStatus.GONE


_SHORT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run. `ended_at` and `result` are None while it runs; `notices` are its own."""

    run_id: str
    origin: str
    started_at: datetime
    dry_run: bool = False
    ended_at: datetime | None = None
    result: str | None = None
    why: str = ""
    message: str = ""
    requested: int = 0
    calls: int = 0
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """One answered request: which lists brought the title, and what the server said.

    `number` grows from request to request.
    """

    title: str
    key: TitleKey
    four_k: bool
    seasons: tuple[int, ...]
    lists: tuple[str, ...]
    answer: str
    detail: str
    at: datetime
    requested_as: str | None = None
    run_id: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfRequests:
    """What became of requests in a span of time, each title once.

    `requested`, `failed` and `slow` are the first of them; `slow` was requested long before and is
    not there yet.
    """

    requested: tuple[RequestRow, ...] = ()
    films: int = 0
    series: int = 0
    cancelled: int = 0
    failed: tuple[RequestRow, ...] = ()
    failures: int = 0
    slow: tuple[RequestRow, ...] = ()
    slow_total: int = 0


class ItemRow(NamedTuple):
    """One entry of one list. `status` is a word: new, handled, review, ...; `at` says since when.

    `key` is what the entry was taken for, if anything; `request` the last one for that title;
    `excluded` says who excludes it, where nothing was done with it.
    `entry` is what the list says of it; `place` the key of the row among all. A named tuple for
    the reason that `media` gives.
    """

    title: str
    list_name: str
    status: str
    at: datetime
    entry: ListEntry
    key: TitleKey | None = None
    request: RequestRow | None = None
    excluded: str | None = None
    place: Key = ()

    @property
    def tmdb_key(self) -> TitleKey | None:
        """The title at TMDB: what the entry was taken for, else what its list says."""
        entry = self.entry
        if self.key is None and entry.kind is not None and entry.ids.tmdb is not None:
            return TitleKey(entry.kind, entry.ids.tmdb)
        return self.key


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """How one list was read last. `read` of `declared` rows (None: the service does not say).

    `retry_at`: what failed is not asked again before, unless somebody waits for it.
    """

    source: str
    name: str
    service: str
    outcome: str
    why: str
    last_try: datetime
    last_success: datetime | None
    read: int
    declared: int | None
    failures: int
    retry_at: datetime | None = None

    @property
    def asked_again_at(self) -> datetime | None:
        """When the list is asked again by itself, before its schedule; None: not at all.

        To the full minute, so that lists that failed together are asked together.
        """
        if self.retry_at is None or not ListOutcome(self.outcome).may_pass:
            return None
        minute = self.retry_at.replace(second=0, microsecond=0)
        return minute if minute == self.retry_at else minute + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said that a lookup means; `key` None: none of what is on offer.

    `imdb` is the id that was chosen, if one was; without a `key` the next sync looks it up.
    """

    key: TitleKey | None
    title: str
    at: datetime
    imdb: str | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it is an id that leads to no title yet."""
        return self.key is None and self.imdb is not None

    @property
    def match(self) -> Match:
        """What a lookup would have found, had it found this; not for one that is open."""
        if self.key is None:
            reasons = ("you rejected all candidates",)
            return Match(found=Found.NOT_FOUND, how=How.CHOICE, reasons=reasons)
        return Match(
            found=Found.FOUND,
            how=How.CHOICE,
            key=self.key,
            title=self.title,
            reasons=("you chose it",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A lookup that needs or needed a person. `reasons` are sentences about `candidates`.

    `lists` are those that hold such an entry now, `since` when the first of them did; `label` is
    how that entry is called.
    """

    lookup: str
    label: str
    lists: tuple[str, ...]
    since: datetime | None
    reasons: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    score: float = 0.0
    choice: Choice | None = None

    @property
    def long_id(self) -> str:
        """Name the lookup by letters and digits only, the same for good."""
        return hashlib.sha256(self.lookup.encode()).hexdigest()

    @property
    def short_id(self) -> str:
        """The beginning of the long one that people type."""
        return self.long_id[:_SHORT]


def words_of_lookup(lookup: str) -> str:
    """Make of a lookup that no entry has any more something to read."""
    head, _, rest = lookup.removeprefix("doubt:").partition(":")
    name, _, more = rest.partition("|")
    by_title = head in ("title", "title+id", "checked")
    year = more.partition("|")[0] if by_title else ""
    words = name if by_title else f"{head}:{name}"
    return f"{words} ({year})" if year else words


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry with its list, since when it is on it, and what was acted on for it."""

    row: ListRow
    entry: ListEntry
    entry_id: str
    first_seen: datetime
    handled: tuple[tuple[Edition, datetime], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What was found for one lookup, with all reasons, and when; `again_at` None: for good."""

    match: Match
    at: datetime
    again_at: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Tell whether the next sync looks again."""
        return self.match.key is None and self.again_at is not None and self.again_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleOverview:
    """What is known of one title: at the server as read last, and from what we did.

    `state` is None where the server's index was never read. `handled`, `watched` and `facts` are
    those that a sync would decide by now; `failed` are requests that failed, due or not;
    `requested_since` the index was read. `at_server`: what is known of the server's
    requests that its index does not tell. `requests` are the latest of *requests_total*.
    """

    state: TitleState | None
    handled: HandledEntries
    failed: Mapping[tuple[Edition, int | None], FailedRequest]
    requested_since: AbstractSet[Edition]
    facts: TitleFacts | None
    requests: tuple[RequestRow, ...]
    watched: Mapping[Edition, date] = field(default_factory=dict)
    at_server: tuple[ServerRequest, ...] = ()
    requests_total: int = 0
