"""Media rows: GET /media, and what a manager may do to a row.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from listsync.sandbox import request_lifecycle as afterlife
from listsync.sandbox.api_call import Call
from listsync.sandbox.codes import Status
from listsync.sandbox.paging import page_of
from listsync.sandbox.responses import Reply, dumps, error, no_content, ok
from listsync.sandbox.serializers import media_json
from listsync.sandbox.server_model import World
from listsync.sandbox.state import Media, scan

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


def index(call: Call) -> Reply:
    """List rows, newest first; a filter the code does not know lists all."""
    page = page_of(call, default=20)
    rows = _chosen(call)
    shown = b",".join(_row(media, call.world) for media in page.of(rows))
    info = dumps(page.info(len(rows)))
    return Reply(200, b'{"pageInfo":%s,"results":[%s]}' % (info, shown))


def _chosen(call: Call) -> list[Media]:
    rows = list(call.world.state.media.values())
    rows.reverse()
    wanted = _FILTERS.get(str(call.query.get("filter", "all")))
    if wanted:
        rows = [media for media in rows if media.statuses[0] in wanted]
    if call.query.get("sort") == "modified":
        rows.sort(key=lambda media: media.updated_at, reverse=True)
    elif call.query.get("sort") == "mediaAdded":
        rows.sort(key=lambda media: media.added_at or "", reverse=True)
    return rows


def _row(media: Media, world: World) -> bytes:
    if media.row is None:
        media.row = dumps(media_json(media, world))
    return media.row


def set_status(call: Call) -> Reply:
    """Set the status of a row by hand."""
    media = _media(call, "Media does not exist.")
    status = _STATUSES[str(call.path["status"])]
    title = call.world.catalogue.find(*media.key)
    is4k = call.flag("is4k")
    if title is not None:
        added_at = media.added_at
        scan(media, title, status, is4k=is4k)
        media.added_at = added_at  # only a scan sets that
    afterlife.fulfil(call.world, media, is4k=is4k)
    return ok(media_json(media, call.world))


def remove(call: Call) -> Reply:
    """Delete a row with its requests ("clear data")."""
    call.world.state.drop_media(_media(call, "Media not found"))
    return no_content()


def _media(call: Call, missing: str) -> Media:
    number = str(call.path["mediaId"])
    media = call.world.state.media.get(int(number)) if number.isdecimal() else None
    if media is None:
        raise error(404, missing)
    return media
