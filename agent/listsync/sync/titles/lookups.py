"""What the server answered while one title was looked up: each question is asked once.

When the server's own source fails, title searches and those for a bare TMDB number answer an empty
success, one by one or all of them. So an empty answer is asked again later: what was found stays
known meanwhile, and costs nothing. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from listsync.domain.media import TitleKey
from listsync.domain.server import Production, SearchPage, TitleFacts
from listsync.domain.sync_records import LookupAnswers, Question
from listsync.errors import UnavailableError
from listsync.ports import FactsCache, RequestServer

MOST_CALLS = 4
"""Calls that may lead to a title; asking for it is the fifth."""


@dataclass(slots=True)
class Budget:
    """Calls that may still be made for one title."""

    left: int = MOST_CALLS


class Lookups:
    """Asks for one wish; for one thread at a time.

    *before* is what was answered earlier; *known* remembers what is read of titles, for all.
    """

    def __init__(
        self,
        server: RequestServer,
        before: LookupAnswers | None = None,
        known: FactsCache | None = None,
    ) -> None:
        self._server = server
        self._known = known
        self._before = before or LookupAnswers()
        self._pages: dict[Question, SearchPage] = dict(self._before.pages)
        self._facts: dict[TitleKey, TitleFacts] = dict(self._before.facts)
        self._empty: set[Question] = set()

    @property
    def has_empty(self) -> bool:
        """Tell whether a search answered nothing that may have failed."""
        return bool(self._empty)

    @property
    def was_wrong(self) -> bool:
        """Tell whether something that was empty before is not so any more."""
        return any(question in self._pages for question in self._before.empty)

    @property
    def answers(self) -> LookupAnswers:
        """What was answered so far, to go on from."""
        return LookupAnswers(dict(self._pages), dict(self._facts), frozenset(self._empty))

    def search(self, title: str, *, year: int | None) -> SearchPage:
        question = ("search", title, year)
        return self._doubted(question, lambda: self._server.search(title, year=year))

    def find_by_bare_id(self, number: int) -> SearchPage:
        """Look up what may be a TMDB id; that it is none is no news, so it is not asked again."""
        question = ("tmdb", str(number), None)
        return self._once(question, lambda: self._server.find_by_tmdb(number))

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        question = ("tmdb", str(tmdb_id), None)
        return self._doubted(question, lambda: self._server.find_by_tmdb(tmdb_id))

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        question = ("imdb", imdb_id, None)
        return self._once(question, lambda: self._server.find_by_imdb(imdb_id))

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        question = ("tvdb", str(tvdb_id), None)
        return self._once(question, lambda: self._server.find_by_tvdb(tvdb_id))

    def facts(self, key: TitleKey, *, patient: bool = True) -> TitleFacts:
        """Read what the catalogue says of a title; not *patient*: by one call at most."""
        if key not in self._facts:
            self._facts[key] = self._read(key, patient=patient)
        return self._facts[key]

    def production(self, key: TitleKey) -> Production:
        """Read when and by whom a title was made, which is not remembered."""
        facts = self.facts(key)
        if facts.production is None:
            facts = self._facts[key] = self._server.facts(key)
        return facts.production or Production()

    def parts(self, collection: int) -> tuple[TitleKey, ...]:
        """Read the parts of a film series in order; none where that fails: it may be gone."""
        try:
            return self._server.parts(collection)
        except UnavailableError:
            return ()

    def _read(self, key: TitleKey, *, patient: bool) -> TitleFacts:
        known = self._known.get(key) if self._known is not None else None
        if known is not None and known.title:
            return known
        facts = self._server.facts(key, patient=patient)
        if self._known is not None:
            self._known.put(key, facts)
        return facts

    def _once(self, question: Question, ask: Callable[[], SearchPage]) -> SearchPage:
        if question not in self._pages:
            self._pages[question] = ask()
        return self._pages[question]

    def _doubted(self, question: Question, ask: Callable[[], SearchPage]) -> SearchPage:
        """Ask, but believe an answer only if it is not empty."""
        page = self._once(question, ask)
        if not page.candidates and not page.others:
            del self._pages[question]
            self._empty.add(question)
        return page
