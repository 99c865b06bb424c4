"""Faults that can be ordered: what a network, a proxy, TMDB or a bug may do to a call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from listsync.sandbox.answers import HTML, Headers, Reply, message

Kind = Literal[
    "status",
    "html",
    "login_page",
    "garbage",
    "hang",
    "hang_after",
    "drop_before",
    "drop_after",
    "drop_midway",
    "slow",
    "tmdb_down",
]

_LOGIN_PAGE = b"""<!DOCTYPE html><html><head><title>Sign in</title></head><body>
<form method="post" action="/login"><input name="user"><input name="password"></form>
</body></html>"""
_BAD_GATEWAY = b"""<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>
<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>"""


class Fault(Struct, forbid_unknown_fields=True):
    """One order: which calls it strikes, how often, and how.

    `path` is searched in the path with its raw query; `after` matching calls pass first;
    `times` None strikes for ever. `seconds` bounds `hang` and is the delay of `slow`.

    Raises:
        ValueError: `path` is no regular expression.
    """

    kind: Kind
    path: str = ""
    method: str | None = None
    times: Annotated[int, Meta(ge=1)] | None = 1
    after: Annotated[int, Meta(ge=0)] = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    seconds: Annotated[float, Meta(ge=0, le=600)] = 60
    struck: int = 0

    def __post_init__(self) -> None:
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no pattern: {error}") from error

    def strikes(self, method: str, target: str) -> bool:
        """Say whether this call is struck, and count it."""
        if self.method not in (None, method) or not re.search(self.path, target):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.struck += 1
        return True

    def reply(self) -> Reply | None:
        """Give the answer that replaces the server's own, if this kind has one."""
        if self.kind == "status":
            status = self.status or 500
            return self._dressed(message(status, self.body or f"Sandbox fault {status}"))
        if self.kind == "html":
            body = self.body.encode() if self.body is not None else _BAD_GATEWAY
            return self._dressed(Reply(self.status or 502, body, HTML))
        if self.kind == "login_page":
            return self._dressed(Reply(self.status or 200, _LOGIN_PAGE, HTML))
        if self.kind == "garbage":
            return self._dressed(Reply(self.status or 200, b'{"page":1,"results":[{"id":5'))
        return None

    def _dressed(self, reply: Reply) -> Reply:
        headers: Headers = tuple(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers.items()
        )
        return Reply(reply.status, reply.body, reply.kind, headers)


class Faults:
    """The orders in force; the oldest that matches strikes."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._ordered)

    def order(self, fault: Fault) -> None:
        self._ordered.append(fault)

    def clear(self) -> None:
        self._ordered.clear()

    def find(self, method: str, target: str) -> Fault | None:
        for fault in self._ordered:
            if fault.strikes(method, target):
                return fault
        return None
