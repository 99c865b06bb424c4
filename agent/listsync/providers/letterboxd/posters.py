"""Which films a page shows: every poster in the list's content is a row, whatever it stands in.

Posters elsewhere on the page are none. Source: the markup as maintained scrapers read it, of 2024
and from 2025-08 to 2026-10.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from listsync.errors import ResponseChangedError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import title_text, year_number
from listsync.parsing.json_rows import SeenTitles
from listsync.providers.letterboxd.source import SERVICE

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_POSTERS = (
    "[data-component-class$=LazyPoster]",
    "[data-item-name]",
    "[data-item-slug]",
    "[data-film-slug]",
)
_ITEMS = (  # what posters are known to stand in
    *("li.posteritem", "li.griditem", "li.poster-container", "li.film-detail"),
    *("ul.grid > li", "ul.poster-list > li", "ul.js-list-entries > li"),
    *("article.list-detailed-entry", "tr.diary-entry-row"),
)
_ELSEWHERE = (
    *("header", "footer", "nav", "aside", ".sidebar", ".col-sidebar", ".backdrop", "#backdrop"),
    *(".related", "[class^=related-]", ".similar", "[class^=similar-]"),
)
_KNOWN_CONTENT = (  # the first that is on a page has all its films
    (".js-list-entries", ".list-detailed-entries-list", ".js-watchlist-content", "#diary-table"),
    ("#films-browser-list-container", ".poster-grid", ".poster-list", "ul.grid"),
)
_ANY_CONTENT = (("#content", "main"), ("body",))
_MOST_POSTERS = 1000
"""On one page; the fullest have a hundred. For each, all that it stands in is looked at."""


def _in(*around: str) -> str:
    """Select what stands in one of these; the parser's `:is` misses some there."""
    return ", ".join(f"{one} *" for one in around)


def _but(names: Iterable[str], *around: str) -> str:
    return ", ".join(f"{name}:not({_in(*around)})" for name in names)


POSTER = ", ".join(_POSTERS)
IN_POSTER = _in(*_POSTERS)
ELSEWHERE = _in(*_ELSEWHERE)
_ITEM = ", ".join(_ITEMS)
_OUTERMOST = _but(_POSTERS, *_POSTERS)
_FOUND = _but((*_ITEMS, *_POSTERS), *_ITEMS, *_POSTERS, *_ELSEWHERE)
_SLUG = re.compile(r"(?:/.*)?/film/([a-z0-9-]+)/?|([a-z0-9-]+)", re.ASCII)
_NAME = re.compile(r"(.+) \((\d{4})\)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Poster:
    """One film on a page; `slug` is its name in addresses.

    `is_loose`: it stands outside the items in which the page shows its other films. `flaw` says
    what is wrong with a row that shows nothing of a film.
    """

    title: str | None = None
    year: int | None = None
    slug: str | None = None
    is_loose: bool = False
    flaw: str = ""

    @property
    def is_bare(self) -> bool:
        return self.title is None and self.slug is None


def rows_of(document: LexborHTMLParser, *, is_known: bool) -> tuple[Poster, ...]:
    """Read the rows of a page; with *is_known*, only where films are known to be.

    Raises:
        ResponseChangedError: no page has as many.
    """
    items = {node.mem_id for node in document.css(_ITEM)}
    posters = {node.mem_id for node in document.css(POSTER)}
    if max(len(items), len(posters)) > _MOST_POSTERS:
        raise ResponseChangedError(SERVICE, f"more than {_MOST_POSTERS:,} films are on one page")
    found = _found(document, is_known=is_known)
    has_items = any(node.mem_id in items for node in found)
    rows: list[Poster] = []
    for node in found:
        if node.mem_id in posters:
            rows.append(replace(_row(node), is_loose=has_items and node.mem_id not in items))
        else:
            rows.extend(_rows_in(node))
    return tuple(rows)


def _found(document: LexborHTMLParser, *, is_known: bool) -> list[LexborNode]:
    """Find items, and posters that stand in none, in the order of the page."""
    for names in _KNOWN_CONTENT if is_known else (*_KNOWN_CONTENT, *_ANY_CONTENT):
        contents = _each(document, _but(names, *names, *_ELSEWHERE))
        if contents:
            return [node for content in contents for node in _each(content, _FOUND)]
    return []


def _each(among: LexborHTMLParser | LexborNode, selector: str) -> list[LexborNode]:
    """Find nodes once each; the parser gives one as often as parts of the selector fit."""
    return list({node.mem_id: node for node in among.css(selector)}.values())


def _rows_in(item: LexborNode) -> Iterator[Poster]:
    """Read an item: one poster is what it should have."""
    posters = _each(item, _OUTERMOST) or item.css("[data-target-link]")
    if not posters:
        yield Poster(flaw="it shows no film")
    for number, poster in enumerate(posters):
        yield replace(_row(poster), is_loose=number > 0)


def _row(poster: LexborNode) -> Poster:
    attributes = poster.attributes
    named = attributes.get("data-item-name") or attributes.get("data-item-full-display-name")
    title = title_text(named or attributes.get("data-film-name") or _alt(poster))
    year = year_number(attributes.get("data-film-release-year"))
    found = _NAME.fullmatch(title) if title else None
    named_year = year_number(found[2]) if found else None
    if found and named_year and year in (None, named_year):
        title, year = found[1], named_year
    return Poster(title, year, _slug(attributes))


def _alt(poster: LexborNode) -> str | None:
    image = poster.css_first("img[alt]")
    return image.attributes.get("alt") if image else None


def _slug(attributes: dict[str, str | None]) -> str | None:
    for name in ("data-item-slug", "data-film-slug", "data-item-link", "data-target-link"):
        found = _SLUG.fullmatch(attributes.get(name) or "")
        if found:
            return found[1] or found[2]
    return None


def distinct(rows: Iterable[Poster]) -> int:
    """Count the films; what shows none may be one that no other row shows.

    Films of one title and year are told apart by their slugs.
    """
    seen = SeenTitles()
    return sum(
        not seen.is_repeated((row.slug,) if row.slug else (), row.title, row.year) for row in rows
    )


def believed(rows: Sequence[Poster], declared: int | None) -> list[Poster]:
    """Leave out what the list's own count says is not of it; without one, doubt what is loose."""
    firm = [row for row in rows if not row.is_loose and not row.is_bare]
    named = [row for row in rows if not row.is_bare]
    for some in (firm, named):
        if declared and distinct(some) >= declared:
            return some
    if declared is None:
        flaw = "it stands outside the list's items"
        return [Poster(slug=row.slug, flaw=flaw) if row.is_loose else row for row in rows]
    return list(rows)
