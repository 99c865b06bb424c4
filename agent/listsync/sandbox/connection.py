"""Connections, and a way to end one without an answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_open: dict[tuple[str, int], asyncio.Transport] = {}


class Connection(H11Protocol):
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
