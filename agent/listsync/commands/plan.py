"""What a dry run found that a sync would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from listsync.commands.context import Sources
from listsync.commands.notices import notice_shape
from listsync.commands.paging import Asked, Window, asked_of
from listsync.commands.serializers import counts_shape, run_shape
from listsync.domain.report import Plan, PlanItem
from listsync.domain.runs import Ended
from listsync.domain.server import Asking
from listsync.protocol import Reason, RefusedCommand

if TYPE_CHECKING:
    from listsync.protocol.replies import (
        PlanReply,
        PlanWaitsReply,
    )
    from listsync.protocol.requests import (
        PlanResultParams,
    )
    from listsync.protocol.shapes import (
        AskingShape,
        PlannedShape,
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


def planned_shape(item: PlanItem) -> PlannedShape:
    key = item.body.key if item.body else item.key
    shape: PlannedShape = {
        "verdict": item.verdict.value,
        "label": item.label[:200],
        "kind": key.kind.value if key else None,
        "tmdb_id": key.tmdb_id if key else None,
        "title": item.title[:200],
        "lists": ", ".join(item.lists)[:200],
        "why": item.why[:300],
        "candidates": [one[:200] for one in item.candidates[:3]],
    }
    if item.body is not None:
        shape["four_k"] = item.body.four_k
        shape["seasons"] = list(item.body.seasons[:200])
        shape["asking"] = asking_shape(item.body.asking)
    return shape


def asking_shape(asking: Asking) -> AskingShape:
    """Tell only what differs from the usual."""
    said = {
        "user": asking.user,
        "approve": asking.approve,
        "service": asking.service,
        "profile": asking.profile,
        "root_folder": asking.root_folder,
        "language_profile": asking.language_profile,
        "tags": list(asking.tags[:20]) or None,
    }
    told = {name: value for name, value in said.items() if value is not None}
    return cast("AskingShape", told)
