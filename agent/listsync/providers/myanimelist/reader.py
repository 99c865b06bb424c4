"""Reads a list of MyAnimeList, and gives its entries the ids that the map of anime ids knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, page_of_others, retry_after_s
from listsync.parsing import anime_ids
from listsync.parsing.anime_ids import AnimeIds, AnimeTitle
from listsync.parsing.decoding import ResponseShape, number_id, year_number
from listsync.parsing.json_rows import Entries, check_one, get_document, stamp_of_today
from listsync.providers.myanimelist.source import (
    ALL,
    SERVICE,
    MyAnimeListOptions,
    MyAnimeListSource,
)

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient

MAX_PAGES = 1000
_PAGE = 1000  # the most that the service gives at a time
_LARGEST = 8 * 1024 * 1024
_FIELDS = "id,title,alternative_titles,media_type,start_date"
_KEY = "providers.myanimelist.client_id"
_KINDS = {
    "movie": MediaType.MOVIE,
    **dict.fromkeys(("tv", "ova", "ona", "special", "tv_special"), MediaType.TV),
}
_SKIPPED = {"music": "a music video", "cm": "an advertisement", "pv": "a trailer"}
_ERROR = re.compile(r'"error"\s*:\s*"(\w{1,40})"')
_BAD_ID = re.compile(r"invalid client id", re.IGNORECASE)


class _OtherTitles(ResponseShape, frozen=True):
    en: object = None
    ja: object = None


class MalAnime(ResponseShape, frozen=True):
    """One entry; each season of a series is one of its own."""

    id: object
    title: object = None
    alternative_titles: _OtherTitles | None = None
    media_type: object = None
    start_date: object = None

    def __post_init__(self) -> None:
        if number_id(self.id) is None:
            raise ValueError("no id")


def entry_of(rank: int, row: MalAnime, known: Mapping[int, AnimeTitle]) -> ListEntry | SkippedRow:
    """Turn a row into an entry, with the ids of the series or film that it is a part of."""
    others = row.alternative_titles or _OtherTitles()
    title, original = anime_ids.titles_of(others.en, row.title, others.ja)
    if why := _SKIPPED.get(str(row.media_type)):
        return SkippedRow(rank=rank, what=title or f"entry {row.id}", why=why)
    entry = ListEntry(
        rank=rank,
        title=title,
        original_title=original,
        year=year_number(row.start_date),
        kind=_KINDS.get(str(row.media_type)),
    )
    return anime_ids.with_ids(entry, number_id(row.id), known)


class _Paging(ResponseShape, frozen=True):
    next: str | None = None
    previous: str | None = None


class MalPage(ResponseShape, frozen=True):
    """One page: its rows, and whether another follows."""

    data: list[object]
    paging: _Paging

    @property
    def rows(self) -> list[object]:
        return [_node_of(item) for item in self.data]

    @property
    def numbers(self) -> list[int | None]:
        return [_number_of(row) for row in self.rows]


def _node_of(item: object) -> object:
    match item:
        case {"node": node}:
            return node
        case _:
            return item


def _number_of(row: object) -> int | None:
    match row:
        case {"id": number}:
            return number_id(number)
        case _:
            return None


def judge(response: Response) -> ListsyncError | None:
    """Tell a private list from a bad client id, and from being kept out for asking too often.

    Source: the reference's common status codes, of which 403 is for whoever asks too often, and
    404 for what is not there. Which word comes with a private list, clients know.
    """
    if page := page_of_others(response):
        return page
    error = _ERROR.search(response.look)
    word = error[1] if error else ""
    told = f"(HTTP {response.status}{word and f': {word}'})"
    if response.status in (400, 401) and (_BAD_ID.search(response.look) or response.status == 401):
        return RefusedError(SERVICE, Refusal.CREDENTIAL, f"does not accept {_KEY} {told}")
    if response.status == 403 and word == "not_permitted":
        return RefusedError(SERVICE, Refusal.PRIVATE, f"does not let us see this list {told}")
    if response.status == 403:
        return RefusedError(
            SERVICE,
            Refusal.BLOCKED,
            f"keeps us out, as it does with whoever asks too often {told}",
            retry_after_s=retry_after_s(response.headers),
        )
    if response.status == 404 and word:
        return RefusedError(SERVICE, Refusal.NOT_FOUND, f"does not know this user {told}")
    return None


class MyAnimeList:
    """Reads one list of MyAnimeList."""

    def __init__(
        self,
        source: MyAnimeListSource,
        options: MyAnimeListOptions,
        http: ServiceClient,
        ids: AnimeIds,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._ids = ids

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, what changed last first; raises what `get_document` raises.

        For a day it counts as unchanged when its first page is: whatever comes or changes stands
        there, but for what goes from beyond it. No rows prove nothing.
        """
        first = self._page(0)
        stamp = stamp_of_today((first.paging.next is None, first.numbers))
        if previous is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        entries, seen, repeated = Entries(SERVICE, MalAnime), set[int](), 0
        for page in self._pages(first):
            numbers = [number for number in page.numbers if number is not None]
            new = seen.union(numbers)
            repeated += len(numbers) - (len(new) - len(seen))
            seen = new
            known = self._ids.find("mal", set(numbers))
            entries.add(page.rows, partial(entry_of, known=known))
        if not entries.count:
            why = f"{self._source} came without entries, and nothing says that there are none"
            raise ResponseChangedError(SERVICE, why)
        # Two halves of a season are two rows, though they have the same ids.
        fetched = replace(entries.fetched(declared=None, validators=None), repeated=repeated)
        return replace(fetched, validators=Validators(stamp=stamp)) if fetched.is_sure else fetched

    def _pages(self, page: MalPage) -> Iterator[MalPage]:
        """Give page after page until there is no more; one without anything new never ends."""
        seen: set[int | None] = set()
        read = 0
        for _ in range(MAX_PAGES):
            numbers = page.numbers
            if page.paging.next is not None and seen.issuperset(numbers):
                break
            yield page
            read += len(numbers)
            if page.paging.next is None:
                if len(numbers) >= _PAGE:
                    self._demand_end(read)
                return
            seen.update(numbers)
            page = self._page(read)
        raise ResponseChangedError(SERVICE, f"{self._source} repeats itself without an end")

    def _demand_end(self, read: int) -> None:
        """See that a list ends with its full page: from its last row on there is that row alone.

        Nothing but a page that names none tells the end of a list, and it may have lost the name.
        """
        if len(self._page(read - 1).data) != 1:
            why = f"{self._source} names no page behind row {read}, and does not end there"
            raise ResponseChangedError(SERVICE, why)

    def _page(self, offset: int) -> MalPage:
        """Ask for the page behind *offset* rows; the address that the service names is not."""
        document = get_document(self._http, self._call(offset))
        page = check_one(SERVICE, document.content, MalPage)
        if not offset and page.paging.previous is not None:
            raise ResponseChangedError(SERVICE, "gives another page in place of the first")
        return page

    def _call(self, offset: int) -> ServiceRequest:
        client_id = self._options.client_id
        if not client_id:
            raise RefusedError(
                SERVICE,
                Refusal.CREDENTIAL,
                f"{self._source} needs {_KEY} (free, at myanimelist.net/apiconfig); without one, "
                "an export of the list can be followed as a file",
            )
        status = {} if self._source.status == ALL else {"status": self._source.status}
        return ServiceRequest(
            service=SERVICE,
            url=f"{self._options.base_url.rstrip('/')}/users/{self._source.user}/animelist",
            params={
                **status,
                "sort": "list_updated_at",
                "nsfw": "true",
                "limit": _PAGE,
                "offset": offset,
                "fields": _FIELDS,
            },
            secret_headers={"X-MAL-CLIENT-ID": SecretStr(client_id.get_secret_value())},
            judge=judge,
            limit_bytes=_LARGEST,
        )
