"""Reads every list, each whole, several at once; one list's failure is its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.syncing import ListRules
from listsync.errors import AnswerChangedError, Refusal, RefusedError, UnavailableError
from listsync.overlap import Overlap
from listsync.ports import ListProvider

logger = logging.getLogger(__name__)

_LISTS_AT_ONCE = 4
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
    """How reading one list ended. `fetched` is None when it failed; `why` says it in words."""

    rules: ListRules
    outcome: ListOutcome
    fetched: Fetched | None = None
    why: str = ""

    @property
    def entries(self) -> tuple[ListEntry, ...]:
        return self.fetched.entries if self.fetched else ()

    @property
    def skipped(self) -> tuple[SkippedRow, ...]:
        return self.fetched.skipped if self.fetched else ()


def read_lists(
    lists: Sequence[Followed], previous: dict[str, Validators | None]
) -> Iterator[Reading]:
    """Yield one reading a list, in their order."""
    overlap: Overlap[Followed, Reading] = Overlap(
        lambda one: _read(one, previous[one.rules.source]), workers=_LISTS_AT_ONCE
    )
    return overlap.map(lists, lambda _: None)


def _read(one: Followed, previous: Validators | None) -> Reading:
    """Read one list; the top of a reader's work, so nothing gets past it."""
    try:
        fetched = one.provider.fetch(previous)
    except RefusedError as error:
        return Reading(rules=one.rules, outcome=_REFUSALS[error.kind], why=error.why)
    except UnavailableError as error:
        return Reading(rules=one.rules, outcome=ListOutcome.UNAVAILABLE, why=error.why)
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
    why = ""
    if fetched.outcome is ListOutcome.PARTIAL:
        why = f"only {fetched.read} of {fetched.declared} rows could be read"
    elif fetched.outcome is ListOutcome.DRIFT:
        why = "nothing was read, and nothing says that the list is empty"
    return Reading(rules=rules, outcome=fetched.outcome, fetched=fetched, why=why)
