"""When a copy that failed is tried again, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest

from listsync.domain.transfer_rules import RetryPolicy
from listsync.domain.transfers import CopyResult, FailureClass, JobState, TransferJob
from listsync.transfers.retries import BLOCKED, next_step, retry_words
from tests.transfer_jobs import AT, movie

JOB = TransferJob(number=1, state=JobState.RUNNING, wanted=movie(), created_at=AT, next_at=AT)
USUAL = RetryPolicy()
ORIGINAL = RetryPolicy(every=timedelta(minutes=15), attempts=3)
UP = None
"""It is given up."""

WAITS_MIN = [
    ("transient", USUAL, (1, 5, 15, 60, 180, 360, UP)),
    ("transient", RetryPolicy(attempts=1), (1, UP)),
    ("transient", RetryPolicy(attempts=8), (1, 5, 15, 60, 180, 360, 360, 360, UP)),
    ("transient", RetryPolicy(attempts=0), (UP,)),
    ("transient", ORIGINAL, (15, 15, 15, UP)),
    ("source_missing", USUAL, (0.5, 1.5, UP)),
    ("source_missing", ORIGINAL, (15, 15, 15, UP)),
    ("permanent", USUAL, (UP,)),
    ("permanent", ORIGINAL, (15, 15, 15, UP)),
    ("interrupted", USUAL, (0, 1, 5, 15, 60, 180, UP)),
    ("interrupted", ORIGINAL, (0, 15, 15, UP)),
]


@pytest.mark.parametrize(("failure", "policy", "waits"), WAITS_MIN)
def test_what_counts_is_tried_again_after(
    failure: str, policy: RetryPolicy, waits: tuple[float | None, ...]
) -> None:
    job = JOB
    for number, wait in enumerate(waits, start=1):
        result = CopyResult(number=1, failure=FailureClass(failure), why="it broke")
        job = next_step(job, result, policy, AT, 0.0)
        assert (job.attempts, job.why) == (number, "it broke")
        if wait is UP:
            assert (job.state, job.ended_at) == (JobState.NEEDS_ATTENTION, AT)
        else:
            assert (job.state, job.ended_at) == (JobState.RETRY_WAIT, None)
            assert job.next_at - AT == timedelta(minutes=wait)


@pytest.mark.parametrize(
    ("policy", "jitter", "seconds"),
    [(USUAL, -1.0, 48), (USUAL, 1.0, 72), (ORIGINAL, 1.0, 900), (ORIGINAL, -1.0, 900)],
)
def test_only_growing_pauses_have_some_chance_in_them(
    policy: RetryPolicy, jitter: float, seconds: float
) -> None:
    result = CopyResult(number=1, failure=FailureClass.TRANSIENT)
    job = next_step(JOB, result, policy, AT, jitter)
    assert (job.next_at - AT).total_seconds() == seconds


@pytest.mark.parametrize("policy", [USUAL, ORIGINAL, RetryPolicy(attempts=0)])
@pytest.mark.parametrize("times", [1, 100])
def test_the_environment_never_uses_up_an_attempt(policy: RetryPolicy, times: int) -> None:
    result = CopyResult(
        number=1, failure=FailureClass.ENVIRONMENT, why="not mounted", blocked_on="/mnt/media"
    )
    job = replace(JOB, attempts=2)
    for _ in range(times):
        job = next_step(job, result, policy, AT, 1.0)
    assert (job.state, job.attempts, job.blocked_on) == (JobState.BLOCKED, 2, "/mnt/media")
    assert (job.next_at, job.ended_at) == (AT + BLOCKED, None)


def test_what_the_agents_end_cut_off_does_not_count() -> None:
    result = CopyResult(number=1, failure=FailureClass.STOPPED)
    job = next_step(replace(JOB, attempts=2), result, RetryPolicy(attempts=2), AT, 0.0)
    assert (job.state, job.attempts, job.next_at) == (JobState.QUEUED, 2, AT)


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        (USUAL, (0, 1, 5, 15, 60, 180, 360, 360, 360, UP, 360)),
        (ORIGINAL, (0, *[15] * 8, UP, 15)),
        (RetryPolicy(attempts=0), (0, 1)),
    ],
)
def test_the_kill_of_an_agent_that_was_copying_uses_up_no_attempt(
    policy: RetryPolicy, waits: tuple[float | None, ...]
) -> None:
    job = replace(JOB, has_begun=True, attempts=2)
    for number, wait in enumerate(waits, start=1):
        result = CopyResult(
            number=1, failure=FailureClass.INTERRUPTED, why="killed", interruptions=number
        )
        found = next_step(job, result, policy, AT, 0.0)
        assert found.attempts == 2
        if wait is UP:
            assert (found.state, found.why) == (
                JobState.NEEDS_ATTENTION,
                "killed, 10 times in a row",
            )
        else:
            assert found.state is JobState.RETRY_WAIT
            assert found.next_at - AT == timedelta(minutes=wait)


def test_what_was_cancelled_is_over() -> None:
    result = CopyResult(number=1, failure=FailureClass.CANCELLED)
    job = next_step(JOB, result, USUAL, AT, 0.0)
    assert (job.state, job.ended_at, job.attempts) == (JobState.CANCELLED, AT, 0)


@pytest.mark.parametrize(
    ("has_begun", "copied", "is_dry_run", "state", "counted"),
    [
        (False, 9, False, JobState.SUCCEEDED, 9),
        (False, 0, False, JobState.SKIPPED, 0),
        # A try that did not end has copied it.
        (True, 0, False, JobState.SUCCEEDED, 7),
        (True, 3, False, JobState.SUCCEEDED, 3),
        (True, 9, True, JobState.SKIPPED, 9),
    ],
)
def test_what_is_there_is_told_by_who_has_copied_it(
    has_begun: bool, copied: int, is_dry_run: bool, state: JobState, counted: int
) -> None:
    result = CopyResult(
        number=1,
        bytes=copied,
        seconds=1.5,
        is_dry_run=is_dry_run,
        files=(PurePosixPath("a.mkv"),),
    )
    failed = replace(JOB, failure=FailureClass.INTERRUPTED, attempts=1, why="it broke")
    waits = replace(failed, wanted=movie(size=7), has_begun=has_begun)
    job = next_step(waits, result, USUAL, AT, 0.0)
    assert (job.state, job.bytes, job.seconds, job.ended_at) == (state, counted, 1.5, AT)
    assert (job.failure, job.why, job.attempts) == (None, "", 1)


def test_what_is_there_is_as_large_as_it_was_found() -> None:
    said = replace(JOB, wanted=movie(size=9000), has_begun=True)
    found = next_step(said, CopyResult(number=1, size=6), USUAL, AT, 0.0)
    assert (found.wanted.size, found.bytes) == (6, 6)
    assert next_step(said, CopyResult(number=1), USUAL, AT, 0.0).wanted.size == 9000


def test_retries_are_numbered_as_the_original_does() -> None:
    words = [retry_words(replace(JOB, attempts=number), ORIGINAL) for number in range(4)]
    assert words == ["", "(retry 1/3)", "(retry 2/3)", "(retry 3/3)"]
