"""Media rows (GET /media, and what a manager may do), the blocklist, and watchlists.

Of the blocklist: Seerr 3.1.0, observed live. "Not found" is a 401 there.

Of watchlists, one a user: Seerr 3.1.0, observed live. An entry makes a row of status UNKNOWN.
How they are read is known from the code of Seerr and Jellyseerr (2026-03): 20 a page; who has no
entry of the server's own gets what Plex has, and without a token of Plex an empty list. Overseerr
knows those of Plex alone. Of these the server keeps back what has no TMDB number, and counts it.
"""

from __future__ import annotations

from listsync.sandbox import request_lifecycle
from listsync.sandbox.endpoint import ApiCall, page_of
from listsync.sandbox.responses import NOTHING, ApiReply, dumps, error, no_content, ok
from listsync.sandbox.serializers import Json, media_json, user_json
from listsync.sandbox.server_model import SandboxServer
from listsync.sandbox.state import Key, Media, Permission, Status, User, scan
from listsync.sandbox.validation import check_blocklist_body

_FILTERS = {
    "available": (Status.AVAILABLE,),
    "partial": (Status.PARTIAL,),
    "allavailable": (Status.AVAILABLE, Status.PARTIAL),
    "processing": (Status.PROCESSING,),
    "pending": (Status.PENDING,),
}
_STATUSES = {
    "unknown": Status.UNKNOWN,
    "pending": Status.PENDING,
    "processing": Status.PROCESSING,
    "partial": Status.PARTIAL,
    "available": Status.AVAILABLE,
    "deleted": Status.DELETED,
}


def index(call: ApiCall) -> ApiReply:
    """List rows, newest first; a filter the code does not know lists all."""
    page = page_of(call, default=20)
    rows = _chosen(call)
    shown = b",".join(_row(media, call.server) for media in page.of(rows))
    info = dumps(page.info(len(rows)))
    return ApiReply(200, b'{"pageInfo":%s,"results":[%s]}' % (info, shown))


def _chosen(call: ApiCall) -> list[Media]:
    rows = list(call.server.state.media.values())
    rows.reverse()
    wanted = _FILTERS.get(str(call.query.get("filter", "all")))
    if wanted:
        rows = [media for media in rows if media.statuses[0] in wanted]
    if call.query.get("sort") == "modified":
        rows.sort(key=lambda media: media.updated_at, reverse=True)
    elif call.query.get("sort") == "mediaAdded":
        rows.sort(key=lambda media: media.added_at or "", reverse=True)
    return rows


def _row(media: Media, server: SandboxServer) -> bytes:
    if media.row is None:
        media.row = dumps(media_json(media, server))
    return media.row


def set_status(call: ApiCall) -> ApiReply:
    """Set the status of a row by hand."""
    media = _media(call, "Media does not exist.")
    status = _STATUSES[str(call.path["status"])]
    title = call.server.catalogue.find(*media.key)
    is4k = call.flag("is4k")
    if title is not None:
        added_at = media.added_at
        scan(media, title, status, is4k=is4k)
        media.added_at = added_at  # only a scan sets that
    request_lifecycle.fulfil(call.server, media, is4k=is4k)
    return ok(media_json(media, call.server))


def remove(call: ApiCall) -> ApiReply:
    """Delete a row with its requests ("clear data")."""
    call.server.state.drop_media(_media(call, "Media not found"))
    return no_content()


def _media(call: ApiCall, missing: str) -> Media:
    number = str(call.path["mediaId"])
    media = call.server.state.media.get(int(number)) if number.isdecimal() else None
    if media is None:
        raise error(404, missing)
    return media


def blocked_titles(call: ApiCall) -> ApiReply:
    """List what is blocked; `search` looks into the titles."""
    page = page_of(call, default=25)
    wanted = str(call.query.get("search", "")).casefold()
    shown = _shown(call.server)
    found = [entry for entry in shown if wanted in str(entry["title"]).casefold()]
    return ok({"pageInfo": page.info(len(found)), "results": page.of(found)})


def blocked_title(call: ApiCall) -> ApiReply:
    number = _media_of_blocklist(call).tmdb_id
    return ok(next(entry for entry in _shown(call.server) if entry["tmdbId"] == number))


def block_title(call: ApiCall) -> ApiReply:
    """Block a title."""
    body = call.body
    check_blocklist_body(body)
    key = (body["mediaType"], int(body["tmdbId"]))
    state = call.server.state
    media = state.find_media(key) or call.server.insert_media(key, None)
    if Status.BLOCKLISTED in media.statuses:
        raise error(412, f"Item already {call.server.product.blocklist_word}")
    media.block_title, media.blocked_by = body.get("title"), call.user.id
    media.statuses = [Status.BLOCKLISTED, Status.BLOCKLISTED]
    call.server.touch(media)
    return ApiReply(201, b"", NOTHING)


def unblock_title(call: ApiCall) -> ApiReply:
    """Unblock a title: its row goes."""
    call.server.state.drop_media(_media_of_blocklist(call))
    return no_content()


def _blocked(server: SandboxServer) -> list[Media]:
    rows = server.state.media.values()
    return [media for media in rows if Status.BLOCKLISTED in media.statuses]


def _media_of_blocklist(call: ApiCall) -> Media:
    number = call.path["tmdbId"]
    for media in _blocked(call.server):
        if str(media.tmdb_id) == number:
            return media
    table = call.server.product.blocklist_word.removesuffix("ed").capitalize()
    where = f'{{\n    "where": {{\n        "tmdbId": {number}\n    }}\n}}'
    raise error(401, f'Could not find any entity of type "{table}" matching: {where}')


def _shown(server: SandboxServer) -> list[Json]:
    return [
        _entry(number, media, server) for number, media in enumerate(_blocked(server), start=1)
    ]


def _entry(number: int, media: Media, server: SandboxServer) -> Json:
    title = server.catalogue.find(*media.key)
    user = server.state.users.get(media.blocked_by)
    return {
        "id": number,
        "mediaType": media.kind,
        "title": media.block_title or (title.title if title else ""),
        "tmdbId": media.tmdb_id,
        f"{server.product.blocklist_word}Tags": None,
        "createdAt": media.created_at,
        "user": user_json(user, server) if user else None,
    }


def watch_title(call: ApiCall) -> ApiReply:
    """Put a title on the acting user's watchlist."""
    body, state = call.body, call.server.state
    check_blocklist_body(body)
    key: Key = (body["mediaType"], int(body["tmdbId"]))
    if (call.user.id, key) in state.watchlists:
        raise error(409, "Request for this media already exists.")
    state.watchlists[call.user.id, key] = str(body.get("title") or "")
    media = state.find_media(key) or call.server.insert_media(key, None)
    shown = {
        "id": len(state.watchlists),
        "ratingKey": "",
        "title": body.get("title", ""),
        "tmdbId": media.tmdb_id,
        "mediaType": media.kind,
        "createdAt": media.created_at,
        "updatedAt": media.updated_at,
        "requestedBy": user_json(call.user, call.server, settings=True),
        "media": media_json(media, call.server, seasons=False),
    }
    return ok(shown, 201)


def unwatch_title(call: ApiCall) -> ApiReply:
    """Take a title off it."""
    state, number = call.server.state, call.number("tmdbId")
    own = [entry for entry in state.watchlists if entry[0] == call.user.id]
    found = [entry for entry in own if entry[1][1] == number]
    if not found:
        raise error(404, "watchlist item not found")
    for entry in found:
        del state.watchlists[entry]
    state.changed()
    return no_content()


_WATCHLIST_PAGE = 20


def own_watchlist(call: ApiCall) -> ApiReply:
    """Show a page of the acting user's watchlist."""
    return ok(_watchlist_page(call, call.user))


def watchlist_of_user(call: ApiCall) -> ApiReply:
    """Show a page of a user's watchlist."""
    user = call.server.state.users.get(call.number("userId"))
    may_look = call.user.may(Permission.MANAGE_REQUESTS, Permission.WATCHLIST_VIEW)
    if user is not call.user and not may_look:
        raise error(403, "You do not have permission to view this user's Watchlist.")
    if user is None:
        raise error(500, 'Could not find any entity of type "User" matching')
    return ok(_watchlist_page(call, user))


def _watchlist_page(call: ApiCall, user: User) -> Json:
    """Without a number, all that is computed of the page is none (null, as JSON has NaN)."""
    state = call.server.state
    page = call.query.get("page")
    rows = _own_rows(call.server, user) if call.server.product.is_forked else []
    if not rows and user.id not in state.plex_watchlists:
        return {"page": 1, "totalPages": 1, "totalResults": 0, "results": []}
    rows = rows or [_plex_row(key, call.server) for key in state.plex_watchlists[user.id]]
    first = (page - 1) * _WATCHLIST_PAGE if isinstance(page, int) else len(rows)
    shown = rows[max(first, 0) :][:_WATCHLIST_PAGE]
    return {
        "page": page,
        "totalPages": -(-len(rows) // _WATCHLIST_PAGE),
        "totalResults": len(rows),
        "results": [row for row in shown if row["tmdbId"]],
    }


def _own_rows(server: SandboxServer, user: User) -> list[Json]:
    entries = enumerate(server.state.watchlists.items(), start=1)
    return [
        {
            "id": number,
            "ratingKey": "",
            "mediaType": kind,
            "title": title,
            "tmdbId": tmdb_id,
            "requestedBy": user_json(user, server),
        }
        for number, ((user_id, (kind, tmdb_id)), title) in entries
        if user_id == user.id
    ]


def _plex_row(key: Key, server: SandboxServer) -> Json:
    """Show a title as Plex tells it; a number of 0 stands for a title that Plex has none for."""
    kind, tmdb_id = key
    title = server.catalogue.find(kind, tmdb_id)
    row: Json = {
        "ratingKey": f"5d77{tmdb_id:020x}",
        "title": title.title if title else f"Title {tmdb_id}",
        "mediaType": kind,
        "tmdbId": tmdb_id,
    }
    return {"id": tmdb_id, **row} if server.product.is_forked else row
