"""Who the server is and who lives there: status, settings, users.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.endpoint import ApiCall, page_of
from listsync.sandbox.endpoints.services import is_default_4k
from listsync.sandbox.request_rules import quota
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json, user_json
from listsync.sandbox.server_model import RADARR, SONARR, SandboxServer
from listsync.sandbox.state import Permission, User
from listsync.sandbox.validation import random_key


def status(call: ApiCall) -> ApiReply:
    return ok(
        {
            "version": call.server.product.version,
            "commitTag": "sandbox",
            "updateAvailable": False,
            "commitsBehind": 0,
            "restartRequired": False,
        }
    )


def root(call: ApiCall) -> ApiReply:
    return ok({"api": call.server.product.api_name, "version": "1.0"})


def public_settings(call: ApiCall) -> ApiReply:
    """Show the settings that need no key."""
    server = call.server
    shown: Json = {
        "initialized": True,
        **_of_page(server),
        "movie4kEnabled": is_default_4k(server, RADARR),
        "series4kEnabled": is_default_4k(server, SONARR),
        "vapidPublic": "sandbox",
        "enablePushRegistration": False,
        "emailEnabled": False,
    }
    if server.product.is_forked:
        shown |= {
            "jellyfinExternalHost": "",
            "jellyfinForgotPasswordUrl": "",
            "userEmailRequired": False,
        }
    return ok(shown)


def main_settings(call: ApiCall) -> ApiReply:
    return ok(_main_settings(call.server))


def renew_key(call: ApiCall) -> ApiReply:
    """Make a new key; the old one is worth nothing any more."""
    call.server.settings.api_key = random_key()
    call.server.state.changed()
    return ok(_main_settings(call.server))


def _main_settings(server: SandboxServer) -> Json:
    shown: Json = {
        "apiKey": server.settings.api_key,
        **_of_page(server),
        "defaultPermissions": int(Permission.REQUEST),
        "defaultQuotas": {MOVIE: {}, TV: {}},
    }
    if server.product.has_special_episodes:
        return {**shown, "blocklistedTags": "", "blocklistedTagsLimit": 50}
    return {**shown, "csrfProtection": server.settings.csrf, "trustProxy": False}


def _of_page(server: SandboxServer) -> Json:
    """Give what both the public and the main settings show."""
    product, settings = server.product, server.settings
    shown: Json = {
        "applicationTitle": product.name,
        "applicationUrl": "",
        "hideAvailable": False,
        "localLogin": True,
        "originalLanguage": "",
        "partialRequestsEnabled": True,
        "cacheImages": False,
        "locale": settings.locale,
        "newPlexLogin": True,
    }
    if not product.is_forked:
        return {**shown, "region": ""}
    shown |= {
        "mediaServerLogin": True,
        "discoverRegion": "",
        "streamingRegion": "US",
        "mediaServerType": product.media_server_type,
        "youtubeUrl": "",
    }
    if product.has_special_episodes:
        shown |= {"enableSpecialEpisodes": settings.special_episodes, "hideBlocklisted": False}
    return shown


def about(call: ApiCall) -> ApiReply:
    return ok(
        {
            "version": call.server.product.version,
            "totalMediaItems": len(call.server.state.media),
            "totalRequests": len(call.server.state.requests),
            "tz": "UTC",
            "appDataPath": "/app/config",
        }
    )


def me(call: ApiCall) -> ApiReply:
    return ok(user_json(call.user, call.server, settings=True))


def users(call: ApiCall) -> ApiReply:
    """List users; ten of them, unless more are asked for."""
    page = page_of(call, default=10)
    wanted = str(call.query.get("q", "")).casefold()
    rows = [user for user in call.server.state.users.values() if wanted in user.name]
    full = call.user.may(Permission.MANAGE_USERS)
    results = [user_json(user, call.server, full=full) for user in page.of(rows)]
    return ok({"pageInfo": page.info(len(rows)), "results": results})


def user(call: ApiCall) -> ApiReply:
    full = call.user.may(Permission.MANAGE_USERS)
    return ok(user_json(_user(call), call.server, full=full, settings=True))


def user_quota(call: ApiCall) -> ApiReply:
    """Say how much a user may still request."""
    asked = _user(call)
    manages = call.user.may(Permission.MANAGE_USERS) and call.user.may(Permission.MANAGE_REQUESTS)
    if asked is not call.user and not manages:
        raise error(403, "You do not have permission to view this user's request limits.")
    state = call.server.state
    return ok({kind: quota(state, asked, kind).to_json() for kind in (MOVIE, TV)})


def _user(call: ApiCall) -> User:
    found = call.server.state.users.get(call.number("userId"))
    if found is None:
        raise error(404, "User not found.")
    return found
