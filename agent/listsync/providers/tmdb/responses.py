"""What TMDB answers: pages in three shapes, rows in two, and its own ways of saying no."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta

from listsync.decoding import Answer
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.errors import AnswerChangedError, ListsyncError, Refusal, RefusedError
from listsync.http.response import Response
from listsync.parsing.json_rows import JsonDocument, check_one
from listsync.parsing.row_fields import external_ids, number_id, title_text, year_number
from listsync.providers.tmdb.source import SERVICE

_Count = Annotated[int, Meta(ge=0)]
_CODE = re.compile(r'"status_code"\s*:\s*(\d{1,3})\b', re.ASCII)
_REFUSALS = {  # the codes of which the HTTP status, 401 for each, does not say enough
    3: (Refusal.PRIVATE, "does not let this token or key see the list; it may be private"),
    7: (Refusal.CREDENTIAL, "does not accept providers.tmdb.token or api_key"),
    10: (Refusal.CREDENTIAL, "has suspended the account of providers.tmdb.token or api_key"),
}


class TmdbRow(Answer, frozen=True):
    """One title (films have `title`, series `name`) or a person."""

    id: object
    media_type: Literal["movie", "tv", "person"] | None = None
    title: object = None
    name: object = None
    original_title: object = None
    original_name: object = None
    release_date: object = None
    first_air_date: object = None

    def __post_init__(self) -> None:
        if self.number is None:
            raise ValueError("no id")

    @property
    def number(self) -> int | None:
        return number_id(self.id)


def entry_of(rank: int, row: TmdbRow, kind: MediaType | None) -> ListEntry | SkippedRow:
    """Turn a row into an entry; *kind* is what it is where it does not say so itself."""
    title = title_text(row.title) or title_text(row.name)
    if row.media_type == "person":
        return SkippedRow(rank=rank, what=title or f"person {row.number}", why="a person")
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


class TmdbPage(Answer, frozen=True):
    """One page: `results`, in v3 lists `items`, in collections (one page, uncounted) `parts`."""

    page: _Count | None = None
    total_pages: _Count | None = None
    total_results: _Count | None = None
    item_count: _Count | None = None
    results: list[object] | None = None
    items: list[object] | None = None
    parts: list[object] | None = None

    def __post_init__(self) -> None:
        if self.parts is None and self.results is None and self.items is None:
            raise ValueError("no rows")
        if self.parts is None and self.declared is None:
            raise ValueError("no count of rows")

    @property
    def rows(self) -> list[object]:
        return self.results or self.items or self.parts or []

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
        raise AnswerChangedError(SERVICE, f"gives page {page.page} instead of page {number}")
    return page


def judge(response: Response) -> ListsyncError | None:
    """Tell a private list from a bad key by the service's own code."""
    said = _CODE.search(response.look)
    if said is None or int(said[1]) not in _REFUSALS:
        return None
    kind, why = _REFUSALS[int(said[1])]
    return RefusedError(SERVICE, kind, f"{why} (HTTP {response.status})")
