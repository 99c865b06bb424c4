"""Reads every list, each whole, several at once; one list's failure is its own.

How many rows all lists of a run may hold is counted here, those that are read ahead of their turn
among them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.run_notes import ListSetback
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.lists import ListProvider
from listsync.prefetch import Overlap
from listsync.row_limit import NoRoomError, Room, room_for, text_size, within

logger = logging.getLogger(__name__)

_LISTS_AT_ONCE = 8
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

_MAY_NOT_SEE = "it would be empty as well where the service itself cannot see the list"


@dataclass(frozen=True, slots=True)
class Followed:
    """A list and what reads it."""

    rules: ListRules
    provider: ListProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How reading one list ended. `fetched` is None when it failed; `why` says it in words.

    `was_left_alone`: it was not asked this time; outcome and why are those of the time before.
    `has_no_room`: there was none for it beside the rows of other lists, or it was not even read.
    """

    rules: ListRules
    outcome: ListOutcome
    fetched: Fetched | None = None
    why: str = ""
    retry_after_s: float | None = None
    was_left_alone: bool = False
    has_no_room: bool = False

    @property
    def entries(self) -> tuple[ListEntry, ...]:
        return self.fetched.entries if self.fetched else ()

    @property
    def room(self) -> int:
        """Count in rows what it takes up."""
        return max(len(self.entries) + len(self.skipped), room_of(self.entries))

    @property
    def skipped(self) -> tuple[SkippedRow, ...]:
        return self.fetched.skipped if self.fetched else ()


def room_of(entries: Iterable[ListEntry]) -> int:
    """Count in rows what *entries* take up, long titles included."""
    sizes = [text_size(entry.title, entry.original_title) for entry in entries]
    return room_for(len(sizes), sum(sizes))


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a list before it is read; `left_alone` says why it is not asked now."""

    validators: Validators | None = None
    left_alone: ListSetback | None = None


def read_lists(
    lists: Sequence[Followed],
    before: Mapping[str, Before],
    room: Room | None = None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[Reading]:
    """Yield one reading a list, in their order; *before* is by source, *check* for `Overlap`.

    Where they share a *room*, each one's rows are to be taken from it before the next is asked
    for.
    """
    room = room or Room([0] * len(lists))

    def read(number: int) -> Reading:
        one = lists[number]
        with within(partial(room.may_hold, number)):
            return _read(one, before[one.rules.source].validators)

    def read_ahead(number: int) -> Reading:
        if not room.may_begin(number):
            return _without_room(lists[number].rules)
        reading = read(number)
        room.leave(number, reading.room)
        return reading

    def left_alone(number: int) -> Reading | None:
        one = lists[number]
        return _left_alone(one, before[one.rules.source].left_alone)

    overlap: Overlap[int, Reading] = Overlap(read_ahead, workers=_LISTS_AT_ONCE)
    with closing(overlap.map(range(len(lists)), left_alone, check)) as readings:
        for number in range(len(lists)):
            is_any_left = room.begin_turn(number)
            reading = next(readings)
            yield read(number) if reading.has_no_room and is_any_left else reading


def _without_room(rules: ListRules) -> Reading:
    return Reading(rules=rules, outcome=ListOutcome.DRIFT, has_no_room=True)


def _left_alone(one: Followed, setback: ListSetback | None) -> Reading | None:
    if setback is None or setback.retry_at is None:
        return None
    return Reading(
        rules=one.rules,
        outcome=setback.outcome,
        why=f"{setback.why} (next try from {setback.retry_at:%Y-%m-%d %H:%M} UTC)",
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
    except ResponseChangedError as error:
        logger.warning(
            "list answer not understood: %s",
            error,
            extra={"action": "list_drift", "list": one.rules.name, "sample": error.sample},
        )
        return Reading(rules=one.rules, outcome=ListOutcome.DRIFT, why=error.why)
    except NoRoomError:
        return _without_room(one.rules)
    except Exception as error:
        extra = {"action": "list_bug", "list": one.rules.name}
        logger.exception("reading a list failed in an unforeseen way", extra=extra)
        why = f"a fault in listsync itself ({type(error).__name__}); the log says where"
        return Reading(rules=one.rules, outcome=ListOutcome.DRIFT, why=why)
    return _judge(one.rules, fetched)


def _judge(rules: ListRules, fetched: Fetched) -> Reading:
    why = fetched.doubt
    if fetched.outcome is ListOutcome.PARTIAL and fetched.declared is None:
        why = "no titles are shown, and nothing says that the list is empty"
    elif fetched.outcome is ListOutcome.PARTIAL:
        what = "are distinct" if fetched.repeated else "could be read"
        why = f"only {fetched.distinct:,} of {fetched.declared:,} rows {what}"
        why += f": {fetched.doubt}, while others never came" if fetched.doubt else ""
    elif fetched.outcome is ListOutcome.DRIFT:
        why = "nothing was read, and nothing says that the list is empty"
    elif fetched.is_unproven and not why:
        why = _MAY_NOT_SEE
    why = "; ".join(words for words in (why, fetched.remark) if words)
    return Reading(rules=rules, outcome=fetched.outcome, fetched=fetched, why=why)
