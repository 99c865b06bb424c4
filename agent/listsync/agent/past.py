"""Runs that have ended since the agent started, dry runs too; the books keep the real ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice

from listsync.agent.plans import plan_of
from listsync.domain.books import RequestRow, RunRow
from listsync.domain.plans import Plan
from listsync.domain.retry import Retry
from listsync.domain.running import Ended, Order
from listsync.domain.syncing import Result, SyncReport

_KEPT = 20
_PLANS_KEPT = 2
_MOST_REQUESTS = 200


class RecentRuns:
    """Keeps the last runs by id. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: OrderedDict[str, Ended] = OrderedDict()

    def add(self, ended: Ended) -> None:
        with self._lock:
            self._ended[ended.row.run_id] = ended
            while len(self._ended) > _KEPT:
                self._ended.popitem(last=False)
            with_plan = [name for name, one in self._ended.items() if one.plan is not None]
            for name in with_plan[:-_PLANS_KEPT]:
                self._ended[name] = replace(self._ended[name], plan=None)

    def find(self, run_id: str) -> Ended | None:
        """Find the one run whose id begins so."""
        with self._lock:
            found = [one for name, one in self._ended.items() if name.startswith(run_id)]
        return found[0] if len(found) == 1 else None

    @property
    def last(self) -> Ended | None:
        """The run that ended last."""
        with self._lock:
            return next(reversed(self._ended.values()), None)


def ended_of(report: SyncReport, at: datetime) -> Ended:
    """Keep of a report what is asked for later; the rest is as large as the lists."""
    run = report.run
    server = report.server
    plan = plan_of(report) if run.dry_run else None
    return Ended(
        row=RunRow(
            run_id=run.run_id,
            origin=run.origin,
            started_at=run.started_at,
            dry_run=run.dry_run,
            ended_at=at,
            result=report.result.value,
            why=report.why,
            message=report.message,
            requested=len(report.requested),
            calls=report.calls,
        ),
        plan=plan,
        requests=tuple(_requests(plan, at)) if plan else (),
        server={"product": server.product.value, "version": server.version} if server else None,
        notices=report.notices,
        retry=report.retry,
        held=report.held,
    )


def failed(
    order: Order, started_at: datetime, at: datetime, why: str, retry: Retry | None = None
) -> Ended:
    """Tell of a run that did not even come to a report."""
    return Ended(
        row=RunRow(
            run_id=order.run_id,
            origin=order.origin,
            started_at=started_at,
            dry_run=order.dry_run,
            ended_at=at,
            result=Result.FAILED.value,
            why=why,
            message=f"Sync failed: {why}",
        ),
        retry=retry,
    )


def _requests(plan: Plan, at: datetime) -> Iterator[RequestRow]:
    bodies = ((item, item.body) for item in plan.items if item.body is not None)
    for item, body in islice(bodies, _MOST_REQUESTS):
        yield RequestRow(
            title=item.label,
            key=body.key,
            four_k=body.four_k,
            seasons=body.seasons,
            lists=item.lists,
            answer="would be requested",
            detail="",
            at=at,
            asked_as=body.asking.user,
        )
