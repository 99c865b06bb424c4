"""The routes about copies that programs of the field know, by their names and words.

Their states are three: `in_progress` is what is copied or waits (queued, running, blocked),
`success` what is there (succeeded, skipped), `failed` what is tried again or was given up
(retry_wait, needs_attention). What somebody cancelled is `cancelled`. All is at `/api/v1/jobs`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, TypedDict, cast

from starlette.responses import Response

from listsync.commands.schema import parameters_of
from listsync.protocol import Reason
from listsync.protocol.job_shapes import AttemptShape, JobShape, ScanShape, WebhookShape
from listsync.protocol.messages import LARGEST_OFFSET, About, DoneReply
from listsync.protocol.notifications import (
    NotifyTestParams,
    NotifyTestReply,
    NotifyTestResultReply,
    SummaryParams,
    TestResultShape,
)
from listsync.protocol.transfers import JobReply, JobsReply, JobsRetryReply
from listsync.web.api import read_query
from listsync.web.application import Backend
from listsync.web.routes import HttpError, HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

STATES_OF: Mapping[str, tuple[str, ...]] = {
    "in_progress": ("queued", "running", "blocked"),
    "success": ("succeeded", "skipped"),
    "failed": ("retry_wait", "needs_attention"),
    "cancelled": ("cancelled",),
}
_STATUS_OF = {state: status for status, states in STATES_OF.items() for state in states}
_MOST_ROWS, _USUAL_ROWS, _PAGE = 1000, 50, 200
_TEST_S, _LOOK_S = 10.0, 0.1


class JobListQuery(TypedDict, total=False):
    limit: Annotated[int, About("how many at most; none: 50", least=1, most=_MOST_ROWS)]
    status: Annotated[
        str, About(f"{', '.join(STATES_OF)}, or a state such as needs_attention; none: all")
    ]


class JobStatusShape(TypedDict):
    """A copy. `status` is one of four words, `state` says more; `progress` in percent."""

    id: int
    type: str
    title: str
    quality: str
    status: str
    state: str
    source_path: str
    dest_path: str
    size_bytes: int | None
    bytes_transferred: int
    progress: float | None
    retry_count: int
    error_message: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    duration_seconds: float
    next_retry_at: str | None


class JobStatusReply(JobStatusShape):
    attempts: list[AttemptShape]
    webhooks: list[WebhookShape]
    scans: list[ScanShape]


class JobListReply(TypedDict):
    """*total* counts also those that are not listed."""

    jobs: list[JobStatusShape]
    count: int
    total: int


class RetryReply(TypedDict):
    """*jobs* are tried again."""

    success: bool
    message: str
    retried: int
    jobs: list[int]


class TestedReply(TypedDict):
    """What came of a test; not *success*: a target did not take it, or not yet."""

    success: bool
    message: str
    results: list[TestResultShape]


class SentReply(TypedDict):
    success: bool
    message: str


def _answers(what: str, shape: type, *refusals: tuple[int, str]) -> tuple[ResponseSpec, ...]:
    refused = [ResponseSpec(status=status, what=why, is_refusal=True) for status, why in refusals]
    return (ResponseSpec(status=200, what=what, shapes=(shape,)), *refused)


class JobRoutes:
    """Handles `/jobs`, `/queue/retry-failed`, `/test` and `/summary/send`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> tuple[HttpRoute, ...]:
        return (*self._of_jobs(), *self._of_messages())

    def _of_jobs(self) -> tuple[HttpRoute, ...]:
        unknown = (404, "There is no such job.")
        listed = HttpRoute(
            method="GET",
            path="/jobs",
            scope=TokenScope.READ,
            handler=self.jobs,
            summary="List copies, the newest first.",
            takes=parameters_of(JobListQuery),
            answers=_answers("The copies.", JobListReply),
        )
        retry = HttpRoute(
            method="POST",
            path="/queue/retry-failed",
            scope=TokenScope.CONTROL,
            handler=self.retry_failed,
            summary="Try all copies again that failed in the last 24 hours.",
            answers=_answers("They are queued, if there are any.", RetryReply),
        )
        return (
            listed,
            replace(
                listed,
                path="/jobs/{job_id}",
                handler=self.job,
                summary="Tell one copy, with its attempts.",
                takes=(),
                answers=_answers("The copy.", JobStatusReply, unknown),
            ),
            retry,
            replace(
                retry,
                path="/jobs/{job_id}/retry",
                handler=self.retry,
                summary="Try a copy again.",
                answers=_answers(
                    "It is queued.", RetryReply, unknown, (409, "It is under way already.")
                ),
            ),
        )

    def _of_messages(self) -> tuple[HttpRoute, ...]:
        no_target = (404, "No target is configured, or none takes daily summaries.")
        failed = ResponseSpec(status=502, what="A target did not take it.", shapes=(TestedReply,))
        test = HttpRoute(
            method="POST",
            path="/test",
            scope=TokenScope.CONTROL,
            handler=self.test,
            summary="Send a test message to the targets of notifications.",
            takes=parameters_of(NotifyTestParams),
            answers=(*_answers("It arrived.", TestedReply, no_target), failed),
        )
        summary = replace(
            test,
            path="/summary/send",
            handler=self.send_summary,
            summary="Send the summary of a day; of yesterday, if none is named.",
            takes=parameters_of(SummaryParams),
            answers=_answers("It is on its way.", SentReply, no_target),
        )
        return test, summary

    async def jobs(self, request: WebRequest) -> Response:
        """List copies."""
        asked = read_query(parameters_of(JobListQuery), request)
        limit = int(cast("int", asked.get("limit", _USUAL_ROWS)))
        if not 1 <= limit <= _MOST_ROWS:
            raise HttpError(400, Reason.INVALID, f"limit must be from 1 to {_MOST_ROWS}")
        states = _states(str(asked.get("status", "")))
        total, rows = await self._rows(limit, {"state": states} if states else {})
        found = [_job_shape(one) for one in rows]
        return json_response({"jobs": found, "count": len(found), "total": total})

    async def _rows(
        self, limit: int, which: Mapping[str, object]
    ) -> tuple[int, Sequence[JobShape]]:
        rows: list[JobShape] = []
        params: dict[str, object] = {**which, "limit": min(limit, _PAGE)}
        while True:
            reply = cast("JobsReply", await self._backend.ask("jobs", params))
            rows += reply["jobs"]
            after, left = reply.get("next"), limit - len(rows)
            if not after or left < 1:
                return reply.get("total", len(rows)), rows
            params = {**which, "limit": min(left, _PAGE), "cursor": after}

    async def job(self, request: WebRequest) -> Response:
        """Tell one copy."""
        reply = cast("JobReply", await self._backend.ask("jobs", {"id": _number(request)}))
        more = {name: reply[name] for name in ("attempts", "webhooks", "scans")}
        return json_response({**_job_shape(reply["job"]), **more})

    async def retry(self, request: WebRequest) -> Response:
        """Try one copy again."""
        return await self._retried(request, "job_retry", {"id": _number(request)})

    async def retry_failed(self, request: WebRequest) -> Response:
        """Try all copies again that failed lately."""
        return await self._retried(request, "jobs_retry_failed", {})

    async def _retried(
        self, request: WebRequest, command: str, params: Mapping[str, object]
    ) -> Response:
        done = cast("JobsRetryReply", await self._backend.ask(command, params, request.identity))
        jobs, message = done["jobs"], done["message"]
        return json_response(
            {"success": True, "message": message, "retried": len(jobs), "jobs": jobs}
        )

    async def test(self, request: WebRequest) -> Response:
        """Send a test message, and wait a little for what the targets say."""
        params = _only(request.json(), "target")
        begun = cast(
            "NotifyTestReply", await self._backend.ask("notify_test", params, request.identity)
        )
        found = await self._result_of(begun["id"])
        is_well = all(one["state"] == "sent" for one in found["results"])
        said = [f"{one['target']}: {one['answer'] or one['state']}" for one in found["results"]]
        content = {"success": is_well, "message": "; ".join(said), "results": found["results"]}
        return json_response(content, 200 if is_well else 502)

    async def _result_of(self, id_: str) -> NotifyTestResultReply:
        loop = asyncio.get_running_loop()
        until = loop.time() + _TEST_S
        while True:
            reply = await self._backend.ask("notify_test_result", {"id": id_})
            found = cast("NotifyTestResultReply", reply)
            if found["done"] or loop.time() > until:
                return found
            await asyncio.sleep(_LOOK_S)

    async def send_summary(self, request: WebRequest) -> Response:
        """Send the summary of a day."""
        params = _only(request.json(), "date")
        reply = await self._backend.ask("summary_send", params, request.identity)
        return json_response({"success": True, "message": cast("DoneReply", reply)["message"]})


def _only(given: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """Leave out what a program may send along, as the routes have always let it."""
    return {name: given[name] for name in names if name in given}


def _states(word: str) -> list[str]:
    """Read a status or a state; raises HttpError."""
    if not word:
        return []
    if word in STATES_OF:
        return [*STATES_OF[word]]
    if word in _STATUS_OF:
        return [word]
    known = ", ".join((*STATES_OF, *sorted(_STATUS_OF)))
    raise HttpError(400, Reason.INVALID, f"status must be one of {known}")


def _number(request: WebRequest) -> int:
    """Read which job an address names; raises HttpError."""
    text = request.request.path_params["job_id"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 1 <= number <= LARGEST_OFFSET:
        raise HttpError(404, Reason.NOT_FOUND, "there is no such job")
    return number


def _retries(job: JobShape, status: str) -> int:
    """Tell how often it was tried again: of what has failed, the first try was none."""
    return max(0, job["attempts"] - 1) if status == "failed" else job["attempts"]


def _job_shape(job: JobShape) -> JobStatusShape:
    now = job.get("progress")
    status = _STATUS_OF.get(job["state"], "in_progress")
    return {
        "id": job["id"],
        "type": job["kind"],
        "title": job["title"],
        "quality": job["quality"],
        "status": status,
        "state": job["state"],
        "source_path": job["source"],
        "dest_path": job["destination"],
        "size_bytes": job["size"],
        "bytes_transferred": job["bytes"],
        "progress": now["percent"] if now else None,
        "retry_count": _retries(job, status),
        "error_message": (job["why"] or None) if status != "success" else None,
        "created_at": job["created_at"],
        "started_at": job["started_at"],
        "completed_at": job["ended_at"],
        "duration_seconds": job["seconds"],
        "next_retry_at": job["next_at"] if job["state"] == "retry_wait" else None,
    }
