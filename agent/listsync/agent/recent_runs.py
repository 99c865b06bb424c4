"""Runs that have ended since the agent started, dry runs and their plans too."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import replace
from datetime import datetime

from listsync.domain.history import RequestRow, RunRow
from listsync.domain.media import TitleKey
from listsync.domain.report import ItemReport, Plan, PlanItem, Result, Retry, SyncReport, Verdict
from listsync.domain.run_messages import message_of
from listsync.domain.runs import EndedRun, ReachedServer, SyncJob
from listsync.domain.server import RequestBody

MOST_ITEMS = 5000
"""Of a plan; how many more there are is said."""
_TOLD = (
    Verdict.FAILED,
    Verdict.REVIEW,
    Verdict.REQUESTED,
    Verdict.CANCELLED,
    Verdict.ON_HOLD,
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


_KEPT = 20
_PLANS_KEPT = 2


class RecentRuns:
    """Keeps the last runs by id. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: OrderedDict[str, EndedRun] = OrderedDict()
        self._last_sync: EndedRun | None = None
        self._server: ReachedServer | None = None

    def restore(self, row: RunRow | None, server: ReachedServer | None) -> None:
        """Take what the state knows of the last sync and the server, before any run ends."""
        with self._lock:
            self._last_sync = EndedRun(row=row) if row else None
            self._server = server

    def add(self, ended: EndedRun) -> None:
        with self._lock:
            if not ended.row.dry_run:
                self._last_sync = ended
            self._server = ended.server or self._server
            self._ended[ended.row.run_id] = ended
            while len(self._ended) > _KEPT:
                self._ended.popitem(last=False)
            with_plan = [name for name, one in self._ended.items() if one.plan is not None]
            for name in with_plan[:-_PLANS_KEPT]:
                self._ended[name] = replace(self._ended[name], plan=None)

    def find(self, run_id: str) -> EndedRun | None:
        """Find the one run whose id begins so."""
        with self._lock:
            found = [one for name, one in self._ended.items() if name.startswith(run_id)]
        return found[0] if len(found) == 1 else None

    @property
    def last(self) -> EndedRun | None:
        """The run that ended last, a plan or dry run too."""
        with self._lock:
            return next(reversed(self._ended.values()), self._last_sync)

    @property
    def last_sync(self) -> EndedRun | None:
        """The run that ended last and was no dry run."""
        with self._lock:
            return self._last_sync

    @property
    def server(self) -> ReachedServer | None:
        """The server that answered last, with the address it was asked at."""
        with self._lock:
            return self._server


def ended_of(report: SyncReport, at: datetime, url: str = "") -> EndedRun:
    """Keep of a report what is asked for later; the rest is as large as the lists.

    *url* is where the server was asked.
    """
    run = report.run
    server = report.server
    plan = plan_of(report) if run.dry_run else None
    return EndedRun(
        row=RunRow(
            run_id=run.run_id,
            origin=run.origin,
            started_at=run.started_at,
            dry_run=run.dry_run,
            ended_at=at,
            result=report.result.value,
            why=report.why,
            message=message_of(report),
            requested=len(report.requested),
            calls=report.calls,
            counts=report.counts,
            notices=report.notices,
        ),
        plan=plan,
        server=ReachedServer(server.product.value, server.version, url) if server else None,
        notices=report.notices,
        retry=report.retry,
    )


def failed(
    job: SyncJob, started_at: datetime, at: datetime, why: str, retry: Retry | None = None
) -> EndedRun:
    """Tell of a run that did not even come to a report."""
    return EndedRun(
        row=RunRow(
            run_id=job.run_id,
            origin=job.origin,
            started_at=started_at,
            dry_run=job.dry_run,
            ended_at=at,
            result=Result.FAILED.value,
            why=why,
            message=why,
        ),
        retry=retry,
    )


def left_behind(job: SyncJob, started_at: datetime, at: datetime) -> EndedRun:
    """Tell of a run that was stopped and hangs in something all the same."""
    why = "stopped on request; what it waited for has not ended and was left behind"
    ended = failed(job, started_at, at, why)
    return replace(ended, row=replace(ended.row, result=Result.CANCELLED.value))


def would_be_requested(ended: EndedRun) -> tuple[RequestRow, ...]:
    """Tell what a dry run would have requested, while its plan is kept."""
    plan, at = ended.plan, ended.row.ended_at or ended.row.started_at
    return tuple(
        RequestRow(
            title=item.label,
            key=body.key,
            four_k=body.four_k,
            seasons=body.seasons,
            lists=item.lists,
            answer="would be requested",
            detail="",
            at=at,
            requested_as=body.asking.user,
        )
        for item, body in ((item, item.body) for item in (plan.items if plan else ()))
        if body is not None
    )
