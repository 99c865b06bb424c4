"""Finds out what a decision needs: the match, and facts and seasons where they matter."""

from __future__ import annotations

import logging
from dataclasses import replace

from listsync.domain.allowance import UNLIMITED
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.domain.syncing import Found, How, Match, Prepared, Wish
from listsync.errors import AnswerChangedError, ListsyncError, RefusedError
from listsync.ports import FactsCache, RequestServer
from listsync.sync.deciding import Knowledge
from listsync.sync.resolving import Resolver

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
        if not excludes(wish) and self._known.excluded.holds_wish(wish):
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
        """Look up what a decision needs; runs in a reader thread."""
        match = self._resolver.known(wish)
        prepared = Prepared(wish=wish, match=match)
        try:
            if match is None:
                match = self._match(wish)
                prepared = replace(prepared, match=match, is_fresh=True)
            if match.key is not None:
                prepared = self._with_details(prepared, match, match.key)
        except ListsyncError as error:
            return replace(prepared, error=error)
        return prepared

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
        self._known.doors.allowances.learn(user, allowance)

    def _match(self, wish: Wish) -> Match:
        """Look a title up; what excludes, and is found nowhere, twice: the search may have failed.

        The server answers a title search that failed like one that found nothing.
        """
        match = self._resolver.match(wish)
        if excludes(wish) and match.found is Found.NOT_FOUND and match.how is How.TITLE:
            match = self._resolver.match(wish)
        return match

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
    """Tell a wish that something is never asked for."""
    return wish.members[0].rules.is_exclusion
