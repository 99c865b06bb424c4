"""The server's index: every title it has or was asked for, read in conditional pages."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import field

from listsync.decoding import Answer, readable
from listsync.domain.media import TitleKey
from listsync.domain.server import IndexPage, TitleState
from listsync.seerr.errors import Trouble
from listsync.seerr.pages import KINDS, Page
from listsync.seerr.response import Reply
from listsync.seerr.transport import Wire

PAGE = 1000
"""Rows a page. A bigger page would freeze the server, which is one thread, for longer."""
MOST_READINGS = 3
MOST_TITLES = 150_000
"""Three times what the largest libraries have; each takes 350 bytes of memory."""


class _Row(Answer, frozen=True):
    kind: str = field(name="mediaType")
    status: int
    status_4k: int = field(name="status4k", default=1)
    tmdb_id: int | None = field(name="tmdbId", default=None)
    tvdb_id: int | None = field(name="tvdbId", default=None)


def read_index(wire: Wire, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
    """Read all pages; one that is as in *previous* is taken from there.

    Pages are cut by offset, newest row first: a row that appears meanwhile shifts the others
    (some come twice, which is harmless), one that goes makes us miss another. So a total that
    changed means reading again, and only growth is put up with in the end.

    Raises:
        UnavailableError: rows keep vanishing while we read.
    """
    pages = previous
    for _ in range(MOST_READINGS):
        pages = _read_once(wire, pages)
        if len({page.total for page in pages}) == 1:
            return pages
    totals = [page.total for page in pages]
    if totals == sorted(totals):
        return pages
    raise wire.trouble.unavailable("its library keeps shrinking while it is read; try later")


def _read_once(wire: Wire, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
    pages: list[IndexPage] = []
    while not pages or len(pages) * PAGE < pages[-1].total:
        number = len(pages)
        known = previous[number] if number < len(previous) else None
        pages.append(_read_page(wire, number, known))
    return tuple(pages)


def _read_page(wire: Wire, number: int, known: IndexPage | None) -> IndexPage:
    etag = known.etag if known else None
    reply = wire.get(
        f"/media?take={PAGE}&skip={number * PAGE}&sort=added",
        headers={"If-None-Match": etag} if etag else None,
        also={304} if etag else (),
    )
    if known is not None and reply.status == 304:
        return known
    return parse_page(reply, number * PAGE, wire.trouble)


def parse_page(reply: Reply, skipped: int, trouble: Trouble) -> IndexPage:
    """Read one page, *skipped* rows into the index.

    An odd row is left out; but if most are odd or missing, what is left is no index that
    anything may be decided by.

    Raises:
        AnswerChangedError: the page, or most of its rows, cannot be read.
    """
    page = trouble.read(reply, Page, "a page of the index")
    if len(page.results) > PAGE or page.info.results > MOST_TITLES:
        most = f"a page of the index (of more than {PAGE:,} rows, or of {MOST_TITLES:,} in all)"
        raise trouble.changed(most, reply.content)
    rows = readable(page.results, _Row)
    expected = min(PAGE, page.info.results - skipped)
    if len(rows) * 2 < expected:
        what = f"a page of the index ({len(rows)} readable rows of {expected})"
        raise trouble.changed(what, reply.content)
    etag = reply.header(b"etag")
    usable = etag if etag.isascii() and etag.isprintable() else ""
    return IndexPage(etag=usable or None, total=page.info.results, titles=_titles(rows))


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
