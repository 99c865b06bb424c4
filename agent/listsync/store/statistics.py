"""How many requests there were (`request_counts`)."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from listsync.domain.media import MediaType
from listsync.domain.server import ResponseKind
from listsync.domain.statistics import (
    NOTHING_COUNTED,
    ListTotals,
    RequestCounts,
    RequestStatistics,
)
from listsync.store.database import Database
from listsync.store.row_codec import iso, time_from

_SLOT_S = 900
_EVER, _NEVER = -1, 2**62
_OTHERWISE = {
    ResponseKind.COVERED: "existing",
    ResponseKind.CANCELLED: "cancelled",
}


class SqliteStatistics:
    """Implements `ports.runs.Statistics`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def since(self, at: datetime) -> RequestCounts:
        slot = math.ceil(at.timestamp() / _SLOT_S)
        found = self._database.look_up(
            "SELECT kind, answer, sum(number) AS number, sum(available) AS available"
            " FROM request_counts WHERE server = :server AND slot >= :slot GROUP BY kind, answer"
            " UNION ALL SELECT kind, answer, count(*), sum(is_available)"
            " FROM requests INDEXED BY requests_at"
            " WHERE server = :server AND at >= :at AND at < :until GROUP BY kind, answer",
            {
                "server": self._server(),
                "slot": slot,
                "at": iso(at),
                "until": iso(datetime.fromtimestamp(slot * _SLOT_S, at.tzinfo)),
            },
        )
        return _sum(map(_counts_of, found))

    def statistics(self, since: Sequence[datetime], days: Sequence[datetime]) -> RequestStatistics:
        server = self._server()
        by_day = self._by_day(server, [_slot(at) for at in days])
        return RequestStatistics(
            since=tuple(_sum(by_day[days.index(first) :]) for first in since),
            days=by_day,
            ever=self._ever(server),
            lists=self._by_list(server, [_slot(at) for at in since]),
            first_at=self._first_at(server),
        )

    def _by_day(self, server: int | None, slots: Sequence[int]) -> tuple[RequestCounts, ...]:
        """Add up what is between *slots*; the last day goes on."""
        found = self._database.read(
            "SELECT day.key AS day, kind, answer, sum(number) AS number,"
            " sum(available) AS available FROM json_each(?) AS day"
            " CROSS JOIN request_counts ON server = ?"
            " AND slot >= day.value ->> 0 AND slot < day.value ->> 1"
            " GROUP BY day.key, kind, answer",
            json.dumps([*zip(slots, (*slots[1:], _NEVER), strict=True)]),
            server,
        )
        counts = [NOTHING_COUNTED] * len(slots)
        for row in found:
            counts[row["day"]] += _counts_of(row)
        return tuple(counts)

    def _ever(self, server: int | None) -> RequestCounts:
        found = self._database.read(
            "SELECT kind, answer, sum(number) AS number, sum(available) AS available"
            " FROM request_counts WHERE server = ? AND slot = ? GROUP BY kind, answer",
            *(server, _EVER),
        )
        return _sum(map(_counts_of, found))

    def _by_list(
        self, server: int | None, slots: Sequence[int]
    ) -> tuple[tuple[str, ListTotals], ...]:
        sums = ", ".join(f"sum(iif(slot >= {slot}, number, 0))" for slot in slots)
        found = self._database.read(
            f"SELECT list, {sums} FROM request_counts WHERE server = ? AND slot >= ?"  # noqa: S608 - numbers
            " AND answer = ? GROUP BY list",
            *(server, min(slots), ResponseKind.REQUESTED),
        )
        lately = {name: tuple(numbers) for name, *numbers in found}
        ever = self._database.read(
            "SELECT list, sum(iif(answer = ?, number, 0)), sum(available),"
            " sum(iif(answer IN (?, ?, ?), 0, number))"
            " FROM request_counts WHERE server = ? AND slot = ? GROUP BY list",
            ResponseKind.REQUESTED,
            *(ResponseKind.REQUESTED, *_OTHERWISE),
            *(server, _EVER),
        )
        none = (0,) * len(slots)
        return tuple((name, ListTotals(lately.get(name, none), *ours)) for name, *ours in ever)

    def _first_at(self, server: int | None) -> datetime | None:
        found = self._database.read(
            "SELECT at FROM requests INDEXED BY requests_at WHERE server = ? ORDER BY at LIMIT 1",
            server,
        )
        return time_from(found[0]["at"]) if found else None


def _counts_of(row: sqlite3.Row) -> RequestCounts:
    number, answer = row["number"], row["answer"]
    if answer == ResponseKind.REQUESTED:
        is_film = row["kind"] == MediaType.MOVIE
        return RequestCounts(
            movies=number if is_film else 0,
            series=0 if is_film else number,
            available=row["available"],
        )
    return RequestCounts(**{_OTHERWISE.get(answer, "failed"): number})


def _sum(counts: Iterable[RequestCounts]) -> RequestCounts:
    return sum(counts, start=NOTHING_COUNTED)


def _slot(at: datetime) -> int:
    return int(at.timestamp()) // _SLOT_S
