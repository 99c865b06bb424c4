"""What the user never wants: `tmdb:movie/603`, `imdb:tt0133093`, a title, or a genre."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config.filters import FIRST_YEAR, LAST_YEAR, parse_genre
from listsync.config.values import plain
from listsync.config_types import Check, Options
from listsync.domain.exclusions import Exclusion, parse_exclusion
from listsync.domain.media import MediaType


class ExcludedTitle(Options, frozen=True, kw_only=True):
    """A title that is never requested, by its name."""

    title: Annotated[str, Meta(min_length=1, max_length=300), "The title, as the list says it."]
    year: Annotated[
        int | None,
        Meta(ge=FIRST_YEAR, le=LAST_YEAR),
        "Only the one of this year; empty = any year.",
    ] = None
    kind: Annotated[
        MediaType | None,
        "Only the film (movie) or the series (tv); empty = both.",
    ] = None

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(title=self.title, year=self.year, kind=self.kind)


class ExcludedGenre(Options, frozen=True, kw_only=True):
    """A genre of which nothing is requested."""

    genre: Annotated[
        str,
        Meta(min_length=1, max_length=100),
        "TMDB's English name of the genre.",
        Check(parse_genre),
    ]

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(genre=self.genre)


def _parse(value: object) -> Exclusion:
    try:
        return parse_exclusion(value)
    except ValueError as error:
        raise ValueError(f"{error} or {{title: Cats}}") from None


ExcludedId = Annotated[
    Exclusion,
    plain(
        _parse,
        {
            "type": "string",
            "title": "Id",
            "description": "A title that is never requested, by its number.",
            "pattern": r"^(tmdb:(movie|tv)/[1-9]\d*|imdb:tt\d{5,10}|tvdb:[1-9]\d*)$",
            "examples": ["tmdb:movie/603", "tmdb:tv/1396", "imdb:tt0133093", "tvdb:81189"],
        },
    ),
]
ExclusionForm = ExcludedId | ExcludedTitle | ExcludedGenre
