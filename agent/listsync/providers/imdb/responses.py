"""What IMDb answers, in its GraphQL service and in the data of its pages: titles, connections.

Source: clients that ran in August 2026; samples in tests/fixtures/imdb.
"""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from listsync.decoding import Answer
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.parsing.row_fields import external_ids, imdb_id, title_text, year_number

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


class _Text(Answer, frozen=True):
    text: str | None = None


class _Type(Answer, frozen=True):
    id: str | None = None


class _Year(Answer, frozen=True):
    year: object = None


class Title(Answer, frozen=True):
    """One title, or the person that stands where one was expected."""

    id: str
    name: _Text | UnsetType | None = field(name="titleText", default=UNSET)
    original: _Text | None = field(name="originalTitleText", default=None)
    type: _Type | UnsetType | None = field(name="titleType", default=UNSET)
    released: _Year | None = field(name="releaseYear", default=None)

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


class PageInfo(Answer, frozen=True):
    """Where the next page begins; a cursor without a next page means nothing."""

    more: bool = field(name="hasNextPage")
    cursor: str | None = field(name="endCursor")


class Connection(Answer, frozen=True):
    """One part of a list; `total` is the size of the whole list."""

    edges: list[object] | None = None
    entries: list[object] | None = None
    total: Annotated[int, Meta(ge=0)] | None = None
    page: PageInfo | None = field(name="pageInfo", default=None)

    def __post_init__(self) -> None:
        if self.edges is None and self.entries is None:
            raise ValueError("no edges and no entries")

    @property
    def rows(self) -> list[object]:
        return self.edges or self.entries or []


class ListNode(Answer, frozen=True):
    """A list and its titles."""

    titles: Connection = field(name="titleListItemSearch")
    modified: str | None = field(name="lastModifiedDate", default=None)


class Profile(Answer, frozen=True):
    """Whose profile it is."""

    user: Annotated[str, Meta(pattern=r"\Aur[0-9]+\Z")] = field(name="userId")


def inside(node: object, *path: str) -> object:
    """Follow *path* down; None where there is nothing."""
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def entry_of(rank: int, title: Title) -> ListEntry | SkippedRow:
    """Turn a checked title into an entry; persons and what cannot be requested are left out."""
    named = title_text(title.name.text) if title.name else None
    original = title_text(title.original.text) if title.original else None
    word = title.type.id if title.type else None
    unwanted = "a person" if title.is_person else _UNWANTED.get(word or "")
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
