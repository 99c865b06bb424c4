"""The blocklist of Jellyseerr and Seerr; Overseerr has none.

Source: Seerr 3.1.0, observed live. "Not found" is a 401 there.
"""

from __future__ import annotations

from listsync.sandbox.api_call import Call
from listsync.sandbox.codes import Status
from listsync.sandbox.paging import page_of
from listsync.sandbox.responses import NOTHING, Reply, error, no_content, ok
from listsync.sandbox.serializers import Json, user_json
from listsync.sandbox.server_model import World
from listsync.sandbox.state import Media
from listsync.sandbox.validation import check_blocklist_body


def entries(call: Call) -> Reply:
    """List what is blocked; `search` looks into the titles."""
    page = page_of(call, default=25)
    wanted = str(call.query.get("search", "")).casefold()
    shown = _shown(call.world)
    found = [entry for entry in shown if wanted in str(entry["title"]).casefold()]
    return ok({"pageInfo": page.info(len(found)), "results": page.of(found)})


def entry(call: Call) -> Reply:
    number = _media(call).tmdb_id
    return ok(next(entry for entry in _shown(call.world) if entry["tmdbId"] == number))


def add(call: Call) -> Reply:
    """Block a title."""
    body = call.body
    check_blocklist_body(body)
    key = (body["mediaType"], int(body["tmdbId"]))
    state = call.world.state
    media = state.find_media(key) or call.world.insert_media(key, None)
    if Status.BLOCKLISTED in media.statuses:
        raise error(412, f"Item already {call.world.product.blocklist_word}")
    media.block_title, media.blocked_by = body.get("title"), call.user.id
    media.statuses = [Status.BLOCKLISTED, Status.BLOCKLISTED]
    call.world.touch(media)
    return Reply(201, b"", NOTHING)


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
    table = call.world.product.blocklist_word.removesuffix("ed").capitalize()
    where = f'{{\n    "where": {{\n        "tmdbId": {number}\n    }}\n}}'
    raise error(401, f'Could not find any entity of type "{table}" matching: {where}')


def _shown(world: World) -> list[Json]:
    return [_entry(number, media, world) for number, media in enumerate(_blocked(world), start=1)]


def _entry(number: int, media: Media, world: World) -> Json:
    title = world.catalogue.find(*media.key)
    user = world.state.users.get(media.blocked_by)
    return {
        "id": number,
        "mediaType": media.kind,
        "title": media.block_title or (title.title if title else ""),
        "tmdbId": media.tmdb_id,
        f"{world.product.blocklist_word}Tags": None,
        "createdAt": media.created_at,
        "user": user_json(user, world) if user else None,
    }
