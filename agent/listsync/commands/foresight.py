"""What the next sync would decide of one title, as far as that can be told without asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from listsync.commands.sources import Sources
from listsync.domain.books import Choice, EntryRow, Lookup, Standing
from listsync.domain.exclusions import parse_exclusion
from listsync.domain.lists import ListEntry
from listsync.domain.media import Definition, TitleKey
from listsync.domain.server import ABSENT, MediaStatus, TitleState
from listsync.domain.syncing import (
    ListRules,
    Match,
    Prepared,
    Request,
    Skip,
    SkipReason,
    Verdict,
    Wish,
)
from listsync.sync.deciding import Knowledge, decide
from listsync.sync.exclusions import Excluded, exclusion_of
from listsync.sync.reporting import verdict_of
from listsync.sync.resolving import lookup_of_entry
from listsync.sync.server_requests import RequestsSeen, clear_orphans

OPEN, NEW, EXCLUDED = "open", "new", Verdict.EXCLUDED.value
_GONE = (MediaStatus.UNKNOWN, MediaStatus.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One title as its lists want it, and all that is known of it."""

    wish: Wish
    rows: tuple[EntryRow, ...]
    found: Lookup | None
    choice: Choice | None
    match: Match | None
    standing: Standing | None


def foresee(sources: Sources, story: Story, followed: Mapping[str, ListRules]) -> tuple[str, str]:
    """Give a verdict as reports have them, or `open` or `new`, and the sentence that says why."""
    members = story.wish.members
    wanting = tuple(one for one in members if one.rules.source in followed)
    wanting = tuple(one for one in wanting if not one.rules.is_exclusion)
    if not wanting and any(one.rules.is_exclusion for one in members):
        return EXCLUDED, "only a list of what must not be requested holds it"
    if not wanting:
        return OPEN, "nothing: no list that is followed holds it any more"
    # The others may have brought ids, but they do not ask.
    return _of_wish(sources, story, replace(story.wish, members=wanting), followed)


def _of_wish(
    sources: Sources, story: Story, wish: Wish, followed: Mapping[str, ListRules]
) -> tuple[str, str]:
    match, facts = story.match, story.standing.facts if story.standing else None
    excluded, by = _excluded(sources, story, followed)
    if excluded.holds_wish(wish) or excluded.holds_title(wish, match):
        return EXCLUDED, by
    if match is None:
        return NEW, "not looked up yet: the next sync does"
    known = _knowledge(sources, story, excluded)
    if facts is None and known.needs_facts(wish, match):
        return OPEN, "the next sync looks up what the filters ask for, and then decides"
    decision = decide(Prepared(wish=wish, match=match, facts=facts), known)
    if isinstance(decision, Request):
        return OPEN, _requests_it(decision, wish)
    if decision.reason is SkipReason.SAME_RUN:
        # Without its seasons a series can only be decided so far.
        return OPEN, "the next sync looks at its seasons and requests those that are missing"
    verdict, words = verdict_of(decision)
    return verdict.value, by if decision == Skip(SkipReason.EXCLUDED) else words


def _requests_it(decision: Request, wish: Wish) -> str:
    members = decision.members or wish.members
    user = decision.body.asking.user
    how = f", as {user}" if user else ""
    four_k = ", in 4K" if decision.body.four_k else ""
    return f"the next sync requests it for {members[0].rules.name}{how}{four_k}"


def _knowledge(sources: Sources, story: Story, excluded: Excluded) -> Knowledge:
    """Gather what a sync would know; what held the last one will hold the next, too."""
    last = sources.recent.last
    standing, key = story.standing, story.match.key if story.match else None
    if standing is None or key is None:
        return Knowledge(index={}, handled=frozenset(), setbacks={}, excluded=excluded)
    index, seen = {key: _state_by_now(standing, key)}, RequestsSeen.of(standing.at_server)
    clear_orphans(index, seen.removed, standing.handled)
    return Knowledge(
        index=index,
        seen=seen,
        handled=standing.handled,
        entries=standing.entries,
        setbacks=dict(standing.setbacks),
        excluded=excluded,
        held=dict(last.held) if last else {},
    )


def _state_by_now(standing: Standing, key: TitleKey) -> TitleState:
    """Add to the index what was asked for since it was read."""
    state = standing.state or ABSENT
    if Definition(key, four_k=False) in standing.asked and state.status in _GONE:
        state = replace(state, status=MediaStatus.PENDING)
    if Definition(key, four_k=True) in standing.asked and state.status_4k in _GONE:
        state = replace(state, status_4k=MediaStatus.PENDING)
    return state


def _excluded(
    sources: Sources, story: Story, followed: Mapping[str, ListRules]
) -> tuple[Excluded, str]:
    """Gather what may exclude the title, and say by what it is excluded, if it is."""
    key = story.match.key if story.match else None
    said = [parse_exclusion(item) for item in sources.books.excluded()]
    lists = [one for one in followed.values() if one.is_exclusion]
    held: list[ListEntry] = []
    for member in story.wish.members if lists else ():
        held += sources.books.entries_alike([one.source for one in lists], member.entry, key)
    excluded = Excluded((*sources.exclusions(), *said))
    by = "excluded: by `exclude`, in the configuration or by command"
    for entry in held:
        exclusion = exclusion_of(entry)
        excluded.add(replace(exclusion, key=exclusion.key or _taken_for(sources, entry)))
        by = f"excluded: {', '.join(one.name for one in lists)[:200]} says not to request it"
    return excluded, by


def _taken_for(sources: Sources, entry: ListEntry) -> TitleKey | None:
    found, choice = sources.books.lookup(lookup_of_entry(entry) or "")
    return choice.key if choice else found.match.key if found else None
