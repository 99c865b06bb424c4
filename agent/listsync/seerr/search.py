"""Searches: what is sent, what is read of the answer, and by what the catalogue filters."""

from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import quote

from msgspec import Raw, field

from listsync.domain.list_rules import fold_genre
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate, SearchPage, year_of
from listsync.http.response import Response
from listsync.parsing.decoding import ResponseShape, readable
from listsync.seerr.errors import ServerErrors
from listsync.seerr.index import KINDS
from listsync.seerr.transport import ServerTransport
from listsync.text_cleaning import one_line

NOTHING = SearchPage(candidates=(), page=1, pages=1)

Part = TypeVar("Part")

_LONGEST_QUERY = 200
LONGEST_TITLE = 500
_PATTERN = re.compile(r"(tmdb|imdb|tvdb|year):(?=\d|tt\d|nm\d)", re.IGNORECASE)
_NO_TITLES = frozenset({"person", "collection"})


class _Result(ResponseShape, frozen=True, rename="camel"):
    """A film has title and releaseDate, a series has name and firstAirDate."""

    kind: str = field(name="mediaType", default="")
    id: int | None = None
    title: str | None = None
    name: str | None = None
    original_title: str | None = None
    original_name: str | None = None
    release_date: str | None = None
    first_air_date: str | None = None
    popularity: float | None = None
    vote_count: float | None = None
    genre_ids: object = None
    origin_country: object = None


class _Page(ResponseShape, frozen=True):
    results: list[Raw]
    page: int = 1
    pages: int = field(name="totalPages", default=1)


def title_query(title: str, year: int | None) -> str | None:
    """Write the query for *title*; None when nothing is left to search for.

    A pattern such as `tmdb:550` anywhere in a query makes the server look that number up
    instead, so patterns in titles are broken up. The query is cleaned.
    """
    words = one_line(_PATTERN.sub(r"\1 ", title), _LONGEST_QUERY * 2).encode("utf-8", "ignore")
    query = words.decode()[:_LONGEST_QUERY].strip()
    if not query:
        return None
    return f"{query} year:{year}" if year is not None and 1000 <= year <= 9999 else query


def path_of(query: str, page: int = 1) -> str:
    """Write the path of a search.

    The servers refuse reserved characters and `+` for a space, so everything is percent-encoded
    here. Source: Overseerr 1.34.0 and Seerr 3.1.0, live.
    """
    path = f"/search?query={quote(query, safe='')}&language=en"
    return path if page == 1 else f"{path}&page={page}"


def read_page(response: Response, errors: ServerErrors) -> SearchPage:
    """Read one page of results; a row that is odd is left out, all rows odd is a new format."""
    answer = errors.read(response, _Page, "the answer to a search")
    results = readable(answer.results, _Result)
    titles = [result for result in results if result.kind in KINDS]
    candidates = tuple(filter(None, map(_candidate, titles)))
    if titles and not candidates:
        raise errors.changed("every result of a search", response.body)
    return SearchPage(
        candidates=candidates,
        page=answer.page,
        pages=answer.pages,
        others=sum(result.kind in _NO_TITLES for result in results),
    )


def _candidate(result: _Result) -> Candidate | None:
    """Make a candidate of a film or series; None without id or title."""
    kind = KINDS[result.kind]
    if kind is MediaType.MOVIE:
        title, original, date = result.title, result.original_title, result.release_date
    else:
        title, original, date = result.name, result.original_name, result.first_air_date
    if not title or result.id is None:
        return None
    return Candidate(
        key=TitleKey(kind, result.id),
        title=one_line(title, LONGEST_TITLE),
        original_title=one_line(original or title, LONGEST_TITLE),
        year=year_of(date),
        popularity=result.popularity or 0.0,
        votes=int(result.vote_count or 0),
        genres=_all_of(int, result.genre_ids),
        countries=_all_of(str, result.origin_country),
    )


def _all_of(type_: type[Part], value: object) -> tuple[Part, ...]:
    """Read a list; what is odd in it costs no title."""
    parts = value if isinstance(value, list) else []
    return tuple(part for part in parts if isinstance(part, type_))


class _Genre(ResponseShape, frozen=True):
    name: str


class _Language(ResponseShape, frozen=True):
    code: str = field(name="iso_639_1")


def read_genres(transport: ServerTransport, kind: MediaType) -> frozenset[str]:
    """Read the genres of *kind*, folded, in English as filters name them."""
    rows = transport.read(f"/genres/{kind.value}?language=en", list[Raw])
    return frozenset(fold_genre(row.name) for row in readable(rows, _Genre))


def read_languages(transport: ServerTransport) -> frozenset[str]:
    """Read the codes of the languages (ISO 639-1)."""
    rows = transport.read("/languages", list[Raw])
    return frozenset(row.code.strip().lower() for row in readable(rows, _Language))
