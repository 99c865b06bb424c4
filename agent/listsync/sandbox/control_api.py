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
POST /sandbox/media: sets one row or a list of rows (`MediaOrder`), as a library
    scan or a user of the server would. Status 2 of a title without a row makes an orphan: a row
    that waits for ever, without any request, as a server leaves that was killed inside a POST.
POST /sandbox/requests: changes one request (`request_lifecycle.RequestOrder`), named by `id`, or
    by `kind`, `tmdbId` and `is4k` (then the newest). `do` is what happens to it: "approve",
    "decline" (status 3; a film's row goes back to 1), "fail" (status 4; the row stays 2 or 3),
    "complete" (status 5; Jellyseerr and Seerr alone), "delete", "roll_back" (request and row go
    as if they had never been, though a 201 was answered). `status` sets the bare number.
POST /sandbox/roll-back: rolls the newest `last` requests back, or all; answers how many: `lost`.
POST /sandbox/die: saves and ends the process, a moment later.
POST /sandbox/users: changes a user or adds one (`UserOrder`). DELETE leaves
    the owner.
POST /sandbox/titles: adds or replaces a title or a list of them: a row of `catalogue.jsonl`, with
    `announced` for how many of its last seasons have no episodes yet, `specials` for whether it
    has a season 0, `genres`, `votes`, `rating`, and `releases`, `people`, `companies` and
    `collection` (`TitleOrder`). DELETE removes all titles but the invented ones,
    persons and film series too.
POST /sandbox/watchlists: says what Plex has on a user's watchlist (`WatchlistOrder`), newest
    first; without `titles` the server has no token of Plex for that user.
POST /sandbox/services: adds or replaces a Radarr or Sonarr (`ServiceOrder`),
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
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, field
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from listsync.parsing.decoding import prepared
from listsync.sandbox import request_lifecycle
from listsync.sandbox.catalogue import CatalogueTitle, title_of
from listsync.sandbox.faults import Fault, OrderedFault
from listsync.sandbox.request_lifecycle import (
    RequestOrder,
    RollBackOrder,
    SandboxOrder,
    change_as_ordered,
    roll_back_as_ordered,
)
from listsync.sandbox.responses import ApiError
from listsync.sandbox.server_model import CallLog, SandboxServer, Service, Settings
from listsync.sandbox.state import Key, Media, User, now, scan, set_season
from listsync.sandbox.title_facts import unknown_genres

Seasons = dict[int, Annotated[int, Meta(ge=1, le=7)]]


class MediaOrder(SandboxOrder, frozen=True):
    """A row of the library. A series that is there gets its season rows, unless they are given."""

    kind: str
    tmdb_id: int = field(name="tmdbId")
    status: Annotated[int, Meta(ge=1, le=7)] | None = None
    status4k: Annotated[int, Meta(ge=1, le=7)] | None = None
    seasons: Seasons = field(default_factory=dict)
    seasons4k: Seasons = field(default_factory=dict)
    remove: bool = False


class UserOrder(SandboxOrder, frozen=True):
    """A user; limits count films, and seasons, in seven days, 0 is none."""

    id: int
    name: str | None = None
    permissions: int | None = None
    movie_limit: int | None = field(default=None, name="movieLimit")
    series_limit: int | None = field(default=None, name="seriesLimit")
    is_from_plex: bool | None = field(default=None, name="isFromPlex")


class TitleOrder(SandboxOrder, frozen=True):
    """A row of `catalogue.jsonl`; `releases` are days by country, `people` the director first.

    `collection` is the number of a film series: its parts are the ordered titles that name it.
    """

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
    specials: bool | None = None
    popularity: float = 1.0
    genres: list[str] | None = None
    votes: int | None = None
    rating: float | None = None
    releases: dict[str, str] | None = None
    people: list[str] | None = None
    companies: list[str] | None = None
    collection: int | None = None


class ServiceOrder(SandboxOrder, frozen=True):
    """A Radarr or Sonarr; profiles, folders, tags by their numbers."""

    program: Literal["radarr", "sonarr"]
    id: int
    name: str = ""
    is4k: bool = False
    is_default: bool = field(default=False, name="isDefault")
    active_profile: int | None = field(default=None, name="activeProfile")
    profiles: dict[int, str] = field(default_factory=dict)
    root_folders: dict[int, str] = field(default_factory=dict, name="rootFolders")
    tags: dict[int, str] = field(default_factory=dict)
    language_profiles: dict[int, str] | None = field(default=None, name="languageProfiles")
    remove: bool = False


class WatchedOrder(SandboxOrder, frozen=True):
    """A title on a watchlist at Plex; `tmdbId` 0: Plex has no such number for it."""

    kind: Literal["movie", "tv"]
    tmdb_id: int = field(name="tmdbId")


class WatchlistOrder(SandboxOrder, frozen=True):
    """What Plex has for a user."""

    user_id: int = field(name="userId")
    titles: list[WatchedOrder] | None = None


Act = Callable[[SandboxServer, bytes], object]
OrderT = TypeVar("OrderT")
_LAST_ANSWER_S = 0.02


def control_routes(server: SandboxServer) -> list[Route]:
    """Build the routes under /sandbox."""
    table: dict[tuple[str, str], Act] = {
        ("GET", "log"): lambda server, _: server.call_log.to_json(),
        ("POST", "reset"): _reset,
        ("POST", "reset-log"): _reset_log,
        ("GET", "faults"): lambda server, _: [_shown(fault) for fault in server.faults],
        ("POST", "faults"): _order_fault,
        ("DELETE", "faults"): _clear_faults,
        ("POST", "settings"): _change_settings,
        ("POST", "media"): _set_media,
        ("POST", "requests"): lambda server, body: change_as_ordered(
            server, _read(RequestOrder, body)
        ),
        ("POST", "roll-back"): lambda server, body: roll_back_as_ordered(
            server, _read(RollBackOrder, body)
        ),
        ("POST", "die"): _die,
        ("POST", "users"): _change_user,
        ("DELETE", "users"): _remove_users,
        ("POST", "titles"): _put_titles,
        ("DELETE", "titles"): _remove_titles,
        ("POST", "watchlists"): _put_watchlist,
        ("POST", "services"): _put_service,
    }
    return [
        Route(f"/sandbox/{name}", _endpoint(server, act), methods=[method])
        for (method, name), act in table.items()
    ]


def _endpoint(server: SandboxServer, act: Act) -> Callable[[HttpRequest], Awaitable[Response]]:
    async def answer(request: HttpRequest) -> Response:
        try:
            return JSONResponse(act(server, await request.body()))
        except (msgspec.MsgspecError, LookupError) as problem:
            return JSONResponse({"message": str(problem)}, 400)
        except ApiError as refusal:
            return Response(refusal.reply.body, 400, media_type="application/json")

    return answer


def _read(shape: type[OrderT], body: bytes) -> OrderT:
    return msgspec.json.decode(body, type=prepared(shape), strict=False)


def _read_all(shape: type[OrderT], body: bytes) -> list[OrderT]:
    """Read one order or a list of them."""
    is_one = body.lstrip().startswith(b"{")
    return [_read(shape, body)] if is_one else _read(list[shape], body)  # type: ignore[valid-type]  # a shape at run time


def _reset(server: SandboxServer, body: bytes) -> object:
    server.empty()
    return _change_settings(server, body or b"{}")


def _reset_log(server: SandboxServer, _body: bytes) -> object:
    server.call_log = CallLog()
    return {}


def _die(server: SandboxServer, _body: bytes) -> object:
    """End the process when this has been answered."""
    server.later(_LAST_ANSWER_S, partial(server.crash, "Ended by order"))
    return {}


def _order_fault(server: SandboxServer, body: bytes) -> object:
    return _shown(server.faults.order(_read(Fault, body)))


def _shown(ordered: OrderedFault) -> object:
    counts = {"seen": ordered.seen, "struck": ordered.struck}
    return {**msgspec.to_builtins(ordered.fault), **counts}


def _clear_faults(server: SandboxServer, _body: bytes) -> object:
    server.faults.clear()
    return {}


def _change_settings(server: SandboxServer, body: bytes) -> object:
    changes = _read(dict[str, object], body)
    settings = asdict(server.settings)
    if unknown := changes.keys() - settings.keys():
        raise LookupError(f"no such setting: {', '.join(sorted(unknown))}")
    checked = msgspec.convert({**settings, **changes}, prepared(Settings), strict=False)
    for name in changes:
        setattr(server.settings, name, getattr(checked, name))
    server.state.changed()
    return asdict(server.settings)


def _set_media(server: SandboxServer, body: bytes) -> object:
    for order in _read_all(MediaOrder, body):
        _set_row(server, order)
    return {}


def _set_row(server: SandboxServer, order: MediaOrder) -> None:
    key = (order.kind, order.tmdb_id)
    media = server.state.find_media(key)
    if order.remove:
        if media is not None:
            server.state.drop_media(media)
        return
    title = server.catalogue.find(*key)
    if title is None:
        raise LookupError(f"no such title: {order.kind}/{order.tmdb_id}")
    media = media or server.new_media(title)
    _set_edition(media, title, order, is4k=False)
    _set_edition(media, title, order, is4k=True)
    for is4k in (False, True):
        request_lifecycle.fulfil(server, media, is4k=is4k)


def _set_edition(media: Media, title: CatalogueTitle, order: MediaOrder, *, is4k: bool) -> None:
    status = order.status4k if is4k else order.status
    seasons = order.seasons4k if is4k else order.seasons
    for number, season_status in seasons.items():
        set_season(media, number, season_status, is4k=is4k)
    if status is not None:
        scan(media, title, status, is4k=is4k, seasons=not seasons)


def _change_user(server: SandboxServer, body: bytes) -> object:
    order = _read(UserOrder, body)
    user = server.state.users.get(order.id)
    if user is None:
        user = User(id=order.id, name=f"user{order.id}", permissions=0, created_at=now())
        server.state.users[order.id] = user
    for name, value in msgspec.structs.asdict(order).items():
        if value is not None:
            setattr(user, name, value)
    server.state.changed()
    return {}


def _remove_users(server: SandboxServer, _body: bytes) -> object:
    for number in server.state.users.keys() - {1}:
        del server.state.users[number]
    server.state.changed()
    return {}


def _put_titles(server: SandboxServer, body: bytes) -> object:
    for order in _read_all(TitleOrder, body):
        if unknown := unknown_genres(order.genres or []):
            raise LookupError(f"no such genre: {', '.join(sorted(unknown))}")
        server.put_title(title_of(msgspec.structs.asdict(order)))
    server.state.changed()
    return {}


def _remove_titles(server: SandboxServer, _body: bytes) -> object:
    server.remove_titles()
    server.state.changed()
    return {}


def _put_watchlist(server: SandboxServer, body: bytes) -> object:
    order = _read(WatchlistOrder, body)
    if order.titles is None:
        server.state.plex_watchlists.pop(order.user_id, None)
    else:
        keys = [(one.kind, one.tmdb_id) for one in order.titles]
        server.state.plex_watchlists[order.user_id] = list[Key](keys)
    server.state.changed()
    return {}


def _put_service(server: SandboxServer, body: bytes) -> object:
    order = _read(ServiceOrder, body)
    values = msgspec.structs.asdict(order)
    program, remove = values.pop("program"), values.pop("remove")
    server.ordered_services[program, order.id] = None if remove else Service(**values)
    server.state.changed()
    return {}
