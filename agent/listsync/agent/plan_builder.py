"""From the report of a dry run to a plan that is kept for a while."""

from __future__ import annotations

from collections import deque

from listsync.domain.media import TitleKey
from listsync.domain.report import ItemReport, Plan, PlanItem, SyncReport, Verdict
from listsync.domain.server import RequestBody

MOST_ITEMS = 5000
_TOLD = (
    Verdict.FAILED,
    Verdict.REVIEW,
    Verdict.REQUESTED,
    Verdict.CANCELLED,
    Verdict.NOT_FOUND,
    Verdict.SKIPPED,
)
"""The worst first; of the others their number is enough."""


def plan_of(report: SyncReport) -> Plan:
    """Gather what is worth telling, a title that is requested once with all lists that want it."""
    lists = _lists_by_key(report)
    bodies: dict[TitleKey, deque[RequestBody]] = {}
    for body in report.requested:
        bodies.setdefault(body.key, deque()).append(body)
    items: list[PlanItem] = []
    for item in report.items:
        waiting = bodies.get(item.key) if item.key is not None else None
        if item.verdict is Verdict.REQUESTED and item.key is not None:
            # Another season of a title that is on the plan already has no body of its own.
            if waiting:
                items.append(_item(item, tuple(lists[item.key]), waiting.popleft()))
        elif item.verdict in _TOLD:
            items.append(_item(item, (item.list_name,)))
    left = (body for waiting in bodies.values() for body in waiting)
    items.extend(_unexplained(body) for body in left)
    items.sort(key=lambda one: _TOLD.index(one.verdict))
    return Plan(
        items=tuple(items[:MOST_ITEMS]),
        counts=report.counts,
        left_out=max(0, len(items) - MOST_ITEMS),
    )


def _lists_by_key(report: SyncReport) -> dict[TitleKey, dict[str, None]]:
    """Name the lists that want each title that would be requested, the first one first."""
    found: dict[TitleKey, dict[str, None]] = {body.key: {} for body in report.requested}
    for item in report.items:
        is_wanted = item.verdict in (Verdict.REQUESTED, Verdict.SHARED)
        if is_wanted and item.key is not None and item.key in found:
            found[item.key][item.list_name] = None
    return found


def _unexplained(body: RequestBody) -> PlanItem:
    label = str(body.key)
    return PlanItem(verdict=Verdict.REQUESTED, label=label, lists=(), key=body.key, body=body)


def _item(item: ItemReport, lists: tuple[str, ...], body: RequestBody | None = None) -> PlanItem:
    return PlanItem(
        verdict=item.verdict,
        label=item.label,
        lists=lists,
        why="" if body else item.why,
        key=item.key,
        title=item.title,
        body=body,
        candidates=item.candidates,
    )
