"""Whether a list that is being read may hold one more row, beside what all lists hold.

Whoever has lists read says so around the reading; whoever reads asks before keeping a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MayHold = Callable[[int], bool]


class NoRoomError(Exception):
    """There is no room for the rest of a list; what of it was read is to be dropped."""


def _always(_: int) -> bool:
    return True


_may_hold: ContextVar[MayHold] = ContextVar("may_hold", default=_always)


@contextmanager
def within(may_hold: MayHold) -> Iterator[None]:
    """Let what is read in the block have the rows that *may_hold* allows, from any thread."""
    token = _may_hold.set(may_hold)
    try:
        yield
    finally:
        _may_hold.reset(token)


def demand_room(rows: int) -> None:
    """Raise NoRoomError when the list that is being read may not have so many *rows*."""
    if not _may_hold.get()(rows):
        raise NoRoomError
