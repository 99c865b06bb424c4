"""Listens to PostgreSQL for as long as the agent runs, whatever becomes of the connection."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from listsync.config_types import SecretStr
from listsync.domain.postgres_triggers import POOLED, PostgresStatus
from listsync.domain.runs import RestartPolicy
from listsync.lean_dataclasses import dataclass
from listsync.postgres.connection import LISTENS, PostgresLink, PostgresServerError, place_of
from listsync.postgres.link_attempt import LinkAttempt
from listsync.postgres.notifications import PING_S, PostgresNotifications
from listsync.terminal.output import span
from listsync.triggers.postgres import TriggerIntake

logger = logging.getLogger(__name__)

_CUT_AFTER_S = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenTimes:
    """How often a connection on which nothing comes is looked at, and how soon lost ones are made.

    A connection that held for `steady_s` is no failure.
    """

    look_s: float = 60.0
    answer_s: float = PING_S
    steady_s: float = 60.0
    pauses: RestartPolicy = RestartPolicy(first_s=1.0, longest_s=60.0)


class PostgresListener:
    """Hands on what comes on *channel*; `run` belongs to one thread, all else to any.

    *changed* is called when the connection is lost, or there again.
    """

    def __init__(
        self,
        dsn: SecretStr,
        channel: str,
        intake: TriggerIntake,
        changed: Callable[[], None],
        times: ListenTimes | None = None,
    ) -> None:
        self._dsn = dsn
        self._channel = channel
        self._intake = intake
        self._changed = changed
        self._times = times or ListenTimes()
        self._attempt: LinkAttempt | None = None
        self._link: PostgresLink | None = None
        self._heard: PostgresNotifications | None = None
        self._failures = 0
        self._status = PostgresStatus(
            where=place_of(dsn), channel=channel, since=datetime.now(UTC)
        )

    @property
    def status(self) -> PostgresStatus:
        count = self._intake.count
        return replace(
            self._status,
            has_table=self._intake.has_table,
            triggers=count.total,
            last_at=count.last_at,
            last_source=count.last_source,
        )

    def run(self, stop: threading.Event) -> None:
        """Listen until *stop* is set, and `wake` was called then."""
        try:
            while not stop.is_set():
                try:
                    self._connect(stop)
                except PostgresServerError as error:
                    self._note_lost(error)
                    stop.wait(self._times.pauses.pause_s(self._failures))
        finally:
            if self._status.is_connected:
                self._intake.disconnected(datetime.now(UTC))

    def wake(self) -> None:
        """Let `run` look at its flag, also where it waits for a server that does not answer."""
        if (attempt := self._attempt) is not None:
            attempt.abandon()
        if (heard := self._heard) is not None:
            heard.wake()
        if (link := self._link) is not None:
            timer = threading.Timer(_CUT_AFTER_S, link.cut)
            timer.daemon = True
            timer.start()

    def _connect(self, stop: threading.Event) -> None:
        self._attempt = LinkAttempt(partial(PostgresLink, self._dsn, settings=LISTENS))
        if stop.is_set():
            return
        self._link = self._attempt.result()
        if self._link is None:
            return
        try:
            self._heard = PostgresNotifications(self._link, [self._channel])
            with closing(self._heard):
                self._listen(self._link, self._heard, stop)
        except PostgresServerError:
            if not stop.is_set():  # else it was we who cut it
                raise
        finally:
            self._link.close()
            self._link = self._heard = None

    def _listen(
        self, link: PostgresLink, heard: PostgresNotifications, stop: threading.Event
    ) -> None:
        self._note_connected()
        self._intake.connected(datetime.now(UTC), link)
        self._look(link, heard, is_first=True)
        look_at = time.monotonic() + self._times.look_s
        while not stop.is_set():
            found = heard.wait(look_at - time.monotonic())
            if found:
                self._intake.take(*found, link=link)
            elif time.monotonic() < look_at:
                continue  # it was woken
            else:
                self._look(link, heard)
                self._intake.tell_rest()
            look_at = time.monotonic() + self._times.look_s

    def _look(
        self, link: PostgresLink, heard: PostgresNotifications, *, is_first: bool = False
    ) -> None:
        """See whether the server answers; at first, and until it is so, whether it notifies."""
        if not is_first and not self._status.is_pooled:
            heard.ping(self._times.answer_s)
            return
        before = self._status.is_pooled
        is_pooled = not heard.hears_itself(self._times.answer_s)
        self._status = replace(self._status, is_pooled=is_pooled)
        if is_pooled != before:
            self._changed()
        if not is_pooled:
            link.settle(self._times.answer_s)
        elif is_first:
            extra = {"action": "postgres_pooled"}
            logger.warning("PostgreSQL at %s: %s", self._status.where, POOLED, extra=extra)

    def _note_connected(self) -> None:
        before, now = self._status, datetime.now(UTC)
        self._status = replace(before, is_connected=True, since=now, why="", is_pooled=False)
        after = f" again, after {span((now - before.since).total_seconds())}" if before.why else ""
        logger.info(
            "listening to PostgreSQL at %s, channel %s%s",
            before.where,
            self._channel,
            after,
            extra={"action": "postgres_connected"},
        )
        self._changed()

    def _note_lost(self, error: PostgresServerError) -> None:
        before, now = self._status, datetime.now(UTC)
        held_s = (now - before.since).total_seconds() if before.is_connected else 0.0
        self._failures = 1 if held_s >= self._times.steady_s else self._failures + 1
        since = now if before.is_connected else before.since
        self._status = replace(
            before, is_connected=False, since=since, why=error.why, is_pooled=False
        )
        if before.is_connected or not before.why:
            if before.is_connected:
                self._intake.disconnected(now)
            words = "PostgreSQL is not reached at %s: %s; it is tried again at least once a minute"
            extra = {"action": "postgres_lost"}
            logger.warning(words, before.where, error.why, extra=extra)
            self._changed()
