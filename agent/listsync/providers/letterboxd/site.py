"""Which pages of the site are asked for, one list at a time, and when there are no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.http.pages import get_response, in_parallel
from listsync.http.response import Response
from listsync.parsing.documents import text_of
from listsync.parsing.json_rows import MOST_ROWS
from listsync.providers.letterboxd.posters import Poster
from listsync.providers.letterboxd.site_markup import (
    SHELLS,
    LetterboxdPage,
    call_for,
    full_page,
    read_page,
)
from listsync.providers.letterboxd.source import SERVICE, LetterboxdSource, find
from listsync.row_limit import demand_room, text_size

if TYPE_CHECKING:
    import httpx

_PARTS = "csi/films/films-browser-list/"
"""Where scripts load films from, as far as is known; the older place answers 404."""
_OLD_PARTS = "/films/ajax/"
_EVENT = re.compile(r"<guid[^>]*>(letterboxd-(?:watch|review)-\d+)</guid>", re.ASCII)
_PART = re.compile(r"/(?:csi/films|films/ajax)/[a-z0-9/-]+/(?:\?[A-Za-z0-9=&]*)?", re.ASCII)


class Site:
    """Asks for the pages of lists; of an endless chart, as many as *chart_films* need."""

    def __init__(
        self, http: httpx.Client, base_url: str, *, at_once: int, chart_films: int
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._at_once = at_once
        self._chart_films = chart_films

    def _get(self, path: str) -> Response:
        return get_response(self._http, call_for(f"{self._base_url}/{path}"))

    def events(self, user: str) -> list[str]:
        """Name the newest 50 events of a member's diary, by the feed: one small answer."""
        text = text_of(self._get(f"{user}/rss/"))
        return _EVENT.findall(text) if "</rss>" in text else []

    def open(self, wanted: LetterboxdSource) -> tuple[LetterboxdSource, Response]:
        """Ask for the first page; also say what it is, which only following a link shows."""
        if wanted.kind == "short":
            response = get_response(self._http, call_for(f"https://{wanted.path}"))
        else:
            response = self._get(f"{wanted.path}/")
            if not response.hops:
                return wanted, response
        landed = find(f"letterboxd.com/{response.path.partition('/')[2]}")
        if landed is None or wanted.kind not in (landed.kind, "short"):
            raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"{wanted} leads to no such list")
        return landed, response

    def read(self, source: LetterboxdSource, response: Response) -> tuple[LetterboxdPage, str]:
        """Read the first page; also say under which path the others are.

        Charts come without films; scripts would load them from where the page or, as far as is
        known, its address says.
        """
        page = read_page(response, source)
        is_filled = bool(page.rows) or page.declared == 0
        path = None if is_filled else self._part(source, page)
        if path is None:
            return page, f"{source.path}/"
        try:
            part = self._get(path)
        except RefusedError as error:
            if error.kind is not Refusal.NOT_FOUND:
                raise
            why = f"{source} comes without its films, and they are not where they were"
            raise AnswerChangedError(SERVICE, why) from error
        return read_page(part, source, is_part=True), path

    def _part(self, source: LetterboxdSource, page: LetterboxdPage) -> str | None:
        """Say where the films of a page without any are loaded from; None: nothing tells."""
        is_old = page.part is None or page.part.startswith(_OLD_PARTS)
        if source.kind in SHELLS and is_old:
            return f"{_PARTS}{source.path.removeprefix('films/')}/?esiAllowFilters=true"
        if page.part is not None and not _PART.fullmatch(page.part):
            raise AnswerChangedError(SERVICE, f"loads the films of {source} from another place")
        return page.part.removeprefix("/") if page.part else None

    def rest(
        self, source: LetterboxdSource, path: str, first: LetterboxdPage
    ) -> list[LetterboxdPage]:
        """Read the pages after *first*, several at a time, until one says that it is the last."""
        is_part = path != f"{source.path}/"
        before, mark, query = path.partition("?")

        def read(number: int) -> LetterboxdPage:
            response = self._get(f"{before}page/{number}/{mark}{query}")
            return read_page(response, source, is_part=is_part)

        pages = [first]
        seen, count, text = {first.rows}, len(first.rows), _text_of(first)
        demand_room(count, text)
        while self._goes_on(source, pages, count):
            if len(pages) >= _most_pages(source):
                raise AnswerChangedError(SERVICE, f"{source} has pages without an end")
            numbers = range(len(pages) + 1, self._known_last(source, pages) + 1)
            with in_parallel(read, numbers, at_once=self._at_once) as following:
                for page in following:
                    count, text = count + len(page.rows), text + _text_of(page)
                    _demand_new(source, page, seen, pages[-1], count)
                    demand_room(count, text)
                    pages.append(page)
        return pages[1:]

    def _goes_on(self, source: LetterboxdSource, pages: list[LetterboxdPage], count: int) -> bool:
        page = pages[-1]
        if not page.rows or (source.kind == "popular" and count >= self._chart_films):
            return False
        return page.more or page.last > len(pages)

    def _known_last(self, source: LetterboxdSource, pages: list[LetterboxdPage]) -> int:
        """Say up to which page there should be some, so that they can be read together."""
        first, last = pages[0], pages[-1].last
        if source.kind == "popular":
            last = -(-self._chart_films // len(first.rows))
        elif first.declared is not None:
            last = min(last, -(-first.declared // len(first.rows)) + 1)
        return min(max(last, len(pages) + 1), _most_pages(source))


def _text_of(page: LetterboxdPage) -> int:
    return sum(text_size(row.title) for row in page.rows)


def _most_pages(source: LetterboxdSource) -> int:
    """Say how many full pages the longest list has."""
    return -(-MOST_ROWS // full_page(source.kind))


def _demand_new(
    source: LetterboxdSource,
    page: LetterboxdPage,
    seen: set[tuple[Poster, ...]],
    before: LetterboxdPage,
    count: int,
) -> None:
    """Check the next page against those before it, and add it to *seen*."""
    if count > MOST_ROWS:
        raise AnswerChangedError(SERVICE, f"{source} has more than {MOST_ROWS:,} films")
    if page.rows and not before.rows:
        raise AnswerChangedError(SERVICE, f"{source} lacks a page in its middle")
    different = len(seen)
    seen.add(page.rows)
    if page.rows and len(seen) == different:
        raise AnswerChangedError(SERVICE, f"{source} repeats itself")
