"""What becomes of a job after a try, by how that ended. Pure.

Environment: it waits, and no attempt is used up. Transient: it is tried again later and later.
Missing at the source: it is looked for twice more, as a NAS may show it late. Permanent: a person
is needed at once. With `retry.every`, all that counts is tried again after the same time.
Interrupted, as the agent was killed: where something was being copied, no attempt is used up, but
each tenth time in a row a person is needed, as the copy may be what kills the agent. A job whose
copy had not begun uses one up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from listsync.domain.transfer_rules import RetryPolicy
from listsync.domain.transfers import CopyResult, FailureClass, JobState, TransferJob

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""After so many attempts that failed; they cover a night."""
_SOURCE_PAUSES = (timedelta(seconds=30), timedelta(seconds=90))
"""Together longer than NFS keeps what it knows of a folder (acdirmax, nfs(5): 60 s)."""
_JITTER = 0.2
BLOCKED = timedelta(minutes=5)
"""How often what waits for its environment is tried, should nobody say that it is well again."""
INTERRUPTED = "Interrupted by restart"
MOST_INTERRUPTIONS = 10
"""So many in a row, and a person is needed."""


def next_step(
    job: TransferJob, result: CopyResult, policy: RetryPolicy, now: datetime, jitter: float
) -> TransferJob:
    """Say how *job* stands after a try at *now* that ended as *result*; *jitter*: from -1 to 1."""
    if result.failure is None:
        return _done(job, result, now)
    tried = replace(job, failure=result.failure, why=result.why, blocked_on="")
    match result.failure:
        case FailureClass.CANCELLED:
            return replace(tried, state=JobState.CANCELLED, ended_at=now)
        case FailureClass.STOPPED:
            return replace(tried, state=JobState.QUEUED, next_at=now)
        case FailureClass.ENVIRONMENT:
            return replace(
                tried,
                state=JobState.BLOCKED,
                blocked_on=result.blocked_on,
                next_at=now + BLOCKED,
            )
        case FailureClass.INTERRUPTED if job.has_begun:
            return _interrupted(tried, result.interruptions, policy, now, jitter)
        case _:
            return _failed(tried, result.failure, policy, now, jitter)


def _done(job: TransferJob, result: CopyResult, now: datetime) -> TransferJob:
    """Say how it stands when the file is there; an earlier try of it may have copied all."""
    is_news = (result.bytes > 0 or job.has_begun) and not result.is_dry_run
    size = job.wanted.size if result.size is None else result.size
    return replace(
        job,
        wanted=replace(job.wanted, size=size),
        state=JobState.SUCCEEDED if is_news else JobState.SKIPPED,
        ended_at=now,
        bytes=result.bytes or (size or 0 if is_news else 0),
        seconds=result.seconds,
        failure=None,
        why=result.why,
        blocked_on="",
    )


def _interrupted(
    job: TransferJob, times: int, policy: RetryPolicy, now: datetime, jitter: float
) -> TransferJob:
    if times and times % MOST_INTERRUPTIONS == 0:
        why = f"{job.why}, {times} times in a row"
        return replace(job, state=JobState.NEEDS_ATTENTION, ended_at=now, why=why)
    pause = _later(times - 1, policy, jitter) if times > 1 else timedelta()
    return replace(job, state=JobState.RETRY_WAIT, next_at=now + pause)


def _failed(
    job: TransferJob, failure: FailureClass, policy: RetryPolicy, now: datetime, jitter: float
) -> TransferJob:
    job = replace(job, attempts=job.attempts + 1)
    pause = _pause(job.attempts, failure, policy, jitter)
    if pause is None:
        return replace(job, state=JobState.NEEDS_ATTENTION, ended_at=now)
    return replace(job, state=JobState.RETRY_WAIT, next_at=now + pause)


def _pause(
    attempts: int, failure: FailureClass, policy: RetryPolicy, jitter: float
) -> timedelta | None:
    """Tell how long to wait after so many attempts that failed; None: a person is needed."""
    if attempts > policy.attempts:
        return None
    if failure is FailureClass.INTERRUPTED:
        attempts -= 1
        if attempts == 0:
            return timedelta()
    if policy.every is None and failure is FailureClass.PERMANENT:
        return None
    if policy.every is None and failure is FailureClass.SOURCE_MISSING:
        return _SOURCE_PAUSES[attempts - 1] if attempts <= len(_SOURCE_PAUSES) else None
    return _later(attempts, policy, jitter)


def _later(attempts: int, policy: RetryPolicy, jitter: float) -> timedelta:
    if policy.every is not None:
        return policy.every
    return _PAUSES[min(attempts, len(_PAUSES)) - 1] * (1 + _JITTER * jitter)


def retry_words(job: TransferJob, policy: RetryPolicy) -> str:
    """Say which retry this is, `(retry 1/3)`; "" for a first try."""
    return f"(retry {job.attempts}/{policy.attempts})" if job.attempts else ""
