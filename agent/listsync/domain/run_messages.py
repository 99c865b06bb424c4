"""What a run came to, in one line: the same words in `once`, `status`, `runs` and the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from listsync.domain.history import RunRow
from listsync.domain.notices import Judgement, Notice, NoticeKind
from listsync.domain.sync_records import Result, SyncReport, Verdict

_ALWAYS = (
    (Verdict.REQUESTED, "requested"),
    (Verdict.ALREADY, "already there"),
    (Verdict.REVIEW, "to review"),
)
_IF_ANY = (
    (Verdict.ON_HOLD, "on hold"),
    (Verdict.FAILED, "failed"),
    (Verdict.NOT_FOUND, "not found"),
    (Verdict.CANCELLED, "cancelled"),
)
_GOOD = (Verdict.REQUESTED, Verdict.SHARED, Verdict.ALREADY)
_ENDS = {
    Result.OK: "complete",
    Result.PARTLY: "partly complete",
    Result.FAILED: "failed",
    Result.CANCELLED: "stopped",
    Result.DECLINED: "not started",
}


def message_of(report: SyncReport) -> str:
    """Say what came of the entries of all lists; of a run that was cut short first why."""
    counts = report.counts
    words = counted(counts, dry_run=report.run.dry_run)
    failed = sum(not one.is_good for one in report.lists)
    if failed:
        words += f", {failed} list{'' if failed == 1 else 's'} failed"
    if report.result in (Result.OK, Result.PARTLY):
        return words
    why = report.why or report.result.value
    return f"{why} ({words})" if counts.total() else why


def judgement_of(report: SyncReport, at: datetime) -> Judgement:
    """Say which notices a run speaks of, and of which lists."""
    failed = failure_notice(report.failure, report.why, passes=report.retry is not None)
    is_failed = report.result is Result.FAILED
    return Judgement(
        run_id=report.run.run_id,
        at=at,
        notices=(failed, *report.notices) if is_failed else report.notices,
        lists=frozenset(one.name for one in report.lists),
        is_whole=report.is_whole,
    )


def judgement_of_end(row: RunRow, *, passes: bool) -> Judgement:
    """Say the same of a real run that ended without a report; *passes*: it is tried again."""
    failed = (failure_notice(NoticeKind.SYNC_FAILED, row.why, passes=passes),)
    return Judgement(
        run_id=row.run_id,
        at=row.ended_at or row.started_at,
        notices=failed if row.result == Result.FAILED else (),
        lists=(),
        is_whole=False,
    )


def failure_notice(kind: NoticeKind, why: str, *, passes: bool) -> Notice:
    return Notice(kind=kind, text=f"the last sync failed: {why}", passes=passes)


def counted(counts: Mapping[Verdict, int], *, dry_run: bool = False) -> str:
    """Say `12 requested, 300 already there, 2 to review`, and what else there is."""
    would = "would be " if dry_run else ""
    parts = [f"{counts.get(verdict, 0):,} {words}" for verdict, words in _ALWAYS]
    parts[0] = f"{counts.get(Verdict.REQUESTED, 0):,} {would}requested"
    parts += [f"{counts[verdict]:,} {words}" for verdict, words in _IF_ANY if counts.get(verdict)]
    return ", ".join(parts)


def operations_of(row: RunRow) -> str:
    """Say `Sync complete: 2600/2600 operations successful`.

    An operation is one entry of one list; it is successful when its title was requested or is
    there already.
    """
    result = Result(row.result) if row.result in set(Result) else Result.FAILED
    if result is Result.FAILED:
        return f"{head_of(result)}: {row.message or row.why}"
    good = sum(row.counts.get(verdict, 0) for verdict in _GOOD)
    total = sum(count for one, count in row.counts.items() if one is not Verdict.CANCELLED)
    return f"{head_of(result)}: {good}/{total} operations successful"


def head_of(result: Result, *, dry_run: bool = False) -> str:
    """Say how a run ended: `Sync complete`."""
    return f"{'Dry run' if dry_run else 'Sync'} {_ENDS[result]}"
