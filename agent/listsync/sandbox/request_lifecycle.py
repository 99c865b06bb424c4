"""What becomes of a request: approved, sent, declined, deleted, fulfilled.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live and read in their code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.responses import error
from listsync.sandbox.server_model import RADARR, SONARR, SandboxServer, Service
from listsync.sandbox.state import Media, RequestState, Status, StoredRequest, User, now

_IN_LIBRARY = (Status.PARTIAL, Status.AVAILABLE)


def change(
    server: SandboxServer, request: StoredRequest, status: int, by: User | None = None
) -> None:
    """Set the status of a request."""
    request.status = status
    request.updated_at = now()
    request.modified_by = by or request.modified_by
    server.touch(request.media)


def approve(server: SandboxServer, request: StoredRequest, by: User) -> bool:
    """Approve and send; False when a series cannot be sent for want of a TVDB id.

    Jellyseerr and Seerr have then deleted request and media row; Overseerr leaves the row.
    """
    change(server, request, RequestState.APPROVED, by)
    if _has_tvdb_id(server, request.media):
        server.later(server.settings.sending_ms / 1000, lambda: _send(server, request))
        return True
    if not server.product.is_forked:
        server.state.undo_request(request)
        raise error(500, _no_media(request.media))
    server.state.drop_media(request.media)
    return False


def decline(server: SandboxServer, request: StoredRequest, by: User) -> None:
    """Decline: the title is as if it had never been requested."""
    change(server, request, RequestState.DECLINED, by)
    media = request.media
    is_wanted = any(other.status == RequestState.PENDING for other in media.requests)
    is_pending = media.statuses[request.is4k] == Status.PENDING
    if media.kind == MOVIE or (is_pending and not is_wanted):
        media.statuses[request.is4k] = Status.UNKNOWN
        server.touch(media)


def delete(server: SandboxServer, request: StoredRequest) -> None:
    """Delete: without any request left, a title that is not there is unknown again."""
    server.state.drop_request(request)
    media = request.media
    is_wanted = any(other.is4k == request.is4k for other in media.requests)
    status = media.statuses[request.is4k]
    if not is_wanted and status in (Status.PENDING, Status.PROCESSING):
        media.statuses[request.is4k] = Status.UNKNOWN
    server.touch(media)


def roll_back(
    server: SandboxServer, request: StoredRequest, before: Sequence[int] | None = None
) -> None:
    """Take a request back as a rolled back transaction does.

    *before* has the statuses that its row had; without them the row was new, and goes unless
    something else holds it.
    """
    media, is4k = request.media, request.is4k
    server.state.drop_request(request)
    if before is not None:
        media.statuses[is4k] = before[is4k]
    elif not media.requests and media.statuses[is4k] not in _IN_LIBRARY:
        media.statuses[is4k] = Status.UNKNOWN
        if media.statuses[not is4k] == Status.UNKNOWN:
            server.state.drop_media(media)
            return
    server.touch(media)


def fulfil(server: SandboxServer, media: Media, *, is4k: bool) -> None:
    """Note that a title has arrived; Jellyseerr and Seerr complete its requests."""
    if server.product.is_forked and media.statuses[is4k] == Status.AVAILABLE:
        for request in media.requests:
            if request.is4k == is4k and request.status == RequestState.APPROVED:
                change(server, request, RequestState.COMPLETED)
    server.touch(media)


def resume(server: SandboxServer) -> None:
    """Send what was approved before a restart but not sent."""
    for request in server.state.requests.values():
        is_waiting = request.media.statuses[request.is4k] == Status.PENDING
        if request.status == RequestState.APPROVED and is_waiting:
            _send(server, request)


def _send(server: SandboxServer, request: StoredRequest) -> None:
    """Hand a request to Radarr or Sonarr, a moment after it was approved."""
    if server.state.requests.get(request.id) is not request:
        return
    if request.status != RequestState.APPROVED:
        return
    media = request.media
    if media.statuses[request.is4k] not in _IN_LIBRARY:
        media.statuses[request.is4k] = Status.PROCESSING
    program = RADARR if media.kind == MOVIE else SONARR
    service = _find_service(server, request, program)
    if service is not None and (server.settings.sending_fails or server.health(program) != "up"):
        request.status = RequestState.FAILED
    elif service is not None:
        media.service_ids[request.is4k] = service.id
    server.touch(media)


def _find_service(server: SandboxServer, request: StoredRequest, program: str) -> Service | None:
    """Find the service to send to; without one, nothing is sent for ever."""
    services = server.services(program)
    wanted = request.options.get("serverId")
    if isinstance(wanted, int):
        return services.get(wanted)
    fitting = (one for one in services.values() if one.is_default and one.is4k == request.is4k)
    return next(fitting, None)


def _has_tvdb_id(server: SandboxServer, media: Media) -> bool:
    title = server.catalogue.find(*media.key)
    tmdb_knows = title is not None and title.tvdb_id is not None
    return media.kind != TV or tmdb_knows or media.tvdb_id is not None


def _no_media(media: Media) -> str:
    relations = '"relations": {\n        "requests": true\n    }'
    where = f'{{\n    "where": {{\n        "id": {media.id}\n    }},\n    {relations}\n}}'
    return f'Could not find any entity of type "Media" matching: {where}'


Deed = Literal["approve", "decline", "fail", "complete", "delete", "roll_back"]


class SandboxOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What `control_api` is ordered to do, as JSON."""


class RequestOrder(SandboxOrder, frozen=True):
    """What is to happen to one request: the one of this number, or the newest for a title."""

    id: int | None = None
    kind: str | None = None
    tmdb_id: int | None = field(default=None, name="tmdbId")
    is4k: bool = False
    do: Deed | None = None
    status: Annotated[int, Meta(ge=1, le=5)] | None = None
    is_auto: bool | None = field(default=None, name="isAuto")


class RollBackOrder(SandboxOrder, frozen=True):
    """How many of the newest requests are to be rolled back; None is all."""

    last: Annotated[int, Meta(ge=0)] | None = None


def change_as_ordered(server: SandboxServer, order: RequestOrder) -> object:
    """Change one request; answers which one."""
    request = _find(server, order)
    if order.do is not None:
        _DEEDS[order.do](server, request)
    if order.status is not None:
        change(server, request, order.status)
    if order.is_auto is not None:
        request.is_auto = order.is_auto
    server.touch(request.media)
    return {"id": request.id}


def _find(server: SandboxServer, order: RequestOrder) -> StoredRequest:
    if order.id is not None:
        return server.state.requests[order.id]
    media = server.state.find_media((order.kind or "", order.tmdb_id or 0))
    found = [one for one in media.requests if one.is4k == order.is4k] if media else []
    if not found:
        raise LookupError(f"no request for {order.kind}/{order.tmdb_id}")
    return found[-1]


def _fail(server: SandboxServer, request: StoredRequest) -> None:
    change(server, request, RequestState.FAILED)


def _complete(server: SandboxServer, request: StoredRequest) -> None:
    if not server.product.is_forked:
        raise LookupError(f"{server.product.name} does not know completed requests")
    change(server, request, RequestState.COMPLETED)


_DEEDS: dict[Deed, Callable[[SandboxServer, StoredRequest], object]] = {
    "approve": lambda server, request: approve(server, request, server.state.users[1]),
    "decline": lambda server, request: decline(server, request, server.state.users[1]),
    "fail": _fail,
    "complete": _complete,
    "delete": delete,
    "roll_back": roll_back,
}


def roll_back_as_ordered(server: SandboxServer, order: RollBackOrder) -> object:
    """Roll the newest requests back; answers how many."""
    newest_first = list(server.state.requests.values())[::-1]
    lost = newest_first[: order.last]
    for request in lost:
        roll_back(server, request)
    server.call_log.lost += len(lost)
    return {"lost": len(lost)}
