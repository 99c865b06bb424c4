"""What to search for, one query after the other, until a title is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate, SearchPage
from listsync.sync.titles.evidence import Sought
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
