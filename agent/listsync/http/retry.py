"""When a request is tried again: what may pass, twice, and when the other side wants it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from listsync.cancellation import CancelToken
from listsync.errors import RefusedError, UnavailableError

logger = logging.getLogger(__name__)

Done = TypeVar("Done")
PassingTrouble = UnavailableError | RefusedError

PAUSES_S = (0.5, 1.5)
"""Before the second and the third try."""
LONGEST_WAIT_S = 60.0
"""Who wants a longer pause is left alone until the next run."""
_ENOUGH_S = 150.0
"""From the first try on; no other is begun after it."""


def retried(
    attempt: Callable[[], Done],
    is_passing: Callable[[PassingTrouble], bool],
    token: CancelToken,
    longest_wait_s: Callable[[], float] = lambda: LONGEST_WAIT_S,
) -> Done:
    """Call *attempt* until it comes through, or fails in a way that is not *is_passing*.

    A pause that was asked for takes the place of ours; one longer than *longest_wait_s*, or than a
    minute, is not waited for. *token* ends it.

    Raises:
        UnavailableError, RefusedError: what the last try raised; or *token* ended the pause.
    """
    give_up = time.monotonic() + _ENOUGH_S
    for pause_s in PAUSES_S:
        try:
            return attempt()
        except (UnavailableError, RefusedError) as error:
            wait_s = max(pause_s, error.retry_after_s or 0.0)
            if (
                not is_passing(error)
                or wait_s > min(LONGEST_WAIT_S, longest_wait_s())
                or time.monotonic() + wait_s > give_up
            ):
                raise
            logger.debug("%s; trying again in %.1f s", error, wait_s)
            if _pause(token, wait_s):
                why = f"stopped while waiting ({error.why})"
                raise UnavailableError(error.service, why) from error
    return attempt()


def _pause(token: CancelToken, seconds: float) -> bool:
    return token.wait(seconds)
