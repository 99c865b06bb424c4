"""Titles and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MediaType(StrEnum):
    """A film or a series; TMDB numbers them apart (1396 is a film *and* a series)."""

    MOVIE = "movie"
    TV = "tv"

    __hash__ = str.__hash__  # that of enumerations is Python code, and this one is hashed a lot


@dataclass(frozen=True, slots=True, order=True)
class TitleKey:
    """What one title is to the request server: a TMDB number means nothing without its kind."""

    kind: MediaType
    tmdb_id: int

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.tmdb_id}"


@dataclass(frozen=True, slots=True)
class Definition:
    """A title in one definition (4K or not): what is asked for once."""

    key: TitleKey
    four_k: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalIds:
    """The numbers a list gives for one title, as far as it gives them.

    `imdb` is lower-case `tt` and digits; `tvdb` numbers series only.
    """

    imdb: str | None = None
    tmdb: int | None = None
    tvdb: int | None = None

    def __bool__(self) -> bool:
        return self.imdb is not None or self.tmdb is not None or self.tvdb is not None


NO_IDS = ExternalIds()
