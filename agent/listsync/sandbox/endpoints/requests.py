"""Requests that exist: lists of them, one of them, and what is done to it.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live and read in their code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from listsync.sandbox import request_lifecycle
from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.endpoint import ApiCall, PageWindow, page_of
from listsync.sandbox.responses import ApiReply, error, no_content, ok
from listsync.sandbox.serializers import Json, media_json, request_json
from listsync.sandbox.server_model import OPTIONS, RADARR, SONARR
from listsync.sandbox.state import Permission, RequestState, Status, StoredRequest, User, now

_VIEWERS = (Permission.MANAGE_REQUESTS, Permission.REQUEST_VIEW)
_REQUEST_FILTERS = {
    "approved": (RequestState.APPROVED,),
    "processing": (RequestState.APPROVED,),
    "available": (RequestState.APPROVED, RequestState.COMPLETED),
    "pending": (RequestState.PENDING,),
    "unavailable": (RequestState.PENDING, RequestState.APPROVED),
    "failed": (RequestState.FAILED,),
    "completed": (RequestState.COMPLETED,),
    "deleted": (RequestState.APPROVED, RequestState.COMPLETED),
}
_NOT_THERE = (Status.UNKNOWN, Status.PENDING, Status.PROCESSING, Status.PARTIAL)
_MEDIA_FILTERS = {
    "available": (Status.AVAILABLE,),
    "processing": _NOT_THERE,
    "unavailable": _NOT_THERE,
    "deleted": (Status.DELETED,),
}
_SHOWN_MEDIA = tuple(status for status in Status if status != Status.BLOCKLISTED)


async def list_all(call: ApiCall) -> ApiReply:
    """List requests; users without the right to view see their own alone.

    Jellyseerr and Seerr wait for each Radarr and Sonarr first, twice as long as these may take.
    """
    server = call.server
    is_slow = "slow" in (server.settings.radarr, server.settings.sonarr)
    if server.product.is_forked and is_slow:
        await asyncio.sleep(2 * server.settings.arr_timeout_ms / 1000)
    page, rows, requests = _page(call, _visible(call))
    shown: Json = {
        "pageInfo": page.info(len(rows)),
        "results": [_listed(call, request) for request in requests],
    }
    if server.product.is_forked:
        shown["serviceErrors"] = {name: _service_errors(call, name) for name in (RADARR, SONARR)}
    return ok(shown)


def list_of_user(call: ApiCall) -> ApiReply:
    """List the requests of one user."""
    user = call.server.state.users.get(call.number("userId"))
    if user is None:
        raise error(404, "User not found.")
    if user is not call.user and not call.user.may(*_VIEWERS):
        raise error(403, "You do not have permission to view this user's requests.")
    every = call.server.state.requests.values()
    page, rows, requests = _page(call, (one for one in every if one.user is user))
    results = [request_json(request, call.server) for request in requests]
    return ok({"pageInfo": page.info(len(rows)), "results": results})


def _page(
    call: ApiCall, requests: Iterable[StoredRequest]
) -> tuple[PageWindow, list[StoredRequest], list[StoredRequest]]:
    page = page_of(call, default=10)
    rows = _ordered(call, requests)
    return page, rows, list(page.of(rows))


def _listed(call: ApiCall, request: StoredRequest) -> Json:
    """Describe a row of the list; Jellyseerr and Seerr add what they know from the services."""
    shown = request_json(request, call.server)
    if not call.server.product.is_forked:
        return shown
    services = call.server.services(RADARR if request.media.kind == MOVIE else SONARR)
    service_id = request.media.service_ids[request.is4k]
    wanted = request.options.get("profileId")
    for service in services.values():
        if isinstance(wanted, int) and wanted in service.profiles:
            shown["profileName"] = service.profiles[wanted]
    if call.user.may(Permission.MANAGE_REQUESTS):
        shown["canRemove"] = service_id in services
    return shown


def _service_errors(call: ApiCall, program: str) -> list[dict[str, object]]:
    """Name the Radarrs or Sonarrs that did not answer: Jellyseerr and Seerr ask each of them."""
    if call.server.health(program) == "up":
        return []
    services = call.server.services(program).values()
    return [{"id": service.id, "name": service.name} for service in services]


def _ordered(call: ApiCall, requests: Iterable[StoredRequest]) -> list[StoredRequest]:
    rows = list(requests)
    is_rising = call.query.get("sortDirection") == "asc"
    if call.query.get("sort") == "modified":
        rows.sort(key=lambda request: request.updated_at)
    return rows if is_rising else rows[::-1]


def _visible(call: ApiCall) -> list[StoredRequest]:
    wanted = str(call.query.get("filter", "all"))
    statuses = _REQUEST_FILTERS.get(wanted, tuple(RequestState))
    media_statuses = _MEDIA_FILTERS.get(wanted, _SHOWN_MEDIA)
    kind = call.query.get("mediaType", "all")
    user = _whose(call)
    return [
        request
        for request in call.server.state.requests.values()
        if (user is None or request.user is user)
        and request.status in statuses
        and request.media.statuses[request.is4k] in media_statuses
        and kind in ("all", request.media.kind)
    ]


def _whose(call: ApiCall) -> User | None:
    """Say whose requests are asked for; None means everybody's."""
    number = call.query.get("requestedBy")
    if call.user.may(*_VIEWERS):
        return call.server.state.users.get(int(number)) if number else None
    if number and int(number) != call.user.id:
        raise error(403, "You do not have permission to view this user's requests.")
    return call.user


def count(call: ApiCall) -> ApiReply:
    """Count requests by kind and state."""
    requests = call.server.state.requests.values()
    by_status = [request.status for request in requests]
    approved = [one for one in requests if one.status == RequestState.APPROVED]
    there = sum(one.media.statuses[one.is4k] == Status.AVAILABLE for one in approved)
    shown = {
        "total": len(by_status),
        "movie": sum(request.media.kind == MOVIE for request in requests),
        "tv": sum(request.media.kind == TV for request in requests),
        "pending": by_status.count(RequestState.PENDING),
        "approved": by_status.count(RequestState.APPROVED),
        "declined": by_status.count(RequestState.DECLINED),
        "processing": len(approved) - there,
        "available": there,
    }
    if call.server.product.is_forked:
        shown["completed"] = by_status.count(RequestState.COMPLETED)
    return ok(shown)


def show(call: ApiCall) -> ApiReply:
    """Show one request to its owner and to those who may view all."""
    request = _request(call)
    if request.user is not call.user and not call.user.may(*_VIEWERS):
        raise error(403, "You do not have permission to view this request.")
    return ok(request_json(request, call.server, whole=True))


def edit(call: ApiCall) -> ApiReply:
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
    call.server.touch(request.media)
    kept = {*body, *(() if request.media.kind == TV else ("languageProfileId",))}
    shown = request_json(request, call.server, whole=True)
    return ok({name: shown[name] for name in shown if name in kept or name not in OPTIONS})


def delete(call: ApiCall) -> ApiReply:
    """Delete a request."""
    request = _request(call)
    if not _may_change(call, request):
        raise error(401, "You do not have permission to delete this request.")
    request_lifecycle.delete(call.server, request)
    return no_content()


def retry(call: ApiCall) -> ApiReply:
    """Send a request again."""
    return _approved(call, _request(call))


def decide(call: ApiCall) -> ApiReply:
    """Approve a request or decline it."""
    request = _request(call)
    if call.path["status"] == "approve":
        return _approved(call, request)
    before = _media_before(call, request)
    request_lifecycle.decline(call.server, request, call.user)
    return ok({**request_json(request, call.server, whole=True), "media": before})


def _approved(call: ApiCall, request: StoredRequest) -> ApiReply:
    before = _media_before(call, request)
    remains = request_lifecycle.approve(call.server, request, call.user)
    shown = {**request_json(request, call.server, whole=True), "media": before}
    if not remains:
        del shown["id"]
    return ok(shown)


def _media_before(call: ApiCall, request: StoredRequest) -> Json:
    """Describe the row as the answer does: as it was when the request was read."""
    return media_json(request.media, call.server)


def _may_change(call: ApiCall, request: StoredRequest) -> bool:
    is_own = request.user is call.user and request.status == RequestState.PENDING
    return is_own or call.user.may(Permission.MANAGE_REQUESTS)


def _request(call: ApiCall) -> StoredRequest:
    number = str(call.path["requestId"])
    request = call.server.state.requests.get(int(number)) if number.isdecimal() else None
    if request is None:
        raise error(404, "Request not found.")
    return request
