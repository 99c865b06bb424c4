"""For which of the lists that want a title it is requested, and how. Pure.

The lists of a title are asked in their order. The first whose rules let the title through gives
user, server, profile and so on; tags are those of all that let it through; of a series the seasons
that any of them wants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from listsync.domain.media import MediaType
from listsync.domain.server import (
    AS_SERVER_DECIDES,
    Asking,
    Destination,
    SeriesDetails,
    TitleFacts,
)
from listsync.domain.sync_records import ListRules, Member, Skip, SkipReason
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.limits import Caps
from listsync.sync.quotas import Allowances

Members = tuple[Member, ...]


class Eligibility:
    """What may keep a list from asking, but for its filters; grows stricter during a run.

    `trouble`: users in whose name nothing can be requested, with why. `allowances`: what users may
    request. `spent`: (user, kind, 4K) of whom the server has refused more, with why. `arr`: what
    Radarr and Sonarr call things, None: that is left out; `doubted`: the kinds for which a request
    made with that failed.
    """

    def __init__(
        self,
        caps: Caps | None = None,
        allowances: Allowances | None = None,
        arr: ArrDirectory | None = None,
    ) -> None:
        self.caps = caps or Caps()
        self.allowances = allowances or Allowances()
        self.arr = arr
        self.trouble: dict[str, str] = {}
        self.spent: dict[tuple[str | None, MediaType, bool], str] = {}
        self.doubted: set[MediaType] = set()

    def eligible(
        self, members: Members, kind: MediaType, *, four_k: bool
    ) -> tuple[Members, Skip | None]:
        """Keep the members whose list may ask; if none may, say why not."""

        def unnamed(rules: ListRules) -> str | None:
            way = (rules.asking, kind)
            return self.arr.open_reason(*way, four_k=four_k) if self.arr else None

        def nameless(rules: ListRules) -> str | None:
            way = (rules.asking, kind)
            return self.arr.hold_reason(*way, four_k=four_k) if self.arr else None

        def trouble(rules: ListRules) -> str | None:
            user = rules.asking.user
            return None if user is None else self.trouble.get(user)

        def allowance(rules: ListRules) -> str | None:
            user = rules.asking.user
            objection = self.allowances.objection(user, kind, four_k=four_k)
            return objection or self.spent.get((user, kind, four_k))

        steps = (
            (SkipReason.OPEN, unnamed),
            (SkipReason.HELD, nameless),
            (SkipReason.HELD, trouble),
            (SkipReason.HELD, allowance),
            (SkipReason.CAPPED, self.caps.objection),
        )
        own: list[tuple[Member, Skip]] = []
        for reason, objection in steps:
            said = [(member, objection(member.rules)) for member in members]
            own.extend((member, Skip(reason, why)) for member, why in said if why is not None)
            members = tuple(member for member, why in said if why is None)
            if not members:
                return (), own[-len(said)][1].apart(own)
        return members, None

    def too_many_seasons(self, members: Members, seasons: int, *, four_k: bool) -> str | None:
        """Say why the first of *members* may not ask for so many: the server takes all or none."""
        user = members[0].rules.asking.user
        return self.allowances.objection(user, MediaType.TV, four_k=four_k, count=seasons)

    def destination_of(self, members: Members, kind: MediaType, *, four_k: bool) -> Destination:
        """Say which Radarr or Sonarr a title is for, in the server's numbers."""
        first, united = members[0].rules.asking, asking_of(members)
        more = united.tags[len(first.tags) :]
        if self.arr is None:
            return AS_SERVER_DECIDES
        return self.arr.destination(first, kind, four_k=four_k, more_tags=more)


def kept(
    members: Members, objection: Callable[[ListRules], str | None], reason: SkipReason
) -> tuple[Members, Skip | None]:
    """Keep the members whose list has nothing against it; if none is left, say why."""
    said = [(member, objection(member.rules)) for member in members]
    left = tuple(member for member, why in said if why is None)
    return (left, None) if left else ((), Skip(reason, said[0][1] or ""))


def fitting(members: Members, facts: TitleFacts | None) -> tuple[Members, Skip | None]:
    """Keep the members through whose filters the title passes."""
    if facts is None or not any(member.rules.filters for member in members):
        return members, None
    known = facts
    return kept(members, lambda rules: rules.filters.objection(known), SkipReason.FILTERED)


def need_facts(members: Members) -> bool:
    return any(member.rules.filters for member in members)


def takes(members: Members, kind: MediaType) -> Members:
    """Keep the members whose list takes titles of *kind*."""
    if all(member.rules.kind is None for member in members):
        return members
    return tuple(member for member in members if member.rules.kind in (None, kind))


def watching(members: Members) -> Members:
    """Keep the members whose list wants the seasons that come later, too."""
    return tuple(member for member in members if member.rules.new_seasons)


def asking_of(members: Members) -> Asking:
    """Say how a title is requested."""
    first = members[0].rules.asking
    tags = tuple(dict.fromkeys(tag for member in members for tag in member.rules.asking.tags))
    return first if tags == first.tags else replace(first, tags=tags)


def seasons_of(member: Member, details: SeriesDetails) -> frozenset[int]:
    """Choose the seasons that a member wants."""
    named = member.named_seasons
    return member.rules.seasons.of(details) if named is None else named


def named_by_all(members: Sequence[Member]) -> frozenset[int]:
    """Unite the seasons that are named; empty where a member leaves it to the series."""
    named = [member.named_seasons for member in members]
    if any(numbers is None for numbers in named):
        return frozenset()
    return frozenset(number for numbers in named if numbers for number in numbers)
