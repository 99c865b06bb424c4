"""Runs, what they requested, and what they and the agent have to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.history import (
        DayOfRequests,
        Key,
        Page,
        RequestRow,
        RunRow,
    )
    from listsync.domain.media import Edition, TitleKey
    from listsync.domain.notices import NoticeRecord, Origin, SyncFindings
    from listsync.domain.report import SyncReport, SyncRun
    from listsync.domain.run_notes import Intent
    from listsync.domain.statistics import RequestCounts, RequestStatistics


class RunLog(Protocol):
    """Notes the run that goes on. Raises StateError."""

    def begin(self, run: SyncRun) -> None:
        """Note the start of a run, before anything is known of the server."""
        ...

    def is_first(self) -> bool:
        """Tell whether no run ever ended well at this server."""
        ...

    def end(self, report: SyncReport, at: datetime, found: SyncFindings) -> None:
        """Note the end of a run, and emit what it *found* in the same commit.

        Old runs are forgotten.
        """
        ...


class RunHistory(Protocol):
    """Runs that ended; dry runs leave no trace here. Any thread may ask; raises StateError."""

    def page(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        """Return runs, the newest first; dry runs leave no trace here.

        Here and below a page begins *after* the last row of the one before; a first one leaves
        out *skip* rows.
        """
        ...

    def find(self, run_id: str) -> RunRow | None:
        """Return the run whose id begins so; None if it is not one run."""
        ...

    def results(self, start: datetime, end: datetime) -> Mapping[str, int]:
        """Count the runs that began from *start* until before *end*, by how they ended."""
        ...

    def note_end(self, row: RunRow, found: SyncFindings) -> None:
        """Note a run that ended before its end, or even its start, was noted.

        It may be said to be cut off meanwhile. What it *found* is emitted in the same commit.
        """
        ...

    def close_cut_off(self, at: datetime) -> None:
        """Note that runs without an end have been cut off; nothing may run meanwhile."""
        ...


class RequestLog(Protocol):
    """The log of requests and of intents to send some, at the server. Raises StateError."""

    def open_intents(self) -> tuple[Intent, ...]:
        """Return requests that may have been sent and whose answer was never seen."""
        ...

    def requested(self) -> frozenset[Edition]:
        """Name what was requested and not cancelled, since the index was confirmed last."""
        ...

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, by the list that had them requested."""
        ...


class RequestHistory(Protocol):
    """Requests that the server answered."""

    def of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        """Return the answered requests of a run, as they were sent."""
        ...

    def for_list(
        self, list_name: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        """Return what was requested because the list wanted it too, the newest first."""
        ...

    def for_title(
        self, key: TitleKey, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        """Return the requests of one title, in standard or 4K, the newest first."""
        ...

    def latest(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RequestRow]:
        """Return all requests, the newest first."""
        ...

    def for_query(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        """Return the last request of each title that fits as in `items`, the newest first."""
        ...

    def of_day(
        self, start: datetime, end: datetime, *, slow_before: datetime, limit: int
    ) -> DayOfRequests:
        """Tell what was requested from *start* until before *end*, and what is not there yet.

        That is what was requested *slow_before*, by the index as it was read last.
        """
        ...

    def since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, as `RequestLog.requested_since` does."""
        ...


class RequestSequence(Protocol):
    """Requests that were answered, one after the other; raises StateError."""

    def later_than(self, number: int, *, limit: int) -> tuple[RequestRow, ...]:
        """Return those after the one with this number, at whatever server, the oldest first."""
        ...


class Statistics(Protocol):
    """Counts of the requests at the server, which was reached last; raises StateError."""

    def since(self, at: datetime) -> RequestCounts:
        """Count the requests since then, to the moment."""
        ...

    def statistics(self, since: Sequence[datetime], days: Sequence[datetime]) -> RequestStatistics:
        """Count them since each of the points *since*, and in each of *days*, by its beginning.

        Each of *since* is the beginning of one of *days*; the last day goes on. All are whole
        quarters of an hour, as days are.
        """
        ...


class Notices(Protocol):
    """What people should learn: the open ones, and for a while those that are over.

    Each raises StateError.
    """

    def emit(self, origin: Origin, now: Sequence[NoticeRecord], at: datetime) -> None:
        """Take what is open *now* of what *origin* says; all else of it is over since *at*.

        A run emits what it found by its end (`RunLog.end`), in one commit with that.
        """
        ...

    def open(self, origin: Origin) -> tuple[NoticeRecord, ...]:
        """Return what is open of what *origin* said, in the order in which it was said."""
        ...

    def latest(
        self, *, only_open: bool, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[NoticeRecord]:
        """Return notices of everybody, open or over, the newest first."""
        ...
