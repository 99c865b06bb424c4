"""One route as an ASGI application: faults, latency, checks, handler, answer.

The order of checks is the servers': JSON, CSRF, (404 and 405: the router,) credentials,
parameters, key and acting user, rights. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from listsync.sandbox import authentication
from listsync.sandbox.api_call import ApiCall
from listsync.sandbox.faults import Fault
from listsync.sandbox.responses import ApiError, ApiReply, Headers
from listsync.sandbox.server_model import PostInFlight, SandboxServer
from listsync.sandbox.validation import Parameter, check_path, read_json, read_query, require_json

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

    def __init__(self, world: SandboxServer, label: str, handler: Handler, rule: Rule) -> None:
        self._world = world
        self._label = label
        self._handler = handler
        self._rule = rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or cut it."""
        incoming = await self._read(scope, receive)
        self._world.call_log.calls[self._label] += 1
        if incoming.is_struck("drop_before", "hang"):
            await cut(scope, receive, after_s=incoming.silence_s)
            return
        if incoming.is_struck("die"):
            self._world.crash(f"Sandbox fault: {self._label}")
        reply = await self._reply(incoming)
        self._world.call_log.statuses[str(reply.status)] += 1
        if incoming.is_struck("die_after"):
            self._world.crash(f"Sandbox fault: {self._label}, before the answer")
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
            fault=self._world.faults.find(scope["method"], target),
            arrived_s=arrived_s,
        )

    async def _reply(self, incoming: _Incoming) -> ApiReply:
        settings = self._world.settings
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
        posts_in_flight, call_log = self._world.posts_in_flight, self._world.call_log
        post = posts_in_flight.start()
        call_log.max_posts_in_flight = max(call_log.max_posts_in_flight, len(posts_in_flight))
        failed = True
        try:
            reply = await self._handle(incoming, post)
            failed = reply.status >= 400
            await posts_in_flight.gather(self._world.settings.posts_together)
            await _sleep_until(incoming.arrived_s, delay_ms)
        finally:
            call_log.lost += posts_in_flight.end(post, failed=failed)
        if incoming.fault and incoming.fault.kind == "roll_back":
            self._world.later(incoming.fault.delay_s, lambda: self._roll_back(post))
        return reply

    def _roll_back(self, post: PostInFlight) -> None:
        self._world.call_log.lost += post.roll_back()

    async def _handle(self, incoming: _Incoming, post: PostInFlight | None = None) -> ApiReply:
        try:
            content_type = incoming.headers.get(b"content-type", b"")
            body = read_json(incoming.body, content_type)
            cookies: Headers = ()
            if self._world.settings.csrf:
                cookies = authentication.check_csrf(incoming.method, incoming.headers)
            reply = await self._answer(self._checked(incoming, body, post))
        except ApiError as error:
            return error.reply
        return replace(reply, headers=(*reply.headers, *cookies)) if cookies else reply

    async def _answer(self, call: ApiCall) -> ApiReply:
        """Run the handler; most of them never wait, so that nothing comes between."""
        reply = self._handler(call)
        return reply if isinstance(reply, ApiReply) else await reply

    def _checked(self, incoming: _Incoming, body: Any, post: PostInFlight | None) -> ApiCall:
        rule, world, headers = self._rule, self._world, incoming.headers
        if not rule.public:
            authentication.require_credentials(headers, incoming.scope["path"])
        path = incoming.scope["path_params"]
        check_path(path, rule.path)
        query = read_query(incoming.query, rule.query)
        if rule.needs_json:
            require_json(headers.get(b"content-type", b""), incoming.scope["path"])
        user = authentication.acting_user(headers, world)
        if not rule.public:
            authentication.require(user, rule.permission)
        fault = incoming.fault
        is_tmdb_down = fault is not None and fault.kind == "tmdb_down"
        return ApiCall(
            world=world,
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
