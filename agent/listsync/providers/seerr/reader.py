"""Reads a watchlist of the request server, page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import field

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError
from listsync.parsing.decoding import ResponseShape, external_ids, number_id, title_text
from listsync.parsing.json_rows import Entries
from listsync.providers.seerr.source import SERVICE, SeerrSource
from listsync.row_limit import MOST_ROWS

if TYPE_CHECKING:
    from listsync.domain.server import WatchlistPage
    from listsync.ports.server import ServerWatchlists

_PAGE_SIZE = 20
MAX_PAGES = -(-MOST_ROWS // _PAGE_SIZE)
_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV, "show": MediaType.TV}
_NEITHER = "neither a film nor a series"


class WatchlistRow(ResponseShape, frozen=True):
    """One title. `id` is the entry's own number, or that of TMDB where the list is one of Plex."""

    id: object = None
    tmdb: object = field(name="tmdbId", default=None)
    media_type: str | None = field(name="mediaType", default=None)
    type: str | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        if number_id(self.tmdb) is None and not title_text(self.title):
            raise ValueError("no title and no id")

    @property
    def kind(self) -> MediaType | None:
        return _KINDS.get(self.media_type or self.type or "")


def _entry(rank: int, row: WatchlistRow) -> ListEntry | SkippedRow:
    tmdb, title = number_id(row.tmdb), title_text(row.title)
    if row.kind is None:
        return SkippedRow(rank=rank, what=title or f"TMDB {tmdb}", why=_NEITHER)
    ids = external_ids(None, tmdb, None, row.kind)
    return ListEntry(rank=rank, title=title, kind=row.kind, ids=ids)


class ServerWatchlist:
    """Reads the watchlist of one user."""

    def __init__(self, source: SeerrSource, server: ServerWatchlists | None) -> None:
        self._user = source.user
        self._server = server

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole watchlist, in the server's order; raises what the server's client does.

        Of a list that was read before, one page is asked for, which cannot stay as it is when
        the list changes: each says how many titles there are, and what comes anew is the last of
        the server's own lists, and the first of those of Plex.
        """
        known = previous.etag if previous and previous.stamp else None
        number = int(previous.stamp or 1) if previous and known else 1
        page = self._page(number, known)
        if page.is_unchanged:
            return Fetched.unchanged(previous)
        return self._read(page if number == 1 else self._page(1))

    def _page(self, number: int, known: str | None = None) -> WatchlistPage:
        if self._server is None:
            raise RefusedError(SERVICE, Refusal.NOT_FOUND, "there is no request server to read")
        return self._server.watchlist_page(self._user, number, known)

    def _read(self, first: WatchlistPage) -> Fetched:
        entries = Entries(SERVICE, WatchlistRow)
        total, page = first.total, first
        entries.expect(total)
        entries.add(page.rows, _entry)
        number = 1
        while page.rows and number < min(page.pages, MAX_PAGES):
            before, number = page, number + 1
            page = self._page(number)
            total = max(total, page.total)
            if page.rows == before.rows:  # the number of the page is not heeded
                break
            entries.add(page.rows, _entry)
        fetched = entries.fetched(
            declared=total,
            validators=_validators(1, first) if _is_of_plex(first) else _validators(number, page),
        )
        return replace(fetched, is_unproven=total == fetched.read == 0)


def _validators(number: int, page: WatchlistPage) -> Validators | None:
    return Validators(etag=page.etag, stamp=str(number)) if page.etag else None


def _is_of_plex(page: WatchlistPage) -> bool:
    """Tell a list of Plex, whose rows have no number of their own."""
    return all(
        isinstance(row, dict) and row.get("id", row.get("tmdbId")) == row.get("tmdbId")
        for row in page.rows
    )
