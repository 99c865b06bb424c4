"""Answers that are pages of a site, and several answers at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from listsync.net.call import Call
from listsync.net.verdicts import Reply
from listsync.net.walls import load_page, past_wall
from listsync.overlap import Overlap

if TYPE_CHECKING:
    import httpx

    from listsync.domain.lists import Validators

Item = TypeVar("Item")
Done = TypeVar("Done")


def get_reply(client: httpx.Client, call: Call, previous: Validators | None = None) -> Reply:
    """Ask once for a page, by browser where a bot wall stands; raises what `ask` raises.

    A 304 is possible only where *previous* made the question conditional.
    """
    from listsync.net.http import ask  # noqa: PLC0415 - brings httpx

    return past_wall(client, lambda: ask(client, call, previous), lambda: load_page(client, call))


@contextmanager
def in_parallel(
    function: Callable[[Item], Done], items: Iterable[Item], *, at_once: int = 4
) -> Iterator[Iterator[Done]]:
    """Call *function* for each of *items*, several at a time; gives the results in their order.

    No result may be None. The first error is raised. What has not begun by the end of the block
    is not begun.
    """
    overlap: Overlap[Item, Done] = Overlap(function, workers=at_once, ahead=2 * at_once)
    try:
        yield overlap.map(items, lambda _: None)
    finally:
        overlap.close()
