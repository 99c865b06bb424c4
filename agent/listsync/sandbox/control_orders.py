"""What `control_api` is ordered to do, as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Seasons = dict[int, Annotated[int, Meta(ge=1, le=7)]]
Deed = Literal["approve", "decline", "fail", "complete", "delete", "roll_back"]


class _Order(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class MediaOrder(_Order, frozen=True):
    """A row of the library. A series that is there gets its season rows, unless they are given."""

    kind: str
    tmdb_id: int = field(name="tmdbId")
    status: Annotated[int, Meta(ge=1, le=7)] | None = None
    status4k: Annotated[int, Meta(ge=1, le=7)] | None = None
    seasons: Seasons = field(default_factory=dict)
    seasons4k: Seasons = field(default_factory=dict)
    remove: bool = False


class RequestOrder(_Order, frozen=True):
    """What is to happen to one request: the one of this number, or the newest for a title."""

    id: int | None = None
    kind: str | None = None
    tmdb_id: int | None = field(default=None, name="tmdbId")
    is4k: bool = False
    do: Deed | None = None
    status: Annotated[int, Meta(ge=1, le=5)] | None = None
    is_auto: bool | None = field(default=None, name="isAuto")


class RollBackOrder(_Order, frozen=True):
    """How many of the newest requests are to be rolled back; None is all."""

    last: Annotated[int, Meta(ge=0)] | None = None


class UserOrder(_Order, frozen=True):
    """A user; limits count films, and seasons, in seven days, 0 is none."""

    id: int
    name: str | None = None
    permissions: int | None = None
    movie_limit: int | None = field(default=None, name="movieLimit")
    series_limit: int | None = field(default=None, name="seriesLimit")
    is_from_plex: bool | None = field(default=None, name="isFromPlex")


class TitleOrder(_Order, frozen=True):
    """A row of `catalogue.jsonl`; `releases` are days by country, `people` the director first.

    `collection` is the number of a film series: its parts are the ordered titles that name it.
    """

    media_type: str
    tmdb_id: int
    title: str
    original_title: str | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    date: str | None = None
    language: str | None = None
    seasons: int | None = None
    announced: int = 0
    specials: bool | None = None
    popularity: float = 1.0
    genres: list[str] | None = None
    votes: int | None = None
    rating: float | None = None
    releases: dict[str, str] | None = None
    people: list[str] | None = None
    companies: list[str] | None = None
    collection: int | None = None


class ServiceOrder(_Order, frozen=True):
    """A Radarr or Sonarr; profiles, folders, tags by their numbers."""

    program: Literal["radarr", "sonarr"]
    id: int
    name: str = ""
    is4k: bool = False
    is_default: bool = field(default=False, name="isDefault")
    active_profile: int | None = field(default=None, name="activeProfile")
    profiles: dict[int, str] = field(default_factory=dict)
    root_folders: dict[int, str] = field(default_factory=dict, name="rootFolders")
    tags: dict[int, str] = field(default_factory=dict)
    language_profiles: dict[int, str] | None = field(default=None, name="languageProfiles")
    remove: bool = False
