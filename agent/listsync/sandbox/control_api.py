"""The control endpoints of the sandbox, outside /api/v1 and without a key.

Bodies and answers are JSON; a body that is not understood is a 400 that says why. Tests use them
through `SandboxProcess.admin(name, body)`; `SandboxProcess.api` is another client of the server,
and `SandboxProcess.restart` starts one again that has died.

GET /sandbox/log: what was asked since the start. `calls` by method and route, `statuses`,
    `searches` by pattern, `total`, `max_posts_in_flight`, `lost` (rolled back after a 201), and
    `requests`: every POST /request with a valid body, in order.
POST /sandbox/reset-log: starts that log anew.
POST /sandbox/reset: as after a fresh start, but for the key, the owner and `createdAt`; the
    settings go back to those of the start, changed by the body if there is one.
POST /sandbox/faults: orders a fault (see below). GET lists the orders and how many calls each
    has `seen` and `struck`, DELETE takes all back.
POST /sandbox/settings: changes any of `server_model.Settings`, answers all of them. `radarr` and
    `sonarr` are "up", "errors" (4xx, 5xx) or "slow" (longer than `arr_timeout_ms`): then GET
    /service/radarr/{id} ends the process (of Sonarr it is a 500), as POST /settings/radarr/test
    does for a slow one (not Overseerr's); GET /settings/radarr asks nobody; what is sent fails.
POST /sandbox/media: sets one row or a list of rows (`control_orders.MediaOrder`), as a library
    scan or a user of the server would. Status 2 of a title without a row makes an orphan: a row
    that waits for ever, without any request, as a server leaves that was killed inside a POST.
POST /sandbox/requests: changes one request (`control_orders.RequestOrder`) that is named by `id`,
    or by `kind`, `tmdbId` and `is4k` (then the newest). `do` is what happens to it: "approve",
    "decline" (status 3; a film's row goes back to 1), "fail" (status 4; the row stays 2 or 3),
    "complete" (status 5; Jellyseerr and Seerr alone), "delete", "roll_back" (request and row go
    as if they had never been, though a 201 was answered). `status` sets the bare number.
POST /sandbox/roll-back: rolls the newest `last` requests back, or all; answers how many: `lost`.
POST /sandbox/die: saves and ends the process, a moment later.
POST /sandbox/users: changes a user or adds one (`control_orders.UserOrder`). DELETE leaves
    the owner.
POST /sandbox/titles: adds or replaces a title or a list of them: a row of `catalogue.jsonl`, with
    `announced` for how many of its last seasons have no episodes yet, `specials` for whether it
    has a season 0, `genres`, `votes`, `rating`, and `releases`, `people`, `companies` and
    `collection` (`control_orders.TitleOrder`). DELETE removes all titles but the invented ones,
    persons and film series too.
POST /sandbox/services: adds or replaces a Radarr or Sonarr (`control_orders.ServiceOrder`),
    or removes one.

Faults (`faults.Fault`): `kind`, which calls (`path` as a pattern, `method`), and which of those
(`after`; `nth`; `share` with `seed`; `perCall`; `times`, null for ever, by default once, or
for ever with `nth`, `share` or `perCall`).

    status, html, login_page, garbage: another answer in place of the server's (`status`, `body`,
        `headers`).
    drop_before, drop_after, drop_midway: the connection ends before anything is done, after it,
        in the middle of the answer.
    hang, hang_after: nobody answers for `seconds`, nothing or everything is done.
    slow: all is done at once and answered after `seconds`. slow_before: nothing is done for
        `seconds`, then everything. slow_midway (POST /request): the media row is saved at once,
        request and answer come after `seconds`: until then it looks like an orphan. All three go
        on to the end though the caller is gone.
    tmdb_down: TMDB fails: title, `tmdb:` and `year:` searches are an empty 200; `imdb:`, `tvdb:`,
        details and POST are a 500.
    die, die_after: the process ends before anything is done, after it and before the answer.
    die_midway (POST /request): it ends between media row and request: an orphan stays.
    roll_back (POST /request): answers 201; `seconds` later (at once) all of it is gone, as if the
        POST of another client had failed beside it.

Searches that fail one by one, 30 of 100, each the first time it is made:

    {"kind": "tmdb_down", "path": "/search", "share": 0.3, "seed": 7, "perCall": 1}
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import TypeVar

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listsync.sandbox import request_lifecycle
from listsync.sandbox.call_log import CallLog
from listsync.sandbox.catalogue import CatalogueTitle, title_of
from listsync.sandbox.control_orders import (
    MediaOrder,
    RequestOrder,
    RollBackOrder,
    ServiceOrder,
    TitleOrder,
    UserOrder,
)
from listsync.sandbox.faults import Fault, OrderedFault
from listsync.sandbox.request_lifecycle import change_as_ordered, roll_back_as_ordered
from listsync.sandbox.responses import ApiError
from listsync.sandbox.server_model import SandboxServer, Service, Settings
from listsync.sandbox.state import Media, User, now, scan, set_season
from listsync.sandbox.title_facts import unknown_genres

Act = Callable[[SandboxServer, bytes], object]
OrderT = TypeVar("OrderT")
_LAST_ANSWER_S = 0.02


def control_routes(world: SandboxServer) -> list[Route]:
    """Build the routes under /sandbox."""
    table: dict[tuple[str, str], Act] = {
        ("GET", "log"): lambda world, _: world.call_log.to_json(),
        ("POST", "reset"): _reset,
        ("POST", "reset-log"): _reset_log,
        ("GET", "faults"): lambda world, _: [_shown(fault) for fault in world.faults],
        ("POST", "faults"): _order_fault,
        ("DELETE", "faults"): _clear_faults,
        ("POST", "settings"): _change_settings,
        ("POST", "media"): _set_media,
        ("POST", "requests"): lambda world, body: change_as_ordered(
            world, _read(RequestOrder, body)
        ),
        ("POST", "roll-back"): lambda world, body: roll_back_as_ordered(
            world, _read(RollBackOrder, body)
        ),
        ("POST", "die"): _die,
        ("POST", "users"): _change_user,
        ("DELETE", "users"): _remove_users,
        ("POST", "titles"): _put_titles,
        ("DELETE", "titles"): _remove_titles,
        ("POST", "services"): _put_service,
    }
    return [
        Route(f"/sandbox/{name}", _endpoint(world, act), methods=[method])
        for (method, name), act in table.items()
    ]


def _endpoint(world: SandboxServer, act: Act) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def answer(request: HttpRequest) -> Response:
        try:
            return JSONResponse(act(world, await request.body()))
        except (msgspec.MsgspecError, LookupError) as problem:
            return JSONResponse({"message": str(problem)}, 400)
        except ApiError as refusal:
            return Response(refusal.reply.body, 400, media_type="application/json")

    return answer


def _read(shape: type[OrderT], body: bytes) -> OrderT:
    return msgspec.json.decode(body, type=shape, strict=False)


def _read_all(shape: type[OrderT], body: bytes) -> list[OrderT]:
    """Read one order or a list of them."""
    is_one = body.lstrip().startswith(b"{")
    return [_read(shape, body)] if is_one else _read(list[shape], body)  # type: ignore[valid-type]  # a shape at run time


def _reset(world: SandboxServer, body: bytes) -> object:
    world.empty()
    return _change_settings(world, body or b"{}")


def _reset_log(world: SandboxServer, _body: bytes) -> object:
    world.call_log = CallLog()
    return {}


def _die(world: SandboxServer, _body: bytes) -> object:
    """End the process when this has been answered."""
    world.later(_LAST_ANSWER_S, partial(world.crash, "Ended by order"))
    return {}


def _order_fault(world: SandboxServer, body: bytes) -> object:
    return _shown(world.faults.order(_read(Fault, body)))


def _shown(ordered: OrderedFault) -> object:
    counts = {"seen": ordered.seen, "struck": ordered.struck}
    return {**msgspec.to_builtins(ordered.fault), **counts}


def _clear_faults(world: SandboxServer, _body: bytes) -> object:
    world.faults.clear()
    return {}


def _change_settings(world: SandboxServer, body: bytes) -> object:
    changes = _read(dict[str, object], body)
    settings = asdict(world.settings)
    if unknown := changes.keys() - settings.keys():
        raise LookupError(f"no such setting: {', '.join(sorted(unknown))}")
    checked = msgspec.convert({**settings, **changes}, Settings, strict=False)
    for name in changes:
        setattr(world.settings, name, getattr(checked, name))
    world.state.changed()
    return asdict(world.settings)


def _set_media(world: SandboxServer, body: bytes) -> object:
    for order in _read_all(MediaOrder, body):
        _set_row(world, order)
    return {}


def _set_row(world: SandboxServer, order: MediaOrder) -> None:
    key = (order.kind, order.tmdb_id)
    media = world.state.find_media(key)
    if order.remove:
        if media is not None:
            world.state.drop_media(media)
        return
    title = world.catalogue.find(*key)
    if title is None:
        raise LookupError(f"no such title: {order.kind}/{order.tmdb_id}")
    media = media or world.new_media(title)
    _set_definition(media, title, order, is4k=False)
    _set_definition(media, title, order, is4k=True)
    for is4k in (False, True):
        request_lifecycle.fulfil(world, media, is4k=is4k)


def _set_definition(media: Media, title: CatalogueTitle, order: MediaOrder, *, is4k: bool) -> None:
    status = order.status4k if is4k else order.status
    seasons = order.seasons4k if is4k else order.seasons
    for number, season_status in seasons.items():
        set_season(media, number, season_status, is4k=is4k)
    if status is not None:
        scan(media, title, status, is4k=is4k, seasons=not seasons)


def _change_user(world: SandboxServer, body: bytes) -> object:
    order = _read(UserOrder, body)
    user = world.state.users.get(order.id)
    if user is None:
        user = User(id=order.id, name=f"user{order.id}", permissions=0, created_at=now())
        world.state.users[order.id] = user
    for name, value in msgspec.structs.asdict(order).items():
        if value is not None:
            setattr(user, name, value)
    world.state.changed()
    return {}


def _remove_users(world: SandboxServer, _body: bytes) -> object:
    for number in world.state.users.keys() - {1}:
        del world.state.users[number]
    world.state.changed()
    return {}


def _put_titles(world: SandboxServer, body: bytes) -> object:
    for order in _read_all(TitleOrder, body):
        if unknown := unknown_genres(order.genres or []):
            raise LookupError(f"no such genre: {', '.join(sorted(unknown))}")
        world.put_title(title_of(msgspec.structs.asdict(order)))
    world.state.changed()
    return {}


def _remove_titles(world: SandboxServer, _body: bytes) -> object:
    world.remove_titles()
    world.state.changed()
    return {}


def _put_service(world: SandboxServer, body: bytes) -> object:
    order = _read(ServiceOrder, body)
    values = msgspec.structs.asdict(order)
    program, remove = values.pop("program"), values.pop("remove")
    world.ordered_services[program, order.id] = None if remove else Service(**values)
    world.state.changed()
    return {}
