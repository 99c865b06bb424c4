"""What is decided about a wish, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from listsync.domain.server import (
    Answered,
    RequestBody,
)
from listsync.domain.wishes import Member


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
    REVIEW = "held for review"
    NOT_FOUND = "not found"
    NO_SEASONS = "no seasons to request"
    NO_TVDB_ID = "no TVDB id"
    SETBACK = "postponed, will be retried"
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
