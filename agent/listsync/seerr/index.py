"""What the server holds, read in pages: its index of titles, requests, watchlists of users."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Annotated

from msgspec import Meta, Raw, field

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.server import (
    MOST_REQUESTS,
    IndexPage,
    Product,
    RequestStatus,
    ServerRequest,
    TitleState,
    WatchlistPage,
)
from listsync.domain.server_knowledge import RequestList
from listsync.http.response import Response
from listsync.parsing.decoding import ResponseShape, readable
from listsync.row_limit import MOST_OF_ALL
from listsync.seerr.errors import ServerErrors
from listsync.seerr.transport import ServerTransport

logger = logging.getLogger(__name__)

KINDS = {kind.value: kind for kind in MediaType}
"""The kinds of titles as the server calls them; it has others, such as persons."""
PAGE = 1000
"""Rows a page. A bigger page would freeze the server, which is one thread, for longer."""
MOST_READINGS = 3
MOST_PAGES = MOST_REQUESTS // PAGE
"""Of requests."""
MOST_TITLES = 110_000 + MOST_OF_ALL
"""Three times what the largest libraries have, and all that lists may bring to them.

Each takes 350 bytes of memory.
"""


class _PageInfo(ResponseShape, frozen=True):
    """How many rows there are on all pages."""

    results: int


class _Page(ResponseShape, frozen=True):
    """One page of rows, which are read one by one."""

    info: _PageInfo = field(name="pageInfo")
    results: list[Raw]


def pages_of(
    transport: ServerTransport, path: str, *, most: int, also: str = ""
) -> Iterator[tuple[_Page, Response]]:
    """Read the pages of rows at *path*, *most* of them, with what each was read from.

    Without `take`, the server answers with the first ten rows only.
    """
    for number in range(most):
        place = f"{path}?take={PAGE}&skip={number * PAGE}{also}"
        response = transport.get(place)
        page = transport.errors.read(response, _Page, f"the answer at {place}")
        yield page, response
        if (number + 1) * PAGE >= page.info.results:
            return


class _Row(ResponseShape, frozen=True):
    kind: str = field(name="mediaType")
    status: int
    status_4k: int = field(name="status4k", default=1)
    tmdb_id: int | None = field(name="tmdbId", default=None)
    tvdb_id: int | None = field(name="tvdbId", default=None)


def read_index(
    transport: ServerTransport, previous: tuple[IndexPage, ...]
) -> tuple[IndexPage, ...]:
    """Read all pages; one that is as in *previous* is taken from there.

    Pages are cut by offset, newest row first: a row that appears meanwhile shifts the others
    (some come twice, which is harmless), one that goes makes us miss another. So a total that
    changed means reading again, and only growth is put up with in the end.

    Raises:
        UnavailableError: rows keep vanishing while we read.
    """
    pages = previous
    for _ in range(MOST_READINGS):
        pages = _read_once(transport, pages)
        if len({page.total for page in pages}) == 1:
            return pages
    totals = [page.total for page in pages]
    if totals == sorted(totals):
        return pages
    raise transport.errors.unavailable("its library keeps shrinking while it is read; try later")


def _read_once(
    transport: ServerTransport, previous: tuple[IndexPage, ...]
) -> tuple[IndexPage, ...]:
    pages: list[IndexPage] = []
    while not pages or len(pages) * PAGE < pages[-1].total:
        number = len(pages)
        known = previous[number] if number < len(previous) else None
        pages.append(_read_page(transport, number, known))
    return tuple(pages)


def _read_page(transport: ServerTransport, number: int, known: IndexPage | None) -> IndexPage:
    etag = known.etag if known else None
    response = transport.get(
        f"/media?take={PAGE}&skip={number * PAGE}&sort=added",
        headers={"If-None-Match": etag} if etag else None,
        also={304} if etag else (),
    )
    if known is not None and response.status == 304:
        return known
    return parse_page(response, number * PAGE, transport.errors)


def parse_page(response: Response, skipped: int, errors: ServerErrors) -> IndexPage:
    """Read one page, *skipped* rows into the index.

    An odd row is left out; but if most are odd or missing, what is left is no index that
    anything may be decided by.

    Raises:
        ResponseChangedError: the page, or most of its rows, cannot be read; or there are too many.
    """
    page = errors.read(response, _Page, "a page of the index")
    if page.info.results > MOST_TITLES:
        raise errors.too_many_titles(page.info.results, MOST_TITLES)
    if len(page.results) > PAGE:
        raise errors.changed(f"a page of the index (of more than {PAGE:,} rows)", response.body)
    rows = readable(page.results, _Row)
    expected = min(PAGE, page.info.results - skipped)
    if len(rows) * 2 < expected:
        what = f"a page of the index ({len(rows)} readable rows of {expected})"
        raise errors.changed(what, response.body)
    return IndexPage(etag=_etag_of(response), total=page.info.results, titles=_titles(rows))


def _etag_of(response: Response) -> str | None:
    etag = response.headers.get("etag", "")
    return etag if etag and etag.isascii() and etag.isprintable() else None


def _titles(rows: Iterable[_Row]) -> tuple[tuple[TitleKey, TitleState], ...]:
    """Keep films and series; equal states are one object, which saves most of the memory."""
    states: dict[tuple[int, int, int | None], TitleState] = {}
    titles = []
    for row in rows:
        kind = KINDS.get(row.kind)
        if kind is None or row.tmdb_id is None:
            continue
        facts = (row.status, row.status_4k, row.tvdb_id)
        state = states.get(facts)
        if state is None:
            state = states[facts] = TitleState(*facts)
        titles.append((TitleKey(kind, row.tmdb_id), state))
    return tuple(titles)


class _Media(ResponseShape, frozen=True):
    tmdb_id: int | None = field(name="tmdbId", default=None)


class _Season(ResponseShape, frozen=True):
    number: int = field(name="seasonNumber")
    status: int = int(RequestStatus.PENDING)


class _RequestRow(ResponseShape, frozen=True):
    id: int
    status: int
    kind: str = field(name="type")
    media: _Media
    four_k: bool = field(name="is4k", default=False)
    seasons: list[Raw] | None = None


def read_requests(transport: ServerTransport) -> RequestList:
    """Read the newest `MOST_REQUESTS` requests of all users.

    All were read if each row was, and there are as many as the server says: one that goes
    meanwhile makes us miss another. Only parameters that all three products take: Overseerr
    1.34.0 answers 400 to the others.

    Raises:
        UnavailableError, RefusedError, ResponseChangedError: as `ServerTransport.get`.
    """
    found: list[ServerRequest] = []
    read: set[int] = set()
    total = 0
    for page, response in pages_of(transport, "/request", most=MOST_PAGES, also="&sort=added"):
        total = max(total, page.info.results)
        if len(page.results) > PAGE:
            raise transport.errors.changed(f"a page of more than {PAGE:,} requests", response.body)
        rows = readable(page.results, _RequestRow)
        if len(rows) * 2 < len(page.results):
            raise transport.errors.changed("most of the requests", response.body)
        for row in rows:
            kind, number = KINDS.get(row.kind), row.media.tmdb_id
            if kind is not None and number is not None:
                read.add(row.id)
                found += _parts(row, Edition(TitleKey(kind, number), row.four_k))
    if len(read) < total:
        logger.warning("only %d of %d requests at the server were read", len(read), total)
    return RequestList(requests=tuple(found), is_whole=len(read) >= total)


def _parts(row: _RequestRow, edition: Edition) -> Iterator[ServerRequest]:
    """Tell the seasons that were declined from the others of a request, which stands."""
    seasons = readable(row.seasons, _Season)
    declined = frozenset(
        one.number for one in seasons if one.status == RequestStatus.DECLINED != row.status
    )
    left = frozenset(one.number for one in seasons) - declined
    if left or not declined:
        yield ServerRequest(edition=edition, status=row.status, request_id=row.id, seasons=left)
    if declined:
        yield ServerRequest(
            edition=edition,
            status=RequestStatus.DECLINED,
            request_id=row.id,
            seasons=declined,
        )


class _Watchlist(ResponseShape, frozen=True, rename="camel"):
    total_results: Annotated[int, Meta(ge=0)]
    total_pages: Annotated[int, Meta(ge=0)]
    results: list[object]


def read_watchlist_page(
    transport: ServerTransport,
    product: Product,
    user_id: int,
    number: int,
    known: str | None,
) -> WatchlistPage:
    """Read a page of a user's watchlist, if it is not as it was when it had the ETag *known*.

    Without a number the servers compute with none. Overseerr shows a watchlist only to the user
    whose it is, and only the one at Plex. Source: the code of the servers, 2026-03.

    Raises:
        UnavailableError, RefusedError, ResponseChangedError: as `ServerTransport.get`.
    """
    headers = {"If-None-Match": known} if known else {}
    path = f"/user/{user_id}/watchlist"
    if product is Product.OVERSEERR:
        path = "/discover/watchlist"
        headers |= {"X-API-User": str(user_id)}
    response = transport.get(f"{path}?page={number}", headers=headers, also={304} if known else ())
    if response.status == 304:
        return WatchlistPage(is_unchanged=True)
    page = transport.errors.read(response, _Watchlist, "a page of a watchlist")
    return WatchlistPage(
        rows=tuple(page.results),
        total=page.total_results,
        pages=page.total_pages,
        etag=_etag_of(response),
    )
