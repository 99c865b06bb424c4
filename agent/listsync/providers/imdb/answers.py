"""What IMDb answers, in its GraphQL service and in the data of its pages: titles, connections.

Source: clients that ran in August 2026; samples in tests/fixtures/imdb.
"""

from __future__ import annotations

import re

from pydantic import AliasChoices, Field, model_validator

from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.net.fields import external_ids, imdb_id, title_text, year_number
from listsync.options import Answer

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
_PERSON = re.compile(r"nm\d+", re.ASCII)


class _Text(Answer):
    text: str | None = None


class _Type(Answer):
    id: str | None = None


class _Year(Answer):
    year: object = None


class Title(Answer):
    """One title, or the person that stands where one was expected."""

    id: str
    name: _Text | None = Field(default=None, alias="titleText")
    original: _Text | None = Field(default=None, alias="originalTitleText")
    type: _Type | None = Field(default=None, alias="titleType")
    released: _Year | None = Field(default=None, alias="releaseYear")

    @model_validator(mode="before")
    @classmethod
    def _is_there(cls, value: object) -> object:
        if value is None:
            raise ValueError("no title is given here; IMDb may have removed it")
        return value

    @model_validator(mode="after")
    def _is_known(self) -> Title:
        if imdb_id(self.id) is None:
            if self.is_person:
                return self
            raise ValueError("no id of a title")
        if not {"name", "type"} <= self.model_fields_set:
            raise ValueError("titleText or titleType is missing")
        return self

    @property
    def is_person(self) -> bool:
        return self.id.startswith("nm") and _PERSON.fullmatch(self.id) is not None


class PageInfo(Answer):
    """Where the next page begins; a cursor without a next page means nothing."""

    more: bool = Field(alias="hasNextPage", strict=True)
    cursor: str | None = Field(alias="endCursor")


class Connection(Answer):
    """One part of a list; `total` is the size of the whole list."""

    rows: list[object] = Field(validation_alias=AliasChoices("edges", "entries"))
    total: int | None = Field(default=None, ge=0, strict=True)
    page: PageInfo | None = Field(default=None, alias="pageInfo")


class ListNode(Answer):
    """A list and its titles."""

    titles: Connection = Field(alias="titleListItemSearch")
    modified: str | None = Field(default=None, alias="lastModifiedDate")
    type: _Type | None = Field(default=None, alias="listType")


class Profile(Answer):
    """Whose profile it is."""

    user: str = Field(alias="userId", pattern=r"^ur\d+$")


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
