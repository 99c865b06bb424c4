"""Copies, scans and webhooks: which there are, why they failed, and to have them tried again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from listsync.commands.context import CommandContext, TransferStatus
from listsync.commands.serializers import PageRequest, iso, page_request_of
from listsync.domain.message_of_transfer import label_of
from listsync.domain.transfers import (
    CopyProgress,
    JobAttempt,
    JobKind,
    JobState,
    LibraryScan,
    ReceivedEvent,
    RootHealth,
    ScanState,
    TransferCounts,
    TransferJob,
)
from listsync.protocol import Reason, RefusedCommand
from listsync.terminal.output import plural, span
from listsync.text_cleaning import cut, one_line

if TYPE_CHECKING:
    from listsync.protocol.job_shapes import (
        AttemptShape,
        CopyProgressShape,
        JobShape,
        RootShape,
        ScanShape,
        TransfersShape,
        WebhookShape,
    )
    from listsync.protocol.messages import DoneReply
    from listsync.protocol.transfers import (
        JobParams,
        JobReply,
        JobsParams,
        JobsReply,
        JobsRetryReply,
        RetryFailedParams,
        ScanParams,
        ScansParams,
        ScansReply,
        WebhooksParams,
        WebhooksReply,
    )

_USUAL = 50
_LATEST = 20
"""Of the webhooks and scans of one job."""
_DAY_S = 86400.0
_SOON = (JobState.QUEUED, JobState.RUNNING)
_Word = TypeVar("_Word", bound=StrEnum)
_MOST_PATH, _MOST_WHY, _MOST_ERRORS = 1000, 500, 4000
_MOST_JOBS = 200
THERE = (JobState.SUCCEEDED, JobState.SKIPPED)
FAILED = (JobState.RETRY_WAIT, JobState.NEEDS_ATTENTION)
_WAITS = (JobState.QUEUED, JobState.RETRY_WAIT, JobState.BLOCKED)
_IS_TO_COME = (ScanState.WAITING, ScanState.SENT)


def jobs(context: CommandContext, params: JobsParams) -> JobsReply | JobReply:
    """List jobs, or tell one."""
    if (number := params.get("id")) is not None:
        return _one_job(context, number)
    states = _words(JobState, "state", params.get("state", ()))
    if params.get("failed"):
        states = [*states, *FAILED]
    (kind,) = _words(JobKind, "kind", [params["kind"]]) if "kind" in params else (None,)
    request = page_request_of(params, _USUAL, int)
    page = context.transfers.jobs.page(
        states or None, request.limit, _after(request), kind, request.skip
    )
    total, next_ = request.total_and_next(page)
    progress = context.transfers.status().progress
    rows = [job_shape(one, progress) for one in page.rows]
    return {"total": total, "next": next_, "jobs": rows, "active": _count_active(context)}


def _count_active(context: CommandContext) -> int:
    return context.transfers.jobs.page(_SOON, 1, None).total or 0


def _one_job(context: CommandContext, number: int) -> JobReply:
    job = _job(context, number)
    events = context.transfers.webhooks.page(_LATEST, None, number).rows
    scans = context.transfers.scans.of_folder(scanned_folder(job), _LATEST)
    return {
        "job": job_shape(job, context.transfers.status().progress),
        "attempts": [attempt_shape(one) for one in context.transfers.jobs.attempts(number)],
        "webhooks": [webhook_shape(one) for one in events],
        "scans": [scan_shape(one) for one in scans],
    }


def job_retry(context: CommandContext, params: JobParams) -> JobsRetryReply:
    """Queue a job anew, or have one tried now that waits."""
    job = _job(context, params["id"])
    done = context.transfers.jobs.retry([job.number], datetime.now(UTC))
    if not done:
        raise _refusal(job, "tried again")
    context.transfers.wake()
    message = f"job {job.number} is queued: {label_of(job.wanted)}"
    return {"ok": True, "message": message, "jobs": [*done]}


def jobs_retry_failed(context: CommandContext, params: RetryFailedParams) -> JobsRetryReply:
    """Queue anew all that failed lately."""
    since_s, now = params.get("since_s", _DAY_S), datetime.now(UTC)
    failed = context.transfers.jobs.failed_since(now - timedelta(seconds=since_s))
    done = context.transfers.jobs.retry(failed, now) if failed else ()
    if done:
        context.transfers.wake()
    verb = "is" if len(done) == 1 else "are"
    lately = f"within {span(since_s)}"
    message = f"{plural(len(done), 'job')} {verb} queued" if done else f"no job failed {lately}"
    return {"ok": True, "message": message, "jobs": [*done]}


def job_cancel(context: CommandContext, params: JobParams) -> DoneReply:
    """Cancel a job, or dismiss one that was given up; one that runs is ended soon."""
    job = _job(context, params["id"])
    if not context.transfers.jobs.cancel(job.number, datetime.now(UTC)):
        raise _refusal(job, "cancelled")
    context.transfers.wake()
    how = "is being cancelled" if job.state is JobState.RUNNING else "is cancelled"
    return {"ok": True, "message": f"job {job.number} {how}: {label_of(job.wanted)}"}


_HOW = {
    JobState.QUEUED: "it is queued",
    JobState.RUNNING: "it is running",
    JobState.RETRY_WAIT: "another job of its destination is under way",
    JobState.BLOCKED: "another job of its destination is under way",
    JobState.SUCCEEDED: "it has succeeded",
    JobState.SKIPPED: "there was nothing to copy",
    JobState.NEEDS_ATTENTION: "another job of its destination is under way",
    JobState.CANCELLED: "it is cancelled, or another job of its destination is under way",
}


def _refusal(job: TransferJob, what: str) -> RefusedCommand:
    is_under_way = job.state in (JobState.QUEUED, JobState.RUNNING)
    reason = Reason.BUSY if is_under_way else Reason.INVALID
    return RefusedCommand(reason, f"job {job.number} cannot be {what}: {_HOW[job.state]}")


def scans(context: CommandContext, params: ScansParams) -> ScansReply:
    """List scans."""
    states = _words(ScanState, "state", params.get("state", ()))
    request = page_request_of(params, _USUAL, int)
    scans = context.transfers.scans
    page = scans.page(states or None, request.limit, _after(request), request.skip)
    total, next_ = request.total_and_next(page)
    return {"total": total, "next": next_, "scans": [scan_shape(one) for one in page.rows]}


def scan_retry(context: CommandContext, params: ScanParams) -> DoneReply:
    """Have a folder scanned again."""
    if not context.transfers.scans.retry([params["id"]], datetime.now(UTC)):
        raise RefusedCommand(
            Reason.NOT_FOUND, f"no scan {params['id']} has ended that could be sent again"
        )
    context.transfers.wake()
    return {"ok": True, "message": f"scan {params['id']} is on its way"}


def webhooks(context: CommandContext, params: WebhooksParams) -> WebhooksReply:
    """List what came, and what became of it."""
    request = page_request_of(params, _USUAL, int)
    events = context.transfers.webhooks
    page = events.page(request.limit, _after(request), params.get("job"), request.skip)
    total, next_ = request.total_and_next(page)
    rows = [webhook_shape(one) for one in page.rows]
    return {"total": total, "next": next_, "webhooks": rows}


def _job(context: CommandContext, number: int) -> TransferJob:
    job = context.transfers.jobs.find(number)
    if job is None:
        raise RefusedCommand(Reason.NOT_FOUND, f"there is no job {number}")
    return job


def _after(request: PageRequest) -> int | None:
    return int(request.after[0]) if request.after else None


def _words(kind: type[_Word], name: str, texts: Iterable[str]) -> list[_Word]:
    """Read words of *kind*; raises RefusedCommand."""
    known = {one.value: one for one in kind}
    unknown = [text for text in texts if text not in known]
    if unknown:
        words = f"{name}: {cut(unknown[0], 40)!r} is none of {', '.join(known)}"
        raise RefusedCommand(Reason.INVALID, words, {"parameter": name})
    return [known[text] for text in texts]


def job_shape(job: TransferJob, progress: Iterable[CopyProgress]) -> JobShape:
    """Tell of a job; with how far its copy is, if it is among what is in *progress*."""
    wanted, place = job.wanted, job.wanted.place
    shape: JobShape = {
        "id": job.number,
        "state": job.state.value,
        "kind": wanted.kind.value,
        "title": label_of(wanted),
        "quality": cut(wanted.label.quality, 100),
        "app": wanted.app.value,
        "instance": cut(wanted.instance, 100),
        "source": _path(place.source),
        "destination": _path(place.destination or ""),
        "size": wanted.size,
        "is_upgrade": wanted.is_upgrade,
        "events": job.event_count,
        "attempts": job.attempts,
        "created_at": iso(job.created_at),
        "next_at": iso(job.next_at) if job.state in _WAITS else None,
        "started_at": iso(job.started_at),
        "ended_at": iso(job.ended_at),
        "bytes": job.bytes,
        "seconds": round(job.seconds, 1),
        "failure": job.failure.value if job.failure else None,
        "why": one_line(job.why, _MOST_WHY),
        "blocked_on": _path(job.blocked_on) if job.state is JobState.BLOCKED else "",
    }
    if job.state is JobState.RUNNING:
        for one in progress:
            if job.number in one.jobs:
                shape["progress"] = progress_shape(one)
    return shape


def progress_shape(now: CopyProgress) -> CopyProgressShape:
    return {
        "jobs": [*now.jobs[:_MOST_JOBS]],
        "done": now.done,
        "total": now.total,
        "percent": round(min(now.percent, 100.0), 1) if now.total else 0.0,
        "rate": round(now.rate),
        "eta_s": None if now.eta_s is None else round(now.eta_s),
    }


def attempt_shape(one: JobAttempt) -> AttemptShape:
    return {
        "number": one.number,
        "started_at": iso(one.started_at),
        "ended_at": iso(one.ended_at),
        "exit_code": one.exit_code,
        "failure": one.failure.value if one.failure else None,
        "bytes": one.bytes,
        "why": one_line(one.why, _MOST_WHY),
        "errors": one.errors[-_MOST_ERRORS:],
    }


def scan_shape(scan: LibraryScan) -> ScanShape:
    return {
        "id": scan.number,
        "server": cut(scan.server, 100),
        "folder": _path(scan.wanted.folder),
        "state": scan.state.value,
        "due_at": iso(scan.due_at) if scan.state in _IS_TO_COME else None,
        "sent_at": iso(scan.sent_at),
        "tries": scan.tries,
        "why": one_line(scan.why, _MOST_WHY),
    }


def webhook_shape(event: ReceivedEvent) -> WebhookShape:
    return {
        "id": event.number,
        "at": iso(event.at),
        "app": event.app.value,
        "instance": cut(event.instance, 100),
        "event": cut(event.event_type, 100),
        "outcome": event.outcome.value,
        "why": one_line(event.why, _MOST_WHY),
        "path": _path(event.path),
        "jobs": [*event.jobs[:_MOST_JOBS]],
    }


def count_of(counts: TransferCounts, states: Iterable[JobState]) -> int:
    """Add up how many are in one of *states*."""
    return sum(counts.by_state.get(one, 0) for one in states)


def transfers_shape(now: TransferStatus) -> TransfersShape | None:
    """Tell how copies are, in short; None: nothing is to be copied or scanned, nor ever was."""
    if not now.roots and not any(now.counts.values()):
        return None
    return {
        "waiting": sum(now.counts.get(one, 0) for one in (JobState.QUEUED, JobState.RETRY_WAIT)),
        "running": now.counts.get(JobState.RUNNING, 0),
        "blocked": now.counts.get(JobState.BLOCKED, 0),
        "needs_attention": now.counts.get(JobState.NEEDS_ATTENTION, 0),
        "succeeded_24h": count_of(now.day, THERE),
        "failed_24h": count_of(now.day, FAILED),
        "dry_run": now.is_dry_run,
        "progress": [progress_shape(one) for one in now.progress],
        "roots": [root_shape(one) for one in now.roots],
    }


def root_shape(root: RootHealth) -> RootShape:
    return {
        "path": _path(root.root),
        "is_healthy": root.is_healthy,
        "why": one_line(root.why, _MOST_WHY),
        "free_bytes": root.free_bytes,
        "checked_at": iso(root.checked_at),
        "since": iso(root.since),
    }


def scanned_folder(job: TransferJob) -> str:
    """Say which folder media servers are asked to scan for a job, as they see it."""
    from listsync.transfers.scan_requests import scan_of  # noqa: PLC0415 - for those who transfer

    return scan_of(job.wanted.place).folder


def _path(path: object) -> str:
    """Write a path; bytes of it that are no text are marked."""
    return cut(str(path).encode(errors="replace").decode(), _MOST_PATH)
