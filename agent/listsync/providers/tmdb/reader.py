"""Reads a TMDB list, its pages several at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, field

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.rate_limit import as_far_as_possible, in_parallel
from listsync.http.request import MIB, PAGE_BYTES, ServiceRequest
from listsync.http.response import Response, page_of_others
from listsync.parsing.address_filters import NO_ROW_FILTERS, RowFilters
from listsync.parsing.decoding import (
    ResponseShape,
    external_ids,
    number_id,
    title_text,
    year_number,
)
from listsync.parsing.json_rows import (
    Entries,
    JsonDocument,
    check_one,
    get_document,
    stamp_of_today,
    today,
)
from listsync.providers.tmdb.source import MAX_PAGES, PAGE_SIZE, SERVICE, TmdbOptions, TmdbSource
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


_CREDITS_BYTES = 8 * MIB  # of all that one person made
_Count = Annotated[int, Meta(ge=0)]
_CODE = re.compile(r'"status_code"\s*:\s*(\d{1,3})\b', re.ASCII)
_REFUSALS = {  # the codes of which the HTTP status, 401 for each, does not say enough
    3: (Refusal.PRIVATE, "does not let this token or key see the list; it may be private"),
    7: (Refusal.CREDENTIAL, "does not accept providers.tmdb.token or api_key"),
    10: (Refusal.CREDENTIAL, "has suspended the account of providers.tmdb.token or api_key"),
}


_AS_ONESELF = re.compile(r"(?:self|himself|herself|themselves)\b", re.IGNORECASE)
_NO_PART = "appears as themselves, as guests of shows do"
_JOBS = {  # of a role among the crew, by how the service calls it
    "director": ("Director",),
    "writer": ("Writer", "Screenplay", "Story", "Author", "Novel"),
    "producer": ("Producer", "Executive Producer"),
}


class TmdbRow(ResponseShape, frozen=True):
    """One title (films have `title`, series `name`) or a person."""

    id: object
    media_type: Literal["movie", "tv", "person"] | None = None
    title: object = None
    name: object = None
    original_title: object = None
    original_name: object = None
    release_date: object = None
    first_air_date: object = None
    character: object = None
    genre_ids: object = UNSET
    original_language: object = UNSET
    vote_average: object = UNSET
    vote_count: object = UNSET

    def __post_init__(self) -> None:
        if self.number is None:
            raise ValueError("no id")

    @property
    def number(self) -> int | None:
        return number_id(self.id)


def _is_as_oneself(row: object) -> bool:
    character = row.get("character") if isinstance(row, dict) else None
    return _AS_ONESELF.match(title_text(character) or "") is not None


def _said(row: TmdbRow) -> dict[str, object]:
    """Say what the address of a list may ask of a row."""
    date = row.release_date or row.first_air_date
    return {
        "genre": row.genre_ids,
        "language": row.original_language,
        "rating": row.vote_average,
        "votes": row.vote_count,
        "date": date,
        "year": year_number(date),
    }


def entry_of(
    rank: int, row: TmdbRow, kind: MediaType | None, filters: RowFilters = NO_ROW_FILTERS
) -> ListEntry | SkippedRow:
    """Turn a row into an entry; *kind* is what it is where it does not say so itself.

    What does not pass the *filters* of the address is left out.
    """
    title = title_text(row.title) or title_text(row.name)
    if row.media_type == "person":
        return SkippedRow(rank=rank, what=title or f"person {row.number}", why="a person")
    if _AS_ONESELF.match(title_text(row.character) or ""):
        return SkippedRow(rank=rank, what=title or f"title {row.number}", why=_NO_PART)
    if why := filters.objection(SERVICE, lambda: _said(row)):
        return SkippedRow(rank=rank, what=title or f"title {row.number}", why=why)
    if row.media_type is not None:
        kind = MediaType(row.media_type)
    elif kind is None and title:
        kind = MediaType.MOVIE if title_text(row.title) else MediaType.TV
    original = title_text(row.original_title) or title_text(row.original_name)
    return ListEntry(
        rank=rank,
        title=title,
        original_title=original if original != title else None,
        year=year_number(row.release_date) or year_number(row.first_air_date),
        kind=kind,
        ids=external_ids(None, row.number, None, kind),
    )


class TmdbPage(ResponseShape, frozen=True):
    """One page: `results`, in v3 lists `items`.

    What has one page and no count: `parts` of a collection, `cast` and `crew` of a person.
    """

    page: _Count | None = None
    total_pages: _Count | None = None
    total_results: _Count | None = None
    item_count: _Count | None = None
    results: list[object] | None = None
    items: list[object] | None = None
    parts: list[object] | None = None
    cast: list[object] | None = None
    crew: list[object] | None = None

    def __post_init__(self) -> None:
        named = (self.parts, self.results, self.items, self.cast, self.crew)
        if all(rows is None for rows in named):
            raise ValueError("no rows")
        if (self.cast is None) != (self.crew is None):
            raise ValueError("half of what a person is credited for")
        is_counted = self.results is not None or self.items is not None
        if is_counted and self.declared is None:
            raise ValueError("no count of rows")

    @property
    def rows(self) -> list[object]:
        return self.results or self.items or self.parts or []

    def credits_as(self, role: str) -> list[object]:
        """Give what a person is credited for, each title once; the first credit of one counts."""
        cast = self.cast if role in ("any", "cast") else None
        crew = self.crew if role != "cast" else None
        jobs = _JOBS.get(role)
        found: dict[object, object] = {}
        for row in (*(cast or ()), *(crew or ())):
            if not isinstance(row, dict):
                found[len(found)] = row
            elif jobs is None or row.get("job") in jobs:
                title = (repr(row.get("media_type")), repr(row.get("id")))  # whatever they are
                known = found.setdefault(title, row)
                if known is not row and _is_as_oneself(known) and not _is_as_oneself(row):
                    found[title] = row
        return list(found.values())

    @property
    def titles(self) -> list[object]:
        """What tells the rows apart, without what changes by itself (popularity, votes)."""
        return [
            (row.get("media_type"), row.get("id")) if isinstance(row, dict) else row
            for row in self.rows
        ]

    @property
    def declared(self) -> int | None:
        """How many rows the whole list has; the larger count where the two differ."""
        counts = (self.total_results, self.item_count)
        return max((count for count in counts if count is not None), default=None)

    @property
    def pages(self) -> int:
        """How many pages there are; by the size of the first one where the answer is silent."""
        if self.total_pages is None and self.declared and self.rows:
            return -(-self.declared // len(self.rows))
        return self.total_pages or 1


def page_of(document: JsonDocument, number: int) -> TmdbPage:
    """Read page *number*; another one, given in its place, would repeat rows."""
    page = check_one(SERVICE, document.content, TmdbPage, strict=True)
    if page.page not in (None, number):
        raise ResponseChangedError(SERVICE, f"gives page {page.page} instead of page {number}")
    return page


def judge(response: Response) -> ListsyncError | None:
    """Tell a private list from a bad key by the service's own code."""
    code = _CODE.search(response.look)
    if code is None or int(code[1]) not in _REFUSALS:
        return page_of_others(response)
    kind, why = _REFUSALS[int(code[1])]
    return RefusedError(SERVICE, kind, f"{why} (HTTP {response.status})")


_STAMP = re.compile(r"(\d{1,4}) (\d{4}-\d\d-\d\d) [0-9a-f]{64}", re.ASCII)


class _Collection(ResponseShape, frozen=True):
    number: Annotated[int, Meta(gt=0)] = field(name="id")
    title: str = field(name="name")


def _known_collection(previous: Validators | None) -> str:
    """Give where a collection was found before, in *previous*; empty: it was not."""
    stamp = (previous and previous.stamp) or ""
    return stamp if re.fullmatch(r"collection/\d{1,10}", stamp, re.ASCII) else ""


class Tmdb:
    """Reads one TMDB list."""

    def __init__(self, source: TmdbSource, options: TmdbOptions, http: ServiceClient) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._path = source.path

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_document` raises.

        What lies beyond the last page that the service gives is missing, and said to be. For a day
        a list counts as unchanged when its size and its last page are: whatever comes or goes
        changes them, but for a title that takes another's place. So does what the service ranks
        itself, by its first page.
        """
        if self._source.collection:
            self._path = _known_collection(previous) or self._find_collection()
        if self._is_as_before(previous):
            return Fetched.unchanged(previous)
        document = get_document(self._http, self._call(1), previous)
        if document.unchanged:
            return Fetched.unchanged(previous)
        first = page_of(document, 1)
        count = self._count(first)
        is_ranked = count > 1 and not self._source.is_list
        stamp = self._stamp(count, first) if is_ranked else None
        if stamp is not None and previous is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        last = [self._page(count)] if count > 1 else []
        if self._source.is_list:
            stamp = self._stamp(count, [first, *last][-1])
        if self._source.collection:
            stamp = self._path
        # Nothing but a page that is the whole list can vouch for it with its ETag.
        etag = document.validators.etag if count == 1 else None
        between = range(2, count)
        with in_parallel(self._page, between, at_once=self._options.at_once) as middle:
            pages = chain([first], self._others(first, chain(middle, last)))
            return self._fetched(pages, Validators(etag=etag, stamp=stamp))

    def _find_collection(self) -> str:
        """Find where the collection of that name is; a RefusedError says what else there is."""
        wanted = self._source.collection
        call = self._request("3/search/collection", {"query": wanted})
        page = check_one(SERVICE, get_document(self._http, call).content, TmdbPage, strict=True)
        found = [check_one(SERVICE, row, _Collection) for row in page.rows]
        names = (wanted.casefold(), f"{wanted} collection".casefold())
        exact = ({one.number for one in found if one.title.casefold() == name} for name in names)
        same = next(filter(None, exact), set())
        if len(same) == 1:
            return f"collection/{same.pop()}"
        shown = (one_line(f"{one.title} ({one.number})", 80) for one in found[:5])
        there = ", ".join(shown) or "none"
        many = "several collections are" if same else "no collection is"
        why = f"{many} called {wanted!r} (found: {there}); name its number, collection/123"
        raise RefusedError(SERVICE, Refusal.NOT_FOUND, why)

    def _is_as_before(self, previous: Validators | None) -> bool:
        """Compare the last page of a list of several; there may be no such page any more."""
        known = _STAMP.fullmatch((previous and previous.stamp) or "")
        if known is None or known[1] == "1" or known[2] != today() or not self._source.is_list:
            return False
        count = int(known[1])
        pages = as_far_as_possible(self._page, [count], [])
        return any(page is not None and self._stamp(count, page) == known[0] for _, page in pages)

    def _stamp(self, count: int, page: TmdbPage) -> str:
        """Make a word for the state of a list of *count* pages: its size, and titles of one."""
        top = self._options.chart_size if self._source.is_chart else None
        return f"{count} {stamp_of_today((page.declared, page.titles, top))}"

    def _others(self, first: TmdbPage, pages: Iterable[TmdbPage]) -> Iterator[TmdbPage]:
        titles = first.titles
        for page in pages:
            if page.rows and page.titles == titles:
                raise ResponseChangedError(SERVICE, f"{self._source} gives its first page again")
            yield page

    def _fetched(self, pages: Iterable[TmdbPage], validators: Validators) -> Fetched:
        top = self._options.chart_size if self._source.is_chart else None
        entries, declared = Entries(SERVICE, TmdbRow), None
        into = partial(entry_of, kind=self._source.kind, filters=self._source.filters)
        for page in pages:
            wanted = None if top is None else top - entries.count
            role = self._source.role
            rows = page.credits_as(role) if role else page.rows
            entries.add(rows[:wanted], into)
            if page.declared is not None:
                declared = max(page.declared, declared or 0)
        if declared is not None and top is not None:
            declared = min(declared, top)
        return entries.fetched(declared=declared, validators=validators)

    def _count(self, first: TmdbPage) -> int:
        """Say how many pages are to be read."""
        wanted = MAX_PAGES
        if self._source.is_chart:
            wanted = -(-self._options.chart_size // PAGE_SIZE)
        return min(first.pages, wanted)

    def _page(self, number: int) -> TmdbPage:
        return page_of(get_document(self._http, self._call(number)), number)

    def _call(self, page: int) -> ServiceRequest:
        number: dict[str, str | int] = {"page": page} if page > 1 else {}
        is_v4 = self._options.token and self._source.is_list  # v4 has lists, and wants a token
        params = {**dict(self._source.params), **number}
        return self._request(f"{4 if is_v4 else 3}/{self._path}", params)

    def _request(self, path: str, params: Mapping[str, str | int]) -> ServiceRequest:
        token, key = self._options.token, self._options.api_key
        if not token and not key:
            raise RefusedError(
                SERVICE,
                Refusal.CREDENTIAL,
                f"{self._source} needs providers.tmdb.token or providers.tmdb.api_key "
                "(free, at themoviedb.org/settings/api)",
            )
        bearer = token.get_secret_value() if token else ""
        if not bearer.isascii():
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, "providers.tmdb.token is no token")
        return ServiceRequest(
            service=SERVICE,
            url=f"{self._options.base_url.rstrip('/')}/{path}",
            params=params,
            secrets={"api_key": key} if key and not token else {},
            secret_headers={"Authorization": SecretStr(f"Bearer {bearer}")} if token else {},
            judge=judge,
            limit_bytes=_CREDITS_BYTES if self._source.role else PAGE_BYTES,
        )
