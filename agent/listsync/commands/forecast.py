"""What the next sync decides of titles, by the code of a sync and what is stored.

What can only be known by asking the server is not promised: it is said as a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from listsync.commands.context import CommandContext
from listsync.domain.decisions import Match, Member, Prepared, Request, Skip, SkipReason, Wish
from listsync.domain.history import Choice, EntryRow, Lookup, TitleOverview
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import Edition, Exclusion, TitleKey
from listsync.domain.report import Verdict
from listsync.domain.server import ABSENT, MediaStatus, TitleFacts, TitleState
from listsync.lean_dataclasses import dataclass
from listsync.ports.server import Catalogue
from listsync.ports.state import AgentState
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.decide import decide
from listsync.sync.deduplication import of_kind, takes, wishes_of
from listsync.sync.eligibility import asking_members, needs_facts, needs_seasons
from listsync.sync.exclusions import (
    Additions,
    Excluded,
    ExclusionSet,
    exclusion_of,
    keys_excluded,
    said_by,
    wishes_to_exclude,
)
from listsync.sync.knowledge import Knowledge, Stored, knowledge_of, watched_of
from listsync.sync.list_backoff import put_off
from listsync.sync.report import verdict_of
from listsync.sync.request_outcomes import RequestsSeen, clear_orphans
from listsync.sync.titles.lookups import lookups_of, title_lookup_of
from listsync.sync.titles.resolve import Resolver
from listsync.text_cleaning import one_line


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
    looked_up = {name: state.titles.lookup(name) for name in lookups_of(wish)}
    known = {
        name: one.match for name, (one, _) in looked_up.items() if one and not one.is_due(now)
    }
    choices = {name: choice for name, (_, choice) in looked_up.items() if choice}
    known |= {name: one.match for name, one in choices.items() if not one.is_open}
    by_title = title_lookup_of(wish)
    elsewhere = None if by_title in looked_up else state.titles.lookup(by_title)[1]
    if elsewhere is not None and elsewhere.key is not None:
        known[by_title] = elsewhere.match
    chosen = {name: one.imdb for name, one in choices.items() if one.is_open and one.imdb}
    # What is known without a call needs no server.
    resolver = Resolver(cast("Catalogue", None), known, chosen_ids=chosen)
    match, to_look_up = resolver.known(wish), resolver.chosen_id(wish)
    if to_look_up is not None:
        return Remembered(*looked_up[to_look_up.lookup], match)
    # By the names of earlier versions only what still counts is of interest.
    by_name = (
        [one for one in looked_up.values() if any(one)] if match else [*looked_up.values()][:1]
    )
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


class KnownExclusions:
    """The exclusions of the configuration, by command and of *lists*.

    *read* are the sources that were read once. `everywhere` are the exclusions that no list says;
    `unknown` names those of which nobody knows yet what titles they mean.
    """

    def __init__(
        self,
        state: AgentState,
        configured: Sequence[Exclusion],
        lists: Sequence[ListRules],
        read: AbstractSet[str],
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
        self.unknown += [f"list {one.name}" for one in lists if one.source not in read]

    def reason(self, wish: Wish, match: Match | None) -> str | None:
        """Say what excludes a title, if anything does."""
        by = _excluded_by(self.everywhere, wish, match)
        if by is None and self._lists:
            by = _excluded_by(self._of_lists(wish, match), wish, match)
        return one_line(by) if by is not None else None

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
                excluded.add(exclusion_of(member, means))
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
            excluded.add(Exclusion(key=key, by=said_by(wish.members[0])))


def _excluded_by(excluded: Excluded, wish: Wish, match: Match | None) -> str | None:
    by_key = excluded.by_key(match.key) if match is not None and match.key is not None else None
    return by_key or excluded.by_names(wish, match)


OPEN, NEW = "open", "new"
_GONE = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_DAY = timedelta(hours=24)
_NOTHING = Stored()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A verdict as reports have them, or `open` or `new`, and why.

    Open without `conditions`: the next sync requests the title. With them it may. `wish` is what a
    sync makes of the entries whose lists let them through, and decides about; None: of none.
    """

    verdict: str
    why: str
    conditions: tuple[str, ...] = ()
    wish: Wish | None = None

    @property
    def words(self) -> str:
        return ", ".join((self.why, *self.conditions))


class Forecaster:
    """Forecasts a few titles, in the order in which a sync comes to them; asks no server."""

    def __init__(self, context: CommandContext) -> None:
        self._state = context.state
        self._now = datetime.now(UTC)
        lists = context.configuration.current.snapshot.enabled
        self._followed = [one for one in lists if not one.is_exclusion]
        self._excluding = [one for one in lists if one.is_exclusion]
        self._learned = self._state.server.learned()
        self._terms = context.global_rules()
        self._requested = self._state.requests.since(self._now - _DAY)
        read = {row.source for row in self._state.lists.all() if row.last_success}
        self._exclusions = KnownExclusions(
            self._state, self._terms.exclusions, self._excluding, read, self._now
        )
        self._unread = {one.source for one in self._followed} - read
        self._arr = ArrDirectory(self._state.server.arr_names(), is_tentative=True)
        self._requested_seasons: dict[Edition, frozenset[int]] = {}

    def members_of(self, row: EntryRow) -> list[Member]:
        """Make an entry a member of each list that follows its source; of none: of a stand-in."""
        lists = (*self._followed, *self._excluding)
        rules = [one for one in lists if one.source == row.row.source] or [_stand_in(row)]
        members = [Member(one, row.entry, row.entry_id) for one in rules]
        return [of_kind(one) or one for one in members]

    def followed(self, rules: ListRules) -> ListRules | None:
        """Give *rules* if a list that is followed has them."""
        return rules if rules in self._followed or rules in self._excluding else None

    def is_followed(self, wish: Wish) -> bool:
        """Tell whether a list that is followed wants it."""
        return any(one.rules in self._followed for one in wish.members)

    def keys_of(self, row: EntryRow) -> set[TitleKey]:
        """Tell what an entry alone is taken for, by each of its lists."""
        wishes = [wish for one in self.members_of(row) for wish in wishes_of([one])]
        matches = [self.remembered(wish).match for wish in wishes]
        return {one.key for one in matches if one and one.key}

    def in_order(self, members: Sequence[Member]) -> list[Member]:
        """Sort *members* as a sync does: by their lists' places, then by their ranks."""
        places = {one: number for number, one in enumerate((*self._followed, *self._excluding))}
        return sorted(
            members, key=lambda one: (places.get(one.rules, len(places)), one.entry.rank)
        )

    def remembered(self, wish: Wish) -> Remembered:
        """Tell what *wish* is taken for."""
        return remembered_of(self._state, wish, self._now)

    def overview(self, match: Match | None) -> TitleOverview | None:
        """Tell how the title of a match stands."""
        key = match.key if match else None
        return self._state.titles.overview(key, self._now) if key else None

    def forecast(self, wish: Wish) -> Forecast:
        """Forecast what becomes of a title that lists hold, or held."""
        followed = [one for one in wish.members if one.rules in self._followed]
        if not followed and any(one.rules.is_exclusion for one in wish.members):
            why = "only a list of what must not be requested holds it"
            return Forecast(verdict=Verdict.EXCLUDED.value, why=why)
        if not followed:
            why = "nothing: no list that is followed holds it any more"
            return Forecast(verdict=Verdict.SKIPPED.value, why=why)
        taken = [taken_by_list(self._state, one) for one in followed]
        wanting = [one for one in taken if isinstance(one, Member)]
        if not wanting:
            return Forecast(verdict=Verdict.SKIPPED.value, why=f"left out: {taken[0]}")
        # Others may have brought ids that unite these; they do not ask.
        verdicts = [self._of_wish(one) for one in wishes_of(wanting)]
        return next((one for one in verdicts if one.verdict == OPEN), verdicts[0])

    def _of_wish(self, wish: Wish) -> Forecast:
        forecast = self._of_lookup(wish, self.remembered(wish))
        return replace(forecast, wish=wish)

    def _of_lookup(self, wish: Wish, remembered: Remembered) -> Forecast:
        match = remembered.match
        excluded_by = self._exclusions.reason(wish, match)
        if excluded_by is not None:
            return Forecast(verdict=Verdict.EXCLUDED.value, why=f"excluded: {excluded_by}")
        if not self._terms.has_server:
            why = "nothing is requested, as there is no request server"
            return Forecast(verdict=Verdict.SKIPPED.value, why=why)
        if match is None and remembered.choice is not None:
            why = f"you chose {remembered.choice.imdb}: the next sync looks it up"
            return Forecast(verdict=NEW, why=why)
        if match is None and remembered.found is not None:
            why = "nothing sure was found before: the next sync looks again"
            return Forecast(verdict=NEW, why=why)
        if match is None:
            return Forecast(verdict=NEW, why="not looked up yet: the next sync does")
        return self._of_match(wish, match, self.overview(match))

    def _of_match(self, wish: Wish, match: Match, overview: TitleOverview | None) -> Forecast:
        known, key = self._knowledge(match.key, overview), match.key
        facts = overview.facts if overview else None
        if key is not None and facts is None and needs_facts(wish, match, known):
            return self._open(wish, key, known, None, "if its filters let the title through")
        if key is not None and needs_seasons(wish, match, facts, known):
            return self._open(wish, key, known, facts, _seasons_words(wish))
        decision = decide(Prepared(wish=wish, match=match, facts=facts), known)
        if isinstance(decision, Request):
            return self._open(wish, decision.body.key, known, facts)
        return _of_skip(decision)

    def _open(
        self, wish: Wish, key: TitleKey, known: Knowledge, facts: TitleFacts | None, *first: str
    ) -> Forecast:
        """Say who requests the title, and on what that depends."""
        rules = asking_members(wish, key, facts, known)[0].rules
        conditions = (*first, *self._conditions(wish, rules, key, known))
        if not conditions:
            self._requested_seasons[Edition(key, wish.four_k)] = frozenset()
        how = f", as {rules.asking.user}" if rules.asking.user else ""
        four_k = ", in 4K" if wish.four_k else ""
        why = f"the next sync requests it for {rules.name}{how}{four_k}"
        return Forecast(verdict=OPEN, why=why, conditions=conditions)

    def _conditions(
        self, wish: Wish, rules: ListRules, key: TitleKey, known: Knowledge
    ) -> Iterator[str]:
        """Yield what else must be so, which is not known before the sync."""
        if not known.index:
            yield "if the server does not have it"
        user = rules.asking.user
        if not known.limits.knows_allowance(user) and not (
            user is None and self._terms.owner_asks
        ):
            yield f"if {user or 'server.request_as'} may: that is read when something is requested"
        left = known.limits.quota_words(user, key.kind)
        if left is not None:
            yield f"while the {left}"
        yield from (f"as far as {words}" for words in known.limits.cap_words(rules))
        unread = self._unread - {one.rules.source for one in wish.members}
        if unknown := [one.name for one in self._followed if one.source in unread]:
            name, others = unknown[0], _and_others(len(unknown) - 1)
            yield f"unless {name}{others} says otherwise of it: that list was not read yet"
        for label in self._exclusions.unknown[:1]:
            others = _and_others(len(self._exclusions.unknown) - 1)
            yield f"unless the exclusion {label}{others} means it: that is not looked up yet"

    def _knowledge(self, key: TitleKey | None, overview: TitleOverview | None) -> Knowledge:
        """Put together what a sync would know of one title."""
        stored = _NOTHING
        if overview is not None and key is not None:
            index = {key: _state_by_now(overview, key)} if overview.state else {}
            seen = RequestsSeen.of(overview.at_server)
            clear_orphans(index, seen.removed, overview.handled.editions)
            stored = Stored(
                index=index,
                seen=seen,
                handled=overview.handled,
                setbacks=put_off(overview.failed, self._now),
                watched=watched_of(overview.watched, self._followed, overview.handled),
                requested=self._requested,
            )
        excluded, today = self._exclusions.everywhere, self._now.date()
        stored = replace(stored, requested_seasons=self._requested_seasons)
        return knowledge_of(
            stored, self._learned, excluded, today, cap=self._terms.cap, arr=self._arr
        )


def _stand_in(row: EntryRow) -> ListRules:
    """Stand in for the rules of a list that is not followed any more."""
    return ListRules(source=row.row.source, name=row.row.name, service=row.row.service)


def _and_others(more: int) -> str:
    return f" (and {more} more)" if more else ""


def _seasons_words(wish: Wish) -> str:
    if wish.seasons:
        numbers = ", ".join(map(str, sorted(wish.seasons)))
        return f"if it has season {numbers} and the server does not"
    return "if it has seasons that the server lacks"


def _of_skip(skip: Skip) -> Forecast:
    if skip.reason is SkipReason.SAME_RUN:
        return Forecast(verdict=Verdict.ALREADY.value, why="requested for another list")
    if skip.reason is SkipReason.OPEN:
        return Forecast(verdict=NEW, why=f"{skip.detail}: the next sync does")
    verdict, words = verdict_of(skip)
    if skip.reason is SkipReason.ON_HOLD:
        words = f"{words} (as the last sync found)"
    return Forecast(verdict=verdict.value, why=words)


def _state_by_now(overview: TitleOverview, key: TitleKey) -> TitleState:
    """Add to the index what was requested since it was read."""
    state = overview.state or ABSENT
    if Edition(key, four_k=False) in overview.requested_since and state.status in _GONE:
        state = replace(state, status=MediaStatus.PENDING)
    if Edition(key, four_k=True) in overview.requested_since and state.status_4k in _GONE:
        state = replace(state, status_4k=MediaStatus.PENDING)
    return state
