"""What a user may request: permissions and quotas."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag

from listsync.decoding import Answer
from listsync.domain.allowance import UNLIMITED, Allowance, Quota
from listsync.domain.media import MediaType
from listsync.seerr.identity import read
from listsync.seerr.transport import Wire
from listsync.seerr.users import OWNER, Actor


class _Permission(IntFlag):
    """Bits of a user's permissions. Source: the code of the three servers."""

    ADMIN = 2
    REQUEST = 32
    REQUEST_4K = 1024
    REQUEST_4K_MOVIE = 2048
    REQUEST_4K_TV = 4096
    REQUEST_MOVIE = 262144
    REQUEST_TV = 524288


_ENOUGH = {
    (MediaType.MOVIE, False): _Permission.REQUEST | _Permission.REQUEST_MOVIE,
    (MediaType.TV, False): _Permission.REQUEST | _Permission.REQUEST_TV,
    (MediaType.MOVIE, True): _Permission.REQUEST_4K | _Permission.REQUEST_4K_MOVIE,
    (MediaType.TV, True): _Permission.REQUEST_4K | _Permission.REQUEST_4K_TV,
}
"""Any of these bits is enough, and ADMIN for everything."""


class _Quota(Answer, frozen=True):
    """One kind's quota; without a limit `limit` is 0 or missing, and so it is for managers."""

    limit: int | None = None
    remaining: int | None = None
    days: int | None = None


class _Quotas(Answer, frozen=True):
    """Quota of series counts seasons; of both kinds 4K counts as well as not."""

    movie: _Quota | None = None
    tv: _Quota | None = None


def allowance_of(wire: Wire, actor: Actor | None) -> Allowance:
    """Read what *actor* may request; the owner, who may do everything, costs no call.

    Raises:
        UnavailableError, RefusedError, AnswerChangedError: it cannot be read.
    """
    if actor is None or actor.id == OWNER:
        return UNLIMITED
    quotas = read(wire, f"/user/{actor.id}/quota", _Quotas)
    return Allowance(
        user_id=actor.id,
        name=actor.name,
        permitted=_permitted(actor.permissions),
        quotas=dict(_limited(quotas)),
    )


def _permitted(permissions: int | None) -> frozenset[tuple[MediaType, bool]] | None:
    if permissions is None:
        return None
    return frozenset(
        what for what, enough in _ENOUGH.items() if permissions & (enough | _Permission.ADMIN)
    )


def _limited(quotas: _Quotas) -> Iterator[tuple[MediaType, Quota]]:
    for kind, quota in ((MediaType.MOVIE, quotas.movie), (MediaType.TV, quotas.tv)):
        if quota is not None and quota.limit and quota.remaining is not None:
            yield kind, Quota(limit=quota.limit, remaining=quota.remaining, days=quota.days)
