"""The feed of a watchlist: its newest titles, as RSS or as JSON, whichever comes.

Source: the service's feeds of 2024 to 2026 as other programs read them. It holds the 50 newest at
the most, and may hold one of them twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.response import Response, not_json
from listsync.parsing.decoding import (
    ResponseShape,
    RowIds,
    external_ids,
    title_text,
    year_number,
)
from listsync.parsing.documents import parse_json, text_of
from listsync.parsing.feed_items import is_feed, items_of
from listsync.parsing.json_rows import check_one
from listsync.providers.plex.source import SERVICE

KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV}
_IDS = frozenset({"imdb", "tmdb", "tvdb"})
_TITLE = re.compile(r"(.+?)\s*\((\d{4})\)", re.ASCII | re.DOTALL)
_START = 1000
_NO_FEED = "a document that is no feed came in its place"


def ids_of(addresses: Iterable[object], kind: MediaType | None) -> ExternalIds:
    """Read ids such as `imdb://tt0133093`; of two that differ neither is taken."""
    found: dict[str, set[str]] = {}
    for one in addresses:
        if isinstance(one, str) and one.partition("://")[0] in _IDS:
            name, _, value = one.partition("://")
            found.setdefault(name, set()).add(value.strip())
    sure = {name: values.pop() for name, values in found.items() if len(values) == 1}
    return external_ids(*RowIds(**sure).read(), kind) if sure else NO_IDS


class FeedRow(ResponseShape, frozen=True):
    """One title of a feed; its year stands behind the title."""

    category: str
    title: object = None
    guids: list[object] | None = None

    def __post_init__(self) -> None:
        if self.category not in KINDS:
            raise ValueError(f"an unknown type {self.category[:40]!r}")
        if not title_text(self.title) and not ids_of(self.guids or (), None):
            raise ValueError("no title and no id")


def entry_of(rank: int, row: FeedRow) -> ListEntry:
    kind, title = KINDS[row.category], title_text(row.title)
    parts = _TITLE.fullmatch(title or "")
    return ListEntry(
        rank=rank,
        title=parts[1] if parts else title,
        year=year_number(parts[2]) if parts else None,
        kind=kind,
        ids=ids_of(row.guids or (), kind),
    )


class _JsonFeed(ResponseShape, frozen=True):
    items: list[object]


def rows_of(response: Response) -> list[object]:
    """Give the titles of a feed in its order, the newest first, each still to be checked."""
    if not response.is_page:
        return check_one(SERVICE, parse_json(SERVICE, text_of(response)), _JsonFeed).items
    body = response.body.lstrip()
    if not is_feed(body[:_START].decode(errors="replace")):
        page = not_json(response, expected="a feed")
        raise page or ResponseChangedError(SERVICE, _NO_FEED, sample=response.sample)
    return [
        {
            "title": next(iter(item.get("title", ())), None),
            "category": next(iter(item.get("category", ())), None),
            "guids": item.get("guid", []),
        }
        for item in items_of(SERVICE, body)
    ]


def judge(response: Response) -> ListsyncError | None:
    """Say what is known of an address that is refused; a page of Cloudflare is not Plex's word."""
    is_wall = response.is_page and response.headers.get("server") == "cloudflare"
    if response.status not in (401, 403, 404) or is_wall:
        return None
    why = (
        f"does not know this RSS address (HTTP {response.status}): it may have been made anew, or "
        "be without a Plex Pass; look it up in Plex's settings, under Watchlist"
    )
    return RefusedError(SERVICE, Refusal.NOT_FOUND, why)
