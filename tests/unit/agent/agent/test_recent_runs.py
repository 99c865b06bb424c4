from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listsync.agent.recent_runs import RecentRuns, ended_of, failed, would_be_requested
from listsync.domain.history import RequestRow, RunRow
from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import ItemReport, ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.runs import EndedRun, ReachedServer, SyncJob
from listsync.domain.server import RequestBody
from tests.builders import film_body
from tests.fakes import SERVER

_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
_END = _AT + timedelta(minutes=2)
_SEERR = ReachedServer("Seerr", "3.1.0", "http://seerr")
_FILM = TitleKey(MediaType.MOVIE, 603)


def ended(run_id: str, *, message: str = "") -> EndedRun:
    return EndedRun(row=RunRow(run_id=run_id, origin="test", started_at=_AT, message=message))


def recent(*run_ids: str) -> RecentRuns:
    runs = RecentRuns()
    for run_id in run_ids:
        runs.add(ended(run_id))
    return runs


def a_report(*bodies: RequestBody, dry_run: bool = True, server: bool = True) -> SyncReport:
    item = ItemReport(
        list_name="mine", label="The Matrix (1999)", verdict=Verdict.REQUESTED, why="", key=_FILM
    )
    return SyncReport(
        run=SyncRun(run_id="r", origin="schedule", started_at=_AT, dry_run=dry_run),
        result=Result.PARTLY,
        why="one list is down",
        server=SERVER if server else None,
        lists=(
            ListReport(
                name="mine",
                service="file",
                outcome=ListOutcome.COMPLETE,
                read=1,
                declared=1,
                new=1,
                verdicts=Counter({Verdict.REQUESTED: 1}),
            ),
        ),
        items=(item,),
        requested=bodies,
        calls=7,
        duration_s=120.0,
        notices=(Notice(kind=NoticeKind.ON_HOLD, text="a notice"),),
    )


def film(tmdb: int = 603) -> RequestBody:
    return film_body(tmdb, four_k=True)


# -- the last runs -----------------------------------------------------------------------------


def test_nothing_has_run_yet() -> None:
    assert recent().last is None


def test_the_last_one_is_the_one_that_ended_last() -> None:
    assert recent("b", "a").last == ended("a")


def test_a_dry_run_is_the_last_run_but_not_the_last_sync() -> None:
    runs = recent("a")
    dry = ended("b")
    dry = replace(dry, row=replace(dry.row, dry_run=True))
    runs.add(dry)
    assert (runs.last, runs.last_sync) == (dry, ended("a"))


def test_what_happened_before_the_start_is_kept_until_a_run_ends() -> None:
    runs = RecentRuns()
    runs.restore(ended("old").row, _SEERR)
    assert runs.last == runs.last_sync == ended("old")
    runs.add(ended("new"))
    assert runs.last_sync == ended("new")
    assert runs.server == _SEERR


def test_the_server_is_the_one_that_answered_last() -> None:
    runs = RecentRuns()
    runs.add(replace(ended("a"), server=_SEERR))
    runs.add(ended("b"))
    assert runs.server == _SEERR


def test_a_run_is_found_by_the_beginning_of_its_id() -> None:
    assert recent("abc", "xyz").find("ab") == ended("abc")


@pytest.mark.parametrize("run_id", ["ab", "x"], ids=["of-two-runs", "of-none"])
def test_an_id_that_is_not_of_one_run_finds_none(run_id: str) -> None:
    assert recent("abc", "abd").find(run_id) is None


def test_only_the_last_twenty_are_kept() -> None:
    runs = recent(*(f"run-{number:02}" for number in range(21)))
    assert runs.find("run-00") is None
    assert runs.find("run-01") is not None


# -- what is kept of a run ---------------------------------------------------------------------


def test_what_is_kept_of_a_report() -> None:
    kept = ended_of(a_report(film(), dry_run=False), _END, "http://seerr")
    assert kept == EndedRun(
        row=RunRow(
            run_id="r",
            origin="schedule",
            started_at=_AT,
            ended_at=_END,
            result="partly",
            why="one list is down",
            message="1 requested, 0 already there, 0 to review",
            requested=1,
            calls=7,
            counts={Verdict.REQUESTED: 1},
            notices=(Notice(kind=NoticeKind.ON_HOLD, text="a notice"),),
        ),
        server=ReachedServer(SERVER.product.value, SERVER.version, "http://seerr"),
        notices=(Notice(kind=NoticeKind.ON_HOLD, text="a notice"),),
    )


def test_a_server_that_was_not_reached_is_not_told() -> None:
    assert ended_of(a_report(server=False), _END).server is None


def test_the_requests_of_a_dry_run_are_kept() -> None:
    (request,) = would_be_requested(ended_of(a_report(film()), _END))
    assert request == RequestRow(
        title="The Matrix (1999)",
        key=_FILM,
        four_k=True,
        seasons=(),
        lists=("mine",),
        answer="would be requested",
        detail="",
        at=_END,
    )


def test_a_request_that_no_entry_explains_is_called_by_its_number() -> None:
    (request,) = would_be_requested(ended_of(a_report(film(604)), _END))
    assert (request.title, request.lists) == ("movie/604", ())


def test_all_the_requests_of_a_plan_are_kept() -> None:
    kept = ended_of(a_report(*(film(number) for number in range(1, 500))), _END)
    assert len(would_be_requested(kept)) == 499
    assert kept.row.requested == 499


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_run_without_a_report_is_told_as_failed(*, dry_run: bool) -> None:
    job = SyncJob(run_id="r", scope=None, origins=("a", "b"), dry_run=dry_run)
    row = failed(job, _AT, _END, "the disk is full").row
    assert row == RunRow(
        run_id="r",
        origin="a, b",
        started_at=_AT,
        dry_run=dry_run,
        ended_at=_END,
        result="failed",
        why="the disk is full",
        message="the disk is full",
    )
