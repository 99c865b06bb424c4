"""Counts what became of every list entry, for people and programs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from listsync.domain.decisions import (
    Failed,
    Found,
    Match,
    Member,
    Outcome,
    Prepared,
    Refused,
    Requested,
    Skip,
    SkipReason,
)
from listsync.domain.lists import SkippedRow
from listsync.domain.notices import Notice
from listsync.domain.report import ItemReport, ListReport, Retry, Verdict
from listsync.domain.server import RequestResponse, ResponseKind
from listsync.sync.fetch_lists import Reading
from listsync.sync.progress import ProgressBoard
from listsync.sync.request_outcomes import notice_of_failures
from listsync.sync.submission import HOLDS

logger = logging.getLogger(__name__)

_BATCH = 20
"""Titles for which one line of progress is logged."""
_MANY = 2
"""So many titles that nobody answered for are no matter of one title."""

_SKIPS = {
    SkipReason.AVAILABLE: Verdict.ALREADY,
    SkipReason.REQUESTED: Verdict.ALREADY,
    SkipReason.SAME_RUN: Verdict.SHARED,
    SkipReason.HANDLED: Verdict.HANDLED,
    SkipReason.BLOCKLISTED: Verdict.EXCLUDED,
    SkipReason.DELETED: Verdict.HANDLED,
    SkipReason.DECLINED: Verdict.HANDLED,
    SkipReason.REQUEST_FAILED: Verdict.ALREADY,
    SkipReason.EXCLUDED: Verdict.EXCLUDED,
    SkipReason.REVIEW: Verdict.REVIEW,
    SkipReason.NOT_FOUND: Verdict.NOT_FOUND,
    SkipReason.NO_SEASONS: Verdict.SKIPPED,
    SkipReason.NO_TVDB_ID: Verdict.FAILED,
    SkipReason.SETBACK: Verdict.SKIPPED,
    SkipReason.ON_HOLD: Verdict.ON_HOLD,
    SkipReason.OPEN: Verdict.SKIPPED,
    SkipReason.FILTERED: Verdict.SKIPPED,
    SkipReason.CAPPED: Verdict.SKIPPED,
}
_MOST_SKIPPED_TOLD = 1000  # of one list
_QUIET = (SkipReason.AVAILABLE, SkipReason.REQUESTED)
_SAID = {
    ResponseKind.IMPOSSIBLE: "the server cannot do it",
    ResponseKind.CANCELLED: "cancelled",
    ResponseKind.UNSURE: "what came of the request is not known",
}


def verdict_of(outcome: Outcome) -> tuple[Verdict, str]:
    """Name an outcome for counting, and say it in words."""
    if isinstance(outcome, Skip):  # most of them, most of the time
        return _SKIPS[outcome.reason], words_of_skip(outcome)
    match outcome:
        case Requested(answered=answered):
            if answered and answered.kind is ResponseKind.COVERED:
                return Verdict.ALREADY, answered.detail
            return Verdict.REQUESTED, answered.detail if answered else "would be requested"
        case Refused(answered=answered):
            return _verdict_of_refusal(answered)
        case Failed(error=error):
            return Verdict.FAILED, error
        case _ as never:
            assert_never(never)


def words_of_skip(skip: Skip) -> str:
    """Say why something was not requested."""
    reason, detail = skip.reason.value, skip.detail
    return f"{reason}: {detail}" if detail else reason


def _verdict_of_refusal(answered: RequestResponse) -> tuple[Verdict, str]:
    """Judge a refusal as the next titles will be, which are not even sent."""
    answer = answered.kind
    if answer in HOLDS:
        return Verdict.ON_HOLD, words_of_skip(Skip(SkipReason.ON_HOLD, HOLDS[answer]))
    if answer is ResponseKind.BLOCKLISTED:
        return Verdict.EXCLUDED, words_of_skip(Skip(SkipReason.BLOCKLISTED, answered.detail))
    return Verdict.FAILED, f"{_SAID[answer]}: {answered.detail}".rstrip(": ")


class Tally:
    """Gathers the reports of one run."""

    def __init__(self) -> None:
        self.items: list[ItemReport] = []
        self._verdicts: dict[str, Counter[Verdict]] = {}
        self._departed: dict[str, Counter[Verdict]] = {}
        self._left_out: dict[str, Counter[str]] = {}
        self._lists: list[ListReport] = []

    def add_list(
        self, reading: Reading, *, new: int, read: int, declared: int | None, from_memory: bool
    ) -> None:
        """Note how a list was read; rows that are no titles are told one by one, to an end."""
        self._lists.append(
            ListReport(
                name=reading.rules.name,
                service=reading.rules.service,
                outcome=reading.outcome,
                read=read,
                declared=declared,
                new=new,
                why=reading.why,
                from_memory=from_memory,
                is_exclusion=reading.rules.is_exclusion,
            )
        )
        self._departed.setdefault(reading.rules.name, Counter())
        verdicts = self._verdicts.setdefault(reading.rules.name, Counter())
        name, skipped = reading.rules.name, reading.skipped
        if skipped:
            verdicts[Verdict.SKIPPED] += len(skipped)
        self.items.extend(_skipped_row(name, row) for row in skipped[:_MOST_SKIPPED_TOLD])
        if more := len(skipped[_MOST_SKIPPED_TOLD:]):
            label, why = f"{more:,} more rows", "too many to tell each"
            self.items.append(
                ItemReport(list_name=name, label=label, verdict=Verdict.SKIPPED, why=why)
            )

    def leave_out(self, name: str, rows: Mapping[str, int]) -> None:
        """Count rows of a list of which nothing more will be told, by the reason."""
        self._left_out.setdefault(name, Counter()).update(+Counter(rows))

    def add(self, prepared: Prepared, outcome: Outcome) -> Verdict:
        """Count *outcome* in every list that wished it; only the one that may ask requested it."""
        common = verdict_of(outcome)
        if isinstance(outcome, Requested) and common[0] is Verdict.REQUESTED:
            self._add_requested(prepared, outcome, common)
            return common[0]
        for member in prepared.wish.members:
            own = outcome.of(member) if isinstance(outcome, Skip) else outcome
            self._count(prepared, member, own, common if own is outcome else verdict_of(own))
        return common[0]

    def _add_requested(
        self, prepared: Prepared, outcome: Requested, requested: tuple[Verdict, str]
    ) -> None:
        asker = (outcome.members or prepared.wish.members)[0]
        is_first = outcome.earlier_for is None
        name = outcome.earlier_for or asker.rules.name
        shared = Verdict.SHARED, f"requested for the list {name}"
        for member in prepared.wish.members:
            own = outcome.of(member)
            verdict = requested if is_first and member is asker else shared
            self._count(prepared, member, own, verdict if own is outcome else verdict_of(own))

    def _count(
        self, prepared: Prepared, member: Member, outcome: Outcome, verdict: tuple[Verdict, str]
    ) -> None:
        self._verdicts[member.rules.name][verdict[0]] += 1
        if not (isinstance(outcome, Skip) and outcome.reason in _QUIET):
            wish = prepared.wish  # whose label is one object for all who keep it
            label = wish.label if member is wish.members[0] else member.entry.label
            self._tell(prepared, member.rules.name, label, *verdict)

    def add_present(self, entries: Mapping[str, int]) -> None:
        """Count entries, by list name, of which is known in bulk that they are there already."""
        for name, count in entries.items():
            self._verdicts[name][Verdict.ALREADY] += count

    def _tell(self, prepared: Prepared, name: str, label: str, verdict: Verdict, why: str) -> None:
        match = prepared.match
        self.items.append(
            ItemReport(
                list_name=name,
                label=label,
                verdict=verdict,
                why=why,
                key=match.key if match else None,
                title=label if match and match.title == label else match.title if match else "",
                reasons=match.reasons if match else (),
                candidates=_choices(match),
            )
        )

    def tell(self, item: ItemReport) -> None:
        """Count what became of an entry that has left its list."""
        self._departed[item.list_name][item.verdict] += 1
        self.items.append(item)

    def lists(self) -> tuple[ListReport, ...]:
        return tuple(
            replace(
                report,
                verdicts=dict(self._verdicts[report.name]),
                departed=dict(self._departed[report.name]),
                left_out=self._left_out.get(report.name, {}),
            )
            for report in self._lists
        )


def _choices(match: Match | None) -> tuple[str, ...]:
    if match is None or match.found is Found.FOUND:
        return ()
    return tuple(f"{candidate.label} [{candidate.key}]" for candidate in match.candidates)


def _skipped_row(name: str, row: SkippedRow) -> ItemReport:
    return ItemReport(list_name=name, label=row.what, verdict=Verdict.SKIPPED, why=row.why)


class Outcomes:
    """Implements `pipeline.Listener`: counts, shows and logs how the adding goes on."""

    def __init__(self, tally: Tally, board: ProgressBoard, *, is_dry: bool) -> None:
        self._tally = tally
        self._board = board
        self._is_dry = is_dry
        self._batch = 0
        self._failed_requests: dict[str, None] = {}
        self._unanswered = 0
        self._done = self._total = 0

    def begin(self, *, done: int, total: int) -> None:
        """Note how many titles there are, and how many of them needed nothing."""
        self._done, self._total = done, total

    def asking(self) -> None:
        """Log once for each batch of which anything is requested."""
        batch = self._done // _BATCH + 1
        if batch != self._batch and not self._is_dry:
            self._batch = batch
            logger.info(
                "Adding batch %d/%d",
                batch,
                -(-self._total // _BATCH),
                extra={"action": "batch", "batch": batch},
            )

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        verdict = self._tally.add(prepared, outcome)
        self._done += 1
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
            return answered.kind is ResponseKind.UNSURE
        case _:
            return False
