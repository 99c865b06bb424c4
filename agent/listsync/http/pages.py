"""Answers that are pages of a site, and several answers at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from listsync.errors import (
    AnswerChangedError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.http.request import ServiceRequest
from listsync.http.response import Response
from listsync.prefetch import Overlap

if TYPE_CHECKING:
    from listsync.domain.lists import Validators
    from listsync.http.service_client import ServiceClient

logger = logging.getLogger(__name__)

_ENOUGH_FAILURES = 3
_LONGEST_S = 60.0
"""What a page may take in a browser, a challenge before it included."""
Failure = UnavailableError | RefusedError | AnswerChangedError
Item = TypeVar("Item")
Done = TypeVar("Done")


def get_response(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None = None
) -> Response:
    """Ask once for a page, by browser where bots are kept out; raises what `ask` raises.

    A 304 is possible only where *previous* made the request conditional.
    """
    from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx

    return past_bot_protection(
        client, lambda: ask(client, call, previous), lambda: load_page(client, call)
    )


def past_bot_protection(
    client: ServiceClient, plainly: Callable[[], Done], instead: Callable[[], Done]
) -> Done:
    """Do it *plainly*, or *instead* by browser where bots are kept out and *client* has one."""
    browser = client.browser
    if browser is None:
        return plainly()
    if not browser.is_needed:
        try:
            return plainly()
        except RefusedError as error:
            if error.kind is not Refusal.BLOCKED:
                raise
    return instead()


def load_page(client: ServiceClient, call: ServiceRequest) -> Response:
    """Ask by the browser of *client*, in its turn at the host; raises what its browser raises."""
    from listsync.http.service_client import waiting_turn  # noqa: PLC0415 - brings httpx

    if client.browser is None:
        raise RefusedError(call.service, Refusal.BLOCKED, "no browser may be used")

    def remaining_s() -> float:
        deadline_s = min(_LONGEST_S, client.remaining_s(call))
        client.token.heartbeat.beat(deadline_s)
        return deadline_s

    in_turn: AbstractContextManager[None] = waiting_turn(client, urlsplit(call.url).hostname or "")
    with in_turn, client.token.breaking(client.browser.cut):
        return client.browser.load(call, remaining_s)


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


def as_far_as_possible(
    function: Callable[[Item], Done],
    items: Sequence[Item],
    failures: list[Failure],
    *,
    at_once: int = 4,
) -> Iterator[tuple[Item, Done | None]]:
    """Call *function* for each of *items*, whose results are worth having, but not needed.

    None stands for what the service does not know. What fails otherwise is left out and noted in
    *failures*; after a refusal, or a few of them, the rest is not tried this time, and the log
    says so.
    """

    def attempt(item: Item) -> tuple[Done | None, ...]:
        refused = any(isinstance(error, RefusedError) for error in failures)
        if refused or len(failures) >= _ENOUGH_FAILURES:
            return ()
        try:
            return (function(item),)
        except (UnavailableError, RefusedError, AnswerChangedError) as error:
            if isinstance(error, RefusedError) and error.kind is Refusal.NOT_FOUND:
                return (None,)
            failures.append(error)
            return ()

    answered = 0
    with in_parallel(attempt, items, at_once=at_once) as found:
        for item, answers in zip(items, found, strict=True):
            for answer in answers:
                answered += 1
                yield item, answer
    if failures:
        logger.info(
            "%d of %d look-ups are left for later: %s",
            len(items) - answered,
            len(items),
            failures[0],
            extra={"action": "look_ups_failed"},
        )
