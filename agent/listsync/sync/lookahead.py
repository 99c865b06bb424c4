"""Finds out what a decision needs: the match, and facts and seasons where they matter."""

from __future__ import annotations

import logging
from dataclasses import replace

from listsync.domain.allowance import UNLIMITED
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.domain.sync_records import Match, Prepared, Wish
from listsync.errors import AnswerChangedError, ListsyncError, RefusedError
from listsync.ports import FactsCache, RequestServer
from listsync.sync.decide import Knowledge
from listsync.sync.titles.lookups import Lookups
from listsync.sync.titles.resolve import Resolver, may_be_outage

logger = logging.getLogger(__name__)


class Preparer:
    """Prepares wishes, several at a time; `known` grows stricter meanwhile, never looser."""

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
        if not excludes(wish) and self._known.excluded.holds_wish(wish, match):
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

    def learn_allowance(self, user: str | None) -> None:
        """Find out what *user* may request; where the server does not say it, it will refuse.

        Raises:
            UnavailableError: the server does not answer.
        """
        try:
            allowance = self._server.allowance_of(user)
        except (RefusedError, AnswerChangedError) as error:
            logger.warning("what a user may request is not known: %s", error)
            allowance = UNLIMITED
        self._known.eligibility.allowances.learn(user, allowance)

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
        return not excludes(wish) and self._known.needs_facts(wish, match)

    def _needs_seasons(self, wish: Wish, match: Match, facts: TitleFacts | None) -> bool:
        return not excludes(wish) and self._known.needs_seasons(wish, match, facts)


def excludes(wish: Wish) -> bool:
    """Tell a wish that something is never requested."""
    return wish.members[0].rules.is_exclusion
