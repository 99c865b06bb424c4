"""Who the server is and who lives there: status, settings, users.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.sandbox.api_call import ApiCall, page_of
from listsync.sandbox.authentication import random_key
from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.endpoints.services import is_default_4k
from listsync.sandbox.request_rules import quota
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json, user_json
from listsync.sandbox.server_model import RADARR, SONARR, SandboxServer
from listsync.sandbox.state import Permission, User


def status(call: ApiCall) -> ApiReply:
    return ok(
        {
            "version": call.world.product.version,
            "commitTag": "sandbox",
            "updateAvailable": False,
            "commitsBehind": 0,
            "restartRequired": False,
        }
    )


def root(call: ApiCall) -> ApiReply:
    return ok({"api": call.world.product.api_name, "version": "1.0"})


def public_settings(call: ApiCall) -> ApiReply:
    """Show the settings that need no key."""
    world = call.world
    shown: Json = {
        "initialized": True,
        **_of_page(world),
        "movie4kEnabled": is_default_4k(world, RADARR),
        "series4kEnabled": is_default_4k(world, SONARR),
        "vapidPublic": "sandbox",
        "enablePushRegistration": False,
        "emailEnabled": False,
    }
    if world.product.is_forked:
        shown |= {
            "jellyfinExternalHost": "",
            "jellyfinForgotPasswordUrl": "",
            "userEmailRequired": False,
        }
    return ok(shown)


def main_settings(call: ApiCall) -> ApiReply:
    return ok(_main_settings(call.world))


def renew_key(call: ApiCall) -> ApiReply:
    """Make a new key; the old one is worth nothing any more."""
    call.world.settings.api_key = random_key()
    call.world.state.changed()
    return ok(_main_settings(call.world))


def _main_settings(world: SandboxServer) -> Json:
    shown: Json = {
        "apiKey": world.settings.api_key,
        **_of_page(world),
        "defaultPermissions": int(Permission.REQUEST),
        "defaultQuotas": {MOVIE: {}, TV: {}},
    }
    if world.product.has_special_episodes:
        return {**shown, "blocklistedTags": "", "blocklistedTagsLimit": 50}
    return {**shown, "csrfProtection": world.settings.csrf, "trustProxy": False}


def _of_page(world: SandboxServer) -> Json:
    """Give what both the public and the main settings show."""
    product, settings = world.product, world.settings
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
            "version": call.world.product.version,
            "totalMediaItems": len(call.world.state.media),
            "totalRequests": len(call.world.state.requests),
            "tz": "UTC",
            "appDataPath": "/app/config",
        }
    )


def me(call: ApiCall) -> ApiReply:
    return ok(user_json(call.user, call.world, settings=True))


def users(call: ApiCall) -> ApiReply:
    """List users; ten of them, unless more are asked for."""
    page = page_of(call, default=10)
    wanted = str(call.query.get("q", "")).casefold()
    rows = [user for user in call.world.state.users.values() if wanted in user.name]
    full = call.user.may(Permission.MANAGE_USERS)
    results = [user_json(user, call.world, full=full) for user in page.of(rows)]
    return ok({"pageInfo": page.info(len(rows)), "results": results})


def user(call: ApiCall) -> ApiReply:
    full = call.user.may(Permission.MANAGE_USERS)
    return ok(user_json(_user(call), call.world, full=full, settings=True))


def user_quota(call: ApiCall) -> ApiReply:
    """Say how much a user may still request."""
    asked = _user(call)
    manages = call.user.may(Permission.MANAGE_USERS) and call.user.may(Permission.MANAGE_REQUESTS)
    if asked is not call.user and not manages:
        raise error(403, "You do not have permission to view this user's request limits.")
    state = call.world.state
    return ok({kind: quota(state, asked, kind).to_json() for kind in (MOVIE, TV)})


def _user(call: ApiCall) -> User:
    found = call.world.state.users.get(call.number("userId"))
    if found is None:
        raise error(404, "User not found.")
    return found
