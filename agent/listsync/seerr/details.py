"""Details of one title: its seasons, and what of it is there or asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, TypeVar

import httpx
from pydantic import BeforeValidator, Field, OnErrorOmit, ValidationError

from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import MediaStatus, Season, SeriesDetails
from listsync.options import Answer
from listsync.seerr.trouble import Trouble

_UNKNOWN_OR_DELETED = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_DECLINED, _COMPLETED = 3, 5


Row = TypeVar("Row")
Rows = Annotated[
    tuple[OnErrorOmit[Row], ...], BeforeValidator(lambda rows: () if rows is None else rows)
]
"""Rows of which odd ones are left out; null is none."""


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


class Details(Answer):
    """A film or a series; `seasons` is empty for films."""

    id: int
    external_ids: _ExternalIds = Field(default=_ExternalIds(), alias="externalIds")
    seasons: Rows[_SeasonRow] = ()
    media_info: MediaInfo | None = Field(default=None, alias="mediaInfo")

    @property
    def media(self) -> MediaInfo:
        """What the server has; nothing when it has no row for the title."""
        return self.media_info or MediaInfo()


def path_of(key: TitleKey) -> str:
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
    ids = details.external_ids
    return SeriesDetails(
        ids=ExternalIds(
            imdb=ids.imdb.lower() if ids.imdb else None, tmdb=details.id, tvdb=ids.tvdb or None
        ),
        seasons=tuple(
            Season(
                number=row.number,
                episodes=row.episodes,
                covered=row.number in covered,
                covered_4k=row.number in covered_4k,
            )
            for row in _in_order(details.seasons)
        ),
    )


def _in_order(rows: Iterable[_SeasonRow]) -> list[_SeasonRow]:
    """Sort by number; a number that comes twice counts once."""
    return sorted({row.number: row for row in rows}.values(), key=lambda row: row.number)
