"""What the user never wants: `tmdb:movie/603`, `imdb:tt0133093`, a title, or a genre."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from listsync.config.wanted import parse_genre
from listsync.domain.exclusions import parse_exclusion
from listsync.domain.media import MediaType
from listsync.domain.syncing import Exclusion
from listsync.options import Options


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


class ExcludedGenre(Options):
    """A genre of which nothing is requested."""

    genre: Annotated[str, AfterValidator(parse_genre)] = Field(
        min_length=1, max_length=100, description="TMDB's English name of the genre."
    )

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(genre=self.genre)


def _form_of(value: object) -> str:
    if isinstance(value, ExcludedGenre) or (isinstance(value, dict) and "genre" in value):
        return "<genre>"
    return "<title>" if isinstance(value, dict | ExcludedTitle) else "<id>"


def _parse(value: object) -> Exclusion:
    try:
        return parse_exclusion(value)
    except ValueError as error:
        raise ValueError(f"{error} or {{title: Cats}}") from None


ExcludedId = Annotated[
    Exclusion,
    PlainValidator(_parse),
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
    Annotated[ExcludedId, Tag("<id>")]
    | Annotated[ExcludedTitle, Tag("<title>")]
    | Annotated[ExcludedGenre, Tag("<genre>")],
    Discriminator(_form_of),
]
