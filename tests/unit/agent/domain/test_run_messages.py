from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from listsync.domain.history import RunRow
from listsync.domain.lists import ListOutcome
from listsync.domain.report import ListReport, Result, SyncRun, Verdict
from listsync.domain.run_messages import counted, message_of, operations_of
from tests.builders import sync_report

_AT = datetime(2026, 6, 1, tzinfo=UTC)
_NOTHING = "0 requested, 0 already there, 0 to review"


def a_list(outcome: Any = ListOutcome.COMPLETE, **counts: int) -> ListReport:
    verdicts = {Verdict[name]: count for name, count in counts.items()}
    return ListReport(
        name="one",
        service="file",
        outcome=outcome,
        read=0,
        declared=None,
        new=0,
        verdicts=verdicts,
    )


def message(*lists: ListReport, result: Result = Result.OK, **more: Any) -> str:
    report = sync_report(
        run=SyncRun(run_id="r", origin="test", started_at=_AT, dry_run=more.get("dry_run", False)),
        result=result,
        why=more.get("why", ""),
        server=None,
        lists=lists,
    )
    return message_of(report)


def row(result: str, **counts: int) -> RunRow:
    verdicts = {Verdict[name]: count for name, count in counts.items()}
    return RunRow(
        run_id="r", origin="test", started_at=_AT, result=result, message="why", counts=verdicts
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, _NOTHING),
        (
            {"REQUESTED": 12, "ALREADY": 300, "REVIEW": 2},
            "12 requested, 300 already there, 2 to review",
        ),
        (
            {"ON_HOLD": 5, "FAILED": 3, "NOT_FOUND": 1, "CANCELLED": 2},
            f"{_NOTHING}, 5 on hold, 3 failed, 1 not found, 2 cancelled",
        ),
        (
            {"HANDLED": 5, "EXCLUDED": 6, "SKIPPED": 7, "SHARED": 8},
            _NOTHING,
        ),
    ],
    ids=["nothing", "usual", "trouble", "what-is-as-it-should-be"],
)
def test_a_message_counts_what_matters(counts: dict[str, int], words: str) -> None:
    assert message(a_list(**counts)) == words


def test_a_dry_run_says_what_would_be() -> None:
    assert counted({Verdict.REQUESTED: 1}, dry_run=True).startswith("1 would be requested, ")


def test_lists_are_added_up() -> None:
    assert message(a_list(REQUESTED=1), a_list(REQUESTED=2)).startswith("3 requested")


def test_lists_that_failed_are_counted() -> None:
    failed = a_list(ListOutcome.BLOCKED)
    assert message(failed, result=Result.PARTLY).endswith(", 1 list failed")
    assert message(failed, failed, result=Result.PARTLY).endswith(", 2 lists failed")


def test_a_run_that_was_cut_short_says_why_first() -> None:
    assert message(result=Result.FAILED, why="no answer") == "no answer"
    said = message(a_list(REQUESTED=1), result=Result.CANCELLED, why="stopped")
    assert said.startswith("stopped (1 requested, ")


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (row("ok", REQUESTED=2300, ALREADY=200, SHARED=100), "Sync complete: 2600/2600"),
        (row("partly", REQUESTED=2, ON_HOLD=148), "Sync partly complete: 2/150"),
        (row("ok", ALREADY=1, EXCLUDED=1, HANDLED=1, CANCELLED=9), "Sync complete: 1/3"),
        (row("cancelled", REQUESTED=2, ALREADY=1), "Sync stopped: 3/3"),
    ],
    ids=["all", "on-hold", "declined", "stopped"],
)
def test_an_operation_is_an_entry_whose_title_is_requested_or_there(
    one: RunRow, words: str
) -> None:
    assert operations_of(one) == f"{words} operations successful"


@pytest.mark.parametrize("result", ["failed", "cut_off"])
def test_a_run_that_failed_has_no_operations(result: str) -> None:
    assert operations_of(row(result)) == "Sync failed: why"
