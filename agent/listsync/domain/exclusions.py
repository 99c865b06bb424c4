"""Titles named by a number: `tmdb:movie/603`, `imdb:tt0133093`, `tvdb:81189`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from listsync.domain.media import MediaType, TitleKey

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What must never be asked for: a title by key, outer id or name, or all of a genre."""

    key: TitleKey | None = None
    imdb: str | None = None
    tvdb: int | None = None
    title: str | None = None
    year: int | None = None
    kind: MediaType | None = None
    genre: str | None = None
