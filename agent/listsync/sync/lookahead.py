"""The look-ahead: what a decision needs is found out before its turn, by a few reader threads.

That is the match, and facts and seasons where they matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from listsync.domain.decisions import Match, Prepared, Request, Wish
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.errors import ListsyncError
from listsync.ports.server import RequestServer
from listsync.ports.titles import FactsCache
from listsync.prefetch import Overlap
from listsync.sync.decide import decide
from listsync.sync.eligibility import needs_facts, needs_seasons
from listsync.sync.knowledge import Knowledge
from listsync.sync.titles.lookups import Lookups
from listsync.sync.titles.resolve import Resolver, may_be_outage

READS_AT_ONCE = 4


class Preparer:
    """Prepares wishes. Any thread may use it; what is known grows stricter meanwhile."""

    def __init__(
        self, server: RequestServer, resolver: Resolver, facts: FactsCache, known: Knowledge
    ) -> None:
        self._server = server
        self._resolver = resolver
        self._facts = facts
        self._known = known

    def quick(self, wish: Wish) -> Prepared | None:
        """Prepare a wish without any call, if it can be."""
        match = self._resolver.known(wish)
        if not excludes(wish) and self._known.excluded.by_ids(wish, match):
            return Prepared(wish=wish, match=match)
        if match is None:
            return None
        facts = None
        if match.key is not None and self._needs_facts(wish, match):
            facts = self._facts.get(match.key)
            if facts is None:
                return None
        if self._needs_seasons(wish, match, facts):
            return None
        is_news = self._resolver.is_news(wish)
        return Prepared(wish=wish, match=match, facts=facts, is_fresh=is_news)

    def prepare(self, wish: Wish) -> Prepared:
        """Look up what a decision needs; runs in a reader thread.

        Where that must be asked again first (`Prepared.answers`), it goes no further.
        """
        match = self._resolver.known(wish)
        prepared = Prepared(wish=wish, match=match)
        try:
            if match is None:
                prepared = self._looked_up(wish, Lookups(self._server, known=self._facts))
            return prepared if prepared.answers is not None else self._whole(prepared)
        except ListsyncError as error:
            return replace(prepared, error=error)

    def prepare_again(self, doubtful: Prepared) -> Prepared:
        """Ask once more what answered nothing; runs in a reader thread.

        What answers nothing again is in `Prepared.answers` of a match that rests on it.
        """
        prepared = Prepared(wish=doubtful.wish, match=None)
        try:
            lookups = Lookups(self._server, doubtful.answers, self._facts)
            prepared = self._looked_up(doubtful.wish, lookups)
            return self._whole(prepared)
        except ListsyncError as error:
            return replace(prepared, error=error)

    def _looked_up(self, wish: Wish, lookups: Lookups) -> Prepared:
        match = self._resolver.match(wish, lookups)
        return Prepared(
            wish=wish,
            match=match,
            is_fresh=True,
            answers=lookups.answers if may_be_outage(match, lookups) else None,
            was_wrong=lookups.was_wrong,
        )

    def _whole(self, prepared: Prepared) -> Prepared:
        match = prepared.match
        if match is None or match.key is None:
            return prepared
        return self._with_details(prepared, match, match.key)

    def _with_details(self, prepared: Prepared, match: Match, key: TitleKey) -> Prepared:
        """Read what filters and seasons need; of a series one answer tells both."""
        wish, facts = prepared.wish, None
        if self._needs_facts(wish, match):
            facts = self._facts.get(key)
            if facts is None and key.kind is MediaType.MOVIE:
                facts = self._server.facts(key)
                self._facts.put(key, facts)
        if not self._needs_seasons(wish, match, facts):
            return replace(prepared, facts=facts)
        details = self._server.series(key.tmdb_id)
        if details.facts is not None:
            self._facts.put(key, details.facts)
        return replace(prepared, details=details, facts=facts or details.facts)

    def _needs_facts(self, wish: Wish, match: Match) -> bool:
        return not excludes(wish) and needs_facts(wish, match, self._known)

    def _needs_seasons(self, wish: Wish, match: Match, facts: TitleFacts | None) -> bool:
        return not excludes(wish) and needs_seasons(wish, match, facts, self._known)


class LookAhead:
    """The window between reading and requesting: wishes in order, prepared before their turn.

    Used by the run's thread, beside which the readers work.
    """

    def __init__(self, preparer: Preparer, known: Knowledge) -> None:
        self._preparer = preparer
        self._known = known
        self._ahead: Overlap[Wish, Prepared] = Overlap(preparer.prepare, workers=READS_AT_ONCE)

    def prepared(self, wishes: Iterable[Wish], check: Callable[[], None]) -> Iterator[Prepared]:
        """Yield each wish when it is prepared; *check* as in `Overlap.map`."""
        return self._ahead.map(wishes, self._preparer.quick, check)

    def prepared_again(
        self, doubtful: Iterable[Prepared], check: Callable[[], None]
    ) -> Iterator[Prepared]:
        """Yield what rests on searches that answered nothing, looked up once more."""
        again = Overlap(self._preparer.prepare_again, workers=READS_AT_ONCE)
        return again.map(doubtful, _never_quick, check)

    def prepare_now(self, wish: Wish) -> Prepared:
        """Prepare a wish out of its turn, to the end."""
        prepared = self._preparer.quick(wish) or self._preparer.prepare(wish)
        return prepared if prepared.answers is None else self._preparer.prepare_again(prepared)

    def coming(self, most: int) -> Iterator[tuple[Prepared, Request]]:
        """Yield what will be requested next, as far as can be told by now, of *most* wishes."""
        for prepared in self._ahead.ready(most):
            decision = decide(prepared, self._known) if prepared.error is None else None
            if isinstance(decision, Request):
                yield prepared, decision


def _never_quick(_: Prepared) -> None:
    """Leave it to the readers: each needs a call."""


def excludes(wish: Wish) -> bool:
    """Tell a wish that something is never requested."""
    return wish.members[0].rules.is_exclusion
