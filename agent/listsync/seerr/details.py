"""Details of one title: its seasons, and what of it is there or requested."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from msgspec import Raw, field

from listsync.domain.list_rules import fold_genre
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import (
    MediaStatus,
    Production,
    Season,
    SeriesDetails,
    TitleFacts,
    year_of,
)
from listsync.http.response import Response
from listsync.parsing.decoding import ResponseShape, readable
from listsync.seerr.errors import ServerErrors
from listsync.seerr.search import LONGEST_TITLE
from listsync.text_cleaning import one_line

_UNKNOWN_OR_DELETED = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_DECLINED, _COMPLETED = 3, 5
_BEST_RATING = 10.0
_ON_DISC = 5
_NULL = Raw(b"null")

FactT = TypeVar("FactT")


class _SeasonState(ResponseShape, frozen=True):
    number: int = field(name="seasonNumber")
    status: int = 1
    status_4k: int = field(name="status4k", default=1)

    def of(self, *, four_k: bool) -> int:
        return self.status_4k if four_k else self.status


class _SeasonNumber(ResponseShape, frozen=True):
    number: int = field(name="seasonNumber")


class ExistingRequest(ResponseShape, frozen=True):
    """One request that the server has for the title."""

    id: int
    status: int
    four_k: bool = field(name="is4k", default=False)
    seasons: Raw = _NULL

    @property
    def stands(self) -> bool:
        """True when the server counts it as covering its seasons (a failed one, too).

        What a completed request brought is in the season states, or was deleted since.
        """
        return self.status not in (_DECLINED, _COMPLETED)

    @property
    def season_numbers(self) -> set[int]:
        return season_numbers(self.seasons)


def season_numbers(seasons: Raw) -> set[int]:
    """Read the seasons of a request."""
    rows = _fact(seasons, list[Raw])
    return {one.number for one in readable(rows, _SeasonNumber)}


class MediaInfo(ResponseShape, frozen=True):
    """What the server has of the title."""

    status: int = 1
    status_4k: int = field(name="status4k", default=1)
    seasons: list[Raw] | None = None
    requests: list[Raw] | None = None

    def standing(self, *, four_k: bool) -> list[ExistingRequest]:
        """List the requests in this edition that were not declined, in the server's order."""
        return [one for one in self.all_requests if one.stands and one.four_k == four_k]

    @property
    def all_requests(self) -> tuple[ExistingRequest, ...]:
        """List every request in either edition, in the server's order."""
        return readable(self.requests, ExistingRequest)

    @property
    def are_all_read(self) -> bool:
        """Tell whether `all_requests` are all that there are."""
        return len(self.all_requests) == len(self.requests or ())

    def covered(self, *, four_k: bool) -> frozenset[int]:
        """List the seasons that are there or requested.

        Library scans make `seasons`, requests make `requests`: only both together are the
        truth. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
        """
        seasons = readable(self.seasons, _SeasonState)
        there = {one.number for one in seasons if one.of(four_k=four_k) not in _UNKNOWN_OR_DELETED}
        asked = {n for one in self.standing(four_k=four_k) for n in one.season_numbers}
        return frozenset(there | asked)

    def deleted(self, *, four_k: bool) -> frozenset[int]:
        """List the seasons that were there and are gone; those requested again are covered."""
        seasons = readable(self.seasons, _SeasonState)
        return frozenset(
            one.number for one in seasons if one.of(four_k=four_k) == MediaStatus.DELETED
        )


class _ExternalIds(ResponseShape, frozen=True):
    imdb: str | None = field(name="imdbId", default=None)
    tvdb: int | None = field(name="tvdbId", default=None)


class _SeasonRow(ResponseShape, frozen=True):
    number: int = field(name="seasonNumber")
    episodes: int = field(name="episodeCount", default=0)
    air_date: Raw = field(name="airDate", default=_NULL)

    @property
    def airs(self) -> date | None:
        """The day; None where that is missing or odd."""
        try:
            return date.fromisoformat((_fact(self.air_date, str) or "")[:10])
        except ValueError:
            return None


class _Named(ResponseShape, frozen=True):
    """A genre, a person or a company."""

    name: str


class _Release(ResponseShape, frozen=True):
    date: str = field(name="release_date")
    type: Raw = _NULL

    @property
    def is_on_disc(self) -> bool:
        return _fact(self.type, int) == _ON_DISC


class _Country(ResponseShape, frozen=True):
    released: list[Raw] = field(name="release_dates")


class _Releases(ResponseShape, frozen=True):
    countries: list[Raw] = field(name="results")


class _Credits(ResponseShape, frozen=True):
    cast: Raw = _NULL
    crew: Raw = _NULL


class _Collection(ResponseShape, frozen=True):
    id: int


class _Part(ResponseShape, frozen=True):
    id: int
    released: str | None = field(name="releaseDate", default=None)


class _Parts(ResponseShape, frozen=True):
    parts: Raw = _NULL


class Details(ResponseShape, frozen=True, rename="camel"):
    """A film or a series; there are no `seasons` for films.

    What we can do without is kept as it came, for `_fact`.
    """

    id: int
    title: Raw = _NULL
    name: Raw = _NULL
    original_title: Raw = _NULL
    original_name: Raw = _NULL
    imdb_id: Raw = _NULL
    release_date: Raw = _NULL
    first_air_date: Raw = _NULL
    genres: Raw = _NULL
    vote_average: Raw = _NULL
    vote_count: Raw = _NULL
    original_language: Raw = _NULL
    external_ids: _ExternalIds = _ExternalIds()
    releases: Raw = _NULL
    credits: Raw = _NULL
    created_by: Raw = _NULL
    production_companies: Raw = _NULL
    collection: Raw = _NULL
    seasons: list[Raw] | None = None
    media_info: MediaInfo | None = None

    @property
    def media(self) -> MediaInfo:
        """What the server has; nothing when it has no row for the title."""
        return self.media_info or MediaInfo()


def path_of(key: TitleKey) -> str:
    """Write the path of a title; its genres come in the language that is asked for."""
    return f"/{key.kind.value}/{key.tmdb_id}?language=en"


def path_of_collection(number: int) -> str:
    return f"/collection/{number}?language=en"


def read_parts(response: Response, errors: ServerErrors) -> tuple[TitleKey, ...]:
    """Read the parts of a film series in the order of their release, those to come last."""
    answer = errors.read(response, _Parts, "the parts of a film series")
    rows = readable(_fact(answer.parts, list[Raw]), _Part)
    dated = sorted(rows, key=lambda row: row.released or "9999")
    return tuple(TitleKey(MediaType.MOVIE, row.id) for row in dated)


def read_details(response: Response, errors: ServerErrors) -> Details:
    return errors.read(response, Details, "the details of a title")


def series_of(details: Details) -> SeriesDetails:
    """Bring together what TMDB lists and what the server has."""
    covered, covered_4k = (details.media.covered(four_k=is4k) for is4k in (False, True))
    deleted, deleted_4k = (details.media.deleted(four_k=is4k) for is4k in (False, True))
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
                deleted=row.number in deleted,
                deleted_4k=row.number in deleted_4k,
            )
            for row in _in_order(readable(details.seasons, _SeasonRow))
        ),
    )


def facts_of(details: Details) -> TitleFacts:
    """Read what the catalogue says; films bear their IMDb id twice."""
    votes = max(_fact(details.vote_count, int) or 0, 0)
    rating = _fact(details.vote_average, float) if votes else None
    imdb = details.external_ids.imdb or _fact(details.imdb_id, str)
    released = _fact(details.release_date, str) or _fact(details.first_air_date, str)
    return TitleFacts(
        ids=ExternalIds(
            imdb=imdb.lower() if imdb else None,
            tmdb=details.id,
            tvdb=details.external_ids.tvdb or None,
        ),
        year=year_of(released),
        genres=frozenset(map(fold_genre, _names(details.genres))),
        rating=rating if rating is not None and 0 <= rating <= _BEST_RATING else None,
        votes=votes,
        language=(_fact(details.original_language, str) or "").strip().lower() or None,
        title=_name(details.title) or _name(details.name),
        original_title=_name(details.original_title) or _name(details.original_name),
        production=_production_of(details),
    )


def _production_of(details: Details) -> Production:
    credits_ = _fact(details.credits, _Credits) or _Credits()
    collection = _fact(details.collection, _Collection)
    return Production(
        release_years=frozenset(filter(None, map(year_of, _release_dates(details)))),
        people=_names(credits_.cast) | _names(credits_.crew) | _names(details.created_by),
        companies=_names(details.production_companies),
        collection=collection.id if collection else None,
    )


def _release_dates(details: Details) -> Iterable[str]:
    """Give when a film was released anywhere, or when a series' seasons began.

    Discs and specials count for nothing: they come years later for nearly every title.
    """
    releases = _fact(details.releases, _Releases)
    for country in readable(releases.countries if releases else None, _Country):
        rows = readable(country.released, _Release)
        yield from (one.date for one in rows if not one.is_on_disc)
    for season in readable(details.seasons, _SeasonRow):
        if season.number > 0 and season.airs is not None:
            yield season.airs.isoformat()


def _names(rows: Raw) -> frozenset[str]:
    named = readable(_fact(rows, list[Raw]), _Named)
    return frozenset(one_line(one.name, LONGEST_TITLE).strip() for one in named)


def _name(value: Raw) -> str:
    return one_line(_fact(value, str) or "", LONGEST_TITLE)


def _fact(value: Raw, shape: type[FactT]) -> FactT | None:
    """Read something that we can do without: an odd one is none."""
    read = readable([value], shape)
    return read[0] if read else None


def _in_order(rows: Iterable[_SeasonRow]) -> list[_SeasonRow]:
    """Sort by number; a number that comes twice counts once."""
    return sorted({row.number: row for row in rows}.values(), key=lambda row: row.number)
