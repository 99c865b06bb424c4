"""GET /search: special patterns, then titles.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from listsync.sandbox.api_call import ApiCall
from listsync.sandbox.catalogue import MOVIE, PERSONS, TV, CatalogueTitle
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json, result_json
from listsync.sandbox.title_search import PAGE_SIZE, Entry

_YEAR = re.compile(r"year:\d{4}", re.IGNORECASE)


def search(call: ApiCall) -> ApiReply:
    """Answer a search; the first pattern found anywhere in the query decides."""
    query = str(call.query["query"])
    for name, pattern, provider in _PROVIDERS:
        if found := pattern.search(query.lower()):
            call.world.call_log.searches[name] += 1
            return provider(call, found[0], query)
    call.world.call_log.searches["title"] += 1
    return _by_title(call, query)


def _by_title(call: ApiCall, query: str) -> ApiReply:
    if call.tmdb_failure is not None:
        return _results(call, ())
    number = call.query.get("page", 1)
    page = int(number) if isinstance(number, (int, float)) else 1
    found = call.world.search.find(query)
    return ok(
        {
            "page": page,
            "totalPages": max(-(-len(found) // PAGE_SIZE), 1),
            "totalResults": len(found),
            "results": _shown(call, found.page(page), language_of(call)),
        }
    )


def _by_tmdb(call: ApiCall, number: str, _query: str) -> ApiReply:
    if call.tmdb_failure is not None:
        return _results(call, ())
    find, tmdb_id = call.world.catalogue.find, int(number)
    persons = [person for person in PERSONS if person.tmdb_id == tmdb_id]
    return _results(call, _present(find(MOVIE, tmdb_id), find(TV, tmdb_id), *persons))


def _by_imdb(call: ApiCall, number: str, _query: str) -> ApiReply:
    _refuse_when_down(call)
    persons = [person for person in PERSONS if person.imdb_id == number]
    return _results(call, _present(call.world.catalogue.find_by_imdb(number), *persons))


def _by_tvdb(call: ApiCall, number: str, _query: str) -> ApiReply:
    _refuse_when_down(call)
    return _results(call, call.world.catalogue.find_by_tvdb(int(number)))


def _of_year(call: ApiCall, year: str, query: str) -> ApiReply:
    """Search films, then series, of one year; page and language are ignored."""
    if call.tmdb_failure is not None:
        return _results(call, ())
    films, series = call.world.search.find_of_year(_YEAR.sub("", query, count=1), int(year))
    return _results(call, (*films, *series), "en")


Provider = Callable[[ApiCall, str, str], ApiReply]
_PROVIDERS: tuple[tuple[str, re.Pattern[str], Provider], ...] = (
    ("tmdb", re.compile(r"(?<=tmdb:)\d+"), _by_tmdb),
    ("imdb", re.compile(r"(?<=imdb:)(?:tt|nm)\d+"), _by_imdb),
    ("tvdb", re.compile(r"(?<=tvdb:)\d+"), _by_tvdb),
    ("year", re.compile(r"(?<=year:)\d{4}"), _of_year),
)


def language_of(call: ApiCall) -> str:
    return str(call.query.get("language") or call.world.settings.locale)


def _results(call: ApiCall, entries: Sequence[Entry], language: str | None = None) -> ApiReply:
    """Answer everything on one page."""
    shown = _shown(call, entries, language or language_of(call))
    return ok({"page": 1, "totalPages": 1, "totalResults": len(shown), "results": shown})


def _shown(call: ApiCall, entries: Iterable[Entry], language: str) -> list[Json]:
    find, world = call.world.state.find_media, call.world
    return [
        result_json(
            entry, find(entry.key) if isinstance(entry, CatalogueTitle) else None, world, language
        )
        for entry in entries
    ]


def _present(*entries: Entry | None) -> list[Entry]:
    return [entry for entry in entries if entry is not None]


def _refuse_when_down(call: ApiCall) -> None:
    if call.tmdb_failure is not None:
        raise error(500, "Unable to retrieve search results.")
