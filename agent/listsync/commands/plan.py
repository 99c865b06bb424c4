"""What a dry run found that a sync would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.commands.context import Sources
from listsync.commands.paging import Asked, Window, asked_of
from listsync.commands.serializers import counts_shape, run_shape
from listsync.domain.notices import notice_shape
from listsync.domain.report import Plan, planned_shape
from listsync.domain.runs import Ended
from listsync.protocol import Reason, RefusedCommand

if TYPE_CHECKING:
    from listsync.protocol.replies import (
        PlanReply,
        PlanWaitsReply,
    )
    from listsync.protocol.requests import (
        PlanResultParams,
    )

_EMPTY = Plan(items=(), counts={})


def plan_result(sources: Sources, params: PlanResultParams) -> PlanReply | PlanWaitsReply:
    run_id = str(params.get("run_id") or "")
    asked = asked_of(params, 200, int)
    ended = sources.recent.find(run_id) if run_id else None
    if ended is not None:
        return _told(ended, asked)
    standing = sources.queue.standing
    running, pending = standing.running, standing.pending
    if running is not None and run_id and running.run_id.startswith(run_id):
        return {"state": "running", "run_id": running.run_id}
    if pending is not None and run_id and pending.run_id.startswith(run_id):
        return {"state": "waiting", "run_id": pending.run_id}
    raise RefusedCommand(Reason.NOT_FOUND, f"there is no plan {run_id[:40]!r} (any more)")


def _told(ended: Ended, asked: Asked) -> PlanReply:
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
    window = Window(asked)
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
