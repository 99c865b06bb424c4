"""What is never requested, as far as that is known without asking the server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from listsync.commands.remembered_matches import remembered_of, taken_by_list
from listsync.domain.decisions import Match, Member, Wish
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, TitleKey
from listsync.ports.state import AgentState
from listsync.sync.deduplication import wishes_of
from listsync.sync.exclusions import (
    Additions,
    Excluded,
    ExclusionSet,
    exclusion_of,
    keys_excluded,
    wishes_to_exclude,
)
from listsync.text_cleaning import one_line


class KnownExclusions:
    """The exclusions of the configuration, by command and of *lists*.

    `everywhere` are those that no list says; `unknown` names those of which nobody knows yet what
    titles they mean.
    """

    def __init__(
        self,
        state: AgentState,
        configured: Sequence[Exclusion],
        lists: Sequence[ListRules],
        now: datetime,
    ) -> None:
        self._state = state
        self._lists = lists
        self._now = now
        exclusions = (*configured, *Additions(state.exclusions.all).take())
        self.everywhere = ExclusionSet(exclusions)
        self.unknown: list[str] = []
        for wish in wishes_to_exclude(exclusions):
            match = remembered_of(state, wish, now).match
            if match is None:
                self.unknown.append(wish.label)
            self._exclude(self.everywhere, wish, match)
        read = {row.source for row in state.lists.all() if row.last_success}
        self.unknown += [f"list {one.name}" for one in lists if one.source not in read]

    def reason(self, wish: Wish, match: Match | None) -> str | None:
        """Say what excludes a title, if anything does."""
        if _holds(self.everywhere, wish, match):
            return "by `exclude`, in the configuration or by command"
        if self._lists and _holds(self._of_lists(wish, match), wish, match):
            names = one_line(", ".join(one.name for one in self._lists))
            return f"{names} says not to request it"
        return None

    def _of_lists(self, wish: Wish, match: Match | None) -> Excluded:
        """Gather what lists exclude that has to do with a title."""
        key = match.key if match else None
        excluded = ExclusionSet(())
        found = [
            taken_by_list(self._state, Member(rules, entry, name))
            for rules in self._lists
            for name, entry in self._alike(rules.source, wish, key).items()
        ]
        # As a sync unites them: what they mean together is remembered, not what each does.
        for unwanted in wishes_of([one for one in found if isinstance(one, Member)]):
            means = remembered_of(self._state, unwanted, self._now).match
            for member in unwanted.members:
                excluded.add(exclusion_of(member.entry, means))
            self._exclude(excluded, unwanted, means)
        return excluded

    def _alike(self, source: str, wish: Wish, key: TitleKey | None) -> dict[str, ListEntry]:
        alike: dict[str, ListEntry] = {}
        for member in wish.members:
            alike |= self._state.entries.alike(source, member.entry, key)
        return alike

    @staticmethod
    def _exclude(excluded: ExclusionSet, wish: Wish, match: Match | None) -> None:
        for key in keys_excluded(wish, match) if match else ():
            excluded.add(Exclusion(key=key))


def _holds(excluded: Excluded, wish: Wish, match: Match | None) -> bool:
    if match is not None and match.key is not None and excluded.holds_key(match.key):
        return True
    return excluded.holds_wish(wish, match) or excluded.holds_title(wish, match)
