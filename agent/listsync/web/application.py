"""The ASGI application: routes behind the middleware, each with its rights."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from listsync.commands.context import Caller
from listsync.commands.dispatch import Reply
from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand
from listsync.web.authorization import Authorizer, check_origin
from listsync.web.hosts import most_connections_of
from listsync.web.middleware import HttpMiddleware, log_failure, read_body
from listsync.web.routes import Audience, HttpError, HttpRoute, WebRequest, error_response
from listsync.web.settings import HttpSettings, TokenScope
from listsync.web.tokens import AccessTokens, FailureLimit, Identity

Call = Callable[[str, Mapping[str, object], Caller], Reply]
"""Carries out a command by its name and parameters; from any thread."""
SendTrigger = Callable[[str], None]
"""Tells all agents of a fleet that who is named wants a sync; raises ListsyncError."""
READER = Identity(name="a reader", scopes=frozenset({TokenScope.READ}))
_P = ParamSpec("_P")
_T = TypeVar("_T")
_THREADS = 2
_SLOWED_S = 1.0
_ROWS = 200
_AT_ONCE = frozenset({"ping", "version", "progress"})
"""What is answered from memory alone: a thread would cost more than the answer."""


class Backend:
    """The agent behind the routes: its commands, asked off the loop, and what is in force."""

    def __init__(self, commands: Call, settings: HttpSettings) -> None:
        self._commands = commands
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="listsync-http")
        self._senders = ThreadPoolExecutor(_THREADS, thread_name_prefix="listsync-http-send")
        self._send: SendTrigger | None = None
        self.limit = FailureLimit()
        self._endings: list[Callable[[], None]] = []
        self._changes: list[Callable[[], None]] = []
        self.follow(settings)

    def follow(self, settings: HttpSettings, send: SendTrigger | None = None) -> None:
        """Let new settings be in force, for the next request on; from any thread.

        *send* is how triggers go to a fleet; None: there is none, the agent has them itself.
        """
        self._send = send
        self._current = (settings, AccessTokens(settings.tokens))
        for told in self._changes:
            told()

    @property
    def settings(self) -> HttpSettings:
        return self._current[0]

    @property
    def tokens(self) -> AccessTokens:
        return self._current[1]

    async def ask(
        self, method: str, params: Mapping[str, object], identity: Identity = READER
    ) -> Mapping[str, object]:
        """Have a command carried out for *identity*; raises HttpError."""
        caller = Caller(f"HTTP ({identity.name})", TokenScope.CONTROL in identity.scopes)
        if method in _AT_ONCE:
            reply = self._commands(method, params, caller)
        else:
            reply = await self.run(self._commands, method, params, caller)
        if isinstance(reply, RefusedCommand):
            raise HttpError.of(reply)
        return reply

    async def ask_all(self, method: str, rows: str) -> dict[str, object]:
        """Ask for all pages of a command's *rows*, as if they were one; raises HttpError."""
        whole = dict(await self.ask(method, {"limit": _ROWS}))
        found = [*_rows_of(whole, rows)]
        while (cursor := whole.pop("next", None)) is not None:
            page = await self.ask(method, {"limit": _ROWS, "cursor": cursor})
            found += _rows_of(page, rows)
            whole["next"] = page.get("next")
        return {**whole, rows: found}

    async def run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Have *work* done off the loop; raises HttpError where it raises RefusedCommand."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))
        except RefusedCommand as refused:
            raise HttpError.of(refused) from None

    @property
    def has_fleet(self) -> bool:
        return self._send is not None

    async def send_trigger(self, source: str) -> None:
        """Pass a trigger on to the fleet, in a thread that no command needs; raises HttpError."""
        send = self._send
        assert send is not None  # noqa: S101 - `has_fleet` was asked
        try:
            await asyncio.get_running_loop().run_in_executor(self._senders, send, source)
        except ListsyncError as error:
            raise HttpError(500, Reason.FAILED, f"the trigger was not sent: {error}") from None

    def most_of(self, address: str) -> int:
        """Say how many connections a client at *address* may hold."""
        return most_connections_of(address, self.settings.trusted_proxies)

    def at_change(self, told: Callable[[], None]) -> None:
        """Have *told* called when other settings are in force; in any thread."""
        self._changes.append(told)

    def at_end(self, ending: Callable[[], None]) -> None:
        """Have *ending* called on the loop when the server stops."""
        self._endings.append(ending)

    def end(self) -> None:
        """End what would go on for ever."""
        for ending in self._endings:
            ending()

    def close(self) -> None:
        """Wait for no command that still runs."""
        for pool in (self._threads, self._senders):
            pool.shutdown(wait=False, cancel_futures=True)


def _rows_of(page: Mapping[str, object], name: str) -> list[object]:
    rows = page[name]
    return rows if isinstance(rows, list) else []


ErrorPage = Callable[[Request, HttpError], Response]
"""Says to people what is refused."""


def build(
    backend: Backend,
    routes: Iterable[HttpRoute],
    error_page: ErrorPage = lambda _, error: error_response(error),
) -> ASGIApp:
    """Build the application of *routes*."""
    authorizer = Authorizer(lambda: backend.tokens, backend.limit)
    application = Starlette(
        routes=_routes(routes, authorizer, error_page),
        exception_handlers={HTTPException: _no_route},
    )
    application.router.redirect_slashes = False
    return HttpMiddleware(application, lambda: backend.settings)


def _routes(
    routes: Iterable[HttpRoute], authorizer: Authorizer, error_page: ErrorPage
) -> list[Route]:
    by_path: dict[str, dict[str, HttpRoute]] = {}
    for one in routes:
        by_path.setdefault(one.path, {})[one.method] = one
    return [
        Route(path, _Responder(methods, authorizer, error_page).respond, methods=list(methods))
        for path, methods in by_path.items()
    ]


@dataclass(frozen=True, slots=True)
class _Responder:
    """Responds at one path."""

    methods: Mapping[str, HttpRoute]
    authorizer: Authorizer
    error_page: ErrorPage

    async def respond(self, request: Request) -> Response:
        """Answer; who has been wrong too often is answered slowly, which holds its connection."""
        answer = await self._answer(request)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            await asyncio.sleep(_SLOWED_S)
        return answer

    async def _answer(self, request: Request) -> Response:
        route = self.methods["GET" if request.method == "HEAD" else request.method]
        try:
            identity = self.authorizer.identify(request, route)
            body = await read_body(request, 0 if route.method == "GET" else route.most_bytes)
            check_origin(request, identity, body)
            return await route.handler(WebRequest(request, identity, body))
        except HttpError as error:
            return self._refusal(request, route, error)
        except Exception as error:  # noqa: BLE001 - it is logged
            return self._refusal(request, route, log_failure(error))

    def _refusal(self, request: Request, route: HttpRoute, error: HttpError) -> Response:
        if route.audience is Audience.PROGRAMS:
            return error_response(error)
        return self.error_page(request, error)


async def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as it is registered
    unknown = error.status_code == 404
    words = "there is nothing at this address" if unknown else "not with this method"
    reason = Reason.NOT_FOUND if unknown else Reason.INVALID_REQUEST
    return error_response(HttpError(error.status_code, reason, words, headers=error.headers))
