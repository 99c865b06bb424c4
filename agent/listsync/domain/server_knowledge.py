"""What is known of the server beside its titles: is it trusted, and what may be requested."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import field
from enum import Enum

from listsync.domain.media import Edition, MediaType
from listsync.domain.notices import NoticeKind
from listsync.domain.server import ServerRequest
from listsync.lean_dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many films, or seasons, a user may request in `days` days, and how many are left."""

    limit: int
    remaining: int
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one user may request, as the server says.

    `user_id` tells users apart, whatever they are called; None: the server's owner. `permitted`
    are the kinds, in 4K or not, that the user has the permission for; None: not known. A kind
    without a quota has no limit.
    """

    user_id: int | None
    name: str
    permitted: AbstractSet[tuple[MediaType, bool]] | None = None
    quotas: Mapping[MediaType, Quota] = field(default_factory=dict)


UNLIMITED = Allowance(user_id=None, name="owner")
"""What the server's owner may request: everything."""


_FEWEST = 10
_SHARE = 0.5
CONFIRM = "`listsyncctl sync-now --confirm`"
"""What a person does who means what is held back."""
_WAY_ON = (
    f"requests are on hold until you confirm: {CONFIRM}, or "
    "`listsyncctl forget --all` to begin anew"
)


class KnownServer(Enum):
    """Whether the server that answers is the one of the last run."""

    SAME = "same"
    KNOWN = "known"
    NEW = "new"

    @property
    def remark(self) -> str | None:
        """Say to a person what it means that the server is another one."""
        return _REMARKS.get(self)


_REMARKS = {
    KnownServer.KNOWN: "this is not the server of the last run; its own memory is used",
    KnownServer.NEW: (
        "this is a new server: requests made at the last one are not remembered here"
    ),
}


@dataclass(frozen=True, slots=True)
class ServerDoubt:
    """Why nothing may be requested, and what the user can do."""

    kind: NoticeKind
    text: str


def doubt_of_state(why: str) -> ServerDoubt | None:
    """Doubt what is remembered, if *why* says that it may not be the whole of it."""
    return ServerDoubt(NoticeKind.STATE_IN_DOUBT, f"{why}: {_WAY_ON}") if why else None


def doubt_of_server(handled: int) -> ServerDoubt | None:
    """Doubt a server if *handled* titles were at the last, and nobody says that it is meant."""
    if not handled:
        return None
    why = f"this is another server; {handled} titles were handled at the last"
    return ServerDoubt(NoticeKind.SERVER_REPLACED, f"{why}: {_WAY_ON}")


def doubt_of_index(*, lost: int, requested: int) -> ServerDoubt | None:
    """Doubt an index that lacks *lost* of the titles *requested* since it was confirmed."""
    if lost < _FEWEST or lost <= _SHARE * requested:
        return None
    why = f"the server has lost {lost} of the {requested} titles requested"
    return ServerDoubt(NoticeKind.REQUESTS_GONE, f"{why}: {_WAY_ON}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why nothing of a kind, in 4K or not, may be requested."""

    kind: MediaType
    four_k: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedUser:
    """A user that a list names, and why nothing can be requested as that; empty: it can."""

    user: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAllowance:
    """What is left to a user, named as lists do; None: as whom the server is told to act."""

    user: str | None
    allowance: Allowance


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """All of it, at the end of a run; remembered until the next run learns it anew."""

    holds: tuple[Hold, ...] = ()
    users: tuple[TriedUser, ...] = ()
    allowances: tuple[UserAllowance, ...] = ()

    def after(self, before: Learned) -> Learned:
        """Add what was learned before of users that this run had nothing to do with."""
        users = {one.user: one for one in (*before.users, *self.users)}
        allowances = {one.user: one for one in (*before.allowances, *self.allowances)}
        return Learned(
            holds=self.holds,
            users=tuple(users.values()),
            allowances=tuple(allowances.values()),
        )


NOTHING_LEARNED = Learned()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestList:
    """The server's requests, the newest ones; not `is_whole`: there may be others."""

    requests: tuple[ServerRequest, ...] = ()
    is_whole: bool = True

    @property
    def editions(self) -> frozenset[Edition]:
        """All that has a request in it."""
        return frozenset(one.edition for one in self.requests)
