"""The blocklist of Jellyseerr and Seerr; Overseerr has none.

Source: Seerr 3.1.0, observed live. "Not found" is a 401 there.
"""

from __future__ import annotations

from listsync.sandbox.answers import Reply, error, no_content, ok
from listsync.sandbox.call import Call
from listsync.sandbox.codes import Status
from listsync.sandbox.paging import page_of
from listsync.sandbox.shapes import Json
from listsync.sandbox.state import Media
from listsync.sandbox.validation import check_blocklist_body
from listsync.sandbox.world import World


def entries(call: Call) -> Reply:
    """List what is blocked; `search` looks into the titles."""
    page = page_of(call, default=25)
    wanted = str(call.query.get("search", "")).casefold()
    shown = [_shown(call.world, media) for media in _blocked(call.world)]
    found = [entry for entry in shown if wanted in str(entry["title"]).casefold()]
    return ok({"pageInfo": page.info(len(found)), "results": page.of(found)})


def entry(call: Call) -> Reply:
    return ok(_shown(call.world, _media(call)))


def add(call: Call) -> Reply:
    """Block a title."""
    body = call.body
    check_blocklist_body(body)
    key = (body["mediaType"], int(body["tmdbId"]))
    state = call.world.state
    media = state.find_media(key) or state.new_media(key, None)
    if Status.BLOCKLISTED in media.statuses:
        raise error(412, f"Item already {call.world.product.blocklist_word}")
    media.statuses = [Status.BLOCKLISTED, Status.BLOCKLISTED]
    call.world.touch(media)
    return ok({}, 201)


def remove(call: Call) -> Reply:
    """Unblock a title: its row goes."""
    call.world.state.drop_media(_media(call))
    return no_content()


def _blocked(world: World) -> list[Media]:
    rows = world.state.media.values()
    return [media for media in rows if Status.BLOCKLISTED in media.statuses]


def _media(call: Call) -> Media:
    number = call.path["tmdbId"]
    for media in _blocked(call.world):
        if str(media.tmdb_id) == number:
            return media
    raise error(401, f"Unable to find the {call.world.product.blocklist_word} item.")


def _shown(world: World, media: Media) -> Json:
    title = world.catalogue.find(*media.key)
    return {
        "id": media.id,
        "mediaType": media.kind,
        "tmdbId": media.tmdb_id,
        "title": title.title if title else "",
        "createdAt": media.created_at,
    }
