"""What a sync learned of the server that says why others will request a title, or will not."""

from __future__ import annotations

from dataclasses import dataclass

from listsync.domain.allowance import Allowance
from listsync.domain.media import MediaType


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
