"""Sends what waits in the outbox: a thread for each target, so that none waits for another."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from listsync.cancellation import CancelToken
from listsync.domain.message_of_transfer import GROUP, joined_transfers
from listsync.domain.messages import (
    LONGEST_PAUSE,
    MESSAGE_LASTS,
    Delivery,
    DeliveryState,
    Message,
    MessageKind,
    joined,
)
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
    UndeliverableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.notify.sender import Sender
from listsync.ports.outbox import Outbox

logger = logging.getLogger(__name__)

_PAUSES_S = (30, 60, 120, 300, 900, 1800, 3600)
"""After so many failures in a row: what passes by itself."""
_REFUSED_PAUSES_S = (1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600)
"""What somebody must change at the target, or in the configuration."""
_AS_ASKED = 3
"""So often in a row a limit is believed that names a time, before we also wait on our own."""
_AS_IT_CHANGES_S = 60.0
"""The longest sleep while something waits: somebody may set the clock."""
_STATE_PAUSE_S = 10.0
_LAST_ANSWER_S = 1.0
_NOBODY = ""
"""The key of a target that there is no more."""

Open = Callable[[CancelToken], Sender]
"""Makes what sends to one target; a ListsyncError says why that cannot be."""


class Notifier:
    """Delivers messages to *targets*, by name, until it is told to stop.

    *changed* is called when a target begins to fail or works again.
    """

    def __init__(
        self,
        outbox: Outbox,
        targets: Mapping[str, Open],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._token = CancelToken()
        self._naming = threading.Lock()
        shared = _Shared(outbox, self._naming, self._token, changed)
        self._workers = tuple(
            _TargetWorker(name, opened, shared) for name, opened in targets.items()
        )

    def run(self, stop: threading.Event) -> None:
        """Work until *stop* is set: an answer that is awaited may come for a moment still."""
        threads = [
            threading.Thread(target=one.run, name=f"listsync-notify-{one.name}", daemon=True)
            for one in self._workers
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        self._token.set()
        self.wake()
        grace = threading.Timer(_LAST_ANSWER_S, self._token.cut)
        grace.daemon = True
        grace.start()
        for thread in threads:
            thread.join()
        grace.cancel()

    def rename(self, follow: Callable[[], Mapping[str, str]]) -> None:
        """Have targets called otherwise in the outbox by *follow*, which gives the new names.

        What is under way is then noted of the right one.
        """
        with self._naming:
            names = follow()
            for one in self._workers:
                one.key = names.get(one.key, _NOBODY)

    def wake(self) -> None:
        """Let all look for what waits."""
        for one in self._workers:
            one.wake()


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all targets have in common; `naming` is held while one is named to the outbox."""

    outbox: Outbox
    naming: threading.Lock
    token: CancelToken
    changed: Callable[[], None]


class _TargetWorker:
    """Delivers to one target, one message after the other; `key` is its name in the outbox."""

    def __init__(self, name: str, opened: Open, shared: _Shared) -> None:
        self.name = self.key = name
        self._open = opened
        self._outbox = shared.outbox
        self._naming = shared.naming
        self._token = shared.token
        self._changed = shared.changed
        self._sender: Sender | None = None
        self._unwritten: Callable[[], bool] | None = None
        """Writes what came of the last try, and tells whether the target fails, or did."""
        self._is_stuck = False
        self._is_failing = False
        """The log has said so."""
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def run(self) -> None:
        try:
            while not self._token.is_set():
                self._woken.wait(self._step())
                self._woken.clear()
        finally:
            if self._sender is not None:
                self._sender.close()

    def _step(self) -> float | None:
        """Send what is due; returns how long to sleep then, None = until woken."""
        try:
            sleep_s = self._send_what_is_due()
        except StateError as error:
            if not self._is_stuck:
                logger.warning("notifications to %s wait: %s", self.name, error)
        except Exception:  # the top of the thread
            logger.exception("notifications to %s failed in an unforeseen way", self.name)
        else:
            self._is_stuck = False
            return sleep_s
        self._is_stuck = True
        return _STATE_PAUSE_S

    def _send_what_is_due(self) -> float | None:
        self._write_down()
        while not self._token.is_set():
            now = datetime.now(UTC)
            with self._naming:
                due = self._outbox.next_due(self.key, now)
            if due is None:
                return None
            if due > now:
                return min((due - now).total_seconds(), _AS_IT_CHANGES_S)
            with self._naming:
                batch = self._outbox.take(self.key, now)
            if batch:
                self._deliver(batch)
        return 0.0

    def _deliver(self, batch: Sequence[Delivery]) -> None:
        numbers = [one.number for one in batch]
        try:
            answer = self._sent(batch)
        except UndeliverableError as error:
            logger.warning("a notification to %s is given up: %s", self.name, error)
            self._write_down(partial(self._give_up, numbers, str(error), _now()))
        except (UnavailableError, RefusedError, ResponseChangedError) as error:
            self._fail(batch, error)
        except StateError:
            raise
        except Exception as error:
            logger.exception("notifications to %s failed in an unforeseen way", self.name)
            why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
            self._fail(batch, UnavailableError(self.name, why))
        else:
            self._write_down(partial(self._settle, numbers, answer, _now()))
            if self._sender is not None:
                self._token.wait(self._sender.apart_s)

    def _sent(self, batch: Sequence[Delivery]) -> str:
        if self._sender is None:
            self._sender = self._open(self._token)
        # So whoever writes of its end meanwhile knows that this target may have heard of it.
        with self._naming:
            self._outbox.begin(self.key, [one.number for one in batch])
        return self._sender.send(_as_one([one.message for one in batch]))

    def _write_down(self, outcome: Callable[[], bool] | None = None) -> None:
        """Write what came of the last try: nothing else is sent before that is in the state."""
        self._unwritten = outcome or self._unwritten
        if self._unwritten is None:
            return
        with self._naming:
            is_other = self._unwritten()
        self._unwritten = None
        if is_other:
            self._changed()

    def _settle(self, numbers: Sequence[int], answer: str, at: datetime) -> bool:
        had_failed = self._outbox.failures(self.key) > 0
        self._outbox.settle(self.key, numbers, DeliveryState.SENT, at, answer)
        if had_failed:
            logger.info(
                "notifications to %s go out again", self.name, extra={"action": "target_works"}
            )
        self._is_failing = False
        return had_failed

    def _give_up(self, numbers: Sequence[int], why: str, at: datetime) -> bool:
        self._outbox.settle(self.key, numbers, DeliveryState.DEAD, at, why)
        return False

    def _fail(
        self,
        batch: Sequence[Delivery],
        error: UnavailableError | RefusedError | ResponseChangedError,
    ) -> None:
        if self._token.is_set():  # what was cut off is sent again at the next start
            return
        numbers = [one.number for one in batch]
        if batch[0].message.kind is MessageKind.TEST:  # somebody waits for what comes of it
            self._write_down(partial(self._give_up, numbers, error.why, _now()))
        else:
            self._write_down(partial(self._put_off, numbers, error, _now()))

    def _put_off(
        self,
        numbers: Sequence[int],
        error: UnavailableError | RefusedError | ResponseChangedError,
        at: datetime,
    ) -> bool:
        until = at + _pause_after(self._outbox.failures(self.key), error)
        lost = self._outbox.put_off(self.key, numbers, until, at, error.why)
        extra = {"action": "target_failed"}
        if not self._is_failing:
            words = "notifications wait, and are sent again later: %s"
            logger.warning(words, error, extra=extra)
        if lost:
            words = "%d notifications to %s are given up, after %d days: %s"
            days = MESSAGE_LASTS.days
            logger.warning(words, lost, self.name, days, error.why, extra=extra)
        self._is_failing = True
        return True


def _pause_after(failures: int, error: Exception) -> timedelta:
    """Say how long a target is left alone that failed for the first time after so many."""
    asked_s: float = getattr(error, "retry_after_s", None) or 0.0
    is_limit = getattr(error, "kind", None) is Refusal.RATE_LIMITED
    is_refusal = isinstance(error, (RefusedError, ResponseChangedError)) and not is_limit
    pauses = _REFUSED_PAUSES_S if is_refusal else _PAUSES_S
    is_believed = is_limit and asked_s > 0 and failures < _AS_ASKED
    own_s = 0.0 if is_believed else pauses[min(failures, len(pauses) - 1)]
    spread = random.uniform(1.0, 1.2)  # noqa: S311 - so that not all come back at once
    return min(timedelta(seconds=max(own_s * spread, asked_s)), LONGEST_PAUSE)


def _as_one(messages: Sequence[Message]) -> Message:
    is_of_transfers = messages[0].group.startswith(GROUP)
    return joined_transfers(messages) if is_of_transfers else joined(messages)


def _now() -> datetime:
    return datetime.now(UTC)
