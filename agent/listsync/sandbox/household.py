"""Who the server is and who lives there: status, settings, users.

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
from listsync.sandbox.services import is_default_4k
from listsync.sandbox.shapes import Json, user_json
from listsync.sandbox.state import User
from listsync.sandbox.world import RADARR, SONARR


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
        "movie4kEnabled": is_default_4k(call.world, RADARR),
        "series4kEnabled": is_default_4k(call.world, SONARR),
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


def _shown(call: Call, user: User, *, full: bool) -> Json:
    requests = sum(one.user is user for one in call.world.state.requests.values())
    return user_json(user, requests=requests, full=full)


def _user(call: Call) -> User:
    found = call.world.state.users.get(call.number("userId"))
    if found is None:
        raise error(404, "User not found.")
    return found
