"""What becomes of a request: approved, sent, declined, deleted, fulfilled.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live and read in their code.
"""

from __future__ import annotations

from collections.abc import Sequence

from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.codes import RequestStatus, Status
from listsync.sandbox.responses import error
from listsync.sandbox.server_model import RADARR, SONARR, Service, World
from listsync.sandbox.state import Media, Request, User, now

_IN_LIBRARY = (Status.PARTIAL, Status.AVAILABLE)


def change(world: World, request: Request, status: int, by: User | None = None) -> None:
    """Set the status of a request."""
    request.status = status
    request.updated_at = now()
    request.modified_by = by or request.modified_by
    world.touch(request.media)


def approve(world: World, request: Request, by: User) -> bool:
    """Approve and send; False when a series cannot be sent for want of a TVDB id.

    Jellyseerr and Seerr have then deleted request and media row; Overseerr leaves the row.
    """
    change(world, request, RequestStatus.APPROVED, by)
    if _has_tvdb_id(world, request.media):
        world.later(world.settings.sending_ms / 1000, lambda: _send(world, request))
        return True
    if not world.product.is_forked:
        world.state.undo_request(request)
        raise error(500, _no_media(request.media))
    world.state.drop_media(request.media)
    return False


def decline(world: World, request: Request, by: User) -> None:
    """Decline: the title is as if it had never been requested."""
    change(world, request, RequestStatus.DECLINED, by)
    media = request.media
    is_wanted = any(other.status == RequestStatus.PENDING for other in media.requests)
    is_pending = media.statuses[request.is4k] == Status.PENDING
    if media.kind == MOVIE or (is_pending and not is_wanted):
        media.statuses[request.is4k] = Status.UNKNOWN
        world.touch(media)


def delete(world: World, request: Request) -> None:
    """Delete: without any request left, a title that is not there is unknown again."""
    world.state.drop_request(request)
    media = request.media
    is_wanted = any(other.is4k == request.is4k for other in media.requests)
    status = media.statuses[request.is4k]
    if not is_wanted and status in (Status.PENDING, Status.PROCESSING):
        media.statuses[request.is4k] = Status.UNKNOWN
    world.touch(media)


def roll_back(world: World, request: Request, before: Sequence[int] | None = None) -> None:
    """Take a request back as a rolled back transaction does.

    *before* has the statuses that its row had; without them the row was new, and goes unless
    something else holds it.
    """
    media, is4k = request.media, request.is4k
    world.state.drop_request(request)
    if before is not None:
        media.statuses[is4k] = before[is4k]
    elif not media.requests and media.statuses[is4k] not in _IN_LIBRARY:
        media.statuses[is4k] = Status.UNKNOWN
        if media.statuses[not is4k] == Status.UNKNOWN:
            world.state.drop_media(media)
            return
    world.touch(media)


def fulfil(world: World, media: Media, *, is4k: bool) -> None:
    """Note that a title has arrived; Jellyseerr and Seerr complete its requests."""
    if world.product.is_forked and media.statuses[is4k] == Status.AVAILABLE:
        for request in media.requests:
            if request.is4k == is4k and request.status == RequestStatus.APPROVED:
                change(world, request, RequestStatus.COMPLETED)
    world.touch(media)


def resume(world: World) -> None:
    """Send what was approved before a restart but not sent."""
    for request in world.state.requests.values():
        is_waiting = request.media.statuses[request.is4k] == Status.PENDING
        if request.status == RequestStatus.APPROVED and is_waiting:
            _send(world, request)


def _send(world: World, request: Request) -> None:
    """Hand a request to Radarr or Sonarr, a moment after it was approved."""
    if world.state.requests.get(request.id) is not request:
        return
    if request.status != RequestStatus.APPROVED:
        return
    media = request.media
    if media.statuses[request.is4k] not in _IN_LIBRARY:
        media.statuses[request.is4k] = Status.PROCESSING
    program = RADARR if media.kind == MOVIE else SONARR
    service = _find_service(world, request, program)
    if service is not None and (world.settings.sending_fails or world.health(program) != "up"):
        request.status = RequestStatus.FAILED
    elif service is not None:
        media.service_ids[request.is4k] = service.id
    world.touch(media)


def _find_service(world: World, request: Request, program: str) -> Service | None:
    """Find the service to send to; without one, nothing is sent for ever."""
    services = world.services(program)
    wanted = request.options.get("serverId")
    if isinstance(wanted, int):
        return services.get(wanted)
    fitting = (one for one in services.values() if one.is_default and one.is4k == request.is4k)
    return next(fitting, None)


def _has_tvdb_id(world: World, media: Media) -> bool:
    title = world.catalogue.find(*media.key)
    tmdb_knows = title is not None and title.tvdb_id is not None
    return media.kind != TV or tmdb_knows or media.tvdb_id is not None


def _no_media(media: Media) -> str:
    relations = '"relations": {\n        "requests": true\n    }'
    where = f'{{\n    "where": {{\n        "id": {media.id}\n    }},\n    {relations}\n}}'
    return f'Could not find any entity of type "Media" matching: {where}'
