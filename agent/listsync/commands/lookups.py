"""What entries and wishes are taken for, as far as that is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from listsync.domain.books import Choice, Lookup
from listsync.domain.syncing import Match, Member, Wish
from listsync.ports import Books, RequestServer
from listsync.sync.collecting import of_kind
from listsync.sync.lookup_names import lookups_of
from listsync.sync.resolving import Resolver


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was found for a wish, what a person said of it, and what it is taken for by that."""

    found: Lookup | None
    choice: Choice | None
    match: Match | None

    def is_due(self, now: datetime) -> bool:
        """Tell whether the next sync looks again for what was not found."""
        if self.found is None or self.choice is not None or self.found.match.key is not None:
            return False
        return self.found.again_at is not None and self.found.again_at <= now


def remembered_of(books: Books, wish: Wish) -> Remembered:
    """Tell what *wish* is taken for, where that costs no call."""
    # What is known without a call needs no server.
    nobody = cast("RequestServer", None)
    for name in lookups_of(wish):
        found, choice = books.lookup(name)
        known = choice.match if choice else found.match if found else None
        match = Resolver(nobody, {name: known} if known else {}).known(wish)
        if match is not None:
            return Remembered(found, choice, match)
    return Remembered(None, None, Resolver(nobody, {}).known(wish))


def taken_by_list(books: Books, member: Member) -> Member | str:
    """Take a member as its list's rules let it, or say why they leave it out."""
    rules, taken = member.rules, of_kind(member)
    if taken is None:
        return f"{rules.name} takes no {member.entry.kind}"
    if rules.limit is not None:
        before = books.entries_before(rules.source, member.entry_id, rules.kind)
        if before >= rules.limit:
            return f"{rules.name} takes its first {rules.limit} titles only"
    return taken
