"""Reads a list of Letterboxd page by page, and the pages of its films for their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import FilmRecord
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.http.rate_limit import in_parallel
from listsync.http.response import Response
from listsync.http.service_client import get_response
from listsync.parsing.documents import text_of
from listsync.parsing.json_rows import refuse_drift, stamp_of_today
from listsync.providers.letterboxd.film_ids import film_row, learn, record_of
from listsync.providers.letterboxd.posters import Poster, believed, distinct
from listsync.providers.letterboxd.site_markup import (
    COUNTED,
    SHELLS,
    LetterboxdPage,
    call_for,
    document_of,
    full_page,
    read_page,
)
from listsync.providers.letterboxd.source import SERVICE, LetterboxdOptions, LetterboxdSource, find
from listsync.row_limit import MOST_ROWS, demand_room, text_size

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient
    from listsync.ports.titles import FilmIds


_PARTS = "csi/films/films-browser-list/"
"""Where scripts load films from, as far as is known; the older place answers 404."""
_OLD_PARTS = "/films/ajax/"
_RANKED = ("popular", "person", "collection")
_EVENT = re.compile(r"<guid[^>]*>(letterboxd-(?:watch|review)-\d+)</guid>", re.ASCII)
_PART = re.compile(r"/(?:csi/films|films/ajax)/[a-z0-9/-]+/(?:\?[A-Za-z0-9=&]*)?", re.ASCII)


class Site:
    """Asks for the pages of lists; of an endless chart, as many as *chart_films* need."""

    def __init__(
        self, http: ServiceClient, base_url: str, *, at_once: int, chart_films: int
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
            raise ResponseChangedError(SERVICE, why) from error
        return read_page(part, source, is_part=True), path

    def _part(self, source: LetterboxdSource, page: LetterboxdPage) -> str | None:
        """Say where the films of a page without any are loaded from; None: nothing tells."""
        is_old = page.part is None or page.part.startswith(_OLD_PARTS)
        if source.kind in SHELLS and is_old:
            return f"{_PARTS}{source.path.removeprefix('films/')}/?esiAllowFilters=true"
        if page.part is not None and not _PART.fullmatch(page.part):
            raise ResponseChangedError(SERVICE, f"loads the films of {source} from another place")
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
                raise ResponseChangedError(SERVICE, f"{source} has pages without an end")
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
        raise ResponseChangedError(SERVICE, f"{source} has more than {MOST_ROWS:,} films")
    if page.rows and not before.rows:
        raise ResponseChangedError(SERVICE, f"{source} lacks a page in its middle")
    different = len(seen)
    seen.add(page.rows)
    if page.rows and len(seen) == different:
        raise ResponseChangedError(SERVICE, f"{source} repeats itself")


class Letterboxd:
    """Reads one list of Letterboxd."""

    def __init__(
        self,
        source: LetterboxdSource,
        options: LetterboxdOptions,
        http: ServiceClient,
        film_cache: FilmIds,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._films = film_cache
        self._base_url = options.base_url.rstrip("/")
        self._site = Site(
            http, self._base_url, at_once=options.at_once, chart_films=options.chart_films
        )

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_response` raises.

        Validators are given only when nothing is left to be learnt, ids of films included.
        """
        seen = previous.stamp if previous else None
        state = self._feed_state()
        if state and seen == self._stamp(state):
            return Fetched.unchanged(previous)
        source, response = self._site.open(self._source)
        if source.kind == "film":
            return self._single(source, response)
        first, path = self._site.read(source, response)
        state = state or _page_state(source, first)
        if state and seen == self._stamp(state):
            return Fetched.unchanged(previous)
        pages = [first, *self._site.rest(source, path, first)]
        rows, declared = _all_rows(source, pages)
        if source.kind == "popular":
            rows = rows[: self._options.chart_films]
        fetched, is_known = self._listed(rows, declared)
        if state and is_known and fetched.is_sure:
            return replace(fetched, validators=Validators(stamp=self._stamp(state)))
        return fetched

    def _stamp(self, state: str) -> str:
        """Word a state so that a list read without ids is read again once they are wanted."""
        if self._source.kind == "popular":
            state = f"{state} {self._options.chart_films}"
        return f"{state} with ids" if self._options.film_pages else state

    def _feed_state(self) -> str | None:
        if self._source.kind != "diary" or self._source.user is None:
            return None
        events = self._site.events(self._source.user)
        return _digest(events) if events else None

    def _single(self, source: LetterboxdSource, response: Response) -> Fetched:
        """Read a film as a list of one."""
        document = document_of(response)
        slug = source.path.rpartition("/")[2]
        self._films.put(slug, record_of(document))
        return self._listed((film_row(document, slug),), 1)[0]

    def _listed(self, rows: Sequence[Poster], declared: int | None) -> tuple[Fetched, bool]:
        """Turn rows into a reading; also say whether every film's page is known."""
        if not rows and declared != 0:
            raise ResponseChangedError(
                SERVICE, f"{self._source} shows no films, and does not say that it is empty"
            )
        skipped = [
            SkippedRow(rank=rank, what=row.slug or "a row", why=row.flaw or "it has no title")
            for rank, row in enumerate(rows, start=1)
            if row.title is None
        ]
        refuse_drift(SERVICE, skipped, total=len(rows))
        films, remark = self._look_up(rows)
        entries = tuple(
            _entry(rank, row, films.get(row.slug or "", FilmRecord()))
            for rank, row in enumerate(rows, start=1)
            if row.title is not None
        )
        # A film may be in a diary as often as it was seen.
        different = len(rows) if self._source.kind == "diary" else distinct(rows)
        fetched = Fetched(
            entries=entries,
            skipped=tuple(skipped),
            declared=declared,
            repeated=len(rows) - different,
            broken=len(skipped),
            lacks_count=declared is None and self._source.kind in COUNTED,
            remark=remark,
        )
        wanted = self._options.film_pages > 0
        named = [row.slug for row in rows if row.slug and row.title]
        return fetched, not wanted or all(slug in films for slug in named)

    def _look_up(self, rows: Sequence[Poster]) -> tuple[Mapping[str, FilmRecord], str]:
        """Give what is known of the films, and why nothing new is where all look-ups failed."""
        slugs = tuple(dict.fromkeys(row.slug for row in rows if row.slug and row.title))
        known = self._films.get_many(slugs)
        unknown = [slug for slug in slugs if slug not in known]
        asked = unknown[: self._options.film_pages]
        if not asked:
            return known, ""
        trouble = learn(
            self._http, self._base_url, asked, self._films, at_once=self._options.at_once
        )
        if trouble:
            return known, _words_of(trouble, len(unknown))
        return {**known, **self._films.get_many(asked)}, ""


def _words_of(trouble: str, films: int) -> str:
    titles = "1 title is" if films == 1 else f"{films:,} titles are"
    return f"no film could be looked up for its ids ({trouble}); {titles} matched by name instead"


def _all_rows(
    source: LetterboxdSource, pages: Sequence[LetterboxdPage]
) -> tuple[list[Poster], int | None]:
    """Put the rows of all pages together; also say how many films the list has, if it says so.

    Without such a count, a page before the last that is not full has lost rows, and so has one
    without any to which others link.
    """
    declared = pages[0].declared
    if declared is not None:
        declared = max(page.declared or 0 for page in pages)
    rows: list[Poster] = []
    filled = [page for page in pages if page.rows]
    for page in filled:
        rows.extend(page.rows)
        films = len(page.rows) if source.kind == "diary" else distinct(page.rows)
        full = full_page(source.kind)
        if page is not filled[-1] and films < full and declared is None and source.kind != "list":
            rows.append(Poster(flaw=f"only {films} films are on a page of {full}"))
    is_cut = not pages[-1].rows and max((page.last for page in filled), default=0) > len(filled)
    if is_cut and declared is None:
        rows.append(Poster(flaw=f"page {len(filled) + 1} shows no films, and others link to it"))
    return believed(rows, declared), declared


def _entry(rank: int, row: Poster, film: FilmRecord) -> ListEntry:
    return ListEntry(rank=rank, title=row.title, year=row.year, kind=film.kind, ids=film.ids)


def _page_state(source: LetterboxdSource, page: LetterboxdPage) -> str | None:
    """Say what changes with the list: its date and size, or the newest films of a watchlist.

    What the site ranks itself counts as unchanged for a day while its first page is.
    """
    if source.kind in _RANKED and page.rows:
        return stamp_of_today((page.last, _digest(f"{row.slug} {row.title}" for row in page.rows)))
    if page.declared is None or (page.declared > 0 and not page.rows):
        return None
    if source.kind == "list" and page.changed:
        return f"{page.changed} {page.declared}"
    if source.kind == "watchlist":
        return f"{page.declared} {_digest(f'{row.slug} {row.title}' for row in page.rows)}"
    return None


def _digest(words: Iterable[str]) -> str:
    return blake2b("\n".join(words).encode(), digest_size=12).hexdigest()
