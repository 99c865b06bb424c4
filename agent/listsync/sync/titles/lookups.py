"""What is searched for, by what name it is remembered, and what the server answered.

When the server's own source fails, title searches and those for a bare TMDB number answer an empty
success, one by one or all of them. So an empty answer is asked again later: what was found stays
known meanwhile, and costs nothing. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import field, replace

from listsync.domain.decisions import LookupResponses, SearchKey, Wish
from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType, TitleKey, lookup_of_imdb
from listsync.domain.server import Candidate, Production, SearchPage, TitleFacts
from listsync.errors import UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.server import Catalogue
from listsync.ports.titles import FactsCache
from listsync.sync.deduplication import entry_id
from listsync.sync.titles.evidence import Sought, sought
from listsync.sync.titles.title_folding import fold, main_title, maker_and_title, series_and_part
from listsync.sync.titles.title_variants import article_in_front

Query = tuple[str, int | None]
"""A title, and the year that the results must be of."""

_COUNTRY = re.compile(r"\s\(?(?:US|USA|UK|AU|NZ)\)?$")
_AND = re.compile(r"\s*[&+]\s*")
_SYMBOLS = re.compile(r"[^\w\s'\u2019.:-]+")


@dataclass(slots=True)
class Offered:
    """What the searches for one title have offered so far.

    `is_complete`: none had further pages. `was_wide`: one looked at all years, and worked.
    """

    candidates: dict[TitleKey, Candidate] = field(default_factory=dict)
    is_complete: bool = True
    was_wide: bool = False
    _was_narrow: bool = False

    @property
    def is_all(self) -> bool:
        """Tell whether no title of that year and name can have been missed."""
        return self.was_wide and (self.is_complete or self._was_narrow)

    def add(self, page: SearchPage, year: int | None) -> None:
        self.candidates.update((candidate.key, candidate) for candidate in page.candidates)
        self.is_complete = self.is_complete and page.pages <= 1
        # What the narrow search has, the wide one has too, if it has not failed.
        has_failed = bool(self.candidates) and not page.candidates
        self.was_wide = self.was_wide or (year is None and not has_failed)
        self._was_narrow = self._was_narrow or year is not None


def queries(wanted: Sought) -> list[Query]:
    """Give the queries for *wanted*, the most promising first.

    Narrow, by title and year; wide, by title alone, which also shows whether another could be
    meant; then by the other names, each of which only matters if it folds to something new.
    """
    first, *further = (article_in_front(title) for title in (wanted.name, *wanted.titles[1:]))
    begun = _first_queries(wanted, first)
    seen = {fold(title) for title, _ in begun}
    others: list[Query] = []
    for name in (
        *further,
        wanted.shortened,
        wanted.name_in_country,
        main_title(first),
        _plain(first),
    ):
        if name and fold(name) and fold(name) not in seen:
            seen.add(fold(name))
            others.append((name, wanted.year))
    return [*begun, *others]


def _first_queries(wanted: Sought, name: str) -> Sequence[Query]:
    """Put in between what the details of a title can settle, so that calls are left to read them.

    Of `X's Title`, whether another title has that very name must be known as well.
    """
    narrow, wide = (name, wanted.year), (name, None)
    if wanted.year is None:
        return [wide]
    made = maker_and_title(name) if wanted.kind is not None else None
    if made is not None:
        return [wide, (made[1], wanted.year), narrow]
    part = series_and_part(name) if wanted.kind is MediaType.MOVIE else None
    return [narrow, *([(part[0], wanted.year)] if part else []), wide]


def _plain(title: str) -> str:
    """Leave a country behind *title* out, and all that is no word."""
    bare = _COUNTRY.sub("", title) if title != title.upper() else title
    return " ".join(_SYMBOLS.sub(" ", _AND.sub(" and ", bare)).split())


def lookup_of(wish: Wish) -> str | None:
    """Name what must be looked up for *wish*; None when it names its title itself."""
    first = wish.members[0].entry
    if first.doubt:
        return _lookup_of_doubt(first)
    if wish.conflict:
        return f"conflict:{'|'.join(sorted(_ids_of_members(wish)))}"
    return lookup_of_entry(wish)


def lookup_of_entry(one: ListEntry | Wish) -> str | None:
    """Name what must be looked up for an entry alone, as `lookup_of` does."""
    if isinstance(one, ListEntry) and one.doubt:
        return _lookup_of_doubt(one)
    if one.check_ids:
        ids = "+".join(str(number or "") for number in one.ids)
        return f"checked:{fold(one.title or '')}|{one.year or ''}|{one.kind or ''}|{ids}"
    return _lookup_by_ids(one) if one.ids else _lookup_by_title(one)


def _lookup_by_ids(one: ListEntry | Wish) -> str | None:
    ids, kind = one.ids, one.kind
    if ids.tmdb is not None and kind is not None:
        return None
    if ids.imdb:
        return lookup_of_imdb(ids.imdb, kind)
    if series_id(one) is not None:
        return f"tvdb:{ids.tvdb}"
    if ids.tmdb is not None:
        return f"tmdb:{ids.tmdb}|{fold(one.title or '')}|{one.year or ''}"
    return _lookup_by_title(one)


def _lookup_by_title(one: ListEntry | Wish) -> str:
    """Name a title; not by a bare id as well: that may be the list's own number, and change."""
    evidence = "title" if one.bare_id is None else "title+id"
    return f"{evidence}:{_title_and_year(one)}|{one.kind or ''}"


def lookups_of(wish: Wish) -> tuple[str, ...]:
    """Name what must be looked up for *wish*, and after that what earlier versions called it."""
    former = lookup_of(replace(wish, check_ids=False)) if wish.check_ids else None
    return tuple(name for name in (lookup_of(wish), former) if name is not None)


def title_lookup_of(wish: Wish) -> str:
    """Name what another list that only knows the title of *wish* has looked up."""
    return _lookup_by_title(replace(wish, bare_id=None))


def _title_and_year(one: ListEntry | Wish) -> str:
    wanted = wanted_of(one)
    return f"{fold(wanted.titles[0])}|{wanted.year or ''}"


def _lookup_of_doubt(entry: ListEntry) -> str:
    """Name what a person is to say of a row; another doubt about it is another question."""
    return f"doubt:{entry_id(entry)}|{entry.doubt}"


def _ids_of_members(wish: Wish) -> set[str]:
    names: set[str] = set()
    for entry in (member.entry for member in wish.members):
        if entry.ids.imdb:
            names.add(f"imdb:{entry.ids.imdb}")
        if entry.ids.tmdb is not None:
            names.add(f"tmdb:{entry.kind or '?'}/{entry.ids.tmdb}")
        if entry.ids.tvdb is not None:
            names.add(f"tvdb:{entry.ids.tvdb}")
    return names


def series_id(one: ListEntry | Wish) -> int | None:
    """Give the TVDB id unless it is that of a film: the server looks up series only."""
    return None if one.kind is MediaType.MOVIE else one.ids.tvdb


def wanted_of(one: ListEntry | Wish) -> Sought:
    return sought(one.title or "", one.original_title, one.year, one.kind)


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
        server: Catalogue,
        before: LookupResponses | None = None,
        known: FactsCache | None = None,
    ) -> None:
        self._server = server
        self._known = known
        self._before = before or LookupResponses()
        self._pages: dict[SearchKey, SearchPage] = dict(self._before.pages)
        self._facts: dict[TitleKey, TitleFacts] = dict(self._before.facts)
        self._empty: set[SearchKey] = set()

    @property
    def has_empty(self) -> bool:
        """Tell whether a search answered nothing that may have failed."""
        return bool(self._empty)

    @property
    def was_wrong(self) -> bool:
        """Tell whether something that was empty before is not so any more."""
        return any(search in self._pages for search in self._before.empty)

    @property
    def answers(self) -> LookupResponses:
        """What was answered so far, to go on from."""
        return LookupResponses(dict(self._pages), dict(self._facts), frozenset(self._empty))

    def search(self, title: str, *, year: int | None) -> SearchPage:
        search = ("search", title, year)
        return self._doubted(search, lambda: self._server.search(title, year=year))

    def find_by_bare_id(self, number: int) -> SearchPage:
        """Look up what may be a TMDB id; that it is none is no news, so it is not asked again."""
        search = ("tmdb", str(number), None)
        return self._once(search, lambda: self._server.find_by_tmdb(number))

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        search = ("tmdb", str(tmdb_id), None)
        return self._doubted(search, lambda: self._server.find_by_tmdb(tmdb_id))

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        search = ("imdb", imdb_id, None)
        return self._once(search, lambda: self._server.find_by_imdb(imdb_id))

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        search = ("tvdb", str(tvdb_id), None)
        return self._once(search, lambda: self._server.find_by_tvdb(tvdb_id))

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

    def _once(self, search: SearchKey, ask: Callable[[], SearchPage]) -> SearchPage:
        if search not in self._pages:
            self._pages[search] = ask()
        return self._pages[search]

    def _doubted(self, search: SearchKey, ask: Callable[[], SearchPage]) -> SearchPage:
        """Ask, but believe an answer only if it is not empty."""
        page = self._once(search, ask)
        if not page.candidates and not page.others:
            del self._pages[search]
            self._empty.add(search)
        return page
