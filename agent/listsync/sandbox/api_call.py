"""One call on its way through the server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from listsync.sandbox.faults import Fault
from listsync.sandbox.responses import ApiError, error, forbidden
from listsync.sandbox.server_model import PostInFlight, SandboxServer
from listsync.sandbox.state import User

Query = dict[str, "str | float | int"]


@dataclass(slots=True, kw_only=True)
class ApiCall:
    """What a handler gets. Query and path values have been checked; numbers are numbers.

    `acting` is None for a public call without a key. `tmdb_failure` is TMDB's status while TMDB
    is down. `post` is set for POST /request. `fault` is what strikes this call, if anything.
    """

    world: SandboxServer
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
            self.world.crash("Sandbox fault: between two writes")
        if self.fault.kind == "slow_midway":
            await asyncio.sleep(self.fault.delay_s)


def cookies_of(header: bytes) -> dict[str, str]:
    """Read a Cookie header."""
    text = header.decode("latin-1").replace("; ", "&").replace(";", "&").replace("+", "%2B")
    return dict(parse_qsl(text))


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
