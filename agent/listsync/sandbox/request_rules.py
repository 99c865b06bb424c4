"""POST /request: its checks, in the servers' order.

Source: Overseerr 1.34.0 and Seerr 3.1.0: the order from their code, each outcome observed live.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from listsync.lean_dataclasses import dataclass
from listsync.sandbox import request_lifecycle
from listsync.sandbox.catalogue import MOVIE, TV, CatalogueTitle
from listsync.sandbox.endpoint import ApiCall
from listsync.sandbox.responses import ApiError, ApiReply, error, ok
from listsync.sandbox.serializers import Json, created_json, media_json, request_json, user_json
from listsync.sandbox.server_model import OPTIONS, SandboxServer
from listsync.sandbox.state import (
    UNLIMITED,
    Media,
    Permission,
    RequestState,
    State,
    Status,
    StoredRequest,
    User,
    is_open,
    now,
)
from listsync.sandbox.validation import check_request_body

_DAYS = 7


@dataclass(frozen=True, slots=True)
class UserQuota:
    """One user's quota of one kind; a limit of 0 is none."""

    limit: int
    used: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def is_used_up(self) -> bool:
        return self.limit != UNLIMITED and self.remaining == 0

    def to_json(self) -> Json:
        """Describe it; `days`, `limit` and `remaining` exist only with a limit."""
        shown: Json = {"used": self.used, "restricted": self.is_used_up}
        if self.limit == UNLIMITED:
            return shown
        return {"days": _DAYS, "limit": self.limit, **shown, "remaining": self.remaining}


def quota(state: State, user: User, kind: str) -> UserQuota:
    """Count what *user* requested lately; who manages users has no limit."""
    limit = user.movie_limit if kind == MOVIE else user.series_limit
    if limit == UNLIMITED or user.may(Permission.MANAGE_USERS):
        return UserQuota(UNLIMITED, 0)
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    used = 0
    for request in state.requests.values():
        is_counted = request.user is user and request.status != RequestState.DECLINED
        if is_counted and request.media.kind == kind and _is_after(request.created_at, since):
            used += len(request.seasons) if kind == TV else 1
    return UserQuota(limit, used)


def _is_after(time: str, since: datetime) -> bool:
    return datetime.fromisoformat(time) > since


_NO_SEASONS = "No seasons available to request"
_KIND_NAMES = {MOVIE: "Movie", TV: "Series"}
_RIGHTS = {
    (MOVIE, False): (Permission.REQUEST, Permission.REQUEST_MOVIE),
    (TV, False): (Permission.REQUEST, Permission.REQUEST_TV),
    (MOVIE, True): (Permission.REQUEST_4K, Permission.REQUEST_4K_MOVIE),
    (TV, True): (Permission.REQUEST_4K, Permission.REQUEST_4K_TV),
}
_APPROVAL = {
    (MOVIE, False): (Permission.AUTO_APPROVE, Permission.AUTO_APPROVE_MOVIE),
    (TV, False): (Permission.AUTO_APPROVE, Permission.AUTO_APPROVE_TV),
    (MOVIE, True): (Permission.AUTO_APPROVE_4K, Permission.AUTO_APPROVE_4K_MOVIE),
    (TV, True): (Permission.AUTO_APPROVE_4K, Permission.AUTO_APPROVE_4K_TV),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A wish on its way through the checks. `is4k` is None when the caller did not say."""

    call: ApiCall
    requester: User
    kind: str
    is4k: bool | None
    title: CatalogueTitle
    media: Media | None

    @property
    def server(self) -> SandboxServer:
        return self.call.server

    @property
    def existing(self) -> list[StoredRequest]:
        """Find what the server compares with, oldest first.

        It compares with the raw field of the body: without `is4k` it finds nothing.
        """
        known = self.media.requests if self.media else []
        return [request for request in known if request.is4k is self.is4k]


async def place(call: ApiCall) -> ApiReply:
    """Handle a POST /request and note it in the call log."""
    check_request_body(call.body)
    number: int | None = None
    try:
        order = _checked(call)
        seasons = _seasons(order) if order.kind == TV else ()
        shown = await _create(order, seasons)
        number = shown.get("id")
        reply = ok(shown, 201)
    except ApiError as problem:
        reply = problem.reply
    call.server.call_log.note_request(call.body, call.user.id, reply.status, number)
    return reply


def _checked(call: ApiCall) -> _Order:
    body, server = call.body, call.server
    kind, is4k = body["mediaType"], body.get("is4k")
    requester = _requester(call)
    _check_rights(requester, kind, is4k=bool(is4k))
    if quota(server.state, requester, kind).is_used_up:
        raise error(403, f"{_KIND_NAMES[kind]} Quota exceeded.")
    title = _title(call, kind, body["mediaId"])
    order = _Order(
        call=call,
        requester=requester,
        kind=kind,
        is4k=is4k,
        title=title,
        media=server.state.find_media(title.key),
    )
    _check_blocklist(order)
    _check_duplicates(order)
    return order


def _requester(call: ApiCall) -> User:
    number = call.body.get("userId")
    if not number:
        return call.user
    manages = call.user.may(Permission.MANAGE_USERS) and call.user.may(Permission.MANAGE_REQUESTS)
    if not manages:
        raise error(403, "You do not have permission to modify the request user.")
    user = call.server.state.users.get(number)
    if user is None:
        where = f'{{\n    "where": {{\n        "id": {number}\n    }}\n}}'
        raise error(500, f'Could not find any entity of type "User" matching: {where}')
    return user


def _check_rights(requester: User, kind: str, *, is4k: bool) -> None:
    if not requester.may(*_RIGHTS[kind, is4k]):
        what = f"{'4K ' if is4k else ''}{'movie' if kind == MOVIE else 'series'}"
        raise error(403, f"You do not have permission to make {what} requests.")


def _title(call: ApiCall, kind: str, number: float) -> CatalogueTitle:
    title = call.server.catalogue.find(kind, int(number))
    if title is not None and call.tmdb_failure is None:
        return title
    what = "movie" if kind == MOVIE else "TV show"
    status = call.tmdb_failure or 404
    cause = f"Request failed with status code {status}"
    raise error(500, f"[TMDB] Failed to fetch {what} details: {cause}")


def _check_blocklist(order: _Order) -> None:
    product = order.server.product
    is_listed = order.media is not None and Status.BLOCKLISTED in order.media.statuses
    if product.blocklist and is_listed:
        raise error(403, f"This media is {product.blocklist_word}.")


def _check_duplicates(order: _Order) -> None:
    existing = order.existing
    if not existing:
        return
    if order.kind == MOVIE and is_open(existing[0]):
        raise error(409, "Request for this media already exists.")
    if any(request.is_auto and request.user is order.requester for request in existing):
        raise error(409, "Auto-request for this media and user already exists.")


def _seasons(order: _Order) -> tuple[int, ...]:
    """Choose the seasons: those wanted that are neither requested nor known to the library."""
    wanted = _wanted(order)
    if order.server.product.is_forked and not order.server.settings.special_episodes:
        wanted = [number for number in wanted if number > 0]
    taken = {
        number for request in order.existing if is_open(request) for number in request.seasons
    }
    if order.media is not None:
        seasons = order.media.seasons.items()
        gone = (Status.UNKNOWN, Status.DELETED)
        taken |= {number for number, row in seasons if row[bool(order.is4k)] not in gone}
    left = tuple(dict.fromkeys(number for number in wanted if number not in taken))
    if not left:
        raise error(202, _NO_SEASONS)
    allowed = quota(order.server.state, order.requester, TV)
    if allowed.limit and len(left) > allowed.remaining:
        raise error(403, "Series Quota exceeded.")
    return left


def _wanted(order: _Order) -> list[int]:
    """Read `seasons`; "all" means season 0 too for Overseerr alone."""
    seasons: Any = order.call.body.get("seasons")
    if seasons is None:
        raise error(500, "Cannot read properties of undefined (reading 'filter')")
    if seasons == "all":
        skipped = 0 if order.server.product.is_forked else -1
        return [number for number in order.title.season_numbers if number > skipped]
    return [int(number) for number in seasons]


async def _create(order: _Order, seasons: tuple[int, ...]) -> dict[str, Any]:
    """Write the request; gives the answer's body, without `id` where nothing remains.

    The servers save the row before the request: killed in between, they leave an orphan.
    """
    server = order.server
    before = tuple(order.media.statuses) if order.media else None
    media, shown_media = _save_media(order)
    people = [
        user_json(user, server, settings=True) for user in (order.requester, order.call.user)
    ]
    await order.call.midway()
    if server.state.media.get(media.id) is not media:
        raise error(500, "SQLITE_CONSTRAINT: FOREIGN KEY constraint failed")
    request = _new_request(order, media, seasons)
    if order.call.post is not None:
        order.call.post.undo = lambda: request_lifecycle.roll_back(server, request, before)
    server.touch(media)
    remains = True
    if _is_approved(order):
        remains = request_lifecycle.approve(server, request, order.call.user)
    shown: dict[str, Any] = created_json(request, shown_media, *people)
    if not remains:
        del shown["id"]
    return shown


def _save_media(order: _Order) -> tuple[Media, dict[str, Any]]:
    """Write the row, and describe it as the answer will: one that was there has its requests."""
    server, is4k = order.server, bool(order.is4k)
    known = _known_media(order.media, server) if order.media else None
    media = order.media or _new_media(order)
    if media.statuses[is4k] == Status.UNKNOWN:
        media.statuses[is4k] = Status.PENDING
    server.touch(media)
    status, status4k = media.statuses
    shown = known or media_json(media, server, seasons=False)
    return media, {**shown, "status": status, "status4k": status4k}


def _known_media(media: Media, server: SandboxServer) -> dict[str, Any]:
    """Describe a row that was there before, with the requests that were."""
    requests = [request_json(request, server) for request in media.requests]
    return {**media_json(media, server), "requests": requests}


def _new_media(order: _Order) -> Media:
    state = order.server.state
    tvdb_id = (order.call.body.get("tvdbId") or order.title.tvdb_id) if order.kind == TV else None
    if tvdb_id and state.find_by_tvdb(tvdb_id):
        raise error(500, "SQLITE_CONSTRAINT: UNIQUE constraint failed: media.tvdbId")
    return order.server.insert_media(order.title.key, tvdb_id)


def _new_request(order: _Order, media: Media, seasons: tuple[int, ...]) -> StoredRequest:
    state, time = order.server.state, now()
    request = StoredRequest(
        id=state.next.request,
        media=media,
        user=order.requester,
        status=RequestState.PENDING,
        is4k=bool(order.is4k),
        seasons=seasons,
        created_at=time,
        updated_at=time,
        options={name: order.call.body[name] for name in OPTIONS if name in order.call.body},
    )
    state.next.request += 1
    state.keep_request(request)
    return request


def _is_approved(order: _Order) -> bool:
    """Judge by the acting user, whoever the request is for."""
    rights = _APPROVAL[order.kind, bool(order.is4k)]
    return order.call.user.may(*rights, Permission.MANAGE_REQUESTS)
