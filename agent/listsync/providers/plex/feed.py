"""The feed of a watchlist: its newest titles, as RSS or as JSON, whichever comes.

Source: the service's feeds of 2024 to 2026 as other programs read them. It holds the 50 newest at
the most, and may hold one of them twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.parsers import expat

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
from listsync.parsing.json_rows import check_one
from listsync.providers.plex.source import SERVICE

KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV}
_IDS = frozenset({"imdb", "tmdb", "tvdb"})
_TITLE = re.compile(r"(.+?)\s*\((\d{4})\)", re.ASCII | re.DOTALL)
_READ = frozenset({"title", "guid", "category"})
_ROOT, _ITEM = ["rss", "channel"], ["rss", "channel", "item"]


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
    reader = _RssReader()
    reader.read(response)
    if not reader.is_feed and (page := not_json(response, expected="a feed")) is not None:
        raise page
    return reader.items


class _RssReader:
    """Takes what we read out of the items of an RSS document; one with a DTD is none."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self.is_feed = False
        self._open: list[str] = []
        self._texts: list[str] = []
        self._item: dict[str, list[str]] = {}
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._texts.append

    def read(self, response: Response) -> None:
        try:
            self._parser.Parse(response.body.lstrip(), True)
        except expat.ExpatError as error:
            why = f"the feed breaks off or is damaged ({expat.ErrorString(error.code)})"
            if self._open[:1] == ["rss"] or self.is_feed:
                raise ResponseChangedError(SERVICE, why, sample=response.sample) from error

    def _doctype(self, *_: object) -> None:
        raise ResponseChangedError(SERVICE, "a document that is no feed came in its place")

    def _begin(self, name: str, _: object) -> None:
        self._open.append(name)
        self.is_feed = self.is_feed or self._open == _ROOT
        self._texts.clear()
        if self._open == _ITEM:
            self._item = {}

    def _end(self, name: str) -> None:
        if self._open[:-1] == _ITEM and name in _READ:
            self._item.setdefault(name, []).append("".join(self._texts).strip())
        elif self._open == _ITEM:
            self.items.append(
                {
                    "title": self._only("title"),
                    "category": self._only("category"),
                    "guids": self._item.pop("guid", []),
                }
            )
        self._open.pop()

    def _only(self, name: str) -> str | None:
        return next(iter(self._item.pop(name, [])), None)


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
