"""The titles in the pages of IMDb's site, for a browser to fall back on.

Source: reports of 2025 and 2026, samples in tests/fixtures/imdb/web. The page shows titles as one
scrolls; only the data that it brings along in `__NEXT_DATA__` holds them all, 250 a page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from listsync.domain.lists import Fetched
from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.parsing.documents import parse_json
from listsync.parsing.json_rows import Entries, check_one
from listsync.providers.imdb.responses import (
    ImdbTitle,
    ListNode,
    TitleConnection,
    entry_of,
    inside,
)
from listsync.providers.imdb.source import BOX_OFFICE, SERVICE, ImdbSource, ListKind
from listsync.text_cleaning import one_line

MAX_PAGES = 1000
ARRIVED = "script#__NEXT_DATA__"
"""What shows a browser that the page is there and no challenge (CSS)."""

_DATA = re.compile(
    r"""<script[^>]*\bid=["']__NEXT_DATA__["'][^>]*>(.*?)</script""", re.DOTALL | re.IGNORECASE
)
_WALL = re.compile(
    r"challenge-container|captcha-container|awswaf|human verification", re.IGNORECASE
)
_LOST = re.compile(r"<title[^>]*>\s*404\b", re.IGNORECASE)


def path_of(source: ImdbSource) -> str | None:
    """Say where the site shows a list with its data; None where that is not known."""
    match source.kind:
        case ListKind.LIST:
            return f"/list/{source.id}/"
        case ListKind.WATCHLIST:
            return f"/user/{source.id}/watchlist/"
        case ListKind.CHART if source.id != BOX_OFFICE:
            return f"/chart/{source.id}/"
        case _:
            return None


def read_pages(load: Callable[[int], str]) -> Fetched:
    """Read a list, a watchlist or a chart; *load* gives the HTML of page 1, 2, ...

    Raises:
        RefusedError: a bot wall, a private watchlist, or IMDb's page for what it does not know.
        AnswerChangedError: the page holds no list where lists are.
    """
    first = shown = _titles_of(load(1))
    entries = Entries(SERVICE, ImdbTitle)
    entries.expect(first.total)
    entries.add(first.titles, entry_of)
    for number in range(2, MAX_PAGES + 1):
        known = entries.distinct
        if first.total is None or known >= first.total:
            break
        shown, before = _titles_of(load(number)), shown
        if shown.titles == before.titles:  # then it is a part of the list
            break
        entries.add(shown.titles, entry_of)
        if entries.distinct == known:
            break
    if first.total is not None and entries.distinct > first.total:
        raise AnswerChangedError(SERVICE, "the pages show more titles than they announce")
    return entries.fetched(declared=first.total, validators=None)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The titles of one page; `total` counts those of the whole list."""

    titles: list[object]
    total: int | None


def _titles_of(html: str) -> _Shown:
    found = _DATA.search(html)
    if found is None:
        raise _without_data(html)
    page = inside(parse_json(SERVICE, found[1]), "props", "pageProps")
    column = inside(page, "mainColumnData")
    for name in ("list", "predefinedList"):
        if isinstance(column, dict) and name in column:
            return _listed(column[name])
    chart = check_one(
        SERVICE, inside(page, "pageData", "chartTitles"), TitleConnection, strict=True
    )
    return _read(chart, "node")


def _listed(node: object) -> _Shown:
    if node is None:
        raise RefusedError(SERVICE, Refusal.PRIVATE, "the page of this list does not show it")
    titles = check_one(SERVICE, node, ListNode, strict=True).titles
    if titles.total is None:
        raise AnswerChangedError(SERVICE, "the page does not say how long the list is")
    return _read(titles, "listItem")


def _read(found: TitleConnection, name: str) -> _Shown:
    if not found.rows and found.total != 0:
        raise AnswerChangedError(SERVICE, "the page shows no titles, and not that there are none")
    return _Shown([inside(row, name) for row in found.rows], found.total)


def _without_data(html: str) -> RefusedError | AnswerChangedError:
    if not html.strip() or _WALL.search(html):
        return RefusedError(SERVICE, Refusal.BLOCKED, "bot protection answers in its place")
    if _LOST.search(html):
        return RefusedError(SERVICE, Refusal.NOT_FOUND, "does not know this page")
    return AnswerChangedError(SERVICE, "the page has no data", sample=one_line(html))
