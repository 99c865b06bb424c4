"""Titles that the user never wants: `tmdb:movie/603`, `imdb:tt0133093`, or a title."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.syncing import Exclusion
from listsync.options import Options

_FORMS = "expected tmdb:movie/603, tmdb:tv/1396, imdb:tt0133093, tvdb:81189 or {title: Cats}"
_TMDB = re.compile(r"tmdb:(movie|tv)/([1-9]\d{0,9})", re.ASCII)
_IMDB = re.compile(r"imdb:(tt\d{5,10})", re.ASCII)
_TVDB = re.compile(r"tvdb:([1-9]\d{0,9})", re.ASCII)


class ExcludedTitle(Options):
    """A title that is never requested, by its name."""

    title: str = Field(min_length=1, max_length=300, description="The title, as the list says it.")
    year: int | None = Field(
        default=None, ge=1870, le=2200, description="Only the one of this year; empty = any year."
    )
    kind: MediaType | None = Field(
        default=None, description="Only the film (movie) or the series (tv); empty = both."
    )

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(title=self.title, year=self.year, kind=self.kind)


def parse_exclusion(value: object) -> Exclusion:
    """Read an id form.

    Raises:
        ValueError: it is none; the message lists the forms.
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    if match := _TMDB.fullmatch(text):
        return Exclusion(key=TitleKey(MediaType(match[1]), int(match[2])))
    if match := _IMDB.fullmatch(text):
        return Exclusion(imdb=match[1])
    if match := _TVDB.fullmatch(text):
        return Exclusion(tvdb=int(match[1]), kind=MediaType.TV)
    raise ValueError(_FORMS)


def _form_of(value: object) -> str:
    return "<title>" if isinstance(value, dict | ExcludedTitle) else "<id>"


ExcludedId = Annotated[
    Exclusion,
    PlainValidator(parse_exclusion),
    WithJsonSchema(
        {
            "type": "string",
            "title": "Id",
            "description": "A title that is never requested, by its number.",
            "pattern": r"^(tmdb:(movie|tv)/[1-9]\d*|imdb:tt\d{5,10}|tvdb:[1-9]\d*)$",
            "examples": ["tmdb:movie/603", "tmdb:tv/1396", "imdb:tt0133093", "tvdb:81189"],
        }
    ),
]
ExclusionForm = Annotated[
    Annotated[ExcludedId, Tag("<id>")] | Annotated[ExcludedTitle, Tag("<title>")],
    Discriminator(_form_of),
]
