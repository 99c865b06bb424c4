"""What lists want, what that was taken for, what was decided about it, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from enum import StrEnum
from typing import NamedTuple

from listsync.domain.list_rules import ListRules, Which
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import (
    Candidate,
    RequestBody,
    RequestResponse,
    SearchPage,
    SeriesDetails,
    TitleFacts,
)
from listsync.lean_dataclasses import dataclass


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

    `members` in list order; `label` is that of the first; `ids` are those of all members together;
    `seasons` are those that all members name, empty where that depends on the series.
    `conflict` says why the members cannot mean one title, or what they say that was not
    understood, if so. `check_ids` and `bare_id` are as of entries.
    """

    members: tuple[Member, ...]
    label: str
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


YOU_CHOSE = "you chose "
BUT = ", but "


def without_choice(reasons: Iterable[str]) -> tuple[str, ...]:
    """Leave out which id led nowhere: another choice was made since."""
    return tuple(one for one in reasons if not (one.startswith(YOU_CHOSE) and BUT in one))


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


SearchKey = tuple[str, str, int | None]
"""One search at the server: of which sort, for what, of which year."""


@dataclass(frozen=True, slots=True)
class LookupResponses:
    """What the server answered while a title was looked up.

    `empty` are searches that answered nothing, which may be an outage; they are not in `pages`.
    """

    pages: Mapping[SearchKey, SearchPage] = field(default_factory=dict)
    facts: Mapping[TitleKey, TitleFacts] = field(default_factory=dict)
    empty: frozenset[SearchKey] = frozenset()


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
    answers: LookupResponses | None = None
    was_wrong: bool = False


def named_by_all(members: Sequence[Member]) -> frozenset[int]:
    """Unite the seasons that are named; empty where a member leaves it to the series."""
    named = [member.named_seasons for member in members]
    if any(numbers is None for numbers in named):
        return frozenset()
    return frozenset(number for numbers in named if numbers for number in numbers)


class SkipReason(StrEnum):
    """Why a wish is not asked for."""

    AVAILABLE = "available"
    REQUESTED = "requested already"
    SAME_RUN = "requested in this run already"
    HANDLED = "handled before"
    BLOCKLISTED = "blocklisted at the server"
    DELETED = "deleted at the server"
    DECLINED = "declined at the server"
    REQUEST_FAILED = "requested already, but Radarr or Sonarr did not take it"
    EXCLUDED = "excluded"
    REVIEW = "waits for review"
    NOT_FOUND = "not found"
    NO_SEASONS = "no seasons to request"
    NO_TVDB_ID = "no TVDB id"
    SETBACK = "postponed, will be retried"
    ON_HOLD = "on hold"
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

    `members` and `left_out` as in the decision. `earlier_for`: the list for which more of the
    title was requested before in this run.
    """

    body: RequestBody
    answered: RequestResponse | None
    members: tuple[Member, ...] = ()
    left_out: tuple[tuple[Member, Skip], ...] = ()
    earlier_for: str | None = None

    def of(self, member: Member) -> Requested | Skip:
        """Say what became of the title for one of the members."""
        return next((own for one, own in self.left_out if one is member), self)


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no to this request."""

    body: RequestBody
    answered: RequestResponse


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be found out or done; the next run tries again.

    `may_pass`: nobody answered, which says nothing of the title itself.
    """

    error: str
    may_pass: bool = False


Outcome = Requested | Refused | Failed | Skip
