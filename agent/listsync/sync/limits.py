"""What may keep lists from requesting: caps, quotas, users, names at Radarr and Sonarr. Pure.

A cap is how many titles may be requested in one run and in 24 hours, by all lists together and by
each; a quota is what the server lets a user request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from listsync.domain.decisions import Member, Members, Skip, SkipReason
from listsync.domain.list_rules import ListRules
from listsync.domain.media import MediaType
from listsync.domain.server import AS_SERVER_DECIDES, Asking, Destination, RequestBody
from listsync.domain.server_knowledge import Allowance, Quota
from listsync.lean_dataclasses import dataclass

if TYPE_CHECKING:
    # Caps are known to an agent that waits, too.
    from listsync.sync.arr_lookup import ArrDirectory, Way

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The most titles that are asked for; None: as many as there are."""

    per_run: int | None = None
    per_day: int | None = None


UNCAPPED = Cap()
_TOGETHER = "all lists together"


class Caps:
    """Counts titles as they are asked for. *today*: by list name, of the last 24 hours."""

    def __init__(self, overall: Cap = UNCAPPED, today: Mapping[str, int] | None = None) -> None:
        self._overall = overall
        self._today: Counter[str] = Counter(today or {})
        self._run: Counter[str] = Counter()

    def objection(self, rules: ListRules) -> str | None:
        """Say why nothing more may be asked for on behalf of a list."""
        name = rules.name
        return _reached(
            _own(rules), self._run[name], self._today[name], _whose(rules)
        ) or _reached(self._overall, self._run.total(), self._today.total(), _TOGETHER)

    def words(self, rules: ListRules) -> list[str]:
        """Say what caps hold for a list."""
        return [*_words_of(_own(rules), _whose(rules)), *_words_of(self._overall, _TOGETHER)]

    def count(self, name: str) -> None:
        """Note that one more title was asked for on behalf of the list *name*."""
        self._run[name] += 1
        self._today[name] += 1


def _reached(cap: Cap, run: int, today: int, whose: str) -> str | None:
    if cap.per_run is not None and run >= cap.per_run:
        return f"{whose}: {_a_run(cap)}"
    if cap.per_day is not None and today >= cap.per_day:
        return f"{whose}: {_a_day(cap)}"
    return None


def _a_run(cap: Cap) -> str:
    return f"at most {cap.per_run} a sync"


def _a_day(cap: Cap) -> str:
    return f"at most {cap.per_day} in 24 hours"


def _own(rules: ListRules) -> Cap:
    return Cap(per_run=rules.max_per_run, per_day=rules.max_per_day)


def _whose(rules: ListRules) -> str:
    return f'the list "{rules.name}"'


def _words_of(cap: Cap, whose: str) -> Iterator[str]:
    if cap.per_run is not None:
        yield f"{whose}: {_a_run(cap)}"
    if cap.per_day is not None:
        yield f"{whose}: {_a_day(cap)}"


class Limits:
    """What may keep a list from requesting, but for its filters; to be read only.

    `trouble`: users in whose name nothing can be requested, with why. `arr`: what Radarr and
    Sonarr call things, None: that is left out.
    """

    def __init__(
        self,
        caps: Caps | None = None,
        allowances: Allowances | None = None,
        arr: ArrDirectory | None = None,
        trouble: Mapping[str, str] | None = None,
    ) -> None:
        self._caps = caps or Caps()
        self._allowances = allowances or Allowances()
        self._arr = arr
        self._reasons: dict[Way, tuple[str | None, str | None]] = {}
        self._destinations: dict[tuple[Way, tuple[str, ...]], Destination] = {}
        self._trouble = dict(trouble or {})
        self._refused: dict[tuple[str | None, MediaType, bool], str] = {}
        self._doubted: set[MediaType] = set()

    def let_through(
        self, members: Members, kind: MediaType, *, four_k: bool
    ) -> tuple[Members, Skip | None]:
        """Keep the members whose list may request; if none may, say why not."""

        def unnamed(rules: ListRules) -> str | None:
            return self._by_arr_names((rules.asking_for(kind), kind, four_k))[0]

        def nameless(rules: ListRules) -> str | None:
            return self._by_arr_names((rules.asking_for(kind), kind, four_k))[1]

        def trouble(rules: ListRules) -> str | None:
            user = rules.asking.user
            return None if user is None else self._trouble.get(user)

        def allowance(rules: ListRules) -> str | None:
            user = rules.asking.user
            objection = self._allowances.objection(user, kind, four_k=four_k)
            return objection or self._refused.get((user, kind, four_k))

        steps = (
            (SkipReason.OPEN, unnamed),
            (SkipReason.ON_HOLD, nameless),
            (SkipReason.ON_HOLD, trouble),
            (SkipReason.ON_HOLD, allowance),
            (SkipReason.CAPPED, self._caps.objection),
        )
        own: list[tuple[Member, Skip]] = []
        for reason, objection in steps:
            judged = [(member, objection(member.rules)) for member in members]
            own.extend((member, Skip(reason, why)) for member, why in judged if why is not None)
            members = tuple(member for member, why in judged if why is None)
            if not members:
                return (), own[-len(judged)][1].apart(own)
        return members, None

    def too_many_seasons(self, members: Members, seasons: int, *, four_k: bool) -> str | None:
        """Say why the first of *members* may not ask for so many: the server takes all or none."""
        user = members[0].rules.asking.user
        return self._allowances.objection(user, MediaType.TV, four_k=four_k, count=seasons)

    def destination(
        self, first: Asking, kind: MediaType, *, four_k: bool, more_tags: tuple[str, ...]
    ) -> Destination:
        """Say which Radarr or Sonarr a title is for, in the server's numbers."""
        if self._arr is None:
            return AS_SERVER_DECIDES
        way = ((first, kind, four_k), more_tags)
        if way not in self._destinations:
            self._destinations[way] = self._arr.destination(
                first, kind, four_k=four_k, more_tags=more_tags
            )
        return self._destinations[way]

    def _by_arr_names(self, way: Way) -> tuple[str | None, str | None]:
        """Say what nobody looked up that *way* depends on, and why nothing can be requested so.

        It is the same for every title of a run, and kept by whoever asks first: the threads of the
        look-ahead too, of which two may find the same out.
        """
        if self._arr is None:
            return None, None
        if way not in self._reasons:
            asking, kind, four_k = way
            self._reasons[way] = (
                self._arr.open_reason(asking, kind, four_k=four_k),
                self._arr.hold_reason(asking, kind, four_k=four_k),
            )
        return self._reasons[way]

    def knows_allowance(self, user: str | None) -> bool:
        """Tell whether it is known what *user* may request."""
        return self._allowances.knows(user)

    def quota_words(self, user: str | None, kind: MediaType) -> str | None:
        """Say what is left of a quota."""
        return self._allowances.quota_words(user, kind)

    def cap_words(self, rules: ListRules) -> list[str]:
        """Say what caps hold for a list."""
        return self._caps.words(rules)

    @property
    def allowances_left(self) -> Mapping[str | None, Allowance]:
        """What each user may still request, as far as that is known."""
        return self._allowances.left

    @property
    def doubted(self) -> AbstractSet[MediaType]:
        """The kinds for which a request made with the names of Radarr or Sonarr failed."""
        return self._doubted


class RunLimits(Limits):
    """The same in a run, which makes them stricter only."""

    def learn_allowance(self, user: str | None, allowance: Allowance) -> None:
        """Note what the server says that *user* may request."""
        self._allowances.learn(user, allowance)

    def count(self, body: RequestBody, list_name: str | None) -> None:
        """Note a request; *list_name*: it is for a new title, on behalf of that list."""
        self._allowances.count(body)
        if list_name is not None:
            self._caps.count(list_name)

    def refuse(self, user: str | None, kind: MediaType, *, four_k: bool, why: str) -> None:
        """Note that the server takes no more in the name of *user*."""
        self._refused[user, kind, four_k] = why

    def doubt_arr_names(self, kind: MediaType) -> None:
        """Note that a request made with the names of Radarr or Sonarr failed."""
        self._doubted.add(kind)
