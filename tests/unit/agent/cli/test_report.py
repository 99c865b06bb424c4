"""What `listsync once` prints of a run."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from listsync.cli.report_view import as_json, lines
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import ItemReport, ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.terminal.output import Palette
from listsync.terminal.table import shortened, table_of_numbers, width

_RUN = SyncRun(run_id="r", origin="once", started_at=datetime(2026, 6, 1, tzinfo=UTC))
_PLAIN = Palette(enabled=False)
_HELD = Notice(kind=NoticeKind.ON_HOLD, text="148 titles on hold", list_name="Dora")
_OF_ENTRIES = [one for one in Verdict if one is not Verdict.CANCELLED]


def a_list(name: str = "mine", read: int | None = None, **more: Any) -> ListReport:
    counts = {Verdict[key]: more.pop(key) for key in list(more) if key.isupper()}
    return ListReport(
        name=name,
        service="file",
        outcome=ListOutcome.COMPLETE,
        read=sum(counts.values()) if read is None else read,
        declared=more.pop("declared", None),
        new=0,
        verdicts=Counter(counts),
        **more,
    )


def a_report(*lists: ListReport, dry_run: bool = False, **more: Any) -> SyncReport:
    given: dict[str, Any] = {
        "result": Result.OK,
        "why": "",
        "server": None,
        "items": (),
        "requested": (),
        "calls": 4,
        "duration_s": 0.5,
        **more,
    }
    return SyncReport(run=replace(_RUN, dry_run=dry_run), lists=lists, **given)


def shown(report: SyncReport, columns: int | None = None, *, verbose: bool = False) -> list[str]:
    return list(lines(report, _PLAIN, verbose=verbose, columns=columns))


def rows_of(report: SyncReport) -> dict[str, dict[str, int]]:
    """Read the table back: counts by heading, by the name of the list."""
    text = shown(report)
    heads = _cells(text[0])[1:]
    found = {}
    for line in text[1 : text.index("")]:
        name, *counts = _cells(line)
        if len(counts) == len(heads):
            numbers = (int(one.replace(",", "")) for one in counts)
            found[name] = dict(zip(heads, numbers, strict=True))
    return found


def _cells(line: str) -> list[str]:
    return [one.strip() for one in line.split("  ") if one.strip()]


# -- the table ---------------------------------------------------------------------------------


def test_columns_without_any_title_are_left_out_but_the_three_that_always_count() -> None:
    assert _cells(shown(a_report(a_list()))[0]) == [
        "list",
        "read",
        "new",
        "requested",
        "already there",
        "review",
    ]


def test_what_was_deleted_or_declined_is_not_already_there() -> None:
    rows = rows_of(a_report(a_list(HANDLED=2, ALREADY=3)))
    assert (rows["mine"]["already there"], rows["mine"]["handled before"]) == (3, 2)


def test_what_another_list_had_requested_is_not_already_there() -> None:
    rows = rows_of(a_report(a_list(REQUESTED=2), a_list("other", SHARED=2)))
    assert (rows["other"]["already there"], rows["other"]["shared"]) == (0, 2)


def test_one_list_needs_no_total() -> None:
    assert "total" not in rows_of(a_report(a_list()))


def test_it_is_said_why_rows_were_left_out() -> None:
    one = a_list(read=250, REQUESTED=50, left_out={"beyond its limit of 50": 195})
    assert rows_of(a_report(one))["mine"]["left out"] == 200
    assert "mine: left out: 195 beyond its limit of 50, 5 not looked at" in shown(a_report(one))


def test_less_than_was_declared_is_told() -> None:
    assert "100 of 250" in shown(a_report(a_list(read=100, declared=250)))[1]


_WIDE = a_list("映画 " * 12, **{one.name: 1234 for one in _OF_ENTRIES})


@pytest.mark.parametrize("columns", [20, 80, 100, 120, 200])
def test_nothing_of_the_counts_is_lost_on_a_narrow_terminal(columns: int) -> None:
    text = shown(a_report(_WIDE, a_list()), columns)
    assert " ".join(text).count("1,234") >= 2 * len(_OF_ENTRIES)
    if columns >= 120:
        assert max(map(width, text[:4])) <= columns


def test_a_table_that_is_too_wide_stacks_its_headings_and_cuts_long_names() -> None:
    head, rows = ["list", "already there"], [["a very long name of a list", "1"]]
    assert table_of_numbers(head, rows, columns=24) == [
        "                 already",
        "list               there",
        "a very … a list        1",
    ]


@pytest.mark.parametrize(
    ("text", "room", "cut"), [("abcd", 4, "abcd"), ("abcde", 4, "abc…"), ("映画映画", 5, "映画…")]
)
def test_a_name_is_cut_by_the_cells_that_it_takes(text: str, room: int, cut: str) -> None:
    assert shortened(text, room) == cut


# -- below the table ---------------------------------------------------------------------------


def test_what_a_person_should_do_is_told_with_its_list() -> None:
    changed = Notice(kind=NoticeKind.SERVER_CHANGED, text="a new server")
    failed = Notice(kind=NoticeKind.REQUEST_FAILED, text="failed at Radarr")
    told_below = Notice(kind=NoticeKind.REQUEST_FAILED, text="1 title failed", list_name="mine")
    text = shown(a_report(a_list(), notices=(_HELD, failed, told_below, changed)))
    assert text[-4:-1] == [
        "to do: Dora: 148 titles on hold",
        "to do: failed at Radarr",
        "note: a new server",
    ]


def item(verdict: Verdict) -> ItemReport:
    return ItemReport(list_name="mine", label=f"Film {verdict.value}", verdict=verdict, why="why")


_COUNTED_ONLY = (Verdict.ALREADY, Verdict.SHARED, Verdict.REQUESTED)


@pytest.mark.parametrize("verdict", [one for one in Verdict if one not in _COUNTED_ONLY])
def test_every_title_that_was_not_requested_is_told_in_detail(verdict: Verdict) -> None:
    text = shown(a_report(a_list(), items=(item(verdict),)), verbose=True)
    assert any(f"Film {verdict.value}" in line for line in text)


def test_titles_on_hold_are_one_line_unless_all_is_wanted() -> None:
    report = a_report(a_list(), items=(item(Verdict.ON_HOLD),), notices=(_HELD,))
    assert not any("Film" in line for line in shown(report))


# -- the last line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "dry_run", "head"),
    [
        (Result.OK, False, "Sync complete: 1 requested, "),
        (Result.OK, True, "Dry run complete: 1 would be requested, "),
        (Result.PARTLY, False, "Sync partly complete: 1 requested, "),
        (Result.FAILED, False, "Sync failed: why (1 requested, "),
        (Result.CANCELLED, False, "Sync stopped: why (1 requested, "),
        (Result.DECLINED, False, "Sync not started: why (1 requested, "),
    ],
)
def test_the_last_line_sums_up(result: Result, head: str, *, dry_run: bool) -> None:
    report = a_report(a_list(REQUESTED=1), result=result, why="why", dry_run=dry_run)
    assert shown(report)[-1].startswith(head)


def test_what_is_odd_of_a_list_is_told_once() -> None:
    odd = a_list(REQUESTED=1, why="no ids were found")
    notice = Notice(kind=NoticeKind.LOOK_UPS_FAILED, text=odd.why, list_name=odd.name)
    for report, line in (
        (a_report(odd), "mine: no ids were found"),
        (a_report(odd, notices=(notice,)), "note: mine: no ids were found"),
    ):
        assert [one for one in shown(report) if odd.why in one] == [line]


# -- for programs ------------------------------------------------------------------------------


def test_a_program_gets_notices_as_objects_and_counts_with_what_left_its_list() -> None:
    one = a_list(
        read=3, ON_HOLD=1, departed={Verdict.CANCELLED: 2}, left_out={"beyond its limit of 1": 2}
    )
    told = json.loads("\n".join(as_json(a_report(one, notices=(_HELD,)))))
    assert told["notices"] == [
        {
            "kind": "on_hold",
            "text": "148 titles on hold",
            "list": "Dora",
            "subject": "Dora",
            "severity": "error",
            "since": None,
            "needs_person": True,
        }
    ]
    (row,) = told["lists"]
    assert (row["on_hold"], row["cancelled"]) == (1, 2)
    assert row["left_out"] == {"beyond its limit of 1": 2}
