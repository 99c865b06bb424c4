"""What IMDb sends: titles, connections, pages, and how it says no.

Source: clients that ran in August 2026; samples in tests/fixtures/imdb.

Of refusals: clients and reports of 2026; samples in tests/fixtures/imdb/graphql. Every answer of
the GraphQL service comes with HTTP 200, or with 400 where it refuses the query itself; other
statuses are those of what stands before.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.response import Response, retry_after_s
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import NO_ROW_FILTERS, RowFilters
from listsync.parsing.decoding import ResponseShape, external_ids, imdb_id, title_text, year_number
from listsync.parsing.documents import parse_json, text_of
from listsync.parsing.json_rows import check_one
from listsync.providers.imdb.queries import GraphqlQuery, field_in
from listsync.providers.imdb.source import SERVICE
from listsync.text_cleaning import one_line

_KINDS = {
    "movie": MediaType.MOVIE,
    "tvMovie": MediaType.MOVIE,
    "short": MediaType.MOVIE,
    "tvShort": MediaType.MOVIE,
    "video": MediaType.MOVIE,
    "tvSpecial": MediaType.MOVIE,
    "tvSeries": MediaType.TV,
    "tvMiniSeries": MediaType.TV,
}
_UNWANTED = {
    "tvEpisode": "an episode",
    "videoGame": "a game",
    "musicVideo": "a music video",
    "podcastSeries": "a podcast",
    "podcastEpisode": "a podcast",
}
PERSON = re.compile(r"nm\d+", re.ASCII)


class _Text(ResponseShape, frozen=True):
    text: str | None = None


class _Type(ResponseShape, frozen=True):
    id: str | None = None


class _Year(ResponseShape, frozen=True):
    year: object = None


class _Ratings(ResponseShape, frozen=True):
    rating: object = field(name="aggregateRating", default=None)
    votes: object = field(name="voteCount", default=None)


class ImdbTitle(ResponseShape, frozen=True):
    """One title, or the person that stands where one was expected."""

    id: str
    name: _Text | UnsetType | None = field(name="titleText", default=UNSET)
    original: _Text | None = field(name="originalTitleText", default=None)
    type: _Type | UnsetType | None = field(name="titleType", default=UNSET)
    released: _Year | UnsetType | None = field(name="releaseYear", default=UNSET)
    ratings: _Ratings | UnsetType | None = field(name="ratingsSummary", default=UNSET)

    def __post_init__(self) -> None:
        if imdb_id(self.id) is None:
            if self.is_person:
                return
            raise ValueError("no id of a title")
        if self.name is UNSET or not self.type or not self.type.id:
            raise ValueError("titleText or titleType is missing")

    @property
    def is_person(self) -> bool:
        return self.id.startswith("nm") and PERSON.fullmatch(self.id) is not None


class CursorInfo(ResponseShape, frozen=True):
    """Where the next page begins; a cursor without a next page means nothing."""

    more: bool = field(name="hasNextPage")
    cursor: str | None = field(name="endCursor")


class TitleConnection(ResponseShape, frozen=True):
    """One part of a list; `total` is the size of the whole list."""

    edges: list[object] | None = None
    entries: list[object] | None = None
    total: Annotated[int, Meta(ge=0)] | None = None
    page: CursorInfo | None = field(name="pageInfo", default=None)

    def __post_init__(self) -> None:
        if self.edges is None and self.entries is None:
            raise ValueError("no edges and no entries")

    @property
    def rows(self) -> list[object]:
        return self.edges or self.entries or []


class ListNode(ResponseShape, frozen=True):
    """A list and its titles."""

    titles: TitleConnection = field(name="titleListItemSearch")
    modified: str | None = field(name="lastModifiedDate", default=None)


class Profile(ResponseShape, frozen=True):
    """Whose profile it is."""

    user: Annotated[str, Meta(pattern=r"\Aur[0-9]+\Z")] = field(name="userId")


def inside(node: object, *path: str) -> object:
    """Follow *path* down; None where there is nothing."""
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _said(title: ImdbTitle) -> dict[str, object]:
    """Say what the address of a list may ask of a title, as far as it came."""
    said: dict[str, object] = {"type": title.type.id if title.type else None}
    if title.released is not UNSET:
        said["year"] = title.released.year if title.released else None
    if title.ratings is not UNSET:
        said["rating"] = title.ratings.rating if title.ratings else None
        said["votes"] = title.ratings.votes if title.ratings else None
    return said


def entry_of(
    rank: int, title: ImdbTitle, filters: RowFilters = NO_ROW_FILTERS
) -> ListEntry | SkippedRow:
    """Turn a checked title into an entry; persons and what cannot be requested are left out.

    So is what does not pass the *filters* of the address.
    """
    named = title_text(title.name.text) if title.name else None
    original = title_text(title.original.text) if title.original else None
    word = title.type.id if title.type else None
    unwanted = "a person" if title.is_person else _UNWANTED.get(word or "")
    unwanted = unwanted or filters.objection(SERVICE, lambda: _said(title))
    if unwanted:
        return SkippedRow(rank=rank, what=named or title.id.strip(), why=unwanted)
    kind = _KINDS.get(word or "")
    return ListEntry(
        rank=rank,
        title=named or original,
        original_title=original if original != named else None,
        year=year_number(title.released.year) if title.released else None,
        kind=kind,
        ids=external_ids(imdb_id(title.id), None, None, kind),
    )


PEOPLE, TITLES = "PEOPLE", "TITLES"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImdbPage:
    """One page of a list; `cursor` is None on the last one, `modified` is the list's date."""

    titles: list[object]
    total: int | None
    cursor: str | None
    modified: str | None

    @property
    def is_of_people(self) -> bool:
        """True when every row is a person."""
        ids = [str(inside(row, "id")) for row in self.titles]
        return bool(ids) and all(PERSON.fullmatch(one) for one in ids)

    @property
    def state(self) -> str:
        """Sum up what a first page shows; where it cannot show all, for today only."""
        seen = json.dumps([self.total, self.modified, self.titles]).encode()
        is_sure = self.cursor is None or self.modified
        today = "" if is_sure else time.strftime(" %Y-%m-%d", time.gmtime())
        return f"{self.total} {hashlib.sha256(seen).hexdigest()[:20]}{today}"


def part_of(data: Mapping[str, object], query: GraphqlQuery, name: str) -> ImdbPage:
    """Read the answer to *query* about the list that people know as *name*."""
    if query.root not in data:
        raise ResponseChangedError(SERVICE, f"{query.root} is missing from the answer")
    node = data[query.root]
    if node is None and query.known_by_null:
        raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"{name} does not exist, or is not public")
    found, modified = _listed(node, name) if query.within_list else (_shown(node), None)
    if (query.counted and found.total is None) or (query.paged and found.page is None):
        raise ResponseChangedError(SERVICE, f"{name}: the answer does not say how long it is")
    cursor = None
    if query.paged and found.page is not None and found.page.more:
        cursor = found.page.cursor
        if not cursor:
            raise ResponseChangedError(SERVICE, f"{name}: more follows, and it is not said where")
    return ImdbPage(
        titles=[inside(row, *query.path) for row in found.rows],
        total=found.total,
        cursor=cursor,
        modified=modified,
    )


def _shown(node: object) -> TitleConnection:
    return check_one(SERVICE, node, TitleConnection, strict=True)


def _listed(node: object, name: str) -> tuple[TitleConnection, str | None]:
    """Read a list and the date of its last change; one of people is not empty of titles.

    A type that is not known is no reason to leave titles behind that came.
    """
    kind = inside(node, "listType", "id")
    if kind == PEOPLE:
        raise not_of_titles(name, kind)
    if kind not in (None, TITLES) and not inside(node, "titleListItemSearch", "total"):
        raise not_of_titles(name, str(kind))
    found = check_one(SERVICE, node, ListNode, strict=True)
    return found.titles, found.modified


def not_of_titles(name: str, kind: str) -> RefusedError:
    """Say what a list is of, in place of titles."""
    of = one_line(kind.lower().replace("_", " "), 40)
    return RefusedError(SERVICE, Refusal.NOT_FOUND, f"{name} is a list of {of}, not of titles")


_OF_QUERY = (400, 422)
_MOST_ERRORS_READ = 100
_LONGEST = 400
_REFUSALS = {  # the first that is part of an error's code and message
    "forbidden": Refusal.PRIVATE,
    "permission denied": Refusal.PRIVATE,
    "are private": Refusal.PRIVATE,
    "is not public": Refusal.PRIVATE,
    "rate exceeded": Refusal.RATE_LIMITED,
    "customerid required": Refusal.NOT_FOUND,
    "resource_not_found": Refusal.NOT_FOUND,
    "resource not found": Refusal.NOT_FOUND,
}


class QueryRefusedError(ResponseChangedError):
    """The service does not take the whole query, for a reason that is not known here."""

    def plain(self) -> ResponseChangedError:
        """Give the error as others know it."""
        return ResponseChangedError(SERVICE, self.why, sample=self.sample)


class UnknownFieldsError(QueryRefusedError):
    """The service does not know *fields*, and refuses the query for them."""

    def __init__(self, why: str, fields: tuple[str, ...], *, sample: str = "") -> None:
        super().__init__(SERVICE, why, sample=sample)
        self.fields = fields


def judge(response: Response) -> ListsyncError | None:
    """Read what stands before the service, and the `errors` of an answer of its own."""
    if response.status in (401, 403):  # private lists are said with 200
        why, wait = f"turns us away (HTTP {response.status})", retry_after_s(response.headers)
        return RefusedError(SERVICE, Refusal.BLOCKED, why, retry_after_s=wait)
    if response.status in (404, 410):
        return ResponseChangedError(SERVICE, f"its service is not there (HTTP {response.status})")
    if response.status not in (200, *_OF_QUERY) or response.is_page or not response.body.strip():
        return None
    text = text_of(response)
    if response.status in _OF_QUERY:
        return _refused_query(response, text)
    # Without the word there are none, and a good page need not be parsed twice.
    return _refusal(parse_json(SERVICE, text)) if '"errors"' in text else None


def _refused_query(response: Response, text: str) -> ListsyncError | None:
    """Read the words that come with a 400; None where there are none, and the status must do."""
    try:
        content = parse_json(SERVICE, text)
    except ResponseChangedError:
        return None
    found = _refusal(content)
    if found is None and isinstance(content, dict) and title_text(content.get("message")):
        found = _meaning(content)
    if isinstance(found, UnknownFieldsError) or not isinstance(found, QueryRefusedError):
        return found
    return QueryRefusedError(SERVICE, f"{found.why} (HTTP {response.status})", sample=found.sample)


def _refusal(content: object) -> ListsyncError | None:
    """Find what is wrong with more than single titles of a list."""
    errors = content.get("errors") if isinstance(content, dict) else None
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    found = (
        _meaning(error if isinstance(error, dict) else {"message": error})
        for error in listed
        if not isinstance(error, dict) or not _concerns_row(content, error.get("path"))
    )
    return _foremost(islice(found, _MOST_ERRORS_READ))


def _foremost(found: Iterable[ListsyncError]) -> ListsyncError | None:
    """Choose the first; unknown fields are told together, as far as nothing else is wrong."""
    fields: list[UnknownFieldsError] = []
    for error in found:
        if not isinstance(error, UnknownFieldsError):
            return error
        fields.append(error)
    if not fields:
        return None
    names = (name for error in fields for name in error.fields)
    why = one_line("; ".join(dict.fromkeys(error.why for error in fields)), _LONGEST)
    return UnknownFieldsError(why, tuple(dict.fromkeys(names)), sample=fields[0].sample)


def _concerns_row(content: object, path: object) -> bool:
    """Follow an error's path: it concerns a row when it leads into a list that came."""
    node = content.get("data") if isinstance(content, dict) else None
    for step in path if isinstance(path, list) else []:
        if isinstance(node, list):
            return bool(node)
        node = node.get(step) if isinstance(node, dict) and isinstance(step, str) else None
    return False


def _meaning(error: dict[object, object]) -> ListsyncError:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    message = title_text(error.get("message")) or "no reason"
    words = f"says: {one_line(message)}"
    text = f"{code} {message}".lower()
    for part, kind in _REFUSALS.items():
        if part in text:
            return RefusedError(SERVICE, kind, words)
    if code == "INTERNAL_SERVER_ERROR":
        return UnavailableError(SERVICE, words)
    field, sample = field_in(message), one_line(str(code))
    if field is not None:
        return UnknownFieldsError(words, (field,), sample=sample)
    return QueryRefusedError(SERVICE, words, sample=sample)
