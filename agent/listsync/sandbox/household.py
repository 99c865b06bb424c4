"""Who the server is and who lives there: status, settings, users, Radarr and Sonarr.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from collections import Counter

from listsync.sandbox.answers import Reply, error, ok
from listsync.sandbox.call import Call
from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.codes import Permission
from listsync.sandbox.paging import page_of
from listsync.sandbox.quota import quota
from listsync.sandbox.shapes import Json, user_json
from listsync.sandbox.state import User
from listsync.sandbox.world import World


def status(call: Call) -> Reply:
    return ok(
        {
            "version": call.world.product.version,
            "commitTag": "sandbox",
            "updateAvailable": False,
            "commitsBehind": 0,
            "restartRequired": False,
        }
    )


def root(call: Call) -> Reply:
    return ok({"api": call.world.product.api_name, "version": "1.0"})


def public_settings(call: Call) -> Reply:
    """Show the settings that need no key."""
    product, settings = call.world.product, call.world.settings
    shown: Json = {
        "initialized": True,
        "applicationTitle": product.name,
        "applicationUrl": "",
        "hideAvailable": False,
        "localLogin": True,
        "movie4kEnabled": settings.movie_4k,
        "series4kEnabled": settings.series_4k,
        "region": "",
        "originalLanguage": "",
        "partialRequestsEnabled": True,
        "locale": settings.locale,
    }
    if product.is_forked:
        shown["mediaServerType"] = product.media_server_type
    if product.has_special_episodes:
        shown["enableSpecialEpisodes"] = settings.special_episodes
        shown["hideBlocklisted"] = False
    return ok(shown)


def main_settings(call: Call) -> Reply:
    settings = call.world.settings
    return ok(
        {
            "apiKey": settings.api_key,
            "applicationTitle": call.world.product.name,
            "csrfProtection": settings.csrf,
            "locale": settings.locale,
        }
    )


def about(call: Call) -> Reply:
    return ok(
        {
            "version": call.world.product.version,
            "totalMediaItems": len(call.world.state.media),
            "totalRequests": len(call.world.state.requests),
            "tz": "UTC",
            "appDataPath": "/app/config",
        }
    )


def me(call: Call) -> Reply:
    return ok(_shown(call, call.user, full=True))


def users(call: Call) -> Reply:
    """List users; ten of them, unless more are asked for."""
    page = page_of(call, default=10)
    wanted = str(call.query.get("q", "")).casefold()
    rows = [user for user in call.world.state.users.values() if wanted in user.name]
    counts = Counter(request.user.id for request in call.world.state.requests.values())
    full = call.user.may(Permission.MANAGE_USERS)
    results = [user_json(user, requests=counts[user.id], full=full) for user in page.of(rows)]
    return ok({"pageInfo": page.info(len(rows)), "results": results})


def user(call: Call) -> Reply:
    return ok(_shown(call, _user(call), full=call.user.may(Permission.MANAGE_USERS)))


def user_quota(call: Call) -> Reply:
    """Say how much a user may still request."""
    asked = _user(call)
    manages = call.user.may(Permission.MANAGE_USERS) and call.user.may(Permission.MANAGE_REQUESTS)
    if asked is not call.user and not manages:
        raise error(403, "You do not have permission to view this user's request limits.")
    state = call.world.state
    return ok({kind: quota(state, asked, kind).to_json() for kind in (MOVIE, TV)})


def radarr_servers(call: Call) -> Reply:
    return ok([_server("Radarr", is4k=is4k) for is4k in _definitions(call.world, MOVIE)])


def sonarr_servers(call: Call) -> Reply:
    return ok([_sonarr(is4k=is4k) for is4k in _definitions(call.world, TV)])


def radarr_server(call: Call) -> Reply:
    """Show one Radarr with what can be chosen there."""
    number = call.number("radarrId")
    if number not in range(len(_definitions(call.world, MOVIE))):
        raise error(404, "Radarr server with provided ID does not exist.")
    return ok({"server": _server("Radarr", is4k=bool(number)), **_choices("/movies")})


def sonarr_server(call: Call) -> Reply:
    """Show one Sonarr with what can be chosen there."""
    number = call.number("sonarrId")
    if number not in range(len(_definitions(call.world, TV))):
        raise error(404, "Sonarr server with provided ID does not exist.")
    choices = {**_choices("/series"), "languageProfiles": [{"id": 1, "name": "English"}]}
    return ok({"server": _sonarr(is4k=bool(number)), **choices})


def _shown(call: Call, user: User, *, full: bool) -> Json:
    requests = sum(one.user is user for one in call.world.state.requests.values())
    return user_json(user, requests=requests, full=full)


def _user(call: Call) -> User:
    found = call.world.state.users.get(call.number("userId"))
    if found is None:
        raise error(404, "User not found.")
    return found


def _definitions(world: World, kind: str) -> tuple[bool, ...]:
    has_4k = world.settings.movie_4k if kind == MOVIE else world.settings.series_4k
    return (False, True) if has_4k else (False,)


def _server(name: str, *, is4k: bool) -> Json:
    return {
        "id": int(is4k),
        "name": f"{name} 4K" if is4k else name,
        "is4k": is4k,
        "isDefault": True,
        "activeDirectory": "/movies" if name == "Radarr" else "/series",
        "activeProfileId": 5 if is4k else 4,
        "activeTags": [],
    }


def _sonarr(*, is4k: bool) -> Json:
    return {
        **_server("Sonarr", is4k=is4k),
        "activeAnimeProfileId": None,
        "activeAnimeDirectory": None,
        "activeLanguageProfileId": 1,
        "activeAnimeLanguageProfileId": None,
        "activeAnimeTags": [],
    }


def _choices(folder: str) -> Json:
    return {
        "profiles": [{"id": 4, "name": "HD-1080p"}, {"id": 5, "name": "Ultra-HD"}],
        "rootFolders": [{"id": 1, "path": folder, "freeSpace": 2_000_000_000_000}],
        "tags": [{"id": 1, "label": "lists"}],
    }
