"""A connection that is made while somebody else may want to stop.

Where a network is dead, it takes 10 s, and a name is looked up for as long as the system likes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

from listsync.cancellation import CancelToken
from listsync.postgres.connection import PostgresLink, PostgresServerError

_ENDED = "the sync is to end, which was about to connect"


def connected_until(token: CancelToken, connect: Callable[[], PostgresLink]) -> PostgresLink:
    """Connect, unless *token* is cut meanwhile.

    Raises:
        PostgresServerError: it was, or the server does not answer, or refuses.
    """
    attempt = LinkAttempt(connect)
    with token.breaking(attempt.abandon):
        link = attempt.result()
    if link is None:
        raise PostgresServerError(_ENDED)
    return link


class LinkAttempt:
    """Connects in a thread of its own, which is left behind when it is abandoned."""

    def __init__(self, connect: Callable[[], PostgresLink]) -> None:
        self._connect_once = connect
        self._results: SimpleQueue[PostgresLink | PostgresServerError | None] = SimpleQueue()
        self._is_abandoned = threading.Event()

    def result(self) -> PostgresLink | None:
        """Connect; None: it was abandoned.

        Raises:
            PostgresServerError: it does not answer, or refuses.
        """
        thread = threading.Thread(target=self._connect, name="listsync-connect", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system has no room for a thread
            raise PostgresServerError(str(error)) from error
        found = self._results.get()
        if self._is_abandoned.is_set():
            self._results.put(found)
            self._close_what_came()
            return None
        if isinstance(found, PostgresServerError):
            raise found
        return found

    def abandon(self) -> None:
        """Let `result` return at once. Any thread may call it."""
        self._is_abandoned.set()
        self._results.put(None)

    def _connect(self) -> None:
        try:
            self._results.put(self._connect_once())
        except PostgresServerError as error:
            self._results.put(error)
        except Exception as error:  # noqa: BLE001 - else somebody would wait for ever
            self._results.put(PostgresServerError(f"{type(error).__name__}: {error}"))
        if self._is_abandoned.is_set():
            self._close_what_came()

    def _close_what_came(self) -> None:
        while True:
            try:
                found = self._results.get_nowait()
            except Empty:
                return
            if isinstance(found, PostgresLink):
                found.close()
