"""Faults that can be ordered: what a network, a proxy, TMDB or a bug may do to a call.

`control_api` says which kinds there are and how to order them.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec import field as struct_field

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.responses import HTML, ApiReply, Headers, message

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
    "slow_before",
    "slow_midway",
    "tmdb_down",
    "die",
    "die_midway",
    "die_after",
    "roll_back",
]
_AT_ONCE = ("roll_back",)
_PATIENCE_S = 60.0

_LOGIN_PAGE = b"""<!DOCTYPE html><html><head><title>Sign in</title></head><body>
<form method="post" action="/login"><input name="user"><input name="password"></form>
</body></html>"""
_BAD_GATEWAY = b"""<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>
<center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>"""


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """One order: which calls it strikes, how often, and how.

    `path` is searched in the path with its raw query. Of the calls that match, `after` pass
    first; then `nth` (counted from 1) names those that are struck, `share` strikes that part of
    them, the same ones for the same `seed` in whatever order they come, and `per_call` ends it
    for one and the same call (method, path and query) after so many strikes. `times` bounds all
    strikes, None does not; unset it is once, or no bound where it is said which calls are struck.
    `seconds` bounds `hang`, is the delay of the slow kinds and of
    `roll_back`; None is a minute for the former, nothing for the latter.

    Raises:
        ValueError: `path` is no regular expression.
    """

    kind: Kind
    path: str = ""
    method: str | None = None
    times: Annotated[int, Meta(ge=1)] | UnsetType | None = UNSET
    after: Annotated[int, Meta(ge=0)] = 0
    nth: list[int] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int = 0
    per_call: Annotated[int, Meta(ge=1)] | None = struct_field(default=None, name="perCall")
    status: int | None = None
    headers: dict[str, str] = struct_field(default_factory=dict)
    body: str | None = None
    seconds: Annotated[float, Meta(ge=0, le=600)] | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no pattern: {error}") from error

    @property
    def most(self) -> int | None:
        """How often it strikes at most; None is no bound."""
        if isinstance(self.times, UnsetType):
            is_chosen = (self.nth, self.share, self.per_call) != (None, None, None)
            return None if is_chosen else 1
        return self.times

    @property
    def delay_s(self) -> float:
        if self.seconds is not None:
            return self.seconds
        return 0 if self.kind in _AT_ONCE else _PATIENCE_S

    def reply(self) -> ApiReply | None:
        """Give the answer that replaces the server's own, if this kind has one."""
        if self.kind == "status":
            status = self.status or 500
            return self._dressed(message(status, self.body or f"Sandbox fault {status}"))
        if self.kind == "html":
            body = self.body.encode() if self.body is not None else _BAD_GATEWAY
            return self._dressed(ApiReply(self.status or 502, body, HTML))
        if self.kind == "login_page":
            return self._dressed(ApiReply(self.status or 200, _LOGIN_PAGE, HTML))
        if self.kind == "garbage":
            return self._dressed(ApiReply(self.status or 200, b'{"page":1,"results":[{"id":5'))
        return None

    def _dressed(self, reply: ApiReply) -> ApiReply:
        headers: Headers = tuple(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers.items()
        )
        return ApiReply(reply.status, reply.body, reply.kind, headers)


@dataclass(slots=True)
class OrderedFault:
    """An order in force: how many calls matched it, and which of them it struck."""

    fault: Fault
    seen: int = 0
    struck: int = 0
    seen_calls: Counter[str] = field(default_factory=Counter)
    struck_calls: Counter[str] = field(default_factory=Counter)

    def strikes(self, method: str, target: str) -> bool:
        """Say whether this call is struck, and count it."""
        fault = self.fault
        if fault.method not in (None, method) or not re.search(fault.path, target):
            return False
        call = f"{method} {target}"
        self.seen += 1
        self.seen_calls[call] += 1
        if self._is_spent(call) or not self._is_chosen(call):
            return False
        self.struck += 1
        self.struck_calls[call] += 1
        return True

    def _is_spent(self, call: str) -> bool:
        most, per_call = self.fault.most, self.fault.per_call
        is_over = most is not None and self.struck >= most
        return is_over or (per_call is not None and self.struck_calls[call] >= per_call)

    def _is_chosen(self, call: str) -> bool:
        fault = self.fault
        if self.seen <= fault.after:
            return False
        if fault.nth is not None and self.seen - fault.after not in fault.nth:
            return False
        return fault.share is None or self._chance(call) < fault.share

    def _chance(self, call: str) -> float:
        """Give a number below 1 for this try of *call*: like chance, but always the same."""
        mark = f"{self.fault.seed}/{self.seen_calls[call]}/{call}"
        return (zlib.crc32(mark.encode()) * 0x9E3779B1 % 2**32) / 2**32


class Faults:
    """The orders in force; the oldest that matches strikes."""

    def __init__(self) -> None:
        self._ordered: list[OrderedFault] = []

    def __iter__(self) -> Iterator[OrderedFault]:
        return iter(self._ordered)

    def order(self, fault: Fault) -> OrderedFault:
        ordered = OrderedFault(fault)
        self._ordered.append(ordered)
        return ordered

    def clear(self) -> None:
        self._ordered.clear()

    def find(self, method: str, target: str) -> Fault | None:
        for ordered in self._ordered:
            if ordered.strikes(method, target):
                return ordered.fault
        return None
