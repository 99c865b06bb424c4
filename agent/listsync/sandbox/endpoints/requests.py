"""Requests that exist: lists of them, one of them, and what is done to it.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live and read in their code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from listsync.sandbox import request_lifecycle as afterlife
from listsync.sandbox.api_call import Call
from listsync.sandbox.call_log import OPTIONS
from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.codes import Permission, RequestStatus, Status
from listsync.sandbox.paging import Page, page_of
from listsync.sandbox.responses import Reply, error, no_content, ok
from listsync.sandbox.serializers import Json, media_json, request_json
from listsync.sandbox.server_model import RADARR, SONARR
from listsync.sandbox.state import Request, User, now

_VIEWERS = (Permission.MANAGE_REQUESTS, Permission.REQUEST_VIEW)
_REQUEST_FILTERS = {
    "approved": (RequestStatus.APPROVED,),
    "processing": (RequestStatus.APPROVED,),
    "available": (RequestStatus.APPROVED, RequestStatus.COMPLETED),
    "pending": (RequestStatus.PENDING,),
    "unavailable": (RequestStatus.PENDING, RequestStatus.APPROVED),
    "failed": (RequestStatus.FAILED,),
    "completed": (RequestStatus.COMPLETED,),
    "deleted": (RequestStatus.APPROVED, RequestStatus.COMPLETED),
}
_NOT_THERE = (Status.UNKNOWN, Status.PENDING, Status.PROCESSING, Status.PARTIAL)
_MEDIA_FILTERS = {
    "available": (Status.AVAILABLE,),
    "processing": _NOT_THERE,
    "unavailable": _NOT_THERE,
    "deleted": (Status.DELETED,),
}
_SHOWN_MEDIA = tuple(status for status in Status if status != Status.BLOCKLISTED)


async def list_all(call: Call) -> Reply:
    """List requests; users without the right to view see their own alone.

    Jellyseerr and Seerr wait for each Radarr and Sonarr first, twice as long as these may take.
    """
    world = call.world
    is_slow = "slow" in (world.settings.radarr, world.settings.sonarr)
    if world.product.is_forked and is_slow:
        await asyncio.sleep(2 * world.settings.arr_timeout_ms / 1000)
    page, rows, requests = _page(call, _visible(call))
    shown: Json = {
        "pageInfo": page.info(len(rows)),
        "results": [_listed(call, request) for request in requests],
    }
    if world.product.is_forked:
        shown["serviceErrors"] = {name: _service_errors(call, name) for name in (RADARR, SONARR)}
    return ok(shown)


def list_of_user(call: Call) -> Reply:
    """List the requests of one user."""
    user = call.world.state.users.get(call.number("userId"))
    if user is None:
        raise error(404, "User not found.")
    if user is not call.user and not call.user.may(*_VIEWERS):
        raise error(403, "You do not have permission to view this user's requests.")
    every = call.world.state.requests.values()
    page, rows, requests = _page(call, (one for one in every if one.user is user))
    results = [request_json(request, call.world) for request in requests]
    return ok({"pageInfo": page.info(len(rows)), "results": results})


def _page(call: Call, requests: Iterable[Request]) -> tuple[Page, list[Request], list[Request]]:
    page = page_of(call, default=10)
    rows = _ordered(call, requests)
    return page, rows, list(page.of(rows))


def _listed(call: Call, request: Request) -> Json:
    """Describe a row of the list; Jellyseerr and Seerr add what they know from the services."""
    shown = request_json(request, call.world)
    if not call.world.product.is_forked:
        return shown
    services = call.world.services(RADARR if request.media.kind == MOVIE else SONARR)
    service_id = request.media.service_ids[request.is4k]
    wanted = request.options.get("profileId")
    for service in services.values():
        if isinstance(wanted, int) and wanted in service.profiles:
            shown["profileName"] = service.profiles[wanted]
    if call.user.may(Permission.MANAGE_REQUESTS):
        shown["canRemove"] = service_id in services
    return shown


def _service_errors(call: Call, program: str) -> list[dict[str, object]]:
    """Name the Radarrs or Sonarrs that did not answer: Jellyseerr and Seerr ask each of them."""
    if call.world.health(program) == "up":
        return []
    services = call.world.services(program).values()
    return [{"id": service.id, "name": service.name} for service in services]


def _ordered(call: Call, requests: Iterable[Request]) -> list[Request]:
    rows = list(requests)
    is_rising = call.query.get("sortDirection") == "asc"
    if call.query.get("sort") == "modified":
        rows.sort(key=lambda request: request.updated_at)
    return rows if is_rising else rows[::-1]


def _visible(call: Call) -> list[Request]:
    wanted = str(call.query.get("filter", "all"))
    statuses = _REQUEST_FILTERS.get(wanted, tuple(RequestStatus))
    media_statuses = _MEDIA_FILTERS.get(wanted, _SHOWN_MEDIA)
    kind = call.query.get("mediaType", "all")
    user = _whose(call)
    return [
        request
        for request in call.world.state.requests.values()
        if (user is None or request.user is user)
        and request.status in statuses
        and request.media.statuses[request.is4k] in media_statuses
        and kind in ("all", request.media.kind)
    ]


def _whose(call: Call) -> User | None:
    """Say whose requests are asked for; None means everybody's."""
    number = call.query.get("requestedBy")
    if call.user.may(*_VIEWERS):
        return call.world.state.users.get(int(number)) if number else None
    if number and int(number) != call.user.id:
        raise error(403, "You do not have permission to view this user's requests.")
    return call.user


def count(call: Call) -> Reply:
    """Count requests by kind and state."""
    requests = call.world.state.requests.values()
    by_status = [request.status for request in requests]
    approved = [one for one in requests if one.status == RequestStatus.APPROVED]
    there = sum(one.media.statuses[one.is4k] == Status.AVAILABLE for one in approved)
    shown = {
        "total": len(by_status),
        "movie": sum(request.media.kind == MOVIE for request in requests),
        "tv": sum(request.media.kind == TV for request in requests),
        "pending": by_status.count(RequestStatus.PENDING),
        "approved": by_status.count(RequestStatus.APPROVED),
        "declined": by_status.count(RequestStatus.DECLINED),
        "processing": len(approved) - there,
        "available": there,
    }
    if call.world.product.is_forked:
        shown["completed"] = by_status.count(RequestStatus.COMPLETED)
    return ok(shown)


def show(call: Call) -> Reply:
    """Show one request to its owner and to those who may view all."""
    request = _request(call)
    if request.user is not call.user and not call.user.may(*_VIEWERS):
        raise error(403, "You do not have permission to view this request.")
    return ok(request_json(request, call.world, whole=True))


def edit(call: Call) -> Reply:
    """Change the options and the seasons of a request; the answer has the options given alone."""
    request = _request(call)
    if not _may_change(call, request):
        raise error(403, "You do not have permission to modify this request.")
    body = call.body if isinstance(call.body, dict) else {}
    if request.media.kind == TV:
        if not body.get("seasons"):
            raise error(500, "Missing seasons. If you want to cancel a series request, delete it.")
        request.seasons = tuple(int(number) for number in body["seasons"])
    request.options |= {name: body[name] for name in OPTIONS if name in body}
    request.updated_at = now()
    call.world.touch(request.media)
    kept = {*body, *(() if request.media.kind == TV else ("languageProfileId",))}
    shown = request_json(request, call.world, whole=True)
    return ok({name: shown[name] for name in shown if name in kept or name not in OPTIONS})


def delete(call: Call) -> Reply:
    """Delete a request."""
    request = _request(call)
    if not _may_change(call, request):
        raise error(401, "You do not have permission to delete this request.")
    afterlife.delete(call.world, request)
    return no_content()


def retry(call: Call) -> Reply:
    """Send a request again."""
    return _approved(call, _request(call))


def decide(call: Call) -> Reply:
    """Approve a request or decline it."""
    request = _request(call)
    if call.path["status"] == "approve":
        return _approved(call, request)
    before = _media_before(call, request)
    afterlife.decline(call.world, request, call.user)
    return ok({**request_json(request, call.world, whole=True), "media": before})


def _approved(call: Call, request: Request) -> Reply:
    before = _media_before(call, request)
    remains = afterlife.approve(call.world, request, call.user)
    shown = {**request_json(request, call.world, whole=True), "media": before}
    if not remains:
        del shown["id"]
    return ok(shown)


def _media_before(call: Call, request: Request) -> Json:
    """Describe the row as the answer does: as it was when the request was read."""
    return media_json(request.media, call.world)


def _may_change(call: Call, request: Request) -> bool:
    is_own = request.user is call.user and request.status == RequestStatus.PENDING
    return is_own or call.user.may(Permission.MANAGE_REQUESTS)


def _request(call: Call) -> Request:
    number = str(call.path["requestId"])
    request = call.world.state.requests.get(int(number)) if number.isdecimal() else None
    if request is None:
        raise error(404, "Request not found.")
    return request
