"""Rows as JSON, with the fields and the order that the servers send.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.sandbox import facts
from listsync.sandbox.catalogue import MOVIE, Collection, Person, Title
from listsync.sandbox.products import Product
from listsync.sandbox.search import Entry
from listsync.sandbox.state import Media, Request, User

Json = dict[str, object]


def user_json(user: User, *, requests: int, full: bool) -> Json:
    """Describe a user; the e-mail address is for those who may manage users."""
    shown: Json = {
        "permissions": user.permissions,
        "id": user.id,
        "plexUsername": user.name if user.id == 1 else None,
        "username": None if user.id == 1 else user.name,
        "jellyfinUsername": None,
        "userType": 1 if user.id == 1 else 2,
        "movieQuotaLimit": user.movie_limit or None,
        "movieQuotaDays": 7 if user.movie_limit else None,
        "tvQuotaLimit": user.series_limit or None,
        "tvQuotaDays": 7 if user.series_limit else None,
        "avatar": f"/avatarproxy/{user.id}",
        "createdAt": user.created_at,
        "updatedAt": user.created_at,
        "requestCount": requests,
        "displayName": user.name,
    }
    return {**shown, "email": f"{user.name}@sandbox.example"} if full else shown


def media_json(media: Media, product: Product, *, seasons: bool = True) -> Json:
    """Describe a row without its requests."""
    status, status4k = media.statuses
    shown: Json = {
        "downloadStatus": [],
        "downloadStatus4k": [],
        "id": media.id,
        "mediaType": media.kind,
        "tmdbId": media.tmdb_id,
        "tvdbId": media.tvdb_id,
        "imdbId": None,
        "status": status,
        "status4k": status4k,
        "createdAt": media.created_at,
        "updatedAt": media.updated_at,
        "lastSeasonChange": media.created_at,
        "mediaAddedAt": media.added_at,
        "serviceId": None,
        "serviceId4k": None,
        "externalServiceId": None,
        "externalServiceId4k": None,
        "externalServiceSlug": None,
        "externalServiceSlug4k": None,
        "ratingKey": None,
        "ratingKey4k": None,
    }
    if product.is_forked:
        shown["jellyfinMediaId"] = shown["jellyfinMediaId4k"] = None
    if seasons:
        shown["seasons"] = _season_rows(media)
    return shown


def _season_rows(media: Media) -> list[Json]:
    return [
        {
            "id": media.id * 100 + number,
            "seasonNumber": number,
            "status": status,
            "status4k": status4k,
            "createdAt": media.created_at,
            "updatedAt": media.updated_at,
        }
        for number, (status, status4k) in sorted(media.seasons.items())
    ]


def request_json(request: Request, product: Product, *, media: bool = True) -> Json:
    """Describe a request; its media comes without seasons."""
    options = request.options
    shown: Json = {
        "id": request.id,
        "status": request.status,
        "createdAt": request.created_at,
        "updatedAt": request.updated_at,
        "type": request.media.kind,
        "is4k": request.is4k,
        "serverId": options.get("serverId"),
        "profileId": options.get("profileId"),
        "rootFolder": options.get("rootFolder"),
        "languageProfileId": options.get("languageProfileId"),
        "tags": options.get("tags"),
        "isAutoRequest": request.is_auto,
    }
    if media:
        shown["media"] = media_json(request.media, product, seasons=False)
    return {**shown, **_people(request), **_wanted_seasons(request)}


def _people(request: Request) -> Json:
    changed_by = request.modified_by
    return {
        "requestedBy": user_json(request.user, requests=0, full=True),
        "modifiedBy": user_json(changed_by, requests=0, full=True) if changed_by else None,
    }


def _wanted_seasons(request: Request) -> Json:
    rows = [
        {
            "id": request.id * 100 + number,
            "seasonNumber": number,
            "status": request.status,
            "createdAt": request.created_at,
            "updatedAt": request.updated_at,
        }
        for number in request.seasons
    ]
    return {"seasons": rows, "seasonCount": len(rows)}


def media_info(media: Media, product: Product) -> Json:
    """Describe a row as the detail pages do: seasons made by scans, and all requests."""
    requests = [request_json(request, product, media=False) for request in media.requests]
    return {**media_json(media, product), "requests": requests, "issues": []}


def result_json(entry: Entry, media: Media | None, product: Product, language: str) -> Json:
    """Describe one search result; Overseerr alone lists season rows in it."""
    if isinstance(entry, Person):
        return _person(entry)
    if isinstance(entry, Collection):
        return _collection(entry)
    shown = _film(entry, language) if entry.kind == MOVIE else _series(entry, language)
    if media is not None:
        shown["mediaInfo"] = media_json(media, product, seasons=not product.is_forked)
    return shown


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
        "posterPath": f"/{title.tmdb_id}.jpg" if title.popularity > 1 else None,
        "backdropPath": None,
    }


def dated(name: str, title: Title) -> Json:
    """Give a date under *name*; of undated titles TMDB sends "", null or nothing at all."""
    if title.date:
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
