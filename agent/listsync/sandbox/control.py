"""The control endpoints of the sandbox, outside /api/v1 and without a key.

Bodies and answers are JSON; a body that is not understood is a 400 that says why.

GET /sandbox/log: what was asked so far. `calls` by method and route, `statuses`, `searches` by
    pattern, `total`, `max_posts_in_flight`, `lost` (rolled back after a 201), and `requests`:
    every POST /request with a valid body, in order.
POST /sandbox/reset-log: starts that log anew.
POST /sandbox/reset: as after a fresh start, but for the key, the owner and `createdAt`; the
    settings go back to those of the start, changed by the body if there is one.
POST /sandbox/faults: orders a fault (`faults.Fault`). GET lists the orders and how often they
    struck, DELETE takes all back.
POST /sandbox/settings: changes any of `world.Settings`, answers all of them.
POST /sandbox/media: sets one row or a list of rows (`MediaOrder`), as a library scan or a user
    of the server would.
POST /sandbox/requests: changes one request (`RequestOrder`).
POST /sandbox/users: changes a user or adds one (`UserOrder`).
POST /sandbox/titles: adds or replaces a title: a row of `catalogue.jsonl`, with `announced` for
    how many of its last seasons have no episodes yet, and `genres`, `votes`, `rating`.
POST /sandbox/services: adds or replaces a Radarr or Sonarr (`ServiceOrder`), or removes one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct, field
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listsync.sandbox import afterlife
from listsync.sandbox.catalogue import Title, title_of
from listsync.sandbox.facts import unknown_genres
from listsync.sandbox.faults import Fault
from listsync.sandbox.journal import Journal
from listsync.sandbox.state import Media, User, now, scan, set_season
from listsync.sandbox.world import Service, Settings, World

Act = Callable[[World, bytes], object]
Seasons = dict[int, Annotated[int, Meta(ge=1, le=7)]]


OrderT = TypeVar("OrderT")


class _Order(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class MediaOrder(_Order, frozen=True):
    """A row of the library. A series that is there gets its season rows, unless they are given."""

    kind: str
    tmdb_id: int = field(name="tmdbId")
    status: Annotated[int, Meta(ge=1, le=7)] | None = None
    status4k: Annotated[int, Meta(ge=1, le=7)] | None = None
    seasons: Seasons = field(default_factory=dict)
    seasons4k: Seasons = field(default_factory=dict)
    remove: bool = False


class RequestOrder(_Order, frozen=True):
    """A change of a request that no endpoint of the server offers."""

    id: int
    status: Annotated[int, Meta(ge=1, le=5)] | None = None
    is_auto: bool | None = field(default=None, name="isAuto")


class UserOrder(_Order, frozen=True):
    """A user; limits count films, and seasons, in seven days, 0 is none."""

    id: int
    name: str | None = None
    permissions: int | None = None
    movie_limit: int | None = field(default=None, name="movieLimit")
    series_limit: int | None = field(default=None, name="seriesLimit")


class TitleOrder(_Order, frozen=True):
    """A row of `catalogue.jsonl`."""

    media_type: str
    tmdb_id: int
    title: str
    original_title: str | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    date: str | None = None
    language: str | None = None
    seasons: int | None = None
    announced: int = 0
    popularity: float = 1.0
    genres: list[str] | None = None
    votes: int | None = None
    rating: float | None = None


class ServiceOrder(_Order, frozen=True):
    """A Radarr or Sonarr; profiles, folders, tags by their numbers."""

    program: Literal["radarr", "sonarr"]
    id: int
    name: str = ""
    is4k: bool = False
    is_default: bool = field(default=False, name="isDefault")
    profiles: dict[int, str] = field(default_factory=dict)
    root_folders: dict[int, str] = field(default_factory=dict, name="rootFolders")
    tags: dict[int, str] = field(default_factory=dict)
    language_profiles: dict[int, str] | None = field(default=None, name="languageProfiles")
    remove: bool = False


def control_routes(world: World) -> list[Route]:
    """Build the routes under /sandbox."""
    table: dict[tuple[str, str], Act] = {
        ("GET", "log"): lambda world, _: world.journal.to_json(),
        ("POST", "reset"): _reset,
        ("POST", "reset-log"): _reset_log,
        ("GET", "faults"): lambda world, _: [msgspec.to_builtins(fault) for fault in world.faults],
        ("POST", "faults"): _order_fault,
        ("DELETE", "faults"): _clear_faults,
        ("POST", "settings"): _change_settings,
        ("POST", "media"): _set_media,
        ("POST", "requests"): _change_request,
        ("POST", "users"): _change_user,
        ("POST", "titles"): _put_title,
        ("POST", "services"): _put_service,
    }
    return [
        Route(f"/sandbox/{name}", _endpoint(world, act), methods=[method])
        for (method, name), act in table.items()
    ]


def _endpoint(world: World, act: Act) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def answer(request: HttpRequest) -> Response:
        try:
            return JSONResponse(act(world, await request.body()))
        except (msgspec.MsgspecError, LookupError) as problem:
            return JSONResponse({"message": str(problem)}, 400)

    return answer


def _read(shape: type[OrderT], body: bytes) -> OrderT:
    return msgspec.json.decode(body, type=shape, strict=False)


def _reset(world: World, body: bytes) -> object:
    world.empty()
    return _change_settings(world, body or b"{}")


def _reset_log(world: World, _body: bytes) -> object:
    world.journal = Journal()
    return {}


def _order_fault(world: World, body: bytes) -> object:
    fault = _read(Fault, body)
    world.faults.order(fault)
    return msgspec.to_builtins(fault)


def _clear_faults(world: World, _body: bytes) -> object:
    world.faults.clear()
    return {}


def _change_settings(world: World, body: bytes) -> object:
    changes = _read(dict[str, object], body)
    settings = asdict(world.settings)
    if unknown := changes.keys() - settings.keys():
        raise LookupError(f"no such setting: {', '.join(sorted(unknown))}")
    checked = msgspec.convert({**settings, **changes}, Settings, strict=False)
    for name in changes:
        setattr(world.settings, name, getattr(checked, name))
    world.state.changed()
    return asdict(world.settings)


def _set_media(world: World, body: bytes) -> object:
    is_one = body.lstrip().startswith(b"{")
    for order in [_read(MediaOrder, body)] if is_one else _read(list[MediaOrder], body):
        _set_row(world, order)
    return {}


def _set_row(world: World, order: MediaOrder) -> None:
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
        afterlife.fulfil(world, media, is4k=is4k)


def _set_definition(media: Media, title: Title, order: MediaOrder, *, is4k: bool) -> None:
    status = order.status4k if is4k else order.status
    seasons = order.seasons4k if is4k else order.seasons
    for number, season_status in seasons.items():
        set_season(media, number, season_status, is4k=is4k)
    if status is not None:
        scan(media, title, status, is4k=is4k, seasons=not seasons)


def _change_request(world: World, body: bytes) -> object:
    order = _read(RequestOrder, body)
    request = world.state.requests[order.id]
    if order.status is not None:
        afterlife.change(world, request, order.status)
    if order.is_auto is not None:
        request.is_auto = order.is_auto
    world.touch(request.media)
    return {}


def _change_user(world: World, body: bytes) -> object:
    order = _read(UserOrder, body)
    user = world.state.users.get(order.id)
    if user is None:
        user = User(id=order.id, name=f"user{order.id}", permissions=0, created_at=now())
        world.state.users[order.id] = user
    user.name = order.name if order.name is not None else user.name
    user.permissions = order.permissions if order.permissions is not None else user.permissions
    user.movie_limit = order.movie_limit if order.movie_limit is not None else user.movie_limit
    user.series_limit = order.series_limit if order.series_limit is not None else user.series_limit
    world.state.changed()
    return {}


def _put_title(world: World, body: bytes) -> object:
    order = _read(TitleOrder, body)
    if unknown := unknown_genres(order.genres or []):
        raise LookupError(f"no such genre: {', '.join(sorted(unknown))}")
    title = title_of(msgspec.structs.asdict(order))
    world.catalogue.put(title)
    world.search.add(title)
    return {}


def _put_service(world: World, body: bytes) -> object:
    order = _read(ServiceOrder, body)
    values = msgspec.structs.asdict(order)
    program, remove = values.pop("program"), values.pop("remove")
    world.ordered_services[program, order.id] = None if remove else Service(**values)
    return {}
