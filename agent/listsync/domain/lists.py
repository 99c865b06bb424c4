"""What a list service gives us: entries, and how well the reading went."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.lean_dataclasses import dataclass


class ListEntry(NamedTuple):
    """One row, as the list says it; a named tuple for the reason that `media` gives.

    `title` or one of `ids` is there.

    `rank` counts rows from 1; `kind` is None where the list does not tell films from series;
    `seasons` are those of a series that the row means, ascending, none where it names none.
    `doubt` says what the row tells that was not understood: a person must look at it before
    anything is requested. `check_ids`: nobody vouches for the ids, so they are held against title
    and year, which are there then. `bare_id` is a number that is called only `id`: the title's at
    TMDB, or the list's own.
    """

    rank: int
    title: str | None = None
    original_title: str | None = None
    year: int | None = None
    kind: MediaType | None = None
    ids: ExternalIds = NO_IDS
    seasons: tuple[int, ...] = ()
    doubt: str | None = None
    check_ids: bool = False
    bare_id: int | None = None

    @property
    def label(self) -> str:
        """How the row is called in front of people: `Dune (2021)`, or its id."""
        if self.title:
            return f"{self.title} ({self.year})" if self.year else self.title
        if self.ids.imdb:
            return f"imdb:{self.ids.imdb}"
        if self.ids.tmdb is not None:
            return f"tmdb:{self.kind}/{self.ids.tmdb}" if self.kind else f"tmdb:{self.ids.tmdb}"
        return f"tvdb:{self.ids.tvdb}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedRow:
    """A row that was read but names no title: a person, a game, a broken row."""

    rank: int
    what: str
    why: str


class ListOutcome(StrEnum):
    """How the reading of a list ended; only COMPLETE and EMPTY replace the stored snapshot.

    EMPTY needs positive evidence: the service itself declares that the list holds nothing.
    """

    COMPLETE = "complete"
    UNCHANGED = "unchanged"
    EMPTY = "empty"
    PARTIAL = "partial"
    NOT_FOUND = "not_found"
    PRIVATE = "private"
    CREDENTIAL = "credential"
    SUBSCRIPTION = "subscription"
    RATE_LIMITED = "rate_limited"
    BLOCKED = "blocked"
    UNAVAILABLE = "unavailable"
    DRIFT = "drift"

    @property
    def whole(self) -> bool:
        """True when the entries are the whole list, so that what is missing has left it."""
        return self in (ListOutcome.COMPLETE, ListOutcome.UNCHANGED, ListOutcome.EMPTY)

    @property
    def may_pass(self) -> bool:
        """True when it may be over by itself, or by what is done at the service.

        Then the list is asked again at its own time. What is private, gone or wants to be paid for
        waits for the list's schedule.
        """
        return self in (
            ListOutcome.CREDENTIAL,
            ListOutcome.RATE_LIMITED,
            ListOutcome.BLOCKED,
            ListOutcome.UNAVAILABLE,
            ListOutcome.DRIFT,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What makes the next read cheap: an ETag, a date, a digest of a file's content.

    `stamp` is the service's own word for the state of a list, where it has one.
    """

    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    stamp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One reading of one list.

    `read` counts rows as the service delivered them (entries + skipped), before any filter;
    `declared` is the count the service itself gives, None where it gives none. `repeated` rows
    only repeat another row of this reading; `broken` ones, which are among `skipped`, may be
    titles that are known. `lacks_count`: the service counts such lists, and did not this
    time. `is_unfinished`: a program was still writing it. `newest_only`: what is missing may only
    have become too old for it. `is_unproven`: it is empty, and the service says that also of a
    list that it cannot see. `remark` says what could not be learnt besides the rows.
    """

    entries: tuple[ListEntry, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    declared: int | None = None
    validators: Validators | None = None
    is_unchanged: bool = False
    repeated: int = 0
    broken: int = 0
    lacks_count: bool = False
    is_unfinished: bool = False
    newest_only: bool = False
    is_unproven: bool = False
    remark: str = ""

    @classmethod
    def unchanged(cls, validators: Validators | None) -> Fetched:
        """Say that the list is as it was when *validators* were given out."""
        return cls(validators=validators, is_unchanged=True)

    @property
    def read(self) -> int:
        return len(self.entries) + len(self.skipped)

    @property
    def distinct(self) -> int:
        return self.read - self.repeated

    @property
    def doubt(self) -> str:
        """Say why what is missing from this reading may be on the list all the same, if so.

        Rows that came twice may have come in place of others, unless all that were declared came.
        """
        is_filled = self.declared is not None and self.distinct >= self.declared
        repeated = 0 if is_filled or self.newest_only else self.repeated
        counts = ((repeated, "only repeated another"), (self.broken, "came broken"))
        reasons = [f"{n:,} row{'' if n == 1 else 's'} {what}" for n, what in counts if n]
        if self.lacks_count:
            reasons.append("the count of its rows was missing")
        if self.is_unfinished:
            reasons.append("a program still had it open for writing")
        return " and ".join(reasons)

    @property
    def is_sure(self) -> bool:
        """True when it brought the whole list: what is missing from it is not on the list."""
        is_all = not self.is_unchanged and not self.newest_only
        return is_all and self.outcome.whole and not self.doubt

    @property
    def outcome(self) -> ListOutcome:
        """Judge by counts alone; what went wrong otherwise is raised, never returned."""
        if self.is_unchanged:
            return ListOutcome.UNCHANGED
        if self.declared is not None and self.distinct < self.declared:
            return ListOutcome.PARTIAL
        if self.read == 0 and self.newest_only:
            return ListOutcome.PARTIAL
        if self.read == 0:
            return ListOutcome.EMPTY if self.declared == 0 else ListOutcome.DRIFT
        return ListOutcome.COMPLETE
