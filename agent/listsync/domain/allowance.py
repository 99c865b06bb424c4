"""What a user of the server may still request."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from listsync.domain.media import MediaType


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
