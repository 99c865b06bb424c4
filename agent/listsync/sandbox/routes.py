"""The paths under /api/v1 and what each demands.

Source: the OpenAPI files of Overseerr 1.34.0, Jellyseerr 2.7.3 and Seerr 3.1.0, against which
the servers check every call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from starlette.routing import Route

from listsync.sandbox import request_rules
from listsync.sandbox.endpoint import Endpoint, Handler, Rule
from listsync.sandbox.endpoints import media, requests, services, titles, users
from listsync.sandbox.server_model import ProductTraits, SandboxServer
from listsync.sandbox.state import Permission
from listsync.sandbox.validation import NUMBER, TEXT, Parameter

PREFIX = "/api/v1"
Row = tuple[str, str, Handler, Rule]

_PAGED = {"take": NUMBER, "skip": NUMBER}
_SPOKEN = {"language": TEXT}
_SEARCH = {"query": Parameter(required=True), "page": NUMBER, **_SPOKEN}
_USER_SORTS = Parameter(choices=("created", "updated", "requests", "displayname"))
_MANAGER = int(Permission.MANAGE_REQUESTS)
_BLOCKERS = int(Permission.MANAGE_BLOCKLIST)


def routes(server: SandboxServer) -> list[Route]:
    """Build the routes of the server's product; where two match, the first wins."""
    product = server.product
    rows = (
        *_busy(product),
        *_reading(product),
        *_writing(product),
        *_blocklist(product),
        *_watchlist(product),
    )
    return [
        Route(
            f"{PREFIX}{path}",
            Endpoint(server, f"{method} {path or '/'}", handler, rule),
            methods=[method],
        )
        for method, path, handler, rule in rows
    ]


def _busy(product: ProductTraits) -> Iterator[Row]:
    yield "GET", "/search", titles.search, Rule(query=_SEARCH)
    yield "POST", "/request", request_rules.place, Rule(needs_json=True, is_request=True)
    yield "GET", "/media", media.index, Rule(query=_media_query(product))


def _reading(product: ProductTraits) -> Iterator[Row]:
    yield "GET", "/movie/{movieId}", titles.movie, _numbered("movieId", spoken=True)
    yield "GET", "/tv/{tvId}", titles.series, _numbered("tvId", spoken=True)
    yield (
        "GET",
        "/tv/{tvId}/season/{seasonNumber}",
        titles.season,
        _numbered("tvId", "seasonNumber", spoken=True),
    )
    yield (
        "GET",
        "/collection/{collectionId}",
        titles.collection,
        _numbered("collectionId", spoken=True),
    )
    yield "GET", "/genres/movie", titles.movie_genres, Rule(query=_SPOKEN)
    yield "GET", "/genres/tv", titles.series_genres, Rule(query=_SPOKEN)
    yield "GET", "/languages", titles.languages, Rule()
    yield from _public()
    yield from _settings()
    yield from _people(product)
    yield "GET", "/service/radarr", services.radarr_servers, Rule()
    yield "GET", "/service/sonarr", services.sonarr_servers, Rule()
    yield "GET", "/service/radarr/{radarrId}", services.radarr_server, _numbered("radarrId")
    yield "GET", "/service/sonarr/{sonarrId}", services.sonarr_server, _numbered("sonarrId")


def _public() -> Iterator[Row]:
    yield "GET", "/status", users.status, Rule(public=True)
    yield "GET", "", users.root, Rule(public=True)
    yield "GET", "/", users.root, Rule(public=True)
    yield "GET", "/settings/public", users.public_settings, Rule(public=True)


def _settings() -> Iterator[Row]:
    admin = Rule(permission=int(Permission.ADMIN))
    yield "GET", "/settings/about", users.about, admin
    yield "GET", "/settings/main", users.main_settings, admin
    yield "POST", "/settings/main/regenerate", users.renew_key, admin
    yield "GET", "/settings/radarr", services.radarr_settings, admin
    yield "GET", "/settings/sonarr", services.sonarr_settings, admin
    yield "POST", "/settings/radarr/test", services.radarr_test, replace(admin, needs_json=True)


def _people(product: ProductTraits) -> Iterator[Row]:
    query = {**_PAGED, "sort": _USER_SORTS}
    if product.is_forked:
        query |= {"q": TEXT, "includeIds": TEXT}
    yield "GET", "/auth/me", users.me, Rule()
    yield "GET", "/user", users.users, Rule(query=query)
    yield "GET", "/user/{userId}", users.user, _numbered("userId")
    yield "GET", "/user/{userId}/quota", users.user_quota, _numbered("userId")
    yield (
        "GET",
        "/user/{userId}/requests",
        requests.list_of_user,
        Rule(path={"userId": NUMBER}, query=_PAGED),
    )


def _writing(product: ProductTraits) -> Iterator[Row]:
    yield "GET", "/request", requests.list_all, Rule(query=_request_query(product))
    yield "GET", "/request/count", requests.count, Rule()
    yield "GET", "/request/{requestId}", requests.show, Rule()
    yield "PUT", "/request/{requestId}", requests.edit, Rule(needs_json=True)
    yield "DELETE", "/request/{requestId}", requests.delete, Rule()
    yield "POST", "/request/{requestId}/retry", requests.retry, Rule(permission=_MANAGER)
    yield "POST", "/request/{requestId}/{status}", requests.decide, _verdict()
    yield "DELETE", "/media/{mediaId}", media.remove, Rule(permission=_MANAGER)
    yield "POST", "/media/{mediaId}/{status}", media.set_status, _media_status(product)


def _blocklist(product: ProductTraits) -> Iterator[Row]:
    """Give the blocklist under its path; Seerr still serves the old name too."""
    if product.blocklist is None:
        return
    tags = f"{product.blocklist_word}Tags"
    query = {**_PAGED, "search": TEXT, "filter": Parameter(choices=("all", "manual", tags))}
    viewers = _BLOCKERS | Permission.VIEW_BLOCKLIST
    manage = Rule(permission=_BLOCKERS)
    for path in dict.fromkeys((product.blocklist, "/blacklist")):
        yield "GET", path, media.blocked_titles, Rule(permission=int(viewers), query=query)
        yield "POST", path, media.block_title, Rule(permission=_BLOCKERS, needs_json=True)
        yield "GET", f"{path}/{{tmdbId}}", media.blocked_title, manage
        yield "DELETE", f"{path}/{{tmdbId}}", media.unblock_title, manage


def _watchlist(product: ProductTraits) -> Iterator[Row]:
    paged = {"page": NUMBER}
    yield "GET", "/discover/watchlist", media.own_watchlist, Rule(query=paged)
    if product.is_forked:
        yield (
            "GET",
            "/user/{userId}/watchlist",
            media.watchlist_of_user,
            Rule(path={"userId": NUMBER}, query=paged),
        )
        yield "POST", "/watchlist", media.watch_title, Rule(needs_json=True)
        yield "DELETE", "/watchlist/{tmdbId}", media.unwatch_title, _numbered("tmdbId")


def _numbered(*names: str, spoken: bool = False) -> Rule:
    return Rule(path=dict.fromkeys(names, NUMBER), query=_SPOKEN if spoken else {})


def _verdict() -> Rule:
    verdicts = Parameter(choices=("approve", "decline"))
    return Rule(permission=_MANAGER, path={"status": verdicts})


def _media_status(product: ProductTraits) -> Rule:
    names = ["available", "partial", "processing", "pending", "unknown"]
    names += ["deleted"] if product.is_forked else []
    return Rule(permission=_MANAGER, path={"status": Parameter(choices=tuple(names))})


def _media_query(product: ProductTraits) -> dict[str, Parameter]:
    filters = ["all", "available", "partial", "allavailable", "processing", "pending"]
    filters += ["deleted"] if product.is_forked else []
    return {
        **_PAGED,
        "filter": Parameter(choices=tuple(filters)),
        "sort": Parameter(choices=("added", "modified", "mediaAdded")),
    }


def _request_query(product: ProductTraits) -> dict[str, Parameter]:
    filters = ["all", "approved", "available", "pending", "processing", "unavailable", "failed"]
    query = {
        **_PAGED,
        "sort": Parameter(choices=("added", "modified")),
        "requestedBy": NUMBER,
    }
    if product.is_forked:
        filters += ["deleted", "completed"]
        query["sortDirection"] = Parameter(choices=("asc", "desc"))
        query["mediaType"] = Parameter(choices=("movie", "tv", "all"))
    return {**query, "filter": Parameter(choices=tuple(filters))}
