"""Reads a Plex watchlist: page by page with a token, or its newest titles from a feed.

It is asked for in the order of its dates, the newest first: whatever comes or goes changes the
first page, whose ETag so stands for the whole list.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.domain.media import NO_IDS, ExternalIds, FilmRecord, MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.rate_limit import Failure, as_far_as_possible, in_parallel
from listsync.http.request import ServiceRequest
from listsync.http.response import Response
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, title_text, year_number
from listsync.parsing.json_rows import Entries, JsonDocument, check_one, get_document
from listsync.providers.plex import feed
from listsync.providers.plex.feed import KINDS, ids_of
from listsync.providers.plex.source import SERVICE, PlexListOptions, PlexSource
from listsync.terminal.output import plural

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient
    from listsync.ports.titles import FilmIds

PAGE_SIZE = 100
MAX_PAGES = 1000
_NEEDS_TOKEN = "your own watchlist needs providers.plex.token"  # noqa: S105 - words
_TOKEN = "providers.plex.token"  # noqa: S105 - a key's name
_LIST, _TITLE = "library/sections/watchlist/all", "library/metadata"
_KEY = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_MOVED = "Section 'watchlist' not found"
_Count = Annotated[int, Meta(ge=0)]


class _OuterId(ResponseShape, frozen=True):
    id: object = None


class PlexRow(ResponseShape, frozen=True, rename={"key": "ratingKey", "outer": "Guid"}):
    """One title; `key` is Plex's own name for it, `outer` the ids elsewhere, perhaps none."""

    type: str
    title: object = None
    year: object = None
    key: object = None
    outer: list[_OuterId] | None = None

    def __post_init__(self) -> None:
        if self.type not in KINDS:
            raise ValueError(f"an unknown type {self.type[:40]!r}")
        if not title_text(self.title) and not self.ids:
            raise ValueError("no title and no id")

    @property
    def ids(self) -> ExternalIds:
        return ids_of((one.id for one in self.outer or ()), KINDS[self.type])

    @property
    def own_key(self) -> str | None:
        """Give Plex's name for it, as far as it can stand in an address."""
        return self.key if isinstance(self.key, str) and _KEY.fullmatch(self.key) else None


class _Container(ResponseShape, frozen=True, rename={"total": "totalSize", "rows": "Metadata"}):
    """One page; without rows where the list, or what is left of it, is empty."""

    total: _Count
    offset: _Count | None = None
    rows: list[object] = []  # noqa: RUF012 - msgspec copies it


class _Page(ResponseShape, frozen=True, rename={"container": "MediaContainer"}):
    container: _Container


class _Single(ResponseShape, frozen=True, rename={"rows": "Metadata"}):
    rows: tuple[PlexRow, ...]


class _SinglePage(ResponseShape, frozen=True, rename={"container": "MediaContainer"}):
    container: _Single


def page_of(document: JsonDocument, start: int) -> _Container:
    """Read the page that begins behind *start* rows; another one would repeat some."""
    page = check_one(SERVICE, document.content, _Page, strict=True).container
    if page.offset not in (None, start):
        raise ResponseChangedError(SERVICE, f"gives rows from {page.offset} instead of {start}")
    return page


def judge(response: Response) -> ListsyncError | None:
    """Recognise a token that is refused, and the place where watchlists were until 2025."""
    if response.status == 401 and not response.is_page:
        why = f"does not accept {_TOKEN} (401): it has ended, or is that of a server alone"
        return RefusedError(SERVICE, Refusal.CREDENTIAL, why)
    if response.status == 404 and _MOVED in response.look:
        why = (
            "has no watchlists where providers.plex.base_url leads (404): they moved to "
            "discover.provider.plex.tv in August 2025; leave base_url out"
        )
        return RefusedError(SERVICE, Refusal.NOT_FOUND, why)
    return None


@dataclass(frozen=True, slots=True)
class _Nameless:
    """A row that came without ids, by its rank: what Plex calls it, and what it is."""

    rank: int
    key: str
    kind: MediaType


class Plex:
    """Reads one watchlist of Plex."""

    def __init__(
        self, source: PlexSource, options: PlexListOptions, http: ServiceClient, titles: FilmIds
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._titles = titles
        self._base = options.base_url.rstrip("/")
        self._nameless: list[_Nameless] = []

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the watchlist, the newest first; raises what `get_document` raises.

        A feed shows but the newest titles, so that nothing of it says what has left the list.
        Validators are given only when nothing is left to be learnt, ids of titles included.
        """
        if self._source.feed is not None:
            return self._fetch_feed(self._source.feed, previous)
        document = get_document(self._http, self._call(_LIST, 0), previous)
        if document.unchanged:
            return Fetched.unchanged(document.validators)
        self._nameless = []
        fetched = self._read(page_of(document, 0), document.validators)
        return self._with_ids(fetched)

    def _fetch_feed(self, secret: SecretStr, previous: Validators | None) -> Fetched:
        from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx

        call = ServiceRequest(
            service=SERVICE,
            url=f"{self._base}/rss/{secret.get_secret_value()}",
            hidden=(secret,),
            accept="application/rss+xml, application/xml, application/json",
            judge=feed.judge,
        )
        response = ask(self._http, call, previous)
        if response.status == 304:
            return Fetched.unchanged(previous)
        entries = Entries(SERVICE, feed.FeedRow)
        entries.add(feed.rows_of(response), feed.entry_of)
        fetched = entries.fetched(declared=None, validators=None)
        validators = response.validators if fetched.read and not fetched.broken else None
        return replace(fetched, newest_only=True, validators=validators)

    def _read(self, first: _Container, validators: Validators) -> Fetched:
        entries = Entries(SERVICE, PlexRow)
        entries.expect(first.total)
        entries.add(first.rows, self._entry)
        total, size = first.total, len(first.rows)
        starts = range(size, total, size)[: MAX_PAGES - 1] if size else range(0)
        with in_parallel(self._page, starts, at_once=self._options.at_once) as rest:
            for page in rest:
                if page.rows == first.rows:
                    raise ResponseChangedError(SERVICE, "gives the first page again")
                total = max(total, page.total)
                entries.add(page.rows, self._entry)
        etag = Validators(etag=validators.etag) if validators.etag else None
        return entries.fetched(declared=total, validators=etag)

    def _page(self, start: int) -> _Container:
        return page_of(get_document(self._http, self._call(_LIST, start)), start)

    def _entry(self, rank: int, row: PlexRow) -> ListEntry:
        kind, ids = KINDS[row.type], row.ids
        if not ids and row.own_key is not None:
            self._nameless.append(_Nameless(rank, row.own_key, kind))
        return ListEntry(
            rank=rank,
            title=title_text(row.title),
            year=year_number(row.year),
            kind=kind,
            ids=ids,
        )

    def _with_ids(self, fetched: Fetched) -> Fetched:
        """Add the ids of titles that came without any, as far as they are known or learnt."""
        if not self._nameless:
            return fetched
        keys = tuple(dict.fromkeys(one.key for one in self._nameless))
        known = self._titles.get_many(keys)
        unknown = [one for one in self._nameless if one.key not in known]
        asked = unknown[: self._options.id_calls]
        trouble = self._learn(asked) if asked else ""
        if asked:
            known = {**known, **self._titles.get_many([one.key for one in asked])}
        ids = {one.rank: known[one.key].ids for one in self._nameless if one.key in known}
        entries = (one._replace(ids=ids.get(one.rank, one.ids)) for one in fetched.entries)
        is_done = not self._options.id_calls or all(key in known for key in keys)
        return replace(
            fetched,
            entries=tuple(entries),
            remark=_words_of(trouble, len(unknown)) if trouble else "",
            validators=fetched.validators if is_done else None,
        )

    def _learn(self, asked: list[_Nameless]) -> str:
        """Ask for the ids of titles; returns what kept all of them from being learnt, if so."""
        failures: list[Failure] = []
        learnt = 0
        found = as_far_as_possible(self._ids, asked, failures, at_once=self._options.at_once)
        for one, ids in found:
            self._titles.put(one.key, FilmRecord(one.kind, ids or NO_IDS))
            learnt += 1
        return "" if learnt or not failures else str(failures[0])

    def _ids(self, one: _Nameless) -> ExternalIds:
        document = get_document(self._http, self._call(f"{_TITLE}/{one.key}"))
        rows = check_one(SERVICE, document.content, _SinglePage, strict=True).container.rows
        same = [row for row in rows if row.own_key == one.key and KINDS[row.type] is one.kind]
        if not same:
            raise ResponseChangedError(SERVICE, "gives another title than was asked for")
        return same[0].ids

    def _call(self, path: str, start: int | None = None) -> ServiceRequest:
        token = self._options.token
        if token is None:
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, _NEEDS_TOKEN)
        paging: dict[str, str | int] = {}
        if start is not None:
            paging = {
                "includeGuids": 1,
                "sort": "watchlistedAt:desc",
                "X-Plex-Container-Start": start,
                "X-Plex-Container-Size": PAGE_SIZE,
            }
        return ServiceRequest(
            service=SERVICE,
            url=f"{self._base}/{path}",
            params=paging,
            secret_headers={"X-Plex-Token": token},
            judge=judge,
        )


def _words_of(trouble: str, titles: int) -> str:
    return (
        f"no title could be asked for its ids ({trouble}); "
        f"{plural(titles, 'title is', 'titles are')} matched by name instead"
    )
