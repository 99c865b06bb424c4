"""What lists hold, as Radarr and Sonarr read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass

ALL_LISTS = "all"
"""Names the feed of all lists together."""
_LARGEST_ID = 2**31 - 1
"""Radarr and Sonarr read 32 bits, and nothing of a feed with a larger number."""


class FeedForm(StrEnum):
    """For which program's import list a feed is."""

    RADARR = "radarr"
    SONARR = "sonarr"
    STEVENLU = "stevenlu"

    @property
    def kind(self) -> MediaType:
        return MediaType.TV if self is FeedForm.SONARR else MediaType.MOVIE

    @property
    def what(self) -> str:
        """Name what it holds, in the plural."""
        return "series" if self is FeedForm.SONARR else "films"


class FeedTitle(NamedTuple):
    """One title of a feed, with the numbers that are known of it."""

    kind: MediaType
    title: str
    year: int | None = None
    tmdb: int | None = None
    imdb: str | None = None
    tvdb: int | None = None

    def fits(self, form: FeedForm) -> bool:
        """Tell whether *form* can name it: by a number, as a title alone may be another's."""
        if self.kind is MediaType.TV:
            return form is FeedForm.SONARR and self.tvdb is not None
        if form is FeedForm.RADARR and self.tmdb is not None:
            return True
        return form is not FeedForm.SONARR and self.imdb is not None

    @property
    def is_served(self) -> bool:
        """Tell whether any form of a feed has it."""
        if self.kind is MediaType.TV:
            return self.tvdb is not None
        return self.tmdb is not None or self.imdb is not None


class KnownTitle(NamedTuple):
    """What the server's catalogue says of a title, as far as feeds need it."""

    title: str = ""
    year: int | None = None
    imdb: str | None = None
    tvdb: int | None = None

    def or_else(self, other: KnownTitle) -> KnownTitle:
        """Take from *other* what is not known."""
        return KnownTitle(
            title=self.title or other.title,
            year=self.year or other.year,
            imdb=self.imdb or other.imdb,
            tvdb=self.tvdb or other.tvdb,
        )


def sendable(number: int | None) -> int | None:
    """Take a number that a feed can hold."""
    return number if number is not None and 0 < number <= _LARGEST_ID else None


class LeftOut(StrEnum):
    """Why an entry of a list is in no feed of it."""

    REVIEW = "waits for review"
    NOT_FOUND = "not found"
    NOT_LOOKED_UP = "not looked up yet"
    EXCLUDED = "excluded"
    OTHER_KIND = "not of the list's kind"
    FILTERED = "filtered out"
    NO_FACTS = "not known whether its filters let it through"
    IN_DOUBT = "not sure which title is meant"
    NO_KIND = "not known whether film or series"
    NO_ID = "without an id"
    NO_TVDB_ID = "without a TVDB id"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedContent:
    """What is to be served of one list, in its order; `left_out` counts its other entries."""

    titles: tuple[FeedTitle, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRecord:
    """What is kept of a list's feed beside its titles.

    `digest` is that of the titles, which are as they are since `changed_at`; `read_at` is when the
    list was read whole last. `is_empty`: the service itself says that there is nothing on it.
    `counts` tell how many titles each form has.
    """

    name: str
    source: str
    digest: str
    read_at: datetime
    changed_at: datetime
    is_empty: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
