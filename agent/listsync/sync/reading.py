"""Reads every list, each whole, several at once; one list's failure is its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from listsync.domain.lists import (
    MOST_OF_ALL,
    Fetched,
    ListEntry,
    ListOutcome,
    SkippedRow,
    Validators,
)
from listsync.domain.memory import ListSetback
from listsync.domain.syncing import ListRules
from listsync.errors import AnswerChangedError, Refusal, RefusedError, UnavailableError
from listsync.overlap import Overlap
from listsync.ports import ListProvider

logger = logging.getLogger(__name__)

_LISTS_AT_ONCE = 8
_FEW_ROWS = 1000  # for which there is always room
_REFUSALS = {
    Refusal.NOT_FOUND: ListOutcome.NOT_FOUND,
    Refusal.PRIVATE: ListOutcome.PRIVATE,
    Refusal.CREDENTIAL: ListOutcome.CREDENTIAL,
    Refusal.SUBSCRIPTION: ListOutcome.SUBSCRIPTION,
    Refusal.PERMISSION: ListOutcome.CREDENTIAL,
    Refusal.RATE_LIMITED: ListOutcome.RATE_LIMITED,
    Refusal.QUOTA: ListOutcome.RATE_LIMITED,
    Refusal.BLOCKED: ListOutcome.BLOCKED,
}


@dataclass(frozen=True, slots=True)
class Followed:
    """A list and what reads it."""

    rules: ListRules
    provider: ListProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How reading one list ended. `fetched` is None when it failed; `why` says it in words.

    `was_left_alone`: it was not asked this time; outcome and why are those of the time before.
    `is_put_off`: there was no room for what was read before its turn.
    """

    rules: ListRules
    outcome: ListOutcome
    fetched: Fetched | None = None
    why: str = ""
    retry_after_s: float | None = None
    was_left_alone: bool = False
    is_put_off: bool = False

    @property
    def entries(self) -> tuple[ListEntry, ...]:
        return self.fetched.entries if self.fetched else ()

    @property
    def skipped(self) -> tuple[SkippedRow, ...]:
        return self.fetched.skipped if self.fetched else ()


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a list before it is read; `left_alone` says why it is not asked now."""

    validators: Validators | None = None
    left_alone: ListSetback | None = None


def read_lists(
    lists: Sequence[Followed],
    before: Mapping[str, Before],
    check: Callable[[], None] = lambda: None,
) -> Iterator[Reading]:
    """Yield one reading a list, in their order; *before* is by source, *check* for `Overlap`."""
    room = _Room()

    def read(one: Followed) -> Reading:
        return _read(one, before[one.rules.source].validators)

    def read_ahead(one: Followed) -> Reading:
        return room.admit(read(one)) if room.is_open else _put_off(one.rules)

    overlap: Overlap[Followed, Reading] = Overlap(read_ahead, workers=_LISTS_AT_ONCE)
    readings = overlap.map(
        lists, lambda one: _left_alone(one, before[one.rules.source].left_alone), check
    )
    for one, ahead in zip(lists, readings, strict=True):
        yield read(one) if ahead.is_put_off else ahead
        room.leave(ahead)


def _put_off(rules: ListRules) -> Reading:
    return Reading(rules=rules, outcome=ListOutcome.UNAVAILABLE, is_put_off=True)


class _Room:
    """Holds readings before their turn, as far as memory goes; the rest is read again then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows = 0

    @property
    def is_open(self) -> bool:
        """False while so much is held that nothing more should be begun before its turn."""
        return self._rows < MOST_OF_ALL // 2

    def admit(self, reading: Reading) -> Reading:
        rows = reading.fetched.read if reading.fetched else 0
        with self._lock:
            if rows > _FEW_ROWS and self._rows and self._rows + rows > MOST_OF_ALL // 2:
                return _put_off(reading.rules)
            self._rows += rows
        return reading

    def leave(self, reading: Reading) -> None:
        with self._lock:
            self._rows -= reading.fetched.read if reading.fetched else 0


def _left_alone(one: Followed, setback: ListSetback | None) -> Reading | None:
    if setback is None or setback.retry_at is None:
        return None
    return Reading(
        rules=one.rules,
        outcome=setback.outcome,
        why=f"{setback.why} (asked again from {setback.retry_at:%Y-%m-%d %H:%M} UTC)",
        was_left_alone=True,
    )


def _read(one: Followed, previous: Validators | None) -> Reading:
    """Read one list; the top of a reader's work, so nothing gets past it."""
    try:
        fetched = one.provider.fetch(previous)
    except RefusedError as error:
        outcome = _REFUSALS[error.kind]
        return Reading(
            rules=one.rules, outcome=outcome, why=error.why, retry_after_s=error.retry_after_s
        )
    except UnavailableError as error:
        return Reading(
            rules=one.rules,
            outcome=ListOutcome.UNAVAILABLE,
            why=error.why,
            retry_after_s=error.retry_after_s,
        )
    except AnswerChangedError as error:
        logger.warning(
            "list answer not understood: %s",
            error,
            extra={"action": "list_drift", "list": one.rules.name, "sample": error.sample},
        )
        return Reading(rules=one.rules, outcome=ListOutcome.DRIFT, why=error.why)
    except Exception as error:
        extra = {"action": "list_bug", "list": one.rules.name}
        logger.exception("reading a list failed in an unforeseen way", extra=extra)
        why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
        return Reading(rules=one.rules, outcome=ListOutcome.DRIFT, why=why)
    return _judge(one.rules, fetched)


def _judge(rules: ListRules, fetched: Fetched) -> Reading:
    why = fetched.doubt
    if fetched.outcome is ListOutcome.PARTIAL:
        what = "are distinct" if fetched.repeated else "could be read"
        why = f"only {fetched.distinct:,} of {fetched.declared:,} rows {what}"
        why += f": {fetched.doubt}, while others never came" if fetched.doubt else ""
    elif fetched.outcome is ListOutcome.DRIFT:
        why = "nothing was read, and nothing says that the list is empty"
    why = "; ".join(words for words in (why, fetched.remark) if words)
    return Reading(rules=rules, outcome=fetched.outcome, fetched=fetched, why=why)
