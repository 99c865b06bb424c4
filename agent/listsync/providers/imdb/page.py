"""The titles in a page of IMDb's site, for a browser to fall back on.

Source: reports of 2025 and 2026, samples in tests/fixtures/imdb/web. The page shows titles as one
scrolls; only the data that it brings along in `__NEXT_DATA__` holds them all, 250 a page.
"""

from __future__ import annotations

import re

from listsync.domain.lists import Fetched
from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.net.documents import parse_json
from listsync.net.rows import check_rows
from listsync.providers.imdb.answers import Connection, ListNode, fetched_of, inside
from listsync.providers.imdb.source import SERVICE

_DATA = re.compile(
    r"""<script[^>]*\bid=["']__NEXT_DATA__["'][^>]*>(.*?)</script""", re.DOTALL | re.IGNORECASE
)
_WALL = re.compile(
    r"challenge-container|captcha-container|awswaf|human verification", re.IGNORECASE
)
_LOST = re.compile(r"<title[^>]*>\s*404\b", re.IGNORECASE)


def entries_of_page(html: str) -> Fetched:
    """Read one page of a list, a watchlist or a chart.

    `declared` counts the whole list, so the first page of a long one is a partial reading.

    Raises:
        RefusedError: a bot wall, a private watchlist, or IMDb's page for what it does not know.
        AnswerChangedError: the page holds no list where lists are.
    """
    found = _DATA.search(html)
    if found is None:
        raise _without_data(html)
    page = inside(parse_json(SERVICE, found[1]), "props", "pageProps")
    column = inside(page, "mainColumnData")
    for name in ("list", "predefinedList"):
        if isinstance(column, dict) and name in column:
            return _listed(column[name])
    chart = check_rows(SERVICE, [inside(page, "pageData", "chartTitles")], Connection).rows[0][1]
    return _read(chart, "node")


def _listed(node: object) -> Fetched:
    if node is None:
        raise RefusedError(SERVICE, Refusal.PRIVATE, "the page of this list does not show it")
    titles = check_rows(SERVICE, [node], ListNode).rows[0][1].titles
    if titles.total is None:
        raise AnswerChangedError(SERVICE, "the page does not say how long the list is")
    return _read(titles, "listItem")


def _read(found: Connection, name: str) -> Fetched:
    if not found.rows and found.total != 0:
        raise AnswerChangedError(SERVICE, "the page shows no titles, and not that there are none")
    if found.total is not None and len(found.rows) > found.total:
        raise AnswerChangedError(SERVICE, "the page shows more titles than it announces")
    return fetched_of([inside(row, name) for row in found.rows], found.total)


def _without_data(html: str) -> RefusedError | AnswerChangedError:
    if not html.strip() or _WALL.search(html):
        return RefusedError(SERVICE, Refusal.BLOCKED, "a bot wall answers in its place")
    if _LOST.search(html):
        return RefusedError(SERVICE, Refusal.NOT_FOUND, "does not know this page")
    return AnswerChangedError(SERVICE, "the page has no data", sample=html[:200])
