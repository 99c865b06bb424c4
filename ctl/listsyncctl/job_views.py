"""Copies, scans and webhooks, as tables and at length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from listsync.protocol.job_words import SHOWN_STATES
from listsync.terminal.output import because, duration, file_size, plural, shown, span
from listsyncctl.title_views import MORE, Display, showing

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
    from listsync.protocol.transfers import (
        JobReply,
        JobsReply,
        MappingReply,
        ScansReply,
        WebhooksReply,
    )

_WAITS = ("queued", "retry_wait", "blocked")
_FAILED = ("retry_wait", "needs_attention")


def state_words(state: object) -> str:
    """Call a state as people do."""
    return SHOWN_STATES.get(shown(state), shown(state))


def jobs(result: JobsReply, display: Display) -> Iterator[str]:
    rows = result.get("jobs") or []
    if not rows and not result.get("total"):
        yield "No copies."
        return
    yield from display.table(
        ("ID", "STATE", "TITLE", "SIZE", "WHEN, AND WHY"),
        [
            (
                one["id"],
                state_words(one["state"]),
                one.get("title"),
                size_words(one.get("size") or one.get("bytes")),
                f"{_when(one, display)}{because(_why(one))}",
            )
            for one in rows
        ],
        status=1,
        names=(2,),
        words=(4,),
    )
    yield from showing(len(rows), result.get("total"), MORE)
    if any(one["state"] in _FAILED for one in rows):
        yield "`listsyncctl jobs show ID` tells all of one; `jobs retry ID` tries it again."


def size_words(size: float | None) -> str:
    return file_size(size) if size else ""


def _when(one: JobShape, display: Display) -> str:
    """Say how far a copy is, when it is tried, or when it ended."""
    if now := one.get("progress"):
        return progress_of(now)
    if one["state"] in _WAITS:
        return display.ago(one["next_at"]) if one.get("next_at") else ""
    ended = one.get("ended_at") or one.get("started_at") or one.get("created_at")
    return display.ago(ended) if ended else ""


def progress_of(now: CopyProgressShape) -> str:
    """Write e.g. `45 %, 110.2 MB/s, 2 min left`."""
    parts = [f"{int(now.get('percent') or 0)} %"]
    if rate := now.get("rate"):
        parts.append(f"{file_size(rate)}/s")
    if (eta_s := now.get("eta_s")) is not None:
        parts.append(f"{span(eta_s)} left")
    return ", ".join(parts)


def _why(one: JobShape) -> str:
    if one.get("blocked_on"):
        return shown(one.get("why")) or f"waits for {shown(one['blocked_on'])}"
    return shown(one.get("why"))


def one_job(result: JobReply, display: Display) -> Iterator[str]:
    """Tell all of one copy."""
    job = result["job"]
    state = display.status(state_words(job["state"]))
    yield f"{job['id']}  {shown(job.get('title'))}: {state}{because(_why(job))}"
    for name, words in _facts(job, display):
        yield f"  {name:<11} {words}"
    for attempt in result.get("attempts") or []:
        yield from _attempt(attempt, display)
    if scans := result.get("scans"):
        yield "Scans of its folder"
        for scan in scans:
            yield f"  {_scan_words(scan, display)}"
    if events := result.get("webhooks"):
        yield "Webhooks that requested it"
        for event in events:
            yield f"  {_webhook_words(event, display)}"
    if job["state"] in _FAILED:
        yield f"`listsyncctl jobs retry {job['id']}` tries it again."


def _facts(job: JobShape, display: Display) -> Iterator[tuple[str, str]]:
    yield "From", shown(job.get("source"))
    yield "To", shown(job.get("destination"))
    upgrade = ", an upgrade" if job.get("is_upgrade") else ""
    kind = ", ".join(filter(None, (shown(job.get("kind")), shown(job.get("quality")))))
    yield "What", f"{kind}{upgrade}"
    if size := size_words(job.get("size")):
        yield "Size", size
    if now := job.get("progress"):
        yield "Progress", progress_of(now)
    if copied := copied_words(job):
        yield "Copied", copied
    yield "Requested", f"{display.ago(job.get('created_at'))}{_requested_by(job)}"
    if job["state"] in _WAITS and job.get("next_at"):
        yield "Tried", display.ago(job["next_at"])
    if job.get("ended_at"):
        yield "Ended", display.ago(job["ended_at"])


def copied_words(job: JobShape) -> str:
    """Write e.g. `14.0 GB in 2 min 11 s`."""
    if not job.get("bytes"):
        return ""
    took = f" in {duration(job['seconds'])}" if job.get("seconds") else ""
    return f"{file_size(job['bytes'])}{took}"


def _requested_by(job: JobShape) -> str:
    instance = f" ({shown(job['instance'])})" if job.get("instance") else ""
    events = job.get("events") or 0
    times = f", {plural(events, 'time')}" if events > 1 else ""
    who = "hand" if job.get("app") == "manual" else shown(job.get("app"))
    return f", by {who}{instance}{times}"


def _attempt(one: AttemptShape, display: Display) -> Iterator[str]:
    """Tell one try, with the end of what rsync said of it."""
    how = display.status("failed") if one.get("failure") else "done"
    how = how if one.get("ended_at") else "running"
    code = f" (rsync exit {one['exit_code']})" if one.get("exit_code") else ""
    when = display.ago(one.get("started_at"))
    yield f"Attempt {one.get('number')}, {when}: {how}{because(one.get('why'))}{code}"
    for line in (one.get("errors") or "").splitlines():
        yield f"    {shown(line)}"


def scans(result: ScansReply, display: Display) -> Iterator[str]:
    rows = result.get("scans") or []
    if not rows and not result.get("total"):
        yield "No scans."
        return
    yield from display.table(
        ("ID", "SERVER", "STATE", "FOLDER", "WHEN", "WHY"),
        [
            (
                one["id"],
                one.get("server"),
                state_words(one["state"]),
                one.get("folder"),
                _scan_when(one, display),
                one.get("why"),
            )
            for one in rows
        ],
        status=2,
        names=(1, 3),
        words=(4, 5),
    )
    yield from showing(len(rows), result.get("total"), MORE)


def _scan_words(one: ScanShape, display: Display) -> str:
    when = _scan_when(one, display)
    state = display.status(state_words(one["state"]))
    return f"{shown(one.get('server'))}: {state}, {when}{because(one.get('why'))}"


def _scan_when(one: ScanShape, display: Display) -> str:
    at = one.get("sent_at") or one.get("due_at")
    return display.ago(at) if at else "not sent"


def webhooks(result: WebhooksReply, display: Display) -> Iterator[str]:
    rows = result.get("webhooks") or []
    if not rows and not result.get("total"):
        yield "No webhooks yet."
        return
    yield from display.table(
        ("WHEN", "FROM", "EVENT", "OUTCOME", "WHY", "JOBS"),
        [
            (
                display.ago(one.get("at")),
                one.get("instance") or one.get("app"),
                one.get("event"),
                one["outcome"],
                _why_of_webhook(one),
                _numbers(one.get("jobs") or []),
            )
            for one in rows
        ],
        status=3,
        names=(1,),
        words=(4, 5),
    )
    yield from showing(len(rows), result.get("total"), MORE)


def _why_of_webhook(one: WebhookShape) -> str:
    why, path = shown(one.get("why")), shown(one.get("path"))
    return f"{why} ({path})" if why and path and path not in why else why or path


def _webhook_words(one: WebhookShape, display: Display) -> str:
    who = shown(one.get("instance") or one.get("app"))
    return f"{display.ago(one.get('at'))}, {who}: {shown(one.get('event'))}, {one['outcome']}"


_FEW = 8


def _numbers(jobs: Sequence[int]) -> str:
    more = f" and {len(jobs) - _FEW} more" if jobs[_FEW:] else ""
    return ", ".join(map(str, jobs[:_FEW])) + more


def mapping(result: MappingReply, display: Display) -> Iterator[str]:
    """Show the way of a path: each mapping that was tried, and where the taken one leads."""
    yield from _asked_of_mapping(result, display)
    for one in result.get("mappings") or []:
        sign = "->" if one.get("is_taken") else "  "
        whose = f" of {shown(one['instance'])}" if one.get("instance") else ""
        yield f"{sign} {shown(one['sender'])}{whose}: {shown(one.get('why'))}"
    if source := result.get("source"):
        yield f"Source        {shown(source)}"
        yield f"Destination   {shown(result.get('destination')) or 'none: it is only scanned'}"
        yield f"Media server  {shown(result.get('media_server'))}"
    else:
        yield f"Refused: the path {shown(result.get('why'))}."
    if advice := result.get("advice"):
        yield f"Probably: {shown(advice)}."


def _asked_of_mapping(result: MappingReply, display: Display) -> Iterator[str]:
    instances = result.get("instances") or []
    names = f", of {' or '.join(map(shown, instances))}" if instances else ""
    if at := result.get("at"):
        yield f"The last webhook, {shown(result.get('event'))} {display.ago(at)}{names}"
        yield f"Path          {shown(result['path'])}"
    else:
        yield f"Path          {shown(result['path'])}{names}"


def transfer_rows(now: TransfersShape | None, display: Display) -> Iterator[tuple[str, str]]:
    """Tell in `status` how copies are, if there are any: in a line, and which folder is ill."""
    if not now:
        return
    counts = (
        (now.get("running"), "running"),
        (now.get("waiting"), "waiting"),
        (now.get("blocked"), "blocked"),
    )
    words = [f"{count:,.0f} {word}" for count, word in counts if count]
    if needs := now.get("needs_attention"):
        verb = "needs" if needs == 1 else "need"
        words.append(f"{needs:,.0f} {verb} you: see `listsyncctl jobs --failed`")
    yield "Copies", ", ".join(words) or "none is under way"
    for one in now.get("progress") or []:
        yield "", f"{plural(len(one.get('jobs') or []), 'file')}: {progress_of(one)}"
    for root in now.get("roots") or []:
        if not root.get("is_healthy", True):
            yield _root_row(root, display)


def _root_row(root: RootShape, display: Display) -> tuple[str, str]:
    since = f" (since {display.ago(root['since'])})" if root.get("since") else ""
    return "Folder", f"{shown(root['path'])}{because(root.get('why'))}{since}"
