"""Tells a list that Trakt does not show from a client id that it refuses: both are a bare 403.

Source: trakt-api#814 (since August 2026). What every valid client id may read tells the two apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.providers.trakt.api import ForbiddenError
from listsync.providers.trakt.endpoints import SERVICE

NEUTRAL = "movies/trending"


def refused_client_id() -> RefusedError:
    return RefusedError(
        SERVICE,
        Refusal.CREDENTIAL,
        "refuses providers.trakt.client_id (403): its app is unknown, removed or not approved",
    )


class ClientIdCheck:
    """Asks once, for all lists of a sync that are in doubt."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._trouble: Callable[[], ListsyncError] | None = None

    def trouble(self, ask: Callable[[], object]) -> ListsyncError | None:
        """Say what else than the list itself may be behind a 403; None when it is the list."""
        with self._lock:
            if not self._asked:
                self._trouble, self._asked = _trouble(ask), True
            return self._trouble() if self._trouble else None


def _trouble(ask: Callable[[], object]) -> Callable[[], ListsyncError] | None:
    try:
        ask()
    except ForbiddenError:
        return refused_client_id
    except (UnavailableError, RefusedError) as error:
        return partial(_unsure, error.why, error.retry_after_s)
    except AnswerChangedError as error:
        return partial(_unsure, error.why, None)
    return None


def _unsure(why: str, retry_after_s: float | None) -> UnavailableError:
    words = "refuses this list (403); whether for the list or the client id could not be seen now"
    return UnavailableError(SERVICE, f"{words}: {why}", retry_after_s=retry_after_s)
