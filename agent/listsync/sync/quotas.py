"""What the users in whose name lists request may still request. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from listsync.domain.allowance import Allowance, Quota
from listsync.domain.media import MediaType
from listsync.domain.server import RequestBody

_THINGS = {MediaType.MOVIE: ("film", "films"), MediaType.TV: ("season", "seasons")}
_KINDS = {MediaType.MOVIE: "films", MediaType.TV: "series"}


class Allowances:
    """Counts down what is left to each user as titles are requested; grows stricter only.

    Users are named as lists name them, None: as the server is told to act. What nothing is known
    of is allowed: the server has the last word.
    """

    def __init__(self, known: Mapping[str | None, Allowance] | None = None) -> None:
        self._known = dict(known or {})
        self._requested: Counter[tuple[int | None, MediaType]] = Counter()

    @property
    def left(self) -> dict[str | None, Allowance]:
        """What is known of each user by now."""
        return {user: self._counted_down(one) for user, one in self._known.items()}

    def knows(self, user: str | None) -> bool:
        return user in self._known

    def learn(self, user: str | None, allowance: Allowance) -> None:
        """Note what the server says of *user*; of one known by another name that stays.

        In what was read later, what this run has requested meanwhile may be counted already.
        """
        same = (one for one in self._known.values() if one.user_id == allowance.user_id)
        self._known[user] = next(same, allowance)

    def count(self, body: RequestBody) -> None:
        """Note that *body* was requested. Of series the seasons count, in 4K or not."""
        allowance = self._known.get(body.asking.user)
        if allowance is not None:
            kind = body.key.kind
            self._requested[allowance.user_id, kind] += len(body.seasons) or 1

    def objection(
        self, user: str | None, kind: MediaType, *, four_k: bool, count: int = 1
    ) -> str | None:
        """Say why *count* more films or seasons may not be requested as *user*."""
        allowance = self._known.get(user)
        if allowance is None:
            return None
        name, permitted = allowance.name, allowance.permitted
        if permitted is not None and (kind, four_k) not in permitted:
            return f"{name} has no permission to request {_KINDS[kind]}{' in 4K' * four_k}"
        quota = self._counted_down(allowance).quotas.get(kind)
        if quota is None or quota.remaining >= count:
            return None
        if quota.remaining <= 0:
            return f"quota of {name} used up: {words_of(quota, kind)}"
        one, many = _THINGS[kind]
        left = f"{quota.remaining} {one if quota.remaining == 1 else many}"
        return f"quota of {name}: {left} left of {words_of(quota, kind)}, {count} are needed"

    def quota_words(self, user: str | None, kind: MediaType) -> str | None:
        """Say what is left of a quota: "quota of family lasts: 2 left of 5 films in 7 days"."""
        allowance = self._known.get(user)
        quota = self._counted_down(allowance).quotas.get(kind) if allowance else None
        if allowance is None or quota is None:
            return None
        words = f"{quota.remaining} left of {words_of(quota, kind)}"
        return f"quota of {allowance.name} lasts: {words}"

    def _counted_down(self, allowance: Allowance) -> Allowance:
        quotas = {
            kind: Quota(
                limit=quota.limit,
                remaining=max(0, quota.remaining - self._requested[allowance.user_id, kind]),
                days=quota.days,
            )
            for kind, quota in allowance.quotas.items()
        }
        return Allowance(
            user_id=allowance.user_id,
            name=allowance.name,
            permitted=allowance.permitted,
            quotas=quotas,
        )


def words_of(quota: Quota, kind: MediaType) -> str:
    """Say a quota: "5 films in 7 days"."""
    one, many = _THINGS[kind]
    days = f" in {quota.days} day{'s' * (quota.days != 1)}" if quota.days else ""
    return f"{quota.limit} {one if quota.limit == 1 else many}{days}"
