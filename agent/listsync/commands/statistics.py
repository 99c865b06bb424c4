"""How much was requested: today, lately and ever, by day, by service and by list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.jobs import FAILED, THERE, count_of
from listsync.commands.serializers import Window, iso, page_request_of
from listsync.domain.statistics import (
    ListTotals,
    RequestCounts,
    beginnings,
    days_before,
)
from listsync.domain.transfers import TransferCounts
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.job_shapes import TransferPeriodShape
    from listsync.protocol.messages import PageParams, StatsReply
    from listsync.protocol.shapes import (
        CountsShape,
        DayCountsShape,
        ListTotalsShape,
        PeriodShape,
        TotalsShape,
    )

_WEEK = 7
_EVER = "total"
_NONE = ListTotals((0, 0, 0))


def stats(
    context: CommandContext,
    params: PageParams,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> StatsReply:
    """Count the requests at the server; days are those of the configuration's time zone."""
    zone = context.global_rules().zone
    days = days_before(now(), zone)
    begins = beginnings(days, zone)
    since = (begins[-1], begins[-_WEEK], begins[0])
    counted = context.state.statistics.statistics(since, begins)
    session = context.state.statistics.since(context.started_at)
    periods = (
        ("today", since[0], counted.since[0]),
        ("7 days", since[1], counted.since[1]),
        ("30 days", since[2], counted.since[2]),
        (_EVER, counted.first_at, counted.ever),
        ("session", context.started_at, session),
    )
    request = page_request_of(params, 100, int)
    rows = [*_of_lists(context, dict(counted.lists))]
    window = Window(request)
    lists = window.take(rows)
    is_first = request.after is None
    reply: StatsReply = {
        "timezone": str(zone),
        "periods": [_period(*one) for one in periods] if is_first else [],
        "days": _of_days(days, counted.days) if is_first else [],
        "services": _of_services(rows) if is_first else [],
        "lists": lists,
        "total": window.total,
        "next": window.next,
    }
    if is_first and (copies := _of_transfers(context, periods)):
        reply["transfers"] = copies
    return reply


def _of_transfers(
    context: CommandContext, periods: Iterable[tuple[str, datetime | None, object]]
) -> list[TransferPeriodShape]:
    """Count copies in *periods*; none if nothing was ever to be copied."""
    named = {name: since for name, since, _ in periods}
    counted = context.transfers.jobs.counts_since(
        [None if name == _EVER else since for name, since in named.items()]
    )
    found = dict(zip(named, counted, strict=True))
    if not any(found[_EVER].by_state.values()):
        return []
    return [_transfer_period(name, since, found[name]) for name, since in named.items()]


def _transfer_period(
    name: str, since: datetime | None, counts: TransferCounts
) -> TransferPeriodShape:
    return {
        "name": name,
        "since": iso(since),
        "copied": count_of(counts, THERE),
        "movies": counts.movies,
        "episodes": counts.episodes,
        "failed": count_of(counts, FAILED),
        "bytes": counts.bytes,
    }


def _period(name: str, since: datetime | None, counts: RequestCounts) -> PeriodShape:
    return {"name": name, "since": iso(since), **_shape(counts)}


def _shape(counts: RequestCounts) -> CountsShape:
    return {
        "requested": counts.requested,
        "movies": counts.movies,
        "series": counts.series,
        "available": counts.available,
        "existing": counts.existing,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
    }


def _of_days(days: Sequence[date], counts: Sequence[RequestCounts]) -> list[DayCountsShape]:
    return [
        {"day": day.isoformat(), "requested": one.requested, "available": one.available}
        for day, one in zip(days, counts, strict=True)
    ]


def _of_lists(context: CommandContext, totals: dict[str, ListTotals]) -> Iterator[ListTotalsShape]:
    """Tell of lists that are followed, in their order, then of others, the greatest first."""
    for rules in context.configuration.current.snapshot.lists:
        if not rules.is_exclusion:
            found = totals.pop(rules.name, _NONE)
            yield _of_list(rules.name, rules.service, found, is_followed=True)
    services = {row.name: row.service for row in context.shown().lists.values()}
    others = sorted(totals.items(), key=lambda one: (-one[1].requested, one[0]))
    for name, found in others:
        yield _of_list(name, services.get(name), found, is_followed=False)


def _of_list(
    name: str, service: str | None, totals: ListTotals, *, is_followed: bool
) -> ListTotalsShape:
    return {"list": cut(name, 300), "is_followed": is_followed, **_totals(service, totals)}


def _totals(service: str | None, totals: ListTotals) -> TotalsShape:
    today, week, month = totals.since
    return {
        "service": service,
        "today": today,
        "days_7": week,
        "days_30": month,
        "total": totals.requested,
        "available": totals.available,
        "failed": totals.failed,
    }


def _of_services(lists: Sequence[ListTotalsShape]) -> list[TotalsShape]:
    by_service: defaultdict[str | None, list[ListTotalsShape]] = defaultdict(list)
    for one in lists:
        by_service[one["service"]].append(one)
    found = [_summed(service, rows) for service, rows in by_service.items()]
    return sorted(found, key=lambda one: (-one["total"], one["service"] or ""))


def _summed(service: str | None, rows: Sequence[ListTotalsShape]) -> TotalsShape:
    return {
        "service": service,
        "today": sum(one["today"] for one in rows),
        "days_7": sum(one["days_7"] for one in rows),
        "days_30": sum(one["days_30"] for one in rows),
        "total": sum(one["total"] for one in rows),
        "available": sum(one["available"] for one in rows),
        "failed": sum(one["failed"] for one in rows),
    }
