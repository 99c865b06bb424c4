"""What the server has: its index as one mapping, and what became of requests at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from listsync.domain.media import Definition, TitleKey
from listsync.domain.report import Retry, SyncRun
from listsync.domain.server import TitleState, index_of, is_lacking
from listsync.ports.server import RequestServer
from listsync.ports.state import Memory
from listsync.sync.server_requests import (
    IntentReview,
    RequestsSeen,
    are_failures_open,
    digest,
    is_reading_due,
    retry_for,
)

Index = dict[TitleKey, TitleState]


@dataclass(slots=True)
class ServerReading:
    """Reads the server for one run, and has it remembered.

    *timeout* is how long the server may take for one request; `index_pages`: so many pages had
    its index when it was read last.
    """

    run: SyncRun
    server: RequestServer
    memory: Memory
    timeout: timedelta
    index_pages: int = field(default=0, init=False)

    def read_index(self) -> Index:
        pages = self.server.read_index(self.memory.index.pages())
        self.memory.index.save(pages)
        self.index_pages = len(pages)
        return index_of(pages)

    def settle_intents(self, index: Index) -> dict[Definition, str]:
        """Find out what became of requests whose answer was lost; says why a title must wait."""
        intents = self.memory.requests.open_intents()
        if not intents:
            return {}
        review = IntentReview(
            run=self.run,
            server=self.server,
            index=index,
            now=datetime.now(UTC),
            timeout=self.timeout,
        ).review(intents)
        if len(review.notes) or review.misdated:
            self.memory.record(review.notes, review.misdated)
        return review.on_hold

    def retry_of_intents(self) -> Retry | None:
        """Say when it is looked again what came of requests whose answer was lost."""
        return retry_for(self.memory.requests.open_intents(), datetime.now(UTC), self.timeout)

    def requests_seen(self, index: Index, *, is_doubted: bool) -> RequestsSeen:
        """Know what was declined or has failed: read at first, then where something is odd."""
        known, now = self.memory.server_requests, datetime.now(UTC)
        unknown = () if is_doubted else known.unknown()
        vanished = frozenset(one for one in unknown if is_lacking(index, one))
        remembered = known.remembered()
        if is_reading_due(
            known.read_at(),
            now,
            is_unexplained=bool(vanished),
            has_failed=are_failures_open(remembered, index),
        ):
            known.save_reading(digest(self.server.read_requests(), vanished), now)
            remembered = known.remembered()
        return RequestsSeen.of(remembered)
