"""What the next sync decides of titles, by the code of a sync and what is stored.

What can only be known by asking the server is not promised: it is said as a condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from listsync.commands.context import Sources
from listsync.commands.known_exclusions import KnownExclusions
from listsync.commands.remembered_matches import Remembered, remembered_of, taken_by_list
from listsync.domain.decisions import Match, Member, Prepared, Request, Skip, SkipReason, Wish
from listsync.domain.history import EntryRow, Standing
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Definition, TitleKey
from listsync.domain.report import Verdict
from listsync.domain.server import ABSENT, MediaStatus, TitleFacts, TitleState
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.decide import decide
from listsync.sync.deduplication import of_kind, wishes_of
from listsync.sync.eligibility import asking_members, needs_facts, needs_seasons
from listsync.sync.knowledge import Knowledge, Stored, knowledge_of, watched_of
from listsync.sync.list_backoff import put_off
from listsync.sync.report import verdict_of
from listsync.sync.server_requests import RequestsSeen, clear_orphans

OPEN, NEW = "open", "new"
_GONE = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_DAY = timedelta(hours=24)
_NOTHING = Stored()


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
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


class Foreseer:
    """Foresees a few titles, in the order in which a sync comes to them; asks no server."""

    def __init__(self, sources: Sources) -> None:
        self._state = sources.state
        self._now = datetime.now(UTC)
        lists = sources.configuration.in_force.following.lists
        self._followed = [one for one in lists if not one.is_exclusion]
        self._excluding = [one for one in lists if one.is_exclusion]
        self._learned = self._state.server.learned()
        self._terms = sources.terms()
        self._requested = self._state.requests.since(self._now - _DAY)
        self._exclusions = KnownExclusions(
            self._state, self._terms.exclusions, self._excluding, self._now
        )
        read = {row.source for row in self._state.lists.all() if row.last_success}
        self._unread = {one.source for one in self._followed} - read
        self._arr = ArrDirectory(self._state.server.arr_names(), is_tentative=True)
        self._asked: dict[Definition, frozenset[int]] = {}

    def members_of(self, row: EntryRow) -> list[Member]:
        """Make an entry a member of each list that follows its source; of none: of a stand-in."""
        lists = (*self._followed, *self._excluding)
        rules = [one for one in lists if one.source == row.row.source] or [_stand_in(row)]
        members = [Member(one, row.entry, row.entry_id) for one in rules]
        return [of_kind(one) or one for one in members]

    def followed(self, rules: ListRules) -> ListRules | None:
        """Give *rules* if a list that is followed has them."""
        return rules if rules in self._followed or rules in self._excluding else None

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

    def standing(self, match: Match | None) -> Standing | None:
        """Tell how the title of a match stands."""
        key = match.key if match else None
        return self._state.titles.standing(key, self._now) if key else None

    def foresee(self, wish: Wish) -> Foresight:
        """Foresee what becomes of a title that lists hold, or held."""
        followed = [one for one in wish.members if one.rules in self._followed]
        if not followed and any(one.rules.is_exclusion for one in wish.members):
            why = "only a list of what must not be requested holds it"
            return Foresight(verdict=Verdict.EXCLUDED.value, why=why)
        if not followed:
            why = "nothing: no list that is followed holds it any more"
            return Foresight(verdict=Verdict.SKIPPED.value, why=why)
        taken = [taken_by_list(self._state, one) for one in followed]
        wanting = [one for one in taken if isinstance(one, Member)]
        if not wanting:
            return Foresight(verdict=Verdict.SKIPPED.value, why=f"left out: {taken[0]}")
        # Others may have brought ids that unite these; they do not ask.
        said = [self._of_wish(one) for one in wishes_of(wanting)]
        return next((one for one in said if one.verdict == OPEN), said[0])

    def _of_wish(self, wish: Wish) -> Foresight:
        foresight = self._of_lookup(wish, self.remembered(wish))
        return replace(foresight, wish=wish)

    def _of_lookup(self, wish: Wish, remembered: Remembered) -> Foresight:
        match = remembered.match
        excluded_by = self._exclusions.reason(wish, match)
        if excluded_by is not None:
            return Foresight(verdict=Verdict.EXCLUDED.value, why=f"excluded: {excluded_by}")
        if match is None and remembered.choice is not None:
            why = f"you chose {remembered.choice.imdb}: the next sync looks it up"
            return Foresight(verdict=NEW, why=why)
        if match is None and remembered.found is not None:
            why = "nothing sure was found before: the next sync looks again"
            return Foresight(verdict=NEW, why=why)
        if match is None:
            return Foresight(verdict=NEW, why="not looked up yet: the next sync does")
        return self._of_match(wish, match, self.standing(match))

    def _of_match(self, wish: Wish, match: Match, standing: Standing | None) -> Foresight:
        known, key = self._knowledge(match.key, standing), match.key
        facts = standing.facts if standing else None
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
    ) -> Foresight:
        """Say who requests the title, and on what that depends."""
        rules = asking_members(wish, key, facts, known)[0].rules
        conditions = (*first, *self._conditions(wish, rules, key, known))
        if not conditions:
            self._asked[Definition(key, wish.four_k)] = frozenset()
        how = f", as {rules.asking.user}" if rules.asking.user else ""
        four_k = ", in 4K" if wish.four_k else ""
        why = f"the next sync requests it for {rules.name}{how}{four_k}"
        return Foresight(verdict=OPEN, why=why, conditions=conditions)

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
            yield f"if {user or 'server.act_as'} may: that is read when something is requested"
        left = known.limits.quota_words(user, key.kind)
        if left is not None:
            yield f"while the {left}"
        yield from (f"as far as {words}" for words in known.limits.cap_words(rules))
        unread = self._unread - {one.rules.source for one in wish.members}
        for name in [one.name for one in self._followed if one.source in unread][:1]:
            yield f"unless {name} says otherwise of it: that list was not read yet"
        for label in self._exclusions.unknown[:1]:
            more = len(self._exclusions.unknown) - 1
            others = f" (and {more} more)" if more else ""
            yield f"unless the exclusion {label}{others} means it: that is not looked up yet"

    def _knowledge(self, key: TitleKey | None, standing: Standing | None) -> Knowledge:
        """Put together what a sync would know of one title."""
        stored = _NOTHING
        if standing is not None and key is not None:
            index = {key: _state_by_now(standing, key)} if standing.state else {}
            seen = RequestsSeen.of(standing.at_server)
            clear_orphans(index, seen.removed, standing.handled.definitions)
            stored = Stored(
                index=index,
                seen=seen,
                handled=standing.handled,
                setbacks=put_off(standing.failed, self._now),
                watched=watched_of(standing.watched, self._followed, standing.handled),
                requested=self._requested,
            )
        excluded, today = self._exclusions.everywhere, self._now.date()
        stored = replace(stored, asked=self._asked)
        return knowledge_of(
            stored, self._learned, excluded, today, cap=self._terms.cap, arr=self._arr
        )


def _stand_in(row: EntryRow) -> ListRules:
    """Stand in for the rules of a list that is not followed any more."""
    return ListRules(source=row.row.source, name=row.row.name, service=row.row.service)


def _seasons_words(wish: Wish) -> str:
    if wish.seasons:
        numbers = ", ".join(map(str, sorted(wish.seasons)))
        return f"if it has season {numbers} and the server does not"
    return "if it has seasons that the server lacks"


def _of_skip(skip: Skip) -> Foresight:
    if skip.reason is SkipReason.SAME_RUN:
        return Foresight(verdict=Verdict.ALREADY.value, why="requested for another list")
    if skip.reason is SkipReason.OPEN:
        return Foresight(verdict=NEW, why=f"{skip.detail}: the next sync does")
    verdict, words = verdict_of(skip)
    if skip.reason is SkipReason.HELD:
        words = f"{words} (as the last sync found)"
    return Foresight(verdict=verdict.value, why=words)


def _state_by_now(standing: Standing, key: TitleKey) -> TitleState:
    """Add to the index what was requested since it was read."""
    state = standing.state or ABSENT
    if Definition(key, four_k=False) in standing.asked and state.status in _GONE:
        state = replace(state, status=MediaStatus.PENDING)
    if Definition(key, four_k=True) in standing.asked and state.status_4k in _GONE:
        state = replace(state, status_4k=MediaStatus.PENDING)
    return state
