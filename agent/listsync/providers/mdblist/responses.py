"""What MDBList answers: rows in two shapes, pages, and its own ways of saying no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from listsync.decoding import Answer
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.http.response import Response, retry_after_s
from listsync.parsing.json_rows import JsonDocument, check_one
from listsync.parsing.row_fields import (
    external_ids,
    imdb_id,
    number_id,
    title_text,
    whole_number,
    year_number,
)
from listsync.providers.mdblist.source import SERVICE
from listsync.text_cleaning import one_line

_Count = Annotated[int, Meta(ge=0)]
_KINDS = {"movie": MediaType.MOVIE, "show": MediaType.TV}
_LONGEST_CURSOR = 1000
_OTHER_KIND = "not of the kind that the address shows"
_SAID = re.compile(r'\s*\{[^\[\]]*?"error"\s*:\s*"((?:[^"\\]|\\.){0,300})"')
_REFUSALS = {  # the first that is part of the service's words
    "invalid api key": Refusal.CREDENTIAL,
    "rate limit": Refusal.RATE_LIMITED,
    "limit reached": Refusal.QUOTA,
    "not found": Refusal.NOT_FOUND,
    "private": Refusal.PRIVATE,
}


class Description(Answer, frozen=True):
    """What the service says about a list as a whole."""

    items: _Count | None = None
    updated: str | None = None

    @property
    def stamp(self) -> str | None:
        updated = one_line(self.updated or "")
        return f"{updated} {self.items}" if updated and self.items is not None else None


class Account(Answer, frozen=True):
    """Whose key it is."""

    user_name: str


class _Ids(Answer, frozen=True):
    imdb: object = None
    tmdb: object = None
    tvdb: object = None


_NO_IDS = _Ids()


class Item(Answer, frozen=True):
    """One title; flat ids without a key, `ids` beside them with one. `id` is the TMDB number."""

    title: str | None = None
    id: object = None
    imdb_id: object = None
    tvdb_id: object = None
    mediatype: str | None = None
    release_year: object = None
    ids: _Ids | None = None

    def __post_init__(self) -> None:
        if not title_text(self.title) and not any(self.numbers()):
            raise ValueError("no title and no id")

    def numbers(self) -> tuple[str | None, int | None, int | None]:
        """Give the IMDb, TMDB and TVDB id."""
        more = self.ids or _NO_IDS
        return (
            imdb_id(more.imdb) or imdb_id(self.imdb_id),
            number_id(more.tmdb) or number_id(self.id),
            number_id(more.tvdb) or number_id(self.tvdb_id),
        )


def entry_of(rank: int, item: Item, only: MediaType | None = None) -> ListEntry | SkippedRow:
    """Turn an item into an entry; *rank* is its place in the order of the list.

    *only* is what the list is of: the kind of rows that do not say it, and of no others.
    """
    kind = _KINDS.get(item.mediatype or "", only)
    if only is not None and kind is not only:
        what = title_text(item.title) or f"row {rank}"
        return SkippedRow(rank=rank, what=what, why=_OTHER_KIND)
    return ListEntry(
        rank=rank,
        title=title_text(item.title),
        year=year_number(item.release_year),
        kind=kind,
        ids=external_ids(*item.numbers(), kind),
    )


class _Pagination(Answer, frozen=True):
    total: _Count | None = None
    has_more: bool = False
    next_cursor: object = None

    @property
    def cursor(self) -> str | None:
        """Where the next page begins; the service gives it as a number or as a text."""
        told = str(self.next_cursor) if isinstance(self.next_cursor, str | int) else ""
        return told if 0 < len(told) <= _LONGEST_CURSOR else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MdbListPage:
    """One page of items; `total` is the size of the whole list where the page tells it."""

    items: list[object]
    total: int | None
    more: bool
    cursor: str | None = None


def page_of(document: JsonDocument, size: int) -> MdbListPage:
    """Read one page in any shape: one list, films and series apart, or a chart in one piece.

    *size* is how many rows were asked for: so many may not be all, where nothing says it.
    """
    content = document.content
    if isinstance(content, dict) and content.keys() & {"movies", "shows"}:
        pagination = check_one(SERVICE, content.get("pagination") or {}, _Pagination)
        return MdbListPage(
            items=_merged(content.get("movies"), content.get("shows")),
            total=pagination.total,
            more=pagination.has_more,
            cursor=pagination.cursor,
        )
    if isinstance(content, dict) and isinstance(content.get("results"), list):
        return MdbListPage(items=content["results"], total=None, more=False)
    if not isinstance(content, list):
        raise AnswerChangedError(SERVICE, "a list was expected", sample=document.response.sample)
    said = document.response.headers.get("x-has-more", "").lower()
    more = said == "true" if said in ("true", "false") else len(content) >= size
    return MdbListPage(items=content, total=None, more=more)


def _merged(*parts: object) -> list[object]:
    """Put films and series back into the order of the list, by their rank."""
    items = [item for part in parts if isinstance(part, list) for item in part]
    return sorted(items, key=_rank)


def _rank(item: object) -> int:
    rank = whole_number(item.get("rank")) if isinstance(item, dict) else None
    return 2**31 if rank is None else rank


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own error body; it comes with any status, 200 included."""
    said = _SAID.match(response.look)
    if said is None:
        return None
    words = f"says: {one_line(said[1])} (HTTP {response.status})"
    wait = retry_after_s(response.headers)
    for part, kind in _REFUSALS.items():
        if part in said[1].lower():
            return RefusedError(SERVICE, kind, words, retry_after_s=wait)
    return UnavailableError(SERVICE, words, retry_after_s=wait) if response.status == 200 else None


def judge_key(response: Response) -> ListsyncError | None:
    """Judge an answer of the API: it refuses a bad key by 401 or 403, and lists by other words.

    A web page is not the API's own answer.
    """
    told = judge(response)
    if told is not None or response.status not in (401, 403) or response.is_page:
        return told
    said = _SAID.match(response.look)
    words = f": {one_line(said[1])}" if said else ""
    why = f"does not accept providers.mdblist.api_key (HTTP {response.status}){words}"
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)
