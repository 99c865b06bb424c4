"""A part of many rows, found again by the key of its last row."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

_T = TypeVar("_T")

Key = tuple[str | int, ...]
"""Where a row stands in its order: rows that come or go before it change nothing.

An entry whose rank moves meanwhile may be told twice, or not at all.
"""


class Page(NamedTuple, Generic[_T]):
    """Some rows of *total*; `last` is the key to go on after, None where nothing follows.

    `total` is counted for a first page only, and None for one that goes on.
    """

    total: int | None
    rows: tuple[_T, ...]
    last: Key | None = None
