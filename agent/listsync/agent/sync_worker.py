"""The thread in which one sync runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic

from listsync.agent.recent_runs import ended_of, failed, left_behind
from listsync.cancellation import CUT_AFTER_S, LEAVE_AFTER_S, CancelToken
from listsync.domain.report import Result, Retry, SyncReport, SyncRun, retry_of
from listsync.domain.run_messages import operations_of
from listsync.domain.runs import ConfigT, Ended, Following, Order
from listsync.errors import ListsyncError

logger = logging.getLogger(__name__)

Perform = Callable[[SyncRun, Following[ConfigT], Order, CancelToken], SyncReport]
"""Runs one sync of the lists that an order means, until its end or until the token is set."""


class SyncWorker(Generic[ConfigT]):
    """One sync, from its start to `done`, which is called in a thread of its own, once.

    `ended` is what `done` was given. A sync that was told to stop ends within `LEAVE_AFTER_S`:
    what then still hangs in something is left behind, with a token by which it can do nothing.
    """

    def __init__(
        self,
        order: Order,
        following: Following[ConfigT],
        perform: Perform[ConfigT],
        done: Callable[[Ended], None],
    ) -> None:
        self.order = order
        self.started_at = datetime.now(UTC)
        self._following = following
        self._perform = perform
        self._done = done
        self.token = CancelToken()
        self._ending = threading.Lock()
        self._over = threading.Event()
        self._is_told = False
        # A daemon: the end of the process does not wait for a call that hangs.
        self.ended: Ended | None = None
        self._thread = threading.Thread(target=self._run, name="listsync-sync", daemon=True)

    def start(self) -> None:
        logger.info(
            "Background sync started (dry_run=%s), triggered by %s",
            self.order.dry_run,
            self.order.origin,
            extra={"action": "sync_started", "run": self.order.run_id},
        )
        try:
            self._thread.start()
        except RuntimeError as error:
            # The system has no room for a thread (pids.max, ulimit -u): the next run tries again.
            retry = Retry(why=f"the system cannot start a thread ({error})")
            self._end(self._failed(f"{error}", retry))

    def stop(self) -> None:
        """Let the sync end after its current title, or soon without it."""
        self.token.set()
        with self._ending:
            was_told, self._is_told = self._is_told, True
        if was_told:
            return
        try:
            threading.Thread(target=self._end_by_force, name="listsync-end", daemon=True).start()
        except RuntimeError:  # there is no room for a thread
            self.token.cut()

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; returns whether it came."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _end_by_force(self) -> None:
        if self._over.wait(CUT_AFTER_S):
            return
        self.token.cut()
        if self._over.wait(LEAVE_AFTER_S - CUT_AFTER_S):
            return
        ended = left_behind(self.order, self.started_at, datetime.now(UTC))
        if self._is_the_end(ended):
            self.token.revoke()  # before anybody learns that it is over
            self._tell(ended)

    def _run(self) -> None:
        order = self.order
        run = SyncRun(
            run_id=order.run_id,
            origin=order.origin,
            started_at=self.started_at,
            dry_run=order.dry_run,
            eager=order.eager,
            confirmed=order.confirmed,
        )
        try:
            report = self._perform(run, self._following, order, self.token)
            ended = ended_of(report, datetime.now(UTC), self._following.server)
        except ListsyncError as error:
            ended = self._failed(str(error), retry_of(error, datetime.now(UTC)))
        except Exception as error:
            if self.ended is None:
                extra = {"run": run.run_id}
                logger.exception("the sync failed in an unforeseen way", extra=extra)
            why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
            ended = self._failed(why)
        self._end(ended)

    def _failed(self, why: str, retry: Retry | None = None) -> Ended:
        return failed(self.order, self.started_at, datetime.now(UTC), why, retry)

    def _end(self, ended: Ended) -> None:
        if self._is_the_end(ended):
            self._tell(ended)

    def _is_the_end(self, ended: Ended) -> bool:
        """Take *ended* for the end, unless there was one; then what comes later is no news."""
        with self._ending:
            if self.ended is None:
                self.ended = ended
            return self.ended is ended

    def _tell(self, ended: Ended) -> None:
        self._over.set()
        _log_end(ended)
        self._done(ended)


def _log_end(ended: Ended) -> None:
    row = ended.row
    is_well = row.result == Result.OK
    how = "completed: Successfully synced" if is_well else f"ended ({row.result})"
    counted = "" if row.result == Result.FAILED else f" ({operations_of(row)})"
    logger.log(
        logging.INFO if is_well else logging.WARNING,
        "Background sync %s: %s%s",
        how,
        row.message,
        counted,
        extra={"action": "sync_ended", "run": row.run_id, "result": row.result},
    )
    for notice in ended.notices:
        extra = {"action": "notice", "run": row.run_id, "kind": notice.kind.value}
        if not notice.kind.is_told_of_readings:
            logger.warning("%s", notice, extra={**extra, "list": notice.list_name})
