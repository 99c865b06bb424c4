"""What the server has, as far as a run needs it before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from listsync.domain.media import Definition, TitleKey
from listsync.domain.retry import Retry
from listsync.domain.server import TitleState
from listsync.domain.sync_records import SyncRun
from listsync.ports import Memory, RequestServer
from listsync.sync.open_intents import IntentReview, retry_for
from listsync.sync.server_index import index_of
from listsync.sync.server_requests import (
    RequestsSeen,
    are_failures_open,
    digest,
    is_reading_due,
)

Index = dict[TitleKey, TitleState]


@dataclass(frozen=True, slots=True)
class ServerReading:
    """Reads the server for one run, and has it remembered.

    *timeout* is how long the server may take for one request.
    """

    run: SyncRun
    server: RequestServer
    memory: Memory
    timeout: timedelta

    def read_index(self) -> Index:
        pages = self.server.read_index(self.memory.index_pages())
        self.memory.save_index(pages)
        return index_of(pages)

    def settle_intents(self, index: Index) -> dict[Definition, str]:
        """Find out what became of requests whose answer was lost; says why a title must wait."""
        intents = self.memory.open_intents()
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
        return retry_for(self.memory.open_intents(), datetime.now(UTC), self.timeout)

    def requests_seen(self, index: Index, *, is_doubted: bool) -> RequestsSeen:
        """Know what was declined or has failed: read at first, then where something is odd."""
        memory, now = self.memory.server_requests, datetime.now(UTC)
        vanished = frozenset() if is_doubted else memory.unexplained(index)
        remembered = memory.remembered()
        if is_reading_due(
            memory.read_at(),
            now,
            is_unexplained=bool(vanished),
            has_failed=are_failures_open(remembered, index),
        ):
            memory.save_reading(digest(self.server.read_requests(), vanished), now)
            remembered = memory.remembered()
        return RequestsSeen.of(remembered)
