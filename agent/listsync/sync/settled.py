"""What was handled before and is still at the server, settled without a decision of its own.

After years nearly every entry is such. It is there or requested, so nothing that this run does
can change what becomes of it; the order of lists and what they want together do not matter to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from listsync.domain.media import Definition, MediaType
from listsync.sync.deduplication import Group, wish_of
from listsync.sync.eligibility import stands_well
from listsync.sync.knowledge import Knowledge
from listsync.sync.seasons import is_open
from listsync.sync.titles.resolve import Resolver


@dataclass(slots=True)
class Settled:
    """What needs no more, counted in titles and in entries by list name; `open` needs more."""

    open: list[Group] = field(default_factory=list)
    titles: int = 0
    entries: Counter[str] = field(default_factory=Counter)


class Settler:
    """Knows what needs no decision. To be asked when all exclusions are known."""

    def __init__(self, known: Knowledge, resolver: Resolver) -> None:
        self._known = known
        self._resolver = resolver

    def settle(self, groups: Iterable[Group]) -> Settled:
        """Tell what is settled from what is open, which keeps its order."""
        settled = Settled()
        for group in groups:
            if self._is_settled(group):
                settled.titles += 1
                for member in group:
                    settled.entries[member.rules.name] += 1
            else:
                settled.open.append(group)
        return settled

    def _is_settled(self, group: Group) -> bool:
        title = self._known.handled.title_of(group[0])
        if title is None or not stands_well(title, self._known):
            return False
        is_series = title.key.kind is MediaType.TV
        for member in group:
            if member.rules.kind not in (None, title.key.kind):
                return False
            if self._known.handled.title_of(member) != title:
                return False
            if is_series and is_open(member, title, self._known.handled):
                return False
        return self._still_means(group, title)

    def _still_means(self, group: Group, title: Definition) -> bool:
        """Tell whether *group* would be taken for *title* today, too, and is not excluded."""
        excluded = self._known.excluded
        if len(group) == 1 and not excluded:
            return self._resolver.title_of(group[0].entry) == title.key
        wish = wish_of(group)
        match = self._resolver.known(wish)
        if match is None or match.key != title.key:
            return False
        return not (excluded.holds_wish(wish, match) or excluded.holds_title(wish, match))
