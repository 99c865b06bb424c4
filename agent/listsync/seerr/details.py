"""Details of one title: its seasons, and what of it is there or asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import (
    BeforeValidator,
    Field,
    OnErrorOmit,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import MediaStatus, Season, SeriesDetails, TitleFacts, year_of
from listsync.options import Answer
from listsync.seerr.trouble import Trouble

_UNKNOWN_OR_DELETED = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_DECLINED, _COMPLETED = 3, 5
_BEST_RATING = 10.0


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _date_or_none(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


Row = TypeVar("Row")
Rows = Annotated[
    tuple[OnErrorOmit[Row], ...], BeforeValidator(lambda rows: () if rows is None else rows)
]
"""Rows of which odd ones are left out; null is none."""
Fact = Annotated[Row | None, WrapValidator(_or_none)]
"""Something that we can do without: an odd one is none."""


class _SeasonState(Answer):
    number: int = Field(alias="seasonNumber")
    status: int = 1
    status_4k: int = Field(default=1, alias="status4k")

    def of(self, *, four_k: bool) -> int:
        return self.status_4k if four_k else self.status


class _SeasonNumber(Answer):
    number: int = Field(alias="seasonNumber")


class Requested(Answer):
    """One request that the server has for the title."""

    id: int
    status: int
    four_k: bool = Field(default=False, alias="is4k")
    seasons: Rows[_SeasonNumber] = ()

    @property
    def stands(self) -> bool:
        """True when the server counts it as covering its seasons (a failed one, too).

        What a completed request brought is in the season states, or was deleted since.
        """
        return self.status not in (_DECLINED, _COMPLETED)


class MediaInfo(Answer):
    """What the server has of the title."""

    status: int = 1
    status_4k: int = Field(default=1, alias="status4k")
    seasons: Rows[_SeasonState] = ()
    requests: Rows[Requested] = ()

    def standing(self, *, four_k: bool) -> list[Requested]:
        """List the requests in this definition that were not declined, in the server's order."""
        return [one for one in self.requests if one.stands and one.four_k == four_k]

    def covered(self, *, four_k: bool) -> frozenset[int]:
        """List the seasons that are there or asked for.

        Library scans make `seasons`, requests make `requests`: only both together are the
        truth. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.

        A deleted season counts as covered (it stays deleted), unless the whole series is
        deleted: who asks for it then wants it back.
        """
        whole = self.status_4k if four_k else self.status
        free = _UNKNOWN_OR_DELETED if whole in _UNKNOWN_OR_DELETED else _UNKNOWN_OR_DELETED[:1]
        there = {one.number for one in self.seasons if one.of(four_k=four_k) not in free}
        asked = {s.number for one in self.standing(four_k=four_k) for s in one.seasons}
        return frozenset(there | asked)


class _ExternalIds(Answer):
    imdb: str | None = Field(default=None, alias="imdbId")
    tvdb: int | None = Field(default=None, alias="tvdbId")


class _SeasonRow(Answer):
    number: int = Field(alias="seasonNumber")
    episodes: int = Field(default=0, alias="episodeCount")
    airs: Annotated[date | None, BeforeValidator(_date_or_none)] = Field(
        default=None, alias="airDate"
    )


class _Genre(Answer):
    name: str


class Details(Answer):
    """A film or a series; `seasons` is empty for films."""

    id: int
    imdb: Fact[str] = Field(default=None, alias="imdbId")
    released: Fact[str] = Field(default=None, alias="releaseDate")
    first_aired: Fact[str] = Field(default=None, alias="firstAirDate")
    genres: Fact[Rows[_Genre]] = None
    rating: Fact[float] = Field(default=None, alias="voteAverage")
    votes: Fact[int] = Field(default=None, alias="voteCount")
    language: Fact[str] = Field(default=None, alias="originalLanguage")
    external_ids: _ExternalIds = Field(default=_ExternalIds(), alias="externalIds")
    seasons: Rows[_SeasonRow] = ()
    media_info: MediaInfo | None = Field(default=None, alias="mediaInfo")

    @property
    def media(self) -> MediaInfo:
        """What the server has; nothing when it has no row for the title."""
        return self.media_info or MediaInfo()


def path_of(key: TitleKey) -> str:
    """Write the path of a title; its genres come in the language that is asked for."""
    return f"/{key.kind.value}/{key.tmdb_id}?language=en"


def read_details(response: httpx.Response, trouble: Trouble) -> Details:
    try:
        return Details.model_validate_json(response.content)
    except ValidationError as error:
        raise trouble.changed("the details of a title", response.content) from error


def series_of(details: Details) -> SeriesDetails:
    """Bring together what TMDB lists and what the server has."""
    covered = details.media.covered(four_k=False)
    covered_4k = details.media.covered(four_k=True)
    facts = facts_of(details)
    return SeriesDetails(
        ids=facts.ids,
        facts=facts,
        seasons=tuple(
            Season(
                number=row.number,
                episodes=row.episodes,
                airs=row.airs,
                covered=row.number in covered,
                covered_4k=row.number in covered_4k,
            )
            for row in _in_order(details.seasons)
        ),
    )


def facts_of(details: Details) -> TitleFacts:
    """Read what the catalogue says; films bear their IMDb id twice."""
    votes = max(details.votes or 0, 0)
    rating = details.rating if votes else None
    imdb = details.external_ids.imdb or details.imdb
    return TitleFacts(
        ids=ExternalIds(
            imdb=imdb.lower() if imdb else None,
            tmdb=details.id,
            tvdb=details.external_ids.tvdb or None,
        ),
        year=year_of(details.released or details.first_aired),
        genres=frozenset(genre.name.strip().casefold() for genre in details.genres or ()),
        rating=rating if rating is not None and 0 <= rating <= _BEST_RATING else None,
        votes=votes,
        language=(details.language or "").strip().lower() or None,
    )


def _in_order(rows: Iterable[_SeasonRow]) -> list[_SeasonRow]:
    """Sort by number; a number that comes twice counts once."""
    return sorted({row.number: row for row in rows}.values(), key=lambda row: row.number)
