"""What becomes of a request: approved, sent, declined, deleted, fulfilled.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live and read in their code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.control_orders import Deed, RequestOrder, RollBackOrder
from listsync.sandbox.responses import error
from listsync.sandbox.server_model import RADARR, SONARR, SandboxServer, Service
from listsync.sandbox.state import Media, RequestState, Status, StoredRequest, User, now

_IN_LIBRARY = (Status.PARTIAL, Status.AVAILABLE)


def change(
    world: SandboxServer, request: StoredRequest, status: int, by: User | None = None
) -> None:
    """Set the status of a request."""
    request.status = status
    request.updated_at = now()
    request.modified_by = by or request.modified_by
    world.touch(request.media)


def approve(world: SandboxServer, request: StoredRequest, by: User) -> bool:
    """Approve and send; False when a series cannot be sent for want of a TVDB id.

    Jellyseerr and Seerr have then deleted request and media row; Overseerr leaves the row.
    """
    change(world, request, RequestState.APPROVED, by)
    if _has_tvdb_id(world, request.media):
        world.later(world.settings.sending_ms / 1000, lambda: _send(world, request))
        return True
    if not world.product.is_forked:
        world.state.undo_request(request)
        raise error(500, _no_media(request.media))
    world.state.drop_media(request.media)
    return False


def decline(world: SandboxServer, request: StoredRequest, by: User) -> None:
    """Decline: the title is as if it had never been requested."""
    change(world, request, RequestState.DECLINED, by)
    media = request.media
    is_wanted = any(other.status == RequestState.PENDING for other in media.requests)
    is_pending = media.statuses[request.is4k] == Status.PENDING
    if media.kind == MOVIE or (is_pending and not is_wanted):
        media.statuses[request.is4k] = Status.UNKNOWN
        world.touch(media)


def delete(world: SandboxServer, request: StoredRequest) -> None:
    """Delete: without any request left, a title that is not there is unknown again."""
    world.state.drop_request(request)
    media = request.media
    is_wanted = any(other.is4k == request.is4k for other in media.requests)
    status = media.statuses[request.is4k]
    if not is_wanted and status in (Status.PENDING, Status.PROCESSING):
        media.statuses[request.is4k] = Status.UNKNOWN
    world.touch(media)


def roll_back(
    world: SandboxServer, request: StoredRequest, before: Sequence[int] | None = None
) -> None:
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


def fulfil(world: SandboxServer, media: Media, *, is4k: bool) -> None:
    """Note that a title has arrived; Jellyseerr and Seerr complete its requests."""
    if world.product.is_forked and media.statuses[is4k] == Status.AVAILABLE:
        for request in media.requests:
            if request.is4k == is4k and request.status == RequestState.APPROVED:
                change(world, request, RequestState.COMPLETED)
    world.touch(media)


def resume(world: SandboxServer) -> None:
    """Send what was approved before a restart but not sent."""
    for request in world.state.requests.values():
        is_waiting = request.media.statuses[request.is4k] == Status.PENDING
        if request.status == RequestState.APPROVED and is_waiting:
            _send(world, request)


def _send(world: SandboxServer, request: StoredRequest) -> None:
    """Hand a request to Radarr or Sonarr, a moment after it was approved."""
    if world.state.requests.get(request.id) is not request:
        return
    if request.status != RequestState.APPROVED:
        return
    media = request.media
    if media.statuses[request.is4k] not in _IN_LIBRARY:
        media.statuses[request.is4k] = Status.PROCESSING
    program = RADARR if media.kind == MOVIE else SONARR
    service = _find_service(world, request, program)
    if service is not None and (world.settings.sending_fails or world.health(program) != "up"):
        request.status = RequestState.FAILED
    elif service is not None:
        media.service_ids[request.is4k] = service.id
    world.touch(media)


def _find_service(world: SandboxServer, request: StoredRequest, program: str) -> Service | None:
    """Find the service to send to; without one, nothing is sent for ever."""
    services = world.services(program)
    wanted = request.options.get("serverId")
    if isinstance(wanted, int):
        return services.get(wanted)
    fitting = (one for one in services.values() if one.is_default and one.is4k == request.is4k)
    return next(fitting, None)


def _has_tvdb_id(world: SandboxServer, media: Media) -> bool:
    title = world.catalogue.find(*media.key)
    tmdb_knows = title is not None and title.tvdb_id is not None
    return media.kind != TV or tmdb_knows or media.tvdb_id is not None


def _no_media(media: Media) -> str:
    relations = '"relations": {\n        "requests": true\n    }'
    where = f'{{\n    "where": {{\n        "id": {media.id}\n    }},\n    {relations}\n}}'
    return f'Could not find any entity of type "Media" matching: {where}'


def change_as_ordered(world: SandboxServer, order: RequestOrder) -> object:
    """Change one request; answers which one."""
    request = _find(world, order)
    if order.do is not None:
        _DEEDS[order.do](world, request)
    if order.status is not None:
        change(world, request, order.status)
    if order.is_auto is not None:
        request.is_auto = order.is_auto
    world.touch(request.media)
    return {"id": request.id}


def _find(world: SandboxServer, order: RequestOrder) -> StoredRequest:
    if order.id is not None:
        return world.state.requests[order.id]
    media = world.state.find_media((order.kind or "", order.tmdb_id or 0))
    found = [one for one in media.requests if one.is4k == order.is4k] if media else []
    if not found:
        raise LookupError(f"no request for {order.kind}/{order.tmdb_id}")
    return found[-1]


def _fail(world: SandboxServer, request: StoredRequest) -> None:
    change(world, request, RequestState.FAILED)


def _complete(world: SandboxServer, request: StoredRequest) -> None:
    if not world.product.is_forked:
        raise LookupError(f"{world.product.name} does not know completed requests")
    change(world, request, RequestState.COMPLETED)


_DEEDS: dict[Deed, Callable[[SandboxServer, StoredRequest], object]] = {
    "approve": lambda world, request: approve(world, request, world.state.users[1]),
    "decline": lambda world, request: decline(world, request, world.state.users[1]),
    "fail": _fail,
    "complete": _complete,
    "delete": delete,
    "roll_back": roll_back,
}


def roll_back_as_ordered(world: SandboxServer, order: RollBackOrder) -> object:
    """Roll the newest requests back; answers how many."""
    newest_first = list(world.state.requests.values())[::-1]
    lost = newest_first[: order.last]
    for request in lost:
        roll_back(world, request)
    world.call_log.lost += len(lost)
    return {"lost": len(lost)}
