"""GET /movie/{id}, /tv/{id}, a season, a film series.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.domain.list_rules import LANGUAGES
from listsync.sandbox import title_facts
from listsync.sandbox.api_call import ApiCall
from listsync.sandbox.catalogue import MOVIE, TV, CatalogueTitle
from listsync.sandbox.endpoints.search import language_of
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json, dated, media_info, poster, result_json

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
    part_of = call.world.catalogue.collection_of(title)
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
            **({"voteCount": 0} if call.world.product.is_forked else {}),
        }
        for episode in range(1, _episode_count(title, number) + 1)
    ]
    shown = {**_season(title, number), "episodes": episodes, "externalIds": {}}
    del shown["episodeCount"]
    return ok(shown)


def collection(call: ApiCall) -> ApiReply:
    """List the parts of a film series."""
    number = call.number("collectionId")
    found = call.world.catalogue.find_collection(number)
    if found is None or call.tmdb_failure is not None:
        raise error(500, "Unable to retrieve collection.")
    world = call.world
    parts = [
        result_json(title, world.state.find_media(title.key), world, language_of(call))
        for part in found.parts
        if (title := world.catalogue.find(MOVIE, part))
    ]
    return ok({"id": found.tmdb_id, "name": found.name, "overview": "", "parts": parts})


def _title(call: ApiCall, kind: str, number: int, refusal: str) -> CatalogueTitle:
    title = call.world.catalogue.find(kind, number)
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
    state = call.world.state
    if call.world.product.is_forked:
        shown["onUserWatchlist"] = (call.user.id, title.key) in state.watchlists
    media = state.find_media(title.key)
    return shown if media is None else {**shown, "mediaInfo": media_info(media, call.world)}


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
