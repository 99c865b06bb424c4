"""GET /search, /movie/{id}, /tv/{id}, a season, a film series, genres, languages.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from listsync.domain.list_rules import LANGUAGES
from listsync.sandbox import title_facts
from listsync.sandbox.catalogue import MOVIE, PERSONS, TV, CatalogueTitle
from listsync.sandbox.endpoint import ApiCall
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json, dated, media_info, poster, result_json
from listsync.sandbox.title_search import PAGE_SIZE, Entry

_YEAR = re.compile(r"year:\d{4}", re.IGNORECASE)


def search(call: ApiCall) -> ApiReply:
    """Answer a search; the first pattern found anywhere in the query decides."""
    query = str(call.query["query"])
    for name, pattern, provider in _PROVIDERS:
        if found := pattern.search(query.lower()):
            call.server.call_log.searches[name] += 1
            return provider(call, found[0], query)
    call.server.call_log.searches["title"] += 1
    return _by_title(call, query)


def _by_title(call: ApiCall, query: str) -> ApiReply:
    if call.tmdb_failure is not None:
        return _results(call, ())
    number = call.query.get("page", 1)
    page = int(number) if isinstance(number, (int, float)) else 1
    found = call.server.search.find(query)
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
    find, tmdb_id = call.server.catalogue.find, int(number)
    persons = [person for person in PERSONS if person.tmdb_id == tmdb_id]
    return _results(call, _present(find(MOVIE, tmdb_id), find(TV, tmdb_id), *persons))


def _by_imdb(call: ApiCall, number: str, _query: str) -> ApiReply:
    _refuse_when_down(call)
    persons = [person for person in PERSONS if person.imdb_id == number]
    return _results(call, _present(call.server.catalogue.find_by_imdb(number), *persons))


def _by_tvdb(call: ApiCall, number: str, _query: str) -> ApiReply:
    _refuse_when_down(call)
    return _results(call, call.server.catalogue.find_by_tvdb(int(number)))


def _of_year(call: ApiCall, year: str, query: str) -> ApiReply:
    """Search films, then series, of one year; page and language are ignored."""
    if call.tmdb_failure is not None:
        return _results(call, ())
    films, series = call.server.search.find_of_year(_YEAR.sub("", query, count=1), int(year))
    return _results(call, (*films, *series), "en")


Provider = Callable[[ApiCall, str, str], ApiReply]
_PROVIDERS: tuple[tuple[str, re.Pattern[str], Provider], ...] = (
    ("tmdb", re.compile(r"(?<=tmdb:)\d+"), _by_tmdb),
    ("imdb", re.compile(r"(?<=imdb:)(?:tt|nm)\d+"), _by_imdb),
    ("tvdb", re.compile(r"(?<=tvdb:)\d+"), _by_tvdb),
    ("year", re.compile(r"(?<=year:)\d{4}"), _of_year),
)


def language_of(call: ApiCall) -> str:
    return str(call.query.get("language") or call.server.settings.locale)


def _results(call: ApiCall, entries: Sequence[Entry], language: str | None = None) -> ApiReply:
    """Answer everything on one page."""
    shown = _shown(call, entries, language or language_of(call))
    return ok({"page": 1, "totalPages": 1, "totalResults": len(shown), "results": shown})


def _shown(call: ApiCall, entries: Iterable[Entry], language: str) -> list[Json]:
    find, server = call.server.state.find_media, call.server
    return [
        result_json(
            entry, find(entry.key) if isinstance(entry, CatalogueTitle) else None, server, language
        )
        for entry in entries
    ]


def _present(*entries: Entry | None) -> list[Entry]:
    return [entry for entry in entries if entry is not None]


def _refuse_when_down(call: ApiCall) -> None:
    if call.tmdb_failure is not None:
        raise error(500, "Unable to retrieve search results.")


_NO_IDS: Json = dict.fromkeys(
    ("facebookId", "freebaseId", "freebaseMid", "instagramId", "tvrageId", "twitterId")
)


def movie(call: ApiCall) -> ApiReply:
    """Describe one film; an unknown number and an outage of TMDB are both a 500."""
    title = _title(call, MOVIE, call.number("movieId"), "Unable to retrieve movie.")
    shown: Json = {
        **_common(call, title),
        "adult": False,
        "video": False,
        "budget": 0,
        "revenue": 0,
        "imdbId": title.imdb_id,
        "title": title.named_in(language_of(call)),
        "originalTitle": title.original_title,
        "releases": title_facts.releases(title),
        "runtime": 90 + title.tmdb_id % 60,
        "status": "Released" if title.date else "Planned",
        "externalIds": {**_NO_IDS, "imdbId": title.imdb_id},
        **dated("releaseDate", title),
    }
    part_of = call.server.catalogue.collection_of(title)
    if part_of is not None:
        shown["collection"] = {"id": part_of.tmdb_id, "name": part_of.name}
    return ok(_with_media(call, title, shown))


def series(call: ApiCall) -> ApiReply:
    """Describe one series with its seasons; season 0 holds specials."""
    title = _title(call, TV, call.number("tvId"), "Unable to retrieve series.")
    regular = [number for number in title.season_numbers if number > 0]
    shown: Json = {
        **_common(call, title),
        "name": title.named_in(language_of(call)),
        "originalName": title.original_title,
        "status": "Returning Series" if title.announced else "Ended",
        "type": "Scripted",
        "inProduction": bool(title.announced),
        "createdBy": title_facts.creators(title),
        "networks": [],
        "contentRatings": {"results": []},
        "languages": [title.language],
        "originCountry": ["US"],
        "episodeRunTime": [45],
        "numberOfEpisodes": sum(_episode_count(title, number) for number in regular),
        "numberOfSeasons": title.seasons,
        "seasons": [_season(title, number) for number in title.season_numbers],
        "externalIds": {**_NO_IDS, "imdbId": title.imdb_id, "tvdbId": title.tvdb_id},
        **dated("firstAirDate", title),
        **dated("lastAirDate", title),
    }
    return ok(_with_media(call, title, shown))


def movie_genres(call: ApiCall) -> ApiReply:
    """List the genres of films, as TMDB has them. Source: the OpenAPI files, not observed."""
    return _genres(call, MOVIE)


def series_genres(call: ApiCall) -> ApiReply:
    return _genres(call, TV)


def _genres(call: ApiCall, kind: str) -> ApiReply:
    if call.tmdb_failure is not None:
        raise error(500, f"Unable to retrieve {'movie' if kind == MOVIE else 'series'} genres.")
    return ok(title_facts.known_genres(kind, language_of(call)))


def languages(call: ApiCall) -> ApiReply:
    """List the languages, as TMDB has them. Source: the OpenAPI files, not observed."""
    if call.tmdb_failure is not None:
        raise error(500, "Unable to retrieve languages.")
    rows = LANGUAGES.items()
    return ok([{"iso_639_1": code, "english_name": name, "name": name} for code, name in rows])


def season(call: ApiCall) -> ApiReply:
    """List the episodes of one season."""
    refusal = "Unable to retrieve season."
    title = _title(call, TV, call.number("tvId"), refusal)
    number = call.number("seasonNumber")
    if number not in title.season_numbers:
        raise error(500, refusal)
    episodes = [
        {
            "id": title.tmdb_id * 10_000 + number * 100 + episode,
            "name": f"Episode {episode}",
            "overview": "",
            "airDate": _air_date(title, number),
            "episodeNumber": episode,
            "seasonNumber": number,
            "showId": title.tmdb_id,
            "productionCode": "",
            "stillPath": None,
            "voteAverage": 0,
            **({"voteCount": 0} if call.server.product.is_forked else {}),
        }
        for episode in range(1, _episode_count(title, number) + 1)
    ]
    shown = {**_season(title, number), "episodes": episodes, "externalIds": {}}
    del shown["episodeCount"]
    return ok(shown)


def collection(call: ApiCall) -> ApiReply:
    """List the parts of a film series."""
    number = call.number("collectionId")
    found = call.server.catalogue.find_collection(number)
    if found is None or call.tmdb_failure is not None:
        raise error(500, "Unable to retrieve collection.")
    server = call.server
    parts = [
        result_json(title, server.state.find_media(title.key), server, language_of(call))
        for part in found.parts
        if (title := server.catalogue.find(MOVIE, part))
    ]
    return ok({"id": found.tmdb_id, "name": found.name, "overview": "", "parts": parts})


def _title(call: ApiCall, kind: str, number: int, refusal: str) -> CatalogueTitle:
    title = call.server.catalogue.find(kind, number)
    if title is None or call.tmdb_failure is not None:
        raise error(500, refusal)
    return title


def _common(call: ApiCall, title: CatalogueTitle) -> Json:
    return {
        "id": title.tmdb_id,
        "originalLanguage": title.language,
        "popularity": title.popularity,
        "overview": "",
        "tagline": "",
        "homepage": "",
        "genres": title_facts.genres(title, language_of(call)),
        "voteAverage": title_facts.rating(title),
        "voteCount": title_facts.votes(title),
        "keywords": [],
        "posterPath": poster(title),
        "backdropPath": None,
        "credits": title_facts.credits_of(title),
        "relatedVideos": [],
        "watchProviders": [],
        "productionCompanies": title_facts.companies(title),
        "productionCountries": [{"iso_3166_1": "US", "name": "United States of America"}],
        "spokenLanguages": [_language(title)],
    }


def _language(title: CatalogueTitle) -> Json:
    """Name the language; the servers hand TMDB's own name on for films alone."""
    name = "english_name" if title.kind == MOVIE else "englishName"
    words = "English" if title.language == "en" else title.language
    return {name: words, "iso_639_1": title.language, "name": words}


def _with_media(call: ApiCall, title: CatalogueTitle, shown: Json) -> Json:
    state = call.server.state
    if call.server.product.is_forked:
        shown["onUserWatchlist"] = (call.user.id, title.key) in state.watchlists
    media = state.find_media(title.key)
    return shown if media is None else {**shown, "mediaInfo": media_info(media, call.server)}


def _season(title: CatalogueTitle, number: int) -> Json:
    return {
        "id": title.tmdb_id * 100 + number,
        "name": f"Season {number}" if number else "Specials",
        "seasonNumber": number,
        "episodeCount": _episode_count(title, number),
        "airDate": _air_date(title, number),
        "overview": "",
        "posterPath": None,
    }


def _episode_count(title: CatalogueTitle, number: int) -> int:
    is_announced = number > title.seasons - title.announced
    return 0 if is_announced and number else 6 + (title.tmdb_id + number) % 7


def _air_date(title: CatalogueTitle, number: int) -> str | None:
    is_announced = 0 < number > title.seasons - title.announced
    if not title.date or is_announced:
        return None
    _, month, day = title.date.split("-")
    return f"{int(title.year) + max(number - 1, 0)}-{month}-{min(int(day), 28):02}"
