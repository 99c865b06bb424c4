"""The watchlists of Jellyseerr and Seerr, one a user; Overseerr has none.

Source: Seerr 3.1.0, observed live. An entry makes a row of status UNKNOWN.
"""

from __future__ import annotations

from listsync.sandbox.api_call import Call
from listsync.sandbox.responses import Reply, error, no_content, ok
from listsync.sandbox.serializers import media_json, user_json
from listsync.sandbox.state import Key
from listsync.sandbox.validation import check_blocklist_body


def add(call: Call) -> Reply:
    """Put a title on the acting user's watchlist."""
    body, state = call.body, call.world.state
    check_blocklist_body(body)
    key: Key = (body["mediaType"], int(body["tmdbId"]))
    if (call.user.id, key) in state.watchlists:
        raise error(409, "Request for this media already exists.")
    state.watchlists.add((call.user.id, key))
    media = state.find_media(key) or call.world.insert_media(key, None)
    shown = {
        "id": len(state.watchlists),
        "ratingKey": "",
        "title": body.get("title", ""),
        "tmdbId": media.tmdb_id,
        "mediaType": media.kind,
        "createdAt": media.created_at,
        "updatedAt": media.updated_at,
        "requestedBy": user_json(call.user, call.world, settings=True),
        "media": media_json(media, call.world, seasons=False),
    }
    return ok(shown, 201)


def remove(call: Call) -> Reply:
    """Take a title off it."""
    state, number = call.world.state, call.number("tmdbId")
    found = {entry for entry in state.watchlists if entry[0] == call.user.id}
    found = {entry for entry in found if entry[1][1] == number}
    if not found:
        raise error(404, "watchlist item not found")
    state.watchlists -= found
    state.changed()
    return no_content()
