"""Titles, their numbers, and the forms that name one: `tmdb:movie/603`, `imdb:tt0133093`.

A sync makes hundreds of thousands of these, and finds titles by them: as named tuples they are
made in half the time of a frozen dataclass, and hashed and compared in C.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass


class MediaType(StrEnum):
    """A film or a series; TMDB numbers them apart (1396 is a film *and* a series)."""

    MOVIE = "movie"
    TV = "tv"

    __hash__ = str.__hash__  # that of enumerations is Python code, and this one is hashed a lot


class TitleKey(NamedTuple):
    """What one title is to the request server: a TMDB number means nothing without its kind."""

    kind: MediaType
    tmdb_id: int

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.tmdb_id}"


class Edition(NamedTuple):
    """A title in one edition (4K or not): what is requested once."""

    key: TitleKey
    four_k: bool


class ExternalIds(NamedTuple):
    """The numbers a list gives for one title, as far as it gives them.

    `imdb` is lower-case `tt` and digits; `tvdb` numbers series only.
    """

    imdb: str | None = None
    tmdb: int | None = None
    tvdb: int | None = None

    def __bool__(self) -> bool:
        return self.imdb is not None or self.tmdb is not None or self.tvdb is not None


NO_IDS = ExternalIds()


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """What a film's page says; `kind` is what TMDB calls it, since there are mini-series too.

    One without ids is worth keeping for days only: numbers are added later. It goes by `title` and
    `year`, where the list does not say them.
    """

    kind: MediaType | None = None
    ids: ExternalIds = NO_IDS
    title: str | None = None
    year: int | None = None

    def is_good(self, read_at: datetime, now: datetime) -> bool:
        """Tell whether the page that was read at *read_at* need not be read again."""
        return bool(self.ids) or now - read_at < _WITHOUT_IDS_FOR


_WITHOUT_IDS_FOR = timedelta(days=7)
_FORMS = "expected tmdb:movie/603, tmdb:tv/1396, imdb:tt0133093, tvdb:81189"
_TMDB = re.compile(r"tmdb:(movie|tv)/([1-9]\d{0,9})", re.ASCII)
_IMDB = re.compile(r"imdb:(tt\d{5,10})", re.ASCII)
_TVDB = re.compile(r"tvdb:([1-9]\d{0,9})", re.ASCII)


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


BY_CONFIGURATION, BY_COMMAND = "by `exclude` in the configuration", "by command"


def by_list(name: str) -> str:
    """Say that a list of what must not be requested excludes."""
    return f"by the list {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What must never be asked for: a title by key, outer id or name, or all of a genre.

    `by` says who wants it so, for people.
    """

    key: TitleKey | None = None
    imdb: str | None = None
    tvdb: int | None = None
    title: str | None = None
    year: int | None = None
    kind: MediaType | None = None
    genre: str | None = None
    by: str = BY_CONFIGURATION

    @property
    def lookups(self) -> tuple[str, ...]:
        """Name the lookups that its id can have been remembered by."""
        if self.imdb is not None:
            return lookups_of_imdb(self.imdb)
        return (f"tvdb:{self.tvdb}",) if self.tvdb is not None else ()

    @property
    def lookup_beginning(self) -> str | None:
        """Give how lookups begin of its number without a kind, which are made with a title."""
        return f"tmdb:{self.key.tmdb_id}|" if self.key is not None else None


def lookup_of_imdb(imdb: str, kind: MediaType | None) -> str:
    """Name the lookup of an IMDb id that a list holds as *kind*."""
    return f"imdb:{imdb}|{kind or ''}"


def lookups_of_imdb(imdb: str) -> tuple[str, ...]:
    """Name all lookups of an IMDb id; those of earlier versions had no kind."""
    return (f"imdb:{imdb}", *(lookup_of_imdb(imdb, kind) for kind in (None, *MediaType)))
