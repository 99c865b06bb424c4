"""What `control` does to requests that exist."""

from __future__ import annotations

from collections.abc import Callable

from listsync.sandbox import request_lifecycle as afterlife
from listsync.sandbox.codes import RequestStatus
from listsync.sandbox.control_orders import Deed, RequestOrder, RollBackOrder
from listsync.sandbox.server_model import World
from listsync.sandbox.state import Request


def change(world: World, order: RequestOrder) -> object:
    """Change one request; answers which one."""
    request = _find(world, order)
    if order.do is not None:
        _DEEDS[order.do](world, request)
    if order.status is not None:
        afterlife.change(world, request, order.status)
    if order.is_auto is not None:
        request.is_auto = order.is_auto
    world.touch(request.media)
    return {"id": request.id}


def _find(world: World, order: RequestOrder) -> Request:
    if order.id is not None:
        return world.state.requests[order.id]
    media = world.state.find_media((order.kind or "", order.tmdb_id or 0))
    found = [one for one in media.requests if one.is4k == order.is4k] if media else []
    if not found:
        raise LookupError(f"no request for {order.kind}/{order.tmdb_id}")
    return found[-1]


def _fail(world: World, request: Request) -> None:
    afterlife.change(world, request, RequestStatus.FAILED)


def _complete(world: World, request: Request) -> None:
    if not world.product.is_forked:
        raise LookupError(f"{world.product.name} does not know completed requests")
    afterlife.change(world, request, RequestStatus.COMPLETED)


_DEEDS: dict[Deed, Callable[[World, Request], object]] = {
    "approve": lambda world, request: afterlife.approve(world, request, world.state.users[1]),
    "decline": lambda world, request: afterlife.decline(world, request, world.state.users[1]),
    "fail": _fail,
    "complete": _complete,
    "delete": afterlife.delete,
    "roll_back": afterlife.roll_back,
}


def roll_back(world: World, order: RollBackOrder) -> object:
    """Roll the newest requests back; answers how many."""
    newest_first = list(world.state.requests.values())[::-1]
    lost = newest_first[: order.last]
    for request in lost:
        afterlife.roll_back(world, request)
    world.journal.lost += len(lost)
    return {"lost": len(lost)}
