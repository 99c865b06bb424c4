"""Titles, persons and film series as a search shows them.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.sandbox import title_facts as facts
from listsync.sandbox.catalogue import MOVIE, Collection, Person, Title
from listsync.sandbox.serializers import Json, media_json
from listsync.sandbox.server_model import World
from listsync.sandbox.state import Media
from listsync.sandbox.title_search import Entry


def result_json(entry: Entry, media: Media | None, world: World, language: str) -> Json:
    """Describe one search result; the row has its seasons in Overseerr alone."""
    if isinstance(entry, Person):
        return _person(entry)
    if isinstance(entry, Collection):
        return _collection(entry)
    shown = _film(entry, language) if entry.kind == MOVIE else _series(entry, language)
    if media is not None:
        shown["mediaInfo"] = _row(media, world)
    return shown


def _row(media: Media, world: World) -> Json:
    if world.product.is_forked:
        return {**media_json(media, world, seasons=False), "watchlists": []}
    return media_json(media, world)


def _common(title: Title) -> Json:
    return {
        "id": title.tmdb_id,
        "mediaType": title.kind,
        "popularity": title.popularity,
        "voteCount": facts.votes(title),
        "voteAverage": facts.rating(title),
        "genreIds": facts.genre_ids(title),
        "overview": "",
        "originalLanguage": title.language,
        "posterPath": poster(title),
        "backdropPath": None,
    }


def poster(title: Title) -> str | None:
    """Give the path of the poster; what hardly anybody knows has none."""
    return f"/{title.tmdb_id}.jpg" if title.popularity > 1 else None


def dated(name: str, title: Title) -> Json:
    """Give a date under *name*; of undated titles TMDB sends "", null or nothing at all."""
    if title.date is not None:
        return {name: title.date}
    undated: tuple[Json, ...] = ({name: ""}, {}, {name: None})
    return undated[title.tmdb_id % 3]


def _film(title: Title, language: str) -> Json:
    return {
        **_common(title),
        "adult": False,
        "video": False,
        "title": title.named_in(language),
        "originalTitle": title.original_title,
        **dated("releaseDate", title),
    }


def _series(title: Title, language: str) -> Json:
    return {
        **_common(title),
        "name": title.named_in(language),
        "originalName": title.original_title,
        "originCountry": ["US"],
        **dated("firstAirDate", title),
    }


def _person(person: Person) -> Json:
    return {
        "id": person.tmdb_id,
        "name": person.name,
        "popularity": person.popularity,
        "adult": False,
        "mediaType": "person",
        "profilePath": None,
        "knownFor": [],
    }


def _collection(collection: Collection) -> Json:
    return {
        "id": collection.tmdb_id,
        "mediaType": "collection",
        "adult": False,
        "originalLanguage": "en",
        "originalTitle": collection.name,
        "title": collection.name,
        "overview": "",
        "posterPath": None,
        "backdropPath": None,
    }
