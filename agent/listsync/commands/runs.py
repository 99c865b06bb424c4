"""Commands about runs: which there were, one in detail, and what a dry run found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.agent.recent_runs import would_be_requested
from listsync.commands.context import CommandContext
from listsync.commands.serializers import (
    PageRequest,
    Window,
    counts_shape,
    page_request_of,
    request_shape,
    run_at_length,
    run_shape,
)
from listsync.domain.notices import notice_shape
from listsync.domain.report import Plan, planned_shape
from listsync.domain.runs import EndedRun
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        PlanReply,
        PlanResultParams,
        PlanWaitsReply,
        RunReply,
        RunsParams,
        RunsReply,
    )


def runs(context: CommandContext, params: RunsParams) -> RunsReply | RunReply:
    if run_id := params.get("run_id"):
        return _one_run(context, run_id, params)
    request = page_request_of(params, 20, str, str)
    page = context.state.runs.page(limit=request.limit, after=request.after, skip=request.skip)
    total, next_ = request.total_and_next(page)
    return {"total": total, "next": next_, "runs": [run_shape(row) for row in page.rows]}


def _one_run(context: CommandContext, run_id: str, params: RunsParams) -> RunReply:
    recent = context.recent.find(run_id)
    if recent is not None and recent.row.dry_run:
        return _dry_run(recent, params)
    wanted = page_request_of(params, 200, int, int, int)
    row = context.state.runs.find(run_id)
    # What ended a moment ago is told by memory: the state may not have been writable.
    row = recent.row if recent is not None and row is not None else row
    row = row or (recent.row if recent is not None else None)
    if row is None:
        raise RefusedCommand(Reason.NOT_FOUND, f"there is no one run {cut(run_id, 40)!r}")
    before, request, skip = wanted.after or (0, 0, wanted.skip)
    notices = row.notices[int(before) :][: wanted.limit]
    room = wanted.limit - len(notices)
    page = context.state.requests.of_run(
        row.run_id,
        limit=room,
        after=(request,) if wanted.after else None,
        skip=int(skip),
    )
    # Where the notices took all the room, no request is told yet, nor left out.
    (last,) = page.last or (request,)
    has_more = page.last is not None or room == 0
    key = (int(before) + len(notices), last, 0 if room else skip) if has_more else None
    total, next_ = wanted.total_and_next(page._replace(last=key))
    requests = [request_shape(one) for one in page.rows]
    return {
        "run": run_at_length(row),
        "notices": [notice_shape(one) for one in notices],
        "total": total,
        "next": next_,
        "requests": requests,
    }


def _dry_run(ended: EndedRun, params: RunsParams) -> RunReply:
    """Tell what a dry run would have requested; of an older one only how many that were."""
    window = Window(page_request_of(params, 200, int))
    notices = window.take(ended.row.notices)
    requests = [request_shape(one) for one in window.take(would_be_requested(ended))]
    return {
        "run": run_at_length(ended.row),
        "notices": [notice_shape(one) for one in notices],
        "total": ended.row.requested,
        "next": window.next,
        "requests": requests,
    }


_EMPTY = Plan(items=(), counts={})


def plan_result(context: CommandContext, params: PlanResultParams) -> PlanReply | PlanWaitsReply:
    run_id = str(params.get("run_id") or "")
    request = page_request_of(params, 200, int)
    ended = context.recent.find(run_id) if run_id else None
    if ended is not None:
        return _plan_reply(ended, request)
    queue = context.queue.state
    running, pending = queue.running, queue.pending
    if running is not None and run_id and running.run_id.startswith(run_id):
        return {"state": "running", "run_id": running.run_id}
    if pending is not None and run_id and pending.run_id.startswith(run_id):
        return {"state": "waiting", "run_id": pending.run_id}
    raise RefusedCommand(Reason.NOT_FOUND, f"there is no plan {cut(run_id, 40)!r} (any more)")


def _plan_reply(ended: EndedRun, request: PageRequest) -> PlanReply:
    row = ended.row
    if not row.dry_run:
        raise RefusedCommand(
            Reason.NOT_FOUND,
            f"run {row.run_id} was a sync and no plan",
            {"run_id": row.run_id},
        )
    plan = ended.plan
    if plan is None and row.result != "failed":
        raise RefusedCommand(Reason.NOT_FOUND, f"the plan {row.run_id} is not kept any more")
    plan = plan or _EMPTY
    window = Window(request)
    notices = [notice_shape(one) for one in window.take(ended.notices)]
    items = [planned_shape(one) for one in window.take(plan.items)]
    return {
        "state": "done",
        "run": run_shape(row),
        "counts": counts_shape(plan.counts),
        "total": len(plan.items),
        "left_out": plan.left_out,
        "items": items,
        "next": window.next,
        "notices": notices,
    }
