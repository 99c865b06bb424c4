"""One route as an ASGI application: faults, latency, checks, the call for its handler, answer.

The order of checks is the servers': JSON, CSRF, (404 and 405: the router,) credentials,
parameters, key and acting user, rights. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from typing import Any, TypeVar

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from listsync.lean_dataclasses import dataclass
from listsync.sandbox import validation
from listsync.sandbox.faults import Fault
from listsync.sandbox.responses import ApiError, ApiReply, Headers, error, forbidden
from listsync.sandbox.server_model import PostInFlight, SandboxServer
from listsync.sandbox.state import User
from listsync.sandbox.validation import Parameter, check_path, read_json, read_query, require_json

Query = dict[str, "str | float | int"]


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """What a handler gets. Query and path values have been checked; numbers are numbers.

    `acting` is None for a public call without a key. `tmdb_failure` is TMDB's status while TMDB
    is down. `post` is set for POST /request. `fault` is what strikes this call, if anything.
    """

    server: SandboxServer
    acting: User | None
    path: Mapping[str, Any]
    query: Query
    body: Any
    post: PostInFlight | None = None
    tmdb_failure: int | None = None
    fault: Fault | None = None

    @property
    def user(self) -> User:
        if self.acting is None:
            raise ApiError(forbidden())
        return self.acting

    def number(self, name: str) -> int:
        """Give the path parameter *name*, which has been checked to be a number."""
        return int(float(self.path[name]))

    def flag(self, name: str) -> bool:
        return isinstance(self.body, dict) and bool(self.body.get(name))

    async def midway(self) -> None:
        """Pass the point between two writes, where the server may be slow or die."""
        if self.fault is None:
            return
        if self.fault.kind == "die_midway":
            self.server.crash("Sandbox fault: between two writes")
        if self.fault.kind == "slow_midway":
            await asyncio.sleep(self.fault.delay_s)


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class PageWindow:
    """A window on a sequence, as the caller asked for it."""

    take: int
    skip: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Give the rows of this page; a negative `take` means all of them on SQLite."""
        return rows[self.skip :] if self.take < 0 else rows[self.skip : self.skip + self.take]

    def info(self, total: int) -> dict[str, int]:
        return {
            "pages": -(-total // self.take),
            "pageSize": self.take,
            "results": total,
            "page": -(-self.skip // self.take) + 1,
        }


def page_of(call: ApiCall, *, default: int) -> PageWindow:
    """Read `take` and `skip`; 0 means the default, a fraction is an SQL error."""
    take, skip = call.query.get("take", 0), call.query.get("skip", 0)
    if not isinstance(take, int) or not isinstance(skip, int):
        raise error(500, "SQLITE_MISMATCH: datatype mismatch")
    return PageWindow(take or default, max(skip, 0))


_open: dict[tuple[str, int], asyncio.Transport] = {}


class ClientConnection(H11Protocol):
    """A connection of uvicorn's, kept under the address of its client, which ASGI tells."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin."""
        super().connection_made(transport)
        if self.client is not None:
            _open[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport."""
        super().connection_lost(exc)
        if self.client is not None:
            _open.pop(self.client, None)


async def cut(scope: Scope, receive: Receive, *, after_s: float = 0) -> None:
    """End the connection unanswered, at the latest after *after_s* seconds of silence."""
    if after_s:
        with suppress(TimeoutError):
            async with asyncio.timeout(after_s):
                await _gone(receive)
    transport = _open.get(tuple(scope["client"]))
    if transport is not None:
        transport.abort()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


Handler = Callable[[ApiCall], ApiReply | Awaitable[ApiReply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a route demands before its handler runs; `permission` is a mask, any bit will do."""

    public: bool = False
    permission: int = 0
    query: Mapping[str, Parameter] = field(default_factory=dict)
    path: Mapping[str, Parameter] = field(default_factory=dict)
    needs_json: bool = False
    is_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    scope: Scope
    headers: dict[bytes, bytes]
    body: bytes
    query: str
    fault: Fault | None
    arrived_s: float

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    def is_struck(self, *kinds: str) -> bool:
        return self.fault is not None and self.fault.kind in kinds

    @property
    def silence_s(self) -> float:
        """How long the caller is left waiting before its connection is cut."""
        hangs = self.is_struck("hang", "hang_after")
        return self.fault.delay_s if self.fault and hangs else 0


class Endpoint:
    """Serves one method of one route."""

    def __init__(self, server: SandboxServer, label: str, handler: Handler, rule: Rule) -> None:
        self._server = server
        self._label = label
        self._handler = handler
        self._rule = rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or cut it."""
        incoming = await self._read(scope, receive)
        self._server.call_log.calls[self._label] += 1
        if incoming.is_struck("drop_before", "hang"):
            await cut(scope, receive, after_s=incoming.silence_s)
            return
        if incoming.is_struck("die"):
            self._server.crash(f"Sandbox fault: {self._label}")
        reply = await self._reply(incoming)
        self._server.call_log.statuses[str(reply.status)] += 1
        if incoming.is_struck("die_after"):
            self._server.crash(f"Sandbox fault: {self._label}, before the answer")
        if incoming.is_struck("drop_after", "hang_after"):
            await cut(scope, receive, after_s=incoming.silence_s)
        elif incoming.is_struck("drop_midway"):
            await reply.send_half(send)
            await cut(scope, receive)
        else:
            is_read = incoming.method == "GET"
            await reply.send(
                send, known=incoming.headers.get(b"if-none-match") if is_read else None
            )

    async def _read(self, scope: Scope, receive: Receive) -> _Incoming:
        arrived_s = time.monotonic()
        body = b""
        while (part := await receive())["type"] == "http.request":
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        query = scope["query_string"].decode("latin-1")
        target = f"{scope['path']}?{query}" if query else scope["path"]
        return _Incoming(
            scope=scope,
            headers=dict(scope["headers"]),
            body=body,
            query=query,
            fault=self._server.faults.find(scope["method"], target),
            arrived_s=arrived_s,
        )

    async def _reply(self, incoming: _Incoming) -> ApiReply:
        settings = self._server.settings
        fault = incoming.fault
        delay_ms = settings.latency_ms
        if fault and fault.kind == "slow":
            delay_ms += fault.delay_s * 1000
        if fault and fault.kind == "slow_before":
            await asyncio.sleep(fault.delay_s)
        if fault and (replaced := fault.reply()):
            await _sleep_until(incoming.arrived_s, delay_ms)
            return replaced
        if self._rule.is_request:
            return await self._handle_post(incoming, max(delay_ms, settings.post_floor_ms))
        reply = await self._handle(incoming)
        await _sleep_until(incoming.arrived_s, delay_ms)
        return reply

    async def _handle_post(self, incoming: _Incoming, delay_ms: float) -> ApiReply:
        posts_in_flight, call_log = self._server.posts_in_flight, self._server.call_log
        post = posts_in_flight.start()
        call_log.max_posts_in_flight = max(call_log.max_posts_in_flight, len(posts_in_flight))
        failed = True
        try:
            reply = await self._handle(incoming, post)
            failed = reply.status >= 400
            await posts_in_flight.gather(self._server.settings.posts_together)
            await _sleep_until(incoming.arrived_s, delay_ms)
        finally:
            call_log.lost += posts_in_flight.end(post, failed=failed)
        if incoming.fault and incoming.fault.kind == "roll_back":
            self._server.later(incoming.fault.delay_s, lambda: self._roll_back(post))
        return reply

    def _roll_back(self, post: PostInFlight) -> None:
        self._server.call_log.lost += post.roll_back()

    async def _handle(self, incoming: _Incoming, post: PostInFlight | None = None) -> ApiReply:
        try:
            content_type = incoming.headers.get(b"content-type", b"")
            body = read_json(incoming.body, content_type)
            cookies: Headers = ()
            if self._server.settings.csrf:
                cookies = validation.check_csrf(incoming.method, incoming.headers)
            reply = await self._answer(self._checked(incoming, body, post))
        except ApiError as error:
            return error.reply
        return replace(reply, headers=(*reply.headers, *cookies)) if cookies else reply

    async def _answer(self, call: ApiCall) -> ApiReply:
        """Run the handler; most of them never wait, so that nothing comes between."""
        reply = self._handler(call)
        return reply if isinstance(reply, ApiReply) else await reply

    def _checked(self, incoming: _Incoming, body: Any, post: PostInFlight | None) -> ApiCall:
        rule, server, headers = self._rule, self._server, incoming.headers
        if not rule.public:
            validation.require_credentials(headers, incoming.scope["path"])
        path = incoming.scope["path_params"]
        check_path(path, rule.path)
        query = read_query(incoming.query, rule.query)
        if rule.needs_json:
            require_json(headers.get(b"content-type", b""), incoming.scope["path"])
        user = validation.acting_user(headers, server)
        if not rule.public:
            validation.require(user, rule.permission)
        fault = incoming.fault
        is_tmdb_down = fault is not None and fault.kind == "tmdb_down"
        return ApiCall(
            server=server,
            acting=user,
            path=path,
            query=query,
            body=body,
            post=post,
            tmdb_failure=(fault.status or 500) if fault and is_tmdb_down else None,
            fault=fault,
        )


async def _sleep_until(arrived_s: float, delay_ms: float) -> None:
    """Wait until the call is *delay_ms* old: our own work is part of the latency."""
    left_s = arrived_s + delay_ms / 1000 - time.monotonic()
    if left_s > 0:
        await asyncio.sleep(left_s)
