"""Reads a list of AniList, and gives its entries the ids that the map of anime ids knows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, page_of_others, retry_after_s
from listsync.lean_dataclasses import dataclass
from listsync.parsing import anime_ids
from listsync.parsing.anime_ids import AnimeIds, AnimeTitle
from listsync.parsing.decoding import ResponseShape, number_id, year_number
from listsync.parsing.json_rows import Entries, check_one, get_document, stamp_of_today
from listsync.providers.anilist.source import SERVICE, AniListOptions, AniListSource
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient

MAX_PAGES = 1000
_CHUNK, _PAGE = 500, 50  # the most that the service gives at a time
_LARGEST = 8 * 1024 * 1024
_MEDIA = "id idMal format title{romaji english native} startDate{year}"
_ENTRIES = f"lists{{name entries{{status media{{{_MEDIA}}}}}}}"
_SORTS = {"trending": "TRENDING_DESC", "top-100": "SCORE_DESC"}
_SEASONS = ("WINTER", "SPRING", "SUMMER", "FALL")
_TOP = 100  # of the chart that says so
_MOST_OF_A_USER = 11_000
"""Of more, the newest are given alone. Source: the documentation's page "Media List", 2026."""
_KINDS = {
    "MOVIE": MediaType.MOVIE,
    **dict.fromkeys(("TV", "TV_SHORT", "SPECIAL", "OVA", "ONA"), MediaType.TV),
}
_ERRORS = re.compile(r'(?<!\\)"errors"\s*:\s*\[')
_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.){0,300})"')
_STATUS = re.compile(r'"status"\s*:\s*(\d{3})\b', re.ASCII)


class _Names(ResponseShape, frozen=True):
    romaji: object = None
    english: object = None
    native: object = None


class _Date(ResponseShape, frozen=True):
    year: object = None


class Anime(ResponseShape, frozen=True):
    """One entry; each season of a series is one of its own."""

    id: object
    format: object = None
    title: _Names | None = None
    start: _Date | None = msgspec.field(default=None, name="startDate")

    def __post_init__(self) -> None:
        if number_id(self.id) is None:
            raise ValueError("no id")


def entry_of(rank: int, row: Anime, known: Mapping[int, AnimeTitle]) -> ListEntry | SkippedRow:
    """Turn a row into an entry, with the ids of the series or film that it is a part of."""
    names = row.title or _Names()
    title, original = anime_ids.titles_of(names.english, names.romaji, names.native)
    if row.format == "MUSIC":
        what = title or f"entry {row.id}"
        return SkippedRow(rank=rank, what=what, why="a music video")
    entry = ListEntry(
        rank=rank,
        title=title,
        original_title=original,
        year=year_number(row.start.year) if row.start else None,
        kind=_KINDS.get(str(row.format)),
    )
    return anime_ids.with_ids(entry, number_id(row.id), known)


class _Group(ResponseShape, frozen=True):
    entries: tuple[object, ...]
    name: str | None = None


class _Chunk(ResponseShape, frozen=True):
    lists: list[_Group]
    has_next: bool = msgspec.field(name="hasNextChunk")


class _PageInfo(ResponseShape, frozen=True):
    has_next: bool = msgspec.field(name="hasNextPage")


class _Page(ResponseShape, frozen=True):
    info: _PageInfo = msgspec.field(name="pageInfo")
    media: list[object]


class _Data(ResponseShape, frozen=True):
    chunk: _Chunk | None = msgspec.field(default=None, name="MediaListCollection")
    page: _Page | None = msgspec.field(default=None, name="Page")

    def __post_init__(self) -> None:
        if self.chunk is None and self.page is None:
            raise ValueError("no list")


class _Answer(ResponseShape, frozen=True):
    data: _Data
    errors: list[object] | None = None


@dataclass(frozen=True, slots=True)
class AniListRow:
    """A row as it came: the list that it stands in, its status there, and the entry itself."""

    where: str | None
    status: str | None
    media: object

    @property
    def number(self) -> int | None:
        match self.media:
            case {"id": number}:
                return number_id(number)
            case _:
                return None


@dataclass(frozen=True, slots=True)
class AniListPage:
    """A part of a list, and whether another part follows."""

    rows: tuple[AniListRow, ...]
    more: bool
    is_of_chart: bool = False

    @property
    def keys(self) -> list[tuple[str | None, int | None]]:
        """Name each row by its list and number: one entry can be in several lists."""
        return [(row.where, row.number) for row in self.rows]

    @property
    def is_full(self) -> bool:
        """Tell a part that holds as much as the service gives at a time."""
        most = _PAGE if self.is_of_chart else _CHUNK
        return len({row.number for row in self.rows}) >= most


def page_of(data: _Data) -> AniListPage:
    """Read a part of a user's lists, or of a chart."""
    if data.page is not None:
        rows = tuple(AniListRow(None, None, media) for media in data.page.media)
        return AniListPage(rows, data.page.info.has_next, is_of_chart=True)
    assert data.chunk is not None  # noqa: S101 - one of the two is there
    groups = data.chunk.lists
    rows = tuple(_row_of(group.name, entry) for group in groups for entry in group.entries)
    return AniListPage(rows, data.chunk.has_next)


def _row_of(where: str | None, entry: object) -> AniListRow:
    match entry:
        case {"media": media, "status": str(status)}:
            return AniListRow(where, status, media)
        case {"media": media}:
            return AniListRow(where, None, media)
        case _:
            return AniListRow(where, None, entry)


def _without_words(response: Response) -> ListsyncError | None:
    """Judge a refusal that says no more: nobody has a key or a login here."""
    if response.status not in (401, 403) or response.is_page:
        return None
    why, wait = f"turns us away (HTTP {response.status})", retry_after_s(response.headers)
    return RefusedError(SERVICE, Refusal.BLOCKED, why, retry_after_s=wait)


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own error; it comes with any status, 200 included."""
    found = _ERRORS.search(response.look)
    if found is None or response.is_page:
        return page_of_others(response) or _without_words(response)
    told = response.look[found.end() :]
    message, status = _MESSAGE.search(told), _STATUS.search(told)
    said = one_line(message[1]) if message else "an error"
    number = int(status[1]) if status else response.status
    why, wait = f"says: {said} (HTTP {number})", retry_after_s(response.headers)
    if number == 429:
        return RefusedError(SERVICE, Refusal.RATE_LIMITED, why, retry_after_s=wait)
    if number == 404:
        kind = Refusal.PRIVATE if "private" in said.lower() else Refusal.NOT_FOUND
        return RefusedError(SERVICE, kind, why)
    if number == 403 or number >= 500:  # 403: switched off for all, for hours
        return UnavailableError(SERVICE, why, retry_after_s=wait)
    return ResponseChangedError(SERVICE, why, sample=response.sample)


class AniList:
    """Reads one list of AniList."""

    def __init__(
        self, source: AniListSource, options: AniListOptions, http: ServiceClient, ids: AnimeIds
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._ids = ids

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, what changed last first; raises what `get_document` raises.

        For a day it counts as unchanged when its first part is: whatever comes or changes stands
        there, but for what goes from beyond it.
        """
        first = self._page(1)
        stamp = stamp_of_today((first.more, first.keys))
        if previous is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        reading = _Reading(self._source, self._ids)
        for page in self._pages(first):
            reading.add(page, self._top(reading.count))
        return reading.fetched(Validators(stamp=stamp))

    def _top(self, read: int) -> int | None:
        """Say how many more rows are wanted; None: all."""
        if self._source.chart is None:
            return None
        most = self._options.chart_size
        return max(0, (min(most, _TOP) if self._source.chart == "top-100" else most) - read)

    def _pages(self, page: AniListPage) -> Iterator[AniListPage]:
        """Give part after part until there is no more; one without anything new never ends."""
        seen: set[tuple[str | None, int | None]] = set()
        number, read = 1, 0
        while True:
            keys = page.keys
            if page.more and seen.issuperset(keys):
                break
            seen.update(keys)
            read += len(keys)
            yield page
            number += 1
            if self._top(read) == 0:
                return
            if not page.more:
                self._demand_end(page, number)
                return
            if number > MAX_PAGES:
                break
            page = self._page(number)
        raise ResponseChangedError(SERVICE, f"{self._source} repeats itself without an end")

    def _demand_end(self, last: AniListPage, behind: int) -> None:
        """See that nothing stands behind a *last* part that is full: it may be a wrong word."""
        if last.is_full and self._page(behind).rows:
            why = f"{self._source} has entries behind the part that it says is the last"
            raise ResponseChangedError(SERVICE, why)

    def _page(self, number: int) -> AniListPage:
        document = get_document(self._http, self._call(number))
        answer = check_one(SERVICE, document.content, _Answer)
        if answer.errors:
            raise ResponseChangedError(SERVICE, f"{self._source} came with errors beside it")
        return page_of(answer.data)

    def _call(self, number: int) -> ServiceRequest:
        query, variables = _query_of(self._source)
        body = {"query": query, "variables": {**variables, "n": number}}
        return ServiceRequest(
            service=SERVICE,
            url=self._options.base_url,
            body=msgspec.json.encode(body),
            judge=judge,
            limit_bytes=_LARGEST,
        )


class _Reading:
    """What the parts of one list come to."""

    def __init__(self, source: AniListSource, ids: AnimeIds) -> None:
        self._source = source
        self._ids = ids
        self._entries = Entries(SERVICE, Anime)
        self._seen: set[int] = set()
        self._in_list: set[tuple[str | None, int]] = set()
        self._names: set[str] = set()
        self._repeated = 0
        self._is_empty = True

    @property
    def count(self) -> int:
        return self._entries.count

    def add(self, page: AniListPage, top: int | None) -> None:
        """Take what is new of the lists that are meant."""
        self._is_empty = self._is_empty and not page.rows
        self._names.update(one_line(row.where) for row in page.rows if row.where)
        rows = [row for row in page.rows if self._means(row) and self._is_new(row)][:top]
        numbers = {row.number for row in rows if row.number is not None}
        known = self._ids.find("anilist", numbers)
        self._entries.add([row.media for row in rows], partial(entry_of, known=known))

    def _means(self, row: AniListRow) -> bool:
        """Go by the entry's status: one that is hidden stands in lists of its user's own only."""
        source = self._source
        if source.own_list is not None:
            return (row.where or "").casefold() == source.own_list.casefold()
        return source.status is None or row.status in (source.status, None)

    def _is_new(self, row: AniListRow) -> bool:
        """Leave out what another list has brought; what its own list repeats came for another."""
        number = row.number
        if number is None:
            return True
        is_again = (row.where, number) in self._in_list
        self._repeated += is_again
        self._in_list.add((row.where, number))
        is_known = number in self._seen
        self._seen.add(number)
        return is_again or not is_known

    def fetched(self, validators: Validators) -> Fetched:
        """Sum it up; two halves of a season are two rows, though they have the same ids."""
        source = self._source
        if source.own_list is not None and not self.count:
            there = ", ".join(sorted(self._names)[:9]) or "none"
            why = f"{source.user} shows no list {source.own_list!r} with anime in it"
            raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"{why} (there: {there})")
        declared = 0 if self._is_empty and source.chart is None else None
        fetched = self._entries.fetched(declared=declared, validators=None)
        is_cut = source.chart is None and len(self._seen) >= _MOST_OF_A_USER
        fetched = replace(fetched, repeated=self._repeated, newest_only=is_cut)
        return replace(fetched, validators=validators) if fetched.is_sure else fetched


def _query_of(source: AniListSource) -> tuple[str, dict[str, str]]:
    """Write the query of a part; its number is $n."""
    if source.chart is not None:
        sort = _SORTS.get(source.chart, "POPULARITY_DESC")
        wanted = f"type:ANIME,isAdult:false,sort:[{sort}]{_season_of(source.chart)}"
        page = f"pageInfo{{hasNextPage}} media({wanted}){{{_MEDIA}}}"
        return f"query($n:Int){{Page(page:$n,perPage:{_PAGE}){{{page}}}}}", {}
    status = f",status_in:[{source.status}]" if source.status else ""
    wanted = f"userName:$u,type:ANIME,chunk:$n,perChunk:{_CHUNK},sort:[UPDATED_TIME_DESC]{status}"
    query = f"MediaListCollection({wanted}){{hasNextChunk {_ENTRIES}}}"
    return f"query($u:String,$n:Int){{{query}}}", {"u": source.user}


def _season_of(chart: str) -> str:
    """Name the quarter of the year in which anime begin together, where a chart is of one."""
    if not chart.endswith("-season"):
        return ""
    now = time.gmtime()
    quarter = now.tm_year * 4 + (now.tm_mon - 1) // 3 + (chart == "next-season")
    return f",season:{_SEASONS[quarter % 4]},seasonYear:{quarter // 4}"
