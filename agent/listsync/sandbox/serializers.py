"""Users, media rows, requests and titles as JSON, with the fields that the servers send."""

from __future__ import annotations

from listsync.sandbox import title_facts
from listsync.sandbox.catalogue import MOVIE, TV, CatalogueTitle, Collection, Person
from listsync.sandbox.server_model import SandboxServer
from listsync.sandbox.state import Media, StoredRequest, User
from listsync.sandbox.title_search import Entry

Json = dict[str, object]
_PLEX, _LOCAL = 1, 2


def user_json(
    user: User, server: SandboxServer, *, full: bool = True, settings: bool = False
) -> Json:
    """Describe a user; the e-mail address is for those who may manage users."""
    is_forked = server.product.is_forked
    return {
        "permissions": user.permissions,
        **({"warnings": []} if is_forked else {}),
        "id": user.id,
        **({"email": f"{user.name}@sandbox.example"} if full else {}),
        "plexUsername": user.name if user.is_from_plex else None,
        **({"jellyfinUsername": None} if is_forked else {}),
        "username": None if user.is_from_plex else user.name,
        "recoveryLinkExpirationDate": None,
        "userType": _PLEX if user.is_from_plex else _LOCAL,
        **({"plexId": user.id if user.is_from_plex else None} if full else {}),
        **({"jellyfinUserId": None} if is_forked else {}),
        "avatar": f"/avatarproxy/{user.id}",
        **({"avatarETag": None, "avatarVersion": None} if is_forked else {}),
        **_limits(user),
        "createdAt": user.created_at,
        "updatedAt": user.created_at,
        **({"settings": None} if settings else {}),
        "requestCount": server.state.request_counts[user.id],
        "displayName": user.name,
    }


def _limits(user: User) -> Json:
    return {
        "movieQuotaLimit": user.movie_limit or None,
        "movieQuotaDays": 7 if user.movie_limit else None,
        "tvQuotaLimit": user.series_limit or None,
        "tvQuotaDays": 7 if user.series_limit else None,
    }


def media_json(media: Media, server: SandboxServer, *, seasons: bool = True) -> Json:
    """Describe a row without its requests."""
    status, status4k = media.statuses
    service, service4k = media.service_ids
    slug = str(media.tmdb_id if media.kind == MOVIE else media.tvdb_id)
    return {
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
        "serviceId": service,
        "serviceId4k": service4k,
        "externalServiceId": None if service is None else media.id,
        "externalServiceId4k": None if service4k is None else media.id,
        "externalServiceSlug": None if service is None else slug,
        "externalServiceSlug4k": None if service4k is None else slug,
        "ratingKey": None,
        "ratingKey4k": None,
        **_of_jellyfin(server),
        **({"seasons": _season_rows(media)} if seasons else {}),
        **_service_urls(media, slug),
    }


def _of_jellyfin(server: SandboxServer) -> Json:
    if not server.product.is_forked:
        return {}
    return {"jellyfinMediaId": None, "jellyfinMediaId4k": None}


def _service_urls(media: Media, slug: str) -> Json:
    what = "radarr/movie" if media.kind == MOVIE else "sonarr/series"
    names = zip(("serviceUrl", "serviceUrl4k"), media.service_ids, strict=True)
    return {
        name: f"http://arr.sandbox.example/{what}/{slug}"
        for name, service in names
        if service is not None
    }


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


def request_json(request: StoredRequest, server: SandboxServer, *, whole: bool = False) -> Json:
    """Describe a request as in lists, or as a *whole*: with more of its row and its people."""
    by = request.modified_by
    return {
        **_request_facts(request),
        "media": media_json(request.media, server, seasons=whole),
        "requestedBy": user_json(request.user, server, settings=whole),
        "modifiedBy": user_json(by, server, settings=whole) if by else None,
        "seasons": _wanted_seasons(request),
        "seasonCount": len(request.seasons),
    }


def created_json(request: StoredRequest, media: Json, by: Json, modified_by: Json | None) -> Json:
    """Describe a new request: a film has no seasons here, what is pending no modifier."""
    return {
        **_request_facts(request),
        "media": media,
        "requestedBy": by,
        **({"modifiedBy": modified_by} if request.modified_by else {}),
        **({"seasons": _wanted_seasons(request)} if request.media.kind == TV else {}),
    }


def _request_facts(request: StoredRequest) -> Json:
    options = request.options
    return {
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


def _wanted_seasons(request: StoredRequest) -> list[Json]:
    return [
        {
            "id": request.id * 100 + number,
            "seasonNumber": number,
            "status": request.status,
            "createdAt": request.created_at,
            "updatedAt": request.updated_at,
        }
        for number in request.seasons
    ]


def media_info(media: Media, server: SandboxServer) -> Json:
    """Describe a row as the detail pages do: seasons made by scans, and all requests."""
    requests = [request_json(request, server) for request in media.requests]
    return {**media_json(media, server), "requests": requests, "issues": []}


def result_json(entry: Entry, media: Media | None, server: SandboxServer, language: str) -> Json:
    """Describe one search result; the row has its seasons in Overseerr alone."""
    if isinstance(entry, Person):
        return _person(entry)
    if isinstance(entry, Collection):
        return _collection(entry)
    shown = _film(entry, language) if entry.kind == MOVIE else _series(entry, language)
    if media is not None:
        shown["mediaInfo"] = _row(media, server)
    return shown


def _row(media: Media, server: SandboxServer) -> Json:
    if server.product.is_forked:
        return {**media_json(media, server, seasons=False), "watchlists": []}
    return media_json(media, server)


def _common(title: CatalogueTitle) -> Json:
    return {
        "id": title.tmdb_id,
        "mediaType": title.kind,
        "popularity": title.popularity,
        "voteCount": title_facts.votes(title),
        "voteAverage": title_facts.rating(title),
        "genreIds": title_facts.genre_ids(title),
        "overview": "",
        "originalLanguage": title.language,
        "posterPath": poster(title),
        "backdropPath": None,
    }


def poster(title: CatalogueTitle) -> str | None:
    """Give the path of the poster; what hardly anybody knows has none."""
    return f"/{title.tmdb_id}.jpg" if title.popularity > 1 else None


def dated(name: str, title: CatalogueTitle) -> Json:
    """Give a date under *name*; of undated titles TMDB sends "", null or nothing at all."""
    if title.date is not None:
        return {name: title.date}
    undated: tuple[Json, ...] = ({name: ""}, {}, {name: None})
    return undated[title.tmdb_id % 3]


def _film(title: CatalogueTitle, language: str) -> Json:
    return {
        **_common(title),
        "adult": False,
        "video": False,
        "title": title.named_in(language),
        "originalTitle": title.original_title,
        **dated("releaseDate", title),
    }


def _series(title: CatalogueTitle, language: str) -> Json:
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
