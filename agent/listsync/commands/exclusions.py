"""What is never requested, as far as that is known without asking the server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import product

from listsync.commands.lookups import remembered_of, taken_by_list
from listsync.domain.syncing import Exclusion, ListRules, Match, Member, Wish
from listsync.ports import Books
from listsync.sync.collecting import entry_id, wishes_of
from listsync.sync.exclusions import (
    Additions,
    Excluded,
    exclusion_of,
    keys_excluded,
    wishes_to_exclude,
)


class KnownExclusions:
    """The exclusions of the configuration, by command and of *lists*.

    `everywhere` are those that no list says; `unknown` names those of which nobody knows yet what
    titles they mean.
    """

    def __init__(
        self,
        books: Books,
        configured: Sequence[Exclusion],
        lists: Sequence[ListRules],
        now: datetime,
    ) -> None:
        self._books = books
        self._lists = lists
        exclusions = (*configured, *Additions(books.excluded).take())
        self.everywhere = Excluded(exclusions)
        self.unknown: list[str] = []
        for wish in wishes_to_exclude(exclusions):
            remembered = remembered_of(books, wish)
            if remembered.match is None or remembered.is_due(now):
                self.unknown.append(wish.label)
            self._exclude(self.everywhere, wish, remembered.match)
        read = {row.source for row in books.lists() if row.last_success}
        self.unknown += [f"list {one.name}" for one in lists if one.source not in read]

    def reason(self, wish: Wish, match: Match | None) -> str | None:
        """Say what excludes a title, if anything does."""
        if _holds(self.everywhere, wish, match):
            return "by `exclude`, in the configuration or by command"
        if self._lists and _holds(self._of_lists(wish, match), wish, match):
            names = ", ".join(one.name for one in self._lists)[:200]
            return f"{names} says not to request it"
        return None

    def _of_lists(self, wish: Wish, match: Match | None) -> Excluded:
        """Gather what lists exclude that has to do with a title."""
        key = match.key if match else None
        excluded = Excluded(())
        for rules, one in product(self._lists, wish.members):
            for entry in self._books.entries_alike([rules.source], one.entry, key):
                member = taken_by_list(self._books, Member(rules, entry, entry_id(entry)))
                if isinstance(member, Member):
                    (unwanted,) = wishes_of([member])
                    means = remembered_of(self._books, unwanted).match
                    excluded.add(exclusion_of(member.entry, means))
                    self._exclude(excluded, unwanted, means)
        return excluded

    @staticmethod
    def _exclude(excluded: Excluded, wish: Wish, match: Match | None) -> None:
        for key in keys_excluded(wish, match) if match else ():
            excluded.add(Exclusion(key=key))


def _holds(excluded: Excluded, wish: Wish, match: Match | None) -> bool:
    if match is not None and match.key is not None and excluded.holds_key(match.key):
        return True
    return excluded.holds_wish(wish, match) or excluded.holds_title(wish, match)
