"""The workers over a real state: what is due is copied, each batch in its own thread."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import pytest

from listsync.cancellation import CancelToken
from listsync.domain.messages import Importance, Message, MessageKind, TargetRules
from listsync.domain.transfer_rules import RetryPolicy
from listsync.domain.transfers import (
    CopyProgress,
    CopyResult,
    FailureClass,
    JobState,
    NewJob,
    RootHealth,
    RootTrouble,
    TransferJob,
)
from listsync.errors import StateError
from listsync.store.database import FILE_NAME, Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.library_scans import SqliteScanQueue
from listsync.store.outbox import SqliteOutbox
from listsync.store.transfer_jobs import SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers.batches import CopyMeans, Ended, JobLedger
from listsync.transfers.retries import INTERRUPTED, MOST_INTERRUPTIONS
from listsync.transfers.workers import JobOwner, TransferWorkers, WorkerTimes
from tests.transfer_jobs import MEDIA, decision, episode, event, movie, put_event

WAIT_S = 30.0
NEVER_S = 3600.0
QUICK = WorkerTimes(grace_s=0.05, ending_s=0.05, renew_s=NEVER_S)
OTHER = PurePosixPath("/mnt/other")


@dataclass
class ScriptedCopier:
    """Copies in no time, or holds each batch until `let_go`; ends when it is asked to."""

    holds: bool = False
    heeds_token: bool = True
    failures: dict[str, CopyResult] = field(default_factory=dict)
    error: Exception | None = None
    batches: list[tuple[TransferJob, ...]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    at_work: int = 0
    most_at_work: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def copy(
        self,
        jobs: Sequence[TransferJob],
        token: CancelToken,
        report: Callable[[CopyProgress], None],
        cancelled: Callable[[], frozenset[int]],
    ) -> tuple[CopyResult, ...]:
        with self._lock:
            self.batches.append(tuple(jobs))
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        numbers = tuple(job.number for job in jobs)
        report(CopyProgress(jobs=numbers, done=1, total=4))
        try:
            return self._copied(jobs, token, cancelled)
        finally:
            with self._lock:
                self.at_work -= 1

    def _copied(
        self,
        jobs: Sequence[TransferJob],
        token: CancelToken,
        cancelled: Callable[[], frozenset[int]],
    ) -> tuple[CopyResult, ...]:
        if self.error is not None:
            raise self.error
        while self.holds and not self.let_go.wait(0.005):
            if self.heeds_token and (token.is_set() or cancelled().issuperset(_numbers(jobs))):
                return tuple(
                    CopyResult(number=job.number, failure=FailureClass.STOPPED) for job in jobs
                )
        return tuple(map(self._result, jobs))

    def _result(self, job: TransferJob) -> CopyResult:
        relative = job.wanted.place.relative
        good = CopyResult(number=job.number, bytes=10, seconds=0.5, files=(relative,))
        return replace(self.failures.get(job.wanted.label.title, good), number=job.number)


def _numbers(jobs: Sequence[TransferJob]) -> set[int]:
    return {job.number for job in jobs}


@dataclass
class House:
    """A state, and workers over it with a copier that does as it is told."""

    path: Path
    copier: ScriptedCopier = field(default_factory=ScriptedCopier)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    roots: tuple[RootHealth, ...] = ()
    ended: list[tuple[TransferJob, CopyResult]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.database = Database(self.path / FILE_NAME)
        self.inbox = SqliteWebhookInbox(self.database)
        self.queue = SqliteJobQueue(self.database)
        self.history = SqliteJobHistory(self.database)
        self.scans = SqliteScanQueue(self.database)

    def workers(self, times: WorkerTimes = QUICK, concurrent: int = 1) -> TransferWorkers:
        means = CopyMeans(copier=self.copier, retry=self.retry, concurrent=concurrent)
        ledger = JobLedger(self.queue, self.history, self._tell, lambda: None)
        return TransferWorkers(self.queue, ledger, means, lambda: self.roots, times)

    def _tell(self, ended: Ended, at: datetime) -> list[Message]:
        self.ended += ended
        return [
            Message(
                key=f"{job.number}:{job.state}",
                at=at,
                kind=MessageKind.TEST,
                importance=Importance.INFO,
                title=f"{job.wanted.label.title} {job.state}",
            )
            for job, _ in ended
        ]

    def put(self, *jobs: NewJob, at: datetime | None = None) -> tuple[int, ...]:
        return put_event(self.inbox, event(), decision(*jobs), at or datetime.now(UTC))

    def put_settled(self, *jobs: NewJob) -> tuple[int, ...]:
        """Put jobs that need not wait for others any more."""
        return self.put(*jobs, at=datetime.now(UTC) - timedelta(minutes=1))

    def state(self, number: int) -> JobState:
        return self.job(number).state

    def job(self, number: int) -> TransferJob:
        found = self.history.find(number)
        assert found is not None
        return found

    def wait_for(self, state: JobState, *numbers: int) -> None:
        wait_until(lambda: all(self.state(number) is state for number in numbers))


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.005)


@contextmanager
def running(workers: TransferWorkers) -> Iterator[Callable[[], None]]:
    """Let *workers* run; what is given stops them."""
    stop = threading.Event()
    thread = threading.Thread(target=workers.run, args=(stop,), daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        workers.wake()
        thread.join(WAIT_S)
        assert not thread.is_alive()

    try:
        yield end
    finally:
        end()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.copier.let_go.set()
    house.database.close()


def test_a_season_is_one_batch_with_one_scan_and_each_episode_ends_by_itself(
    house: House,
) -> None:
    house.scans.follow(["plex"], datetime.now(UTC))
    missing = CopyResult(number=0, failure=FailureClass.SOURCE_MISSING, why="is not there")
    house.copier.failures = {"lost": missing}
    numbers = house.put_settled(
        *(episode(number) for number in range(1, 24)),
        replace(episode(24), label=replace(episode(24).label, title="lost")),
    )
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, *numbers[:-1])
    assert len(house.copier.batches) == 1
    job = house.job(numbers[-1])
    assert (job.state, job.attempts, job.why) == (JobState.RETRY_WAIT, 1, "is not there")
    scans = house.scans.page(None, 9, None).rows
    assert [(one.wanted.folder, len(one.wanted.expects)) for one in scans] == [
        ("/data/Dark/Season 01", 23)
    ]
    done = house.job(numbers[0])
    assert (done.bytes, done.seconds, done.attempts) == (10, 0.5, 0)
    (attempt,) = house.history.attempts(numbers[0])
    assert (attempt.number, attempt.failure, attempt.bytes) == (1, None, 10)


def test_what_comes_while_they_sleep_is_copied_when_they_are_woken(house: House) -> None:
    workers = house.workers()
    with running(workers):
        wait_until(lambda: workers._is_recovered)
        (number,) = house.put(movie())
        workers.wake()
        house.wait_for(JobState.SUCCEEDED, number)


def test_what_is_put_off_is_copied_when_its_time_has_come(house: House) -> None:
    (number,) = house.put(movie(), at=datetime.now(UTC) + timedelta(seconds=0.3))
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)


def test_nobody_wakes_up_while_there_is_nothing_to_do(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = house.workers()
    pauses: list[float | None] = []
    waited = threading.Event()

    def wait(pause_s: float | None) -> bool:
        pauses.append(pause_s)
        waited.set()
        return False

    monkeypatch.setattr(workers._woken, "wait", wait)
    stop = threading.Event()
    monkeypatch.setattr(stop, "is_set", lambda: bool(pauses))
    workers.run(stop)
    assert pauses == [None]


def test_one_batch_of_a_destination_runs_at_a_time_and_another_destination_beside_it(
    house: House,
) -> None:
    house.copier.holds = True
    house.put(movie("one"), movie("two"), movie("elsewhere", destination_root=OTHER))
    workers = house.workers()
    with running(workers):
        wait_until(lambda: len(house.copier.batches) == 2)
        roots = {batch[0].wanted.place.destination_root for batch in house.copier.batches}
        assert roots == {MEDIA, OTHER}
        assert {one.percent for one in workers.progress()} == {25.0}
        house.copier.let_go.set()
        wait_until(lambda: len(house.ended) == 3)
        wait_until(lambda: not workers.progress())
    assert house.copier.most_at_work == 2


def test_a_destination_takes_as_many_as_it_is_allowed(house: House) -> None:
    house.copier.holds = True
    house.put(movie("one"), movie("two"), movie("three"))
    with running(house.workers(concurrent=2)):
        wait_until(lambda: house.copier.at_work == 2)
        house.copier.let_go.set()
        wait_until(lambda: len(house.ended) == 3)
    assert house.copier.most_at_work == 2


def test_what_is_asked_for_while_it_is_copied_is_copied_again(house: House) -> None:
    house.copier.holds = True
    (first,) = house.put(movie())
    workers = house.workers()
    with running(workers):
        wait_until(lambda: house.copier.at_work)
        house.put(movie())
        workers.wake()
        house.copier.let_go.set()
        wait_until(lambda: len(house.ended) == 2)
    assert [batch[0].number == first for batch in house.copier.batches] == [True, False]
    assert house.copier.most_at_work == 1


def test_what_runs_is_cancelled_soon(house: House) -> None:
    house.copier.holds = True
    (number,) = house.put(movie())
    workers = house.workers()
    with running(workers):
        wait_until(lambda: house.copier.at_work)
        assert house.history.cancel(number, datetime.now(UTC))
        workers.wake()
        house.wait_for(JobState.CANCELLED, number)


def test_one_job_of_a_batch_is_cancelled_and_the_rest_goes_on(house: House) -> None:
    house.copier.holds = True
    one, two = house.put_settled(episode(1), replace(episode(2), label=movie("gone").label))
    house.copier.failures = {"gone": CopyResult(number=0, failure=FailureClass.TRANSIENT)}
    workers = house.workers()
    with running(workers):
        wait_until(lambda: house.copier.at_work)
        house.history.cancel(two, datetime.now(UTC))
        workers.wake()
        wait_until(lambda: workers._batches[0].cancelled)
        house.copier.let_go.set()
        house.wait_for(JobState.SUCCEEDED, one)
    assert house.state(two) is JobState.CANCELLED


def test_at_the_end_what_is_nearly_done_may_be_done(house: House) -> None:
    house.copier.holds = True
    (number,) = house.put(movie())
    house.put(movie("waits"))
    with running(house.workers(WorkerTimes(grace_s=WAIT_S, ending_s=WAIT_S))) as end:
        wait_until(lambda: house.copier.at_work)
        threading.Timer(0.1, house.copier.let_go.set).start()
        end()
    assert house.state(number) is JobState.SUCCEEDED
    assert len(house.copier.batches) == 1, "nothing is begun any more"


def test_at_the_end_what_goes_on_is_ended_and_queued_without_counting(house: House) -> None:
    house.copier.holds = True
    (number,) = house.put(movie())
    with running(house.workers()) as end:
        wait_until(lambda: house.copier.at_work)
        end()
    job = house.job(number)
    assert (job.state, job.attempts, job.failure) == (JobState.QUEUED, 0, FailureClass.STOPPED)


def test_what_does_not_end_is_queued_too_and_counts_no_more(house: House) -> None:
    house.copier.holds, house.copier.heeds_token = True, False
    (number,) = house.put(movie())
    with running(house.workers()) as end:
        wait_until(lambda: house.copier.at_work)
        ender = threading.Thread(target=end)
        ender.start()
        house.wait_for(JobState.QUEUED, number)
        house.copier.let_go.set()
        ender.join(WAIT_S)
    assert house.state(number) is JobState.QUEUED
    assert [job.state for job, _ in house.ended] == [JobState.QUEUED]


def test_what_a_killed_agent_left_is_taken_up_and_told_by_its_words(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    (number,) = house.put(movie())
    dead = JobOwner("another boot", os.getpid(), 1, "word")
    house.queue.claim(str(dead), (), datetime.now(UTC))
    caplog.set_level(logging.INFO)
    house.retry = RetryPolicy(every=timedelta(minutes=15), attempts=3)
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)
    interrupted, copied = house.history.attempts(number)
    assert (interrupted.failure, interrupted.why) == (FailureClass.INTERRUPTED, INTERRUPTED)
    assert copied.failure is None
    assert "(retry 1/3)" in caplog.text
    assert INTERRUPTED in caplog.text


def test_kills_use_up_no_attempt_where_something_was_copied_but_many_in_a_row_need_a_person(
    house: House,
) -> None:
    """A long copy outlives restarts; one that kills the agent each time must end somewhere."""
    (number,) = house.put(movie())
    house.retry = RetryPolicy(every=timedelta(minutes=15), attempts=3)

    def killed() -> TransferJob:
        house.queue.claim("another boot 1 1 word", (), datetime.now(UTC) + timedelta(days=1))
        house.queue.note_begun([number])
        house.workers()._recover(datetime.now(UTC))
        return house.job(number)

    for _ in range(MOST_INTERRUPTIONS - 1):
        job = killed()
        assert (job.state, job.attempts, job.why) == (JobState.RETRY_WAIT, 0, INTERRUPTED)
    job = killed()
    assert (job.state, job.why) == (JobState.NEEDS_ATTENTION, f"{INTERRUPTED}, 10 times in a row")
    house.history.retry([number], datetime.now(UTC))
    assert killed().state is JobState.RETRY_WAIT


@pytest.mark.parametrize(
    ("begins", "state"), [(True, JobState.SUCCEEDED), (False, JobState.SKIPPED)]
)
def test_what_a_killed_agent_had_copied_is_told_and_what_was_there_before_is_not(
    house: House, begins: bool, state: JobState
) -> None:
    (number,) = house.put(movie())
    dead = JobOwner("another boot", os.getpid(), 1, "word")
    house.queue.claim(str(dead), (), datetime.now(UTC))
    if begins:
        house.queue.note_begun([number])
    house.copier.failures = {movie().label.title: CopyResult(number=0)}
    with running(house.workers()):
        house.wait_for(state, number)


def test_of_a_series_that_an_earlier_try_has_begun_all_is_scanned(house: House) -> None:
    house.scans.follow(["plex"], datetime.now(UTC))
    (number,) = house.put_settled(episode())
    house.queue.note_begun([number])
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)
    (scan,) = house.scans.page(None, 9, None).rows
    assert scan.wanted.folder == "/data/Dark"


def test_what_begins_to_be_copied_is_noted_before(house: House) -> None:
    house.copier.holds = True
    (number,) = house.put(movie())
    with running(house.workers()):
        wait_until(lambda: house.copier.at_work)
        wait_until(lambda: house.job(number).has_begun)
        house.copier.let_go.set()
        house.wait_for(JobState.SUCCEEDED, number)


def test_it_is_known_whose_owner_is_alive() -> None:
    us, again = JobOwner.new(), JobOwner.new()
    assert us.knows_alive(str(us))
    assert not again.knows_alive(str(us)), "an earlier run of this process has ended"
    parent = replace(us, pid=os.getppid(), started=_started(os.getppid()), word="x")
    assert us.knows_alive(str(parent))
    assert not us.knows_alive(str(replace(parent, started=1)))
    assert not us.knows_alive(str(replace(parent, boot="another")))
    assert not us.knows_alive("")


def _started(pid: int) -> int:
    return int(
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[19]
    )


def test_jobs_wait_for_a_root_that_is_not_well(house: House) -> None:
    why = "is not mounted"
    house.roots = (
        RootHealth(root=MEDIA, is_healthy=False, why=why, trouble=RootTrouble.NOT_MOUNTED),
    )
    blocked, free = house.put(movie("one"), movie("two", destination_root=OTHER))
    workers = house.workers()
    with running(workers):
        house.wait_for(JobState.SUCCEEDED, free)
        job = house.job(blocked)
        assert (job.state, job.blocked_on, job.why) == (JobState.BLOCKED, str(MEDIA), why)
        assert not house.history.attempts(blocked)
        house.roots = ()

        def goes_on() -> bool:  # a worker that had looked before may have it wait once more
            house.queue.unblock(str(MEDIA), datetime.now(UTC))
            workers.wake()
            return house.state(blocked) is JobState.SUCCEEDED

        wait_until(goes_on)


def test_an_error_of_ours_is_a_failure_like_another(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.copier.error = ZeroDivisionError("oops")
    (number,) = house.put(movie())
    with running(house.workers()):
        house.wait_for(JobState.RETRY_WAIT, number)
    assert house.job(number).why == "ZeroDivisionError: oops"
    assert "Traceback" in caplog.text


def test_messages_that_cannot_be_made_cost_no_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tell(_ended: Ended, _at: datetime) -> list[Message]:
        raise ZeroDivisionError

    monkeypatch.setattr(house, "_tell", tell)
    (number,) = house.put(movie())
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)


def test_messages_are_written_with_the_end(house: House) -> None:
    outbox = SqliteOutbox(house.database)
    outbox.follow([TargetRules(name="me", kinds=frozenset(MessageKind))], datetime.now(UTC))
    house.put(movie())
    with running(house.workers()):
        wait_until(lambda: outbox.take("me", datetime.now(UTC) + timedelta(hours=1)))


def test_an_end_that_cannot_be_written_is_written_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.transfers.batches._STATE_PAUSE_S", 0.01)
    settle, failed = SqliteJobQueue.settle, threading.Event()

    def is_full(*arguments: object) -> None:
        if not failed.is_set():
            failed.set()
            raise StateError("the disk is full")
        settle(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteJobQueue, "settle", is_full)
    (number,) = house.put(movie())
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)
    assert failed.is_set()


def test_a_state_that_cannot_be_read_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("listsync.transfers.workers._STATE_PAUSE_S", 0.01)
    claim, times = SqliteJobQueue.claim, iter(range(100))

    def is_locked(*arguments: object) -> tuple[TransferJob, ...]:
        if next(times) < 3:
            raise StateError("is locked")
        return claim(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteJobQueue, "claim", is_locked)
    (number,) = house.put(movie())
    with running(house.workers()):
        house.wait_for(JobState.SUCCEEDED, number)
    assert caplog.text.count("is locked") == 1


def test_other_means_are_used_from_the_next_batch_on(house: House) -> None:
    house.copier.holds = True
    first, then = house.put(movie("first"), movie("then"))
    workers = house.workers()
    other = ScriptedCopier()
    with running(workers):
        wait_until(lambda: house.copier.at_work)
        workers.follow(CopyMeans(copier=other, retry=RetryPolicy()))
        house.copier.let_go.set()
        house.wait_for(JobState.SUCCEEDED, first, then)
    assert len(house.copier.batches) == len(other.batches) == 1
