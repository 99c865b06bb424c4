"""Which part of many rows is asked for, and how to ask for the next one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from listsync.domain.history import Key, Page
from listsync.protocol import Reason, RefusedCommand

if TYPE_CHECKING:
    from listsync.protocol.requests import (
        PageParams,
    )

_T = TypeVar("_T")

_MOST = 200
_LARGEST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """At most *limit* rows: the first ones but *skip*, or those *after* the key of a row.

    `total` is how many there were in all when the first page was read.
    """

    limit: int
    skip: int = 0
    after: Key | None = None
    total: int = 0

    def told(self, page: Page[_T]) -> tuple[int, str | None]:
        """Say of a *page* how many rows there are, and the cursor of the next one, if any."""
        total = self.total if page.total is None else page.total
        return total, _cursor(total, page.last) if page.last else None


def asked_of(params: PageParams, usual: int, *kinds: type[str | int], most: int = _MOST) -> Asked:
    """Read which rows are wanted; *kinds* is what their keys are made of.

    Raises:
        RefusedCommand: that makes no sense.
    """
    limit, skip = params.get("limit", usual), params.get("offset", 0)
    if not limit >= 1:
        raise RefusedCommand(Reason.INVALID, "limit must be at least 1")
    if not 0 <= skip < _LARGEST:
        raise RefusedCommand(Reason.INVALID, "offset must be from 0 to 2^62")
    limit = min(limit, most)
    if (cursor := params.get("cursor")) is None:
        return Asked(limit=limit, skip=skip)
    if skip:
        raise RefusedCommand(Reason.INVALID, "either cursor or offset, not both")
    total, *key = _read(cursor, int, *kinds)
    return Asked(limit=limit, after=tuple(key), total=int(total))


class Window:
    """The rows of a page, out of several sequences of rows that are taken one after the other.

    For what stands in memory; a key is how many rows come before.
    """

    def __init__(self, asked: Asked) -> None:
        self._begin = int(asked.after[0]) if asked.after else asked.skip
        self.end = self._begin + asked.limit
        """How many rows end with this page."""
        self._seen = 0

    def take(self, rows: Sequence[_T]) -> list[_T]:
        """Take those of *rows* that are on the page."""
        begin = max(0, self._begin - self._seen)
        end = max(0, self.end - self._seen)
        self._seen += len(rows)
        return list(rows[begin:end])

    @property
    def total(self) -> int:
        """How many rows all have, of which was taken."""
        return self._seen

    @property
    def next(self) -> str | None:
        """The cursor of the next page, when all has been taken from; None: there is none."""
        return _cursor(self._seen, (self.end,)) if self.end < self._seen else None


def _cursor(total: int, key: Key) -> str:
    text = json.dumps([total, *key], separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode(errors="surrogatepass")).decode().rstrip("=")


def _read(cursor: str, *kinds: type[str | int]) -> list[str | int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(urlsafe_b64decode(padded).decode(errors="surrogatepass"))
    except (ValueError, RecursionError):
        found = None
    is_ours = isinstance(found, list) and [type(one) for one in found] == [*kinds]
    if not is_ours or any(type(one) is int and not 0 <= one < _LARGEST for one in found):
        raise RefusedCommand(Reason.INVALID, "cursor is none that this command gave")
    return list(found)
