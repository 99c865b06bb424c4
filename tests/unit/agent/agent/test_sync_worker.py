from __future__ import annotations

import logging
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from listsync.agent import sync_worker as working
from listsync.agent.sync_worker import Perform, SyncWorker
from listsync.cancellation import CancelToken
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.runs import ConfigSnapshot, EndedRun, SyncJob
from listsync.errors import StateError
from tests.builders import sync_report

_JOB = SyncJob(run_id="r", scope=frozenset({"file:one"}), origins=("schedule", "SIGUSR1"))
_DRY = SyncJob(run_id="r", scope=None, origins=("test",), dry_run=True)
_SNAPSHOT: ConfigSnapshot[object] = ConfigSnapshot(
    lists=(), sync_on_change=True, server="sandbox", content=None
)
_BY_RESULT = {Result.OK: "", Result.PARTLY: "a list is down", Result.CANCELLED: "stopped"}


@pytest.fixture(autouse=True)
def _all_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "listsync")


def a_report(run: SyncRun, result: Result = Result.OK) -> SyncReport:
    one = ListReport(
        name="one",
        service="file",
        outcome=ListOutcome.COMPLETE,
        read=3,
        declared=3,
        new=0,
        verdicts=Counter({Verdict.ALREADY: 3}),
    )
    return sync_report(
        run=run,
        result=result,
        why=_BY_RESULT[result],
        lists=(one,),
        calls=2,
        duration_s=0.1,
        notices=(Notice(kind=NoticeKind.SERVER_CHANGED, text="the server is new"),),
    )


def raising(error: BaseException) -> Perform[object]:
    def perform(*_: object) -> SyncReport:
        raise error

    return perform


def ending(result: Result) -> Perform[object]:
    return lambda run, *_: a_report(run, result)


def worked(perform: Perform[object], job: SyncJob = _JOB) -> EndedRun:
    """Run one sync to its end."""
    ends: list[EndedRun] = []
    work = SyncWorker(job, _SNAPSHOT, perform, ends.append)
    work.start()
    assert work.wait(30)
    (ended,) = ends
    return ended


def test_a_sync_for_which_there_is_no_thread_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    ended = worked(ending(Result.OK))
    assert (ended.row.result, ended.row.message) == (
        Result.FAILED,
        "can't start new thread",
    )


@pytest.mark.parametrize("job", [_JOB, _DRY], ids=["real", "dry"])
def test_a_sync_is_given_what_was_ordered(job: SyncJob) -> None:
    given: list[tuple[SyncRun, ConfigSnapshot[object], SyncJob]] = []

    def perform(
        run: SyncRun, snapshot: ConfigSnapshot[object], job: SyncJob, stop: CancelToken
    ) -> SyncReport:
        assert not stop.is_set()
        given.append((run, snapshot, job))
        return a_report(run)

    worked(perform, job)
    ((run, snapshot, given_request),) = given
    assert (run.run_id, run.origin, run.dry_run) == ("r", job.origin, job.dry_run)
    assert abs((datetime.now(UTC) - run.started_at).total_seconds()) < 60
    assert snapshot is _SNAPSHOT
    assert given_request is job


def test_a_sync_runs_in_a_thread_that_nobody_waits_for() -> None:
    found: list[threading.Thread] = []

    def perform(run: SyncRun, *_: object) -> SyncReport:
        found.append(threading.current_thread())
        return a_report(run)

    worked(perform)
    assert found[0].daemon
    assert found[0].name == "listsync-sync"


def test_stop_reaches_the_sync() -> None:
    def perform(run: SyncRun, _: object, __: object, stop: CancelToken) -> SyncReport:
        return a_report(run, Result.CANCELLED if stop.wait(30) else Result.OK)

    ends: list[EndedRun] = []
    work = SyncWorker(_JOB, _SNAPSHOT, perform, ends.append)
    work.start()
    assert not work.wait(0)
    work.stop()
    assert work.wait(30)
    assert ends[0].row.result == "cancelled"


def test_a_sync_that_went_well_is_told_as_it_went() -> None:
    row = worked(ending(Result.OK)).row
    assert (row.run_id, row.result, row.calls) == ("r", "ok", 2)
    assert row.ended_at is not None


@pytest.mark.parametrize(
    ("error", "why"),
    [
        pytest.param(StateError("the disk is full"), "the disk is full", id="foreseen"),
        pytest.param(
            KeyError("x"),
            "a fault in listsync itself (KeyError); the log says where",
            id="unforeseen",
        ),
    ],
)
def test_an_error_is_a_sync_that_failed(error: Exception, why: str) -> None:
    row = worked(raising(error), _DRY).row
    assert (row.run_id, row.result, row.dry_run) == ("r", "failed", True)
    assert (row.why, row.message) == (why, why)


def test_where_an_unforeseen_error_came_from_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    worked(raising(KeyError("the culprit")))
    assert "Traceback" in caplog.text
    assert "the culprit" in caplog.text


def test_a_foreseen_error_needs_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    worked(raising(StateError("the disk is full")))
    assert "Traceback" not in caplog.text


# -- the log -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "line"),
    [
        pytest.param(
            _JOB,
            "Background sync started (dry_run=False), triggered by schedule, SIGUSR1",
            id="real",
        ),
        pytest.param(_DRY, "Background sync started (dry_run=True), triggered by test", id="dry"),
    ],
)
def test_the_start_is_logged(job: SyncJob, line: str, caplog: pytest.LogCaptureFixture) -> None:
    worked(ending(Result.OK), job)
    said = [one for one in caplog.messages if not one.startswith("[Sync Worker]")]
    assert said[0] == line
    is_scheduled = "[Sync Worker] Starting scheduled sync..." in caplog.messages
    assert is_scheduled is ("schedule" in job.origins)


@pytest.mark.parametrize(
    ("perform", "level", "line"),
    [
        pytest.param(
            ending(Result.OK),
            "INFO",
            "Background sync completed: Successfully synced: 0 requested, 3 already there,"
            " 0 to review (Sync complete: 3/3 operations successful)",
            id="ok",
        ),
        pytest.param(
            ending(Result.PARTLY),
            "WARNING",
            "Background sync ended (partly): 0 requested, 3 already there, 0 to review"
            " (Sync partly complete: 3/3 operations successful)",
            id="partly",
        ),
        pytest.param(
            ending(Result.CANCELLED),
            "WARNING",
            "Background sync ended (cancelled): stopped (0 requested, 3 already there,"
            " 0 to review) (Sync stopped: 3/3 operations successful)",
            id="cancelled",
        ),
        pytest.param(
            raising(StateError("no room")),
            "WARNING",
            "Background sync ended (failed): no room",
            id="failed",
        ),
    ],
)
def test_the_end_is_logged(
    perform: Perform[object], level: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    worked(perform)
    assert (level, line) in [(one.levelname, one.message) for one in caplog.records]


def test_the_log_names_the_run(caplog: pytest.LogCaptureFixture) -> None:
    worked(ending(Result.OK))
    assert {getattr(one, "run", None) for one in caplog.records} == {"r"}


def test_notices_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    worked(ending(Result.OK))
    assert caplog.messages[-1] == "server: the server is new"


# -- its end -----------------------------------------------------------------------------------


class Hanging:
    """A sync that heeds nothing until it is let go, and what it does then."""

    def __init__(self, then: Exception | None = None) -> None:
        self.token: CancelToken | None = None
        self._go_on = threading.Event()
        self._then = then

    def __call__(self, run: SyncRun, _: object, __: object, token: CancelToken) -> SyncReport:
        self.token = token
        assert self._go_on.wait(30)
        if self._then is not None:
            raise self._then
        return a_report(run)

    def let_go(self, work: SyncWorker[object]) -> None:
        self._go_on.set()
        assert work.wait(30)


@pytest.fixture
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "CUT_AFTER_S", 0.05)
    monkeypatch.setattr(working, "LEAVE_AFTER_S", 0.1)


def stopped(perform: Perform[object]) -> tuple[SyncWorker[object], list[EndedRun]]:
    """Stop a sync in the middle, and wait until it has ended for everybody else."""
    ends: list[EndedRun] = []
    over = threading.Event()

    def done(ended: EndedRun) -> None:
        ends.append(ended)
        over.set()

    work = SyncWorker(_JOB, _SNAPSHOT, perform, done)
    work.start()
    work.stop()
    work.stop()
    assert over.wait(30)
    return work, ends


@pytest.mark.usefixtures("_in_a_hurry")
def test_a_sync_that_heeds_no_stop_is_left_behind_as_cancelled() -> None:
    hanging = Hanging()
    work, ends = stopped(hanging)
    assert hanging.token is not None
    assert (hanging.token.is_cut, hanging.token.is_revoked) == (True, True)
    hanging.let_go(work)
    (ended,) = ends
    assert (ended.row.result, ended.retry) == ("cancelled", None)
    assert "left behind" in ended.row.message
    assert work.ended is ended


@pytest.mark.usefixtures("_in_a_hurry")
@pytest.mark.parametrize("then", [StateError("x"), KeyError("x")], ids=["foreseen", "unforeseen"])
def test_what_becomes_of_a_sync_that_was_left_behind_is_no_news(
    then: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = Hanging(then)
    work, ends = stopped(hanging)
    caplog.clear()
    hanging.let_go(work)
    assert len(ends) == 1
    assert caplog.messages == []


@pytest.mark.usefixtures("_in_a_hurry")
def test_a_sync_that_is_cut_ends_by_itself() -> None:
    def perform(run: SyncRun, _: object, __: object, token: CancelToken) -> SyncReport:
        cut = threading.Event()
        with token.breaking(cut.set):
            assert cut.wait(30)
        return a_report(run, Result.CANCELLED)

    _, (ended,) = stopped(perform)
    assert (ended.row.result, ended.row.calls) == ("cancelled", 2)


def test_a_sync_gets_its_time_before_it_is_cut() -> None:
    def perform(run: SyncRun, _: object, __: object, token: CancelToken) -> SyncReport:
        assert token.wait(30)
        assert not token.is_cut
        return a_report(run, Result.CANCELLED)

    _, (ended,) = stopped(perform)
    assert ended.row.result == "cancelled"


def test_without_room_for_a_thread_a_stop_cuts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    work = SyncWorker(_JOB, _SNAPSHOT, ending(Result.OK), lambda _: None)

    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    work.stop()
    assert work.token.is_cut


@pytest.mark.usefixtures("_in_a_hurry")
def test_a_sync_that_hangs_in_clearing_up_is_left_behind_too() -> None:
    go_on = threading.Event()

    def perform(run: SyncRun, _: object, __: object, token: CancelToken) -> SyncReport:
        token.revoke()  # as the parts of a sync do when they are put away
        assert go_on.wait(30)
        return a_report(run)

    work, (ended,) = stopped(perform)
    go_on.set()
    assert work.wait(30)
    assert ended.row.result == "cancelled"
