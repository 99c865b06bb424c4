"""What entries and wishes are taken for, as far as that is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from listsync.domain.decisions import Match, Member, Wish
from listsync.domain.history import Choice, Lookup
from listsync.ports.server import Catalogue
from listsync.ports.state import AgentState
from listsync.sync.deduplication import of_kind, takes
from listsync.sync.titles.lookups import lookups_of, title_lookup_of
from listsync.sync.titles.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was found for a wish, what a person said of it, and what the next sync takes it for.

    `match` is None where that looks for it: for the first time, or again.
    """

    found: Lookup | None
    choice: Choice | None
    match: Match | None


def remembered_of(state: AgentState, wish: Wish, now: datetime) -> Remembered:
    """Tell what *wish* is taken for, where that costs no call."""
    said = {name: state.titles.lookup(name) for name in lookups_of(wish)}
    known = {name: one.match for name, (one, _) in said.items() if one and not one.is_due(now)}
    choices = {name: choice for name, (_, choice) in said.items() if choice}
    known |= {name: one.match for name, one in choices.items() if not one.is_open}
    by_title = title_lookup_of(wish)
    elsewhere = None if by_title in said else state.titles.lookup(by_title)[1]
    if elsewhere is not None and elsewhere.key is not None:
        known[by_title] = elsewhere.match
    chosen = {name: one.imdb for name, one in choices.items() if one.is_open and one.imdb}
    # What is known without a call needs no server.
    resolver = Resolver(cast("Catalogue", None), known, chosen_ids=chosen)
    match, to_look_up = resolver.known(wish), resolver.chosen_id(wish)
    if to_look_up is not None:
        return Remembered(*said[to_look_up.lookup], match)
    # By the names of earlier versions only what still counts is of interest.
    by_name = [one for one in said.values() if any(one)] if match else [*said.values()][:1]
    found, choice = by_name[0] if by_name else (None, None)
    if match is not None and match is known.get(by_title):
        choice = choice or elsewhere
    return Remembered(found, choice, match)


def taken_by_list(state: AgentState, member: Member) -> Member | str:
    """Take a member as its list's rules let it, or say why they leave it out."""
    rules, taken = member.rules, of_kind(member)
    if taken is None:
        return f"{rules.name} takes no {member.entry.kind}"
    if rules.limit is not None:
        before = state.entries.kinds_before(rules.source, member.entry_id)
        if sum(count for kind, count in before.items() if takes(rules, kind)) >= rules.limit:
            return f"{rules.name} takes its first {rules.limit} titles only"
    return taken
