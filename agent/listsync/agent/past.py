"""Runs that have ended since the agent started, dry runs too; the books keep the real ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

from listsync.domain.books import RequestRow, RunRow
from listsync.domain.running import Ended, Order
from listsync.domain.server import RequestBody
from listsync.domain.syncing import ItemReport, Result, SyncReport, Verdict

_KEPT = 20
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
        requests=_requests(report, at) if run.dry_run else (),
        server={"product": server.product.value, "version": server.version} if server else None,
        notices=report.notices,
    )


def failed(order: Order, started_at: datetime, at: datetime, why: str) -> Ended:
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
        )
    )


def _requests(report: SyncReport, at: datetime) -> tuple[RequestRow, ...]:
    items: dict[object, ItemReport] = {}
    for item in report.items:
        if item.verdict is Verdict.REQUESTED:
            items.setdefault(item.key, item)
    return tuple(
        _request(body, items.get(body.key), at) for body in report.requested[:_MOST_REQUESTS]
    )


def _request(body: RequestBody, item: ItemReport | None, at: datetime) -> RequestRow:
    return RequestRow(
        title=item.label if item else str(body.key),
        key=body.key,
        four_k=body.four_k,
        seasons=body.seasons,
        lists=(item.list_name,) if item else (),
        answer="would be requested",
        detail="",
        at=at,
    )
