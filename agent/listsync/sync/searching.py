"""What to search for, one query after the other, until a title is certain."""

from __future__ import annotations

import re

from listsync.sync.evidence import Sought
from listsync.sync.spellings import article_in_front
from listsync.sync.titles import fold, main_title

Query = tuple[str, int | None]
"""A title, and the year that the results must be of."""

_COUNTRY = re.compile(r"\s\(?(?:US|USA|UK|AU|NZ)\)?$")
_AND = re.compile(r"\s*[&+]\s*")
_SYMBOLS = re.compile(r"[^\w\s'\u2019.:-]+")


def queries(wanted: Sought) -> list[Query]:
    """Give the queries for *wanted*, the most promising first.

    Narrow, by title and year; wide, by title alone, which also shows whether another could be
    meant; then by the other names, each of which only matters if it folds to something new.
    """
    first, *further = (article_in_front(title) for title in (wanted.name, *wanted.titles[1:]))
    narrow = [(first, wanted.year)] if wanted.year is not None else []
    seen = {fold(first)}
    others: list[Query] = []
    for name in (*further, wanted.name_in_country, main_title(first), _plain(first)):
        if name and fold(name) and fold(name) not in seen:
            seen.add(fold(name))
            others.append((name, wanted.year))
    return [*narrow, (first, None), *others]


def _plain(title: str) -> str:
    """Leave a country behind *title* out, and all that is no word."""
    bare = _COUNTRY.sub("", title) if title != title.upper() else title
    return " ".join(_SYMBOLS.sub(" ", _AND.sub(" and ", bare)).split())
