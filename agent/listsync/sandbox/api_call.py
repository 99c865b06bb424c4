"""One call on its way through the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from listsync.sandbox.concurrent_posts import Flight
from listsync.sandbox.faults import Fault
from listsync.sandbox.responses import ApiError, forbidden
from listsync.sandbox.server_model import World
from listsync.sandbox.state import User

Query = dict[str, "str | float | int"]


@dataclass(slots=True, kw_only=True)
class Call:
    """What a handler gets. Query and path values have been checked; numbers are numbers.

    `acting` is None for a public call without a key. `tmdb_failure` is TMDB's status while TMDB
    is down. `flight` is set for POST /request. `fault` is what strikes this call, if anything.
    """

    world: World
    acting: User | None
    path: Mapping[str, Any]
    query: Query
    body: Any
    flight: Flight | None = None
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
            self.world.crash("Sandbox fault: between two writes")
        if self.fault.kind == "slow_midway":
            await asyncio.sleep(self.fault.delay_s)


def cookies_of(header: bytes) -> dict[str, str]:
    """Read a Cookie header."""
    text = header.decode("latin-1").replace("; ", "&").replace(";", "&").replace("+", "%2B")
    return dict(parse_qsl(text))
