"""What becomes of the wishes of a run, heard one by one and summed up."""

from __future__ import annotations

import logging
from collections import Counter

from listsync.domain.notices import Notice
from listsync.domain.retry import Retry
from listsync.domain.server import RequestAnswer
from listsync.domain.sync_records import (
    Failed,
    Outcome,
    Prepared,
    Refused,
    Skip,
    SkipReason,
    Verdict,
)
from listsync.sync.progress import ProgressBoard
from listsync.sync.report import Tally
from listsync.sync.server_requests import notice_of_failures

logger = logging.getLogger(__name__)

_BATCH = 20
"""Titles for which one line of progress is logged."""
_MANY = 2
"""So many titles that nobody answered for are no matter of one title."""


class Outcomes:
    """Implements `adding.Listener`: counts, shows and logs how the adding goes on."""

    def __init__(self, tally: Tally, board: ProgressBoard, *, is_dry: bool) -> None:
        self._tally = tally
        self._board = board
        self._is_dry = is_dry
        self._batch = 0
        self._failed_requests: dict[str, None] = {}
        self._unanswered = 0

    def asking(self) -> None:
        """Log once for each batch of which anything is requested."""
        done, total = self._board.titles
        batch = done // _BATCH + 1
        if batch != self._batch and not self._is_dry:
            self._batch = batch
            logger.info(
                "Adding batch %d/%d",
                batch,
                -(-total // _BATCH),
                extra={"action": "batch", "batch": batch},
            )

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        verdict = self._tally.add(prepared, outcome)
        self._unanswered += _is_unanswered(outcome)
        if isinstance(outcome, Skip) and outcome.reason is SkipReason.REQUEST_FAILED:
            self._failed_requests[prepared.wish.label] = None
        names = Counter(member.rules.name for member in prepared.wish.members)
        self._board.done(names, requested=verdict is Verdict.REQUESTED)

    def notice(self) -> Notice | None:
        """Tell of requests that hang at the server."""
        return notice_of_failures(self._failed_requests)

    def retry(self) -> Retry | None:
        """Say why the run is tried again; a single title has a time of its own, or waits."""
        count = self._unanswered
        if count < _MANY:
            return None
        return Retry(why=f"the server did not answer for {count} titles", titles=count)


def _is_unanswered(outcome: Outcome) -> bool:
    match outcome:
        case Failed(may_pass=may_pass):
            return may_pass
        case Refused(answered=answered):
            return answered.answer is RequestAnswer.UNSURE
        case _:
            return False
