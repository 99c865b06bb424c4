"""What the server has: its index as one mapping, read at the start and after many requests.

While the requests of another client fail beside ours, the servers can lose rows that they had
answered with success: 8 of 360, in groups. Source: Seerr 3.1.0 on SQLite, observed live.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta

from listsync.domain.media import Edition, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Retry, SyncRun
from listsync.domain.run_notes import HandledEntries, Intent, Notes
from listsync.domain.server import (
    ResponseKind,
    TitleState,
    index_of,
    is_lacking,
)
from listsync.domain.server_knowledge import (
    ServerDoubt,
    doubt_of_index,
    doubt_of_server,
    doubt_of_state,
)
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.fleet import RequestFence
from listsync.ports.server import RequestServer, ServerGuard
from listsync.ports.state import Memory
from listsync.sync.request_outcomes import (
    IntentReview,
    RequestsSeen,
    are_failures_open,
    digest,
    is_reading_due,
    may_be_due,
    pending_of_others,
    retry_for,
)
from listsync.sync.submission import NO_FENCE, sent

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
    fence: RequestFence = NO_FENCE
    index_pages: int = field(default=0, init=False)

    def read_index(self, *, again: bool = False) -> Index:
        """Read it, *again* after many requests: of those no page is left as it was."""
        pages = self.server.read_index(() if again else self.memory.index.pages())
        self.memory.index.save(pages)
        self.index_pages = len(pages)
        return index_of(pages)

    def settle_intents(self, index: Index) -> dict[Edition, str]:
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

    def requests_seen(
        self, index: Index, handled: HandledEntries, *, is_doubted: bool
    ) -> RequestsSeen:
        """Know what was declined, has failed or was never made, whatever the index says of it.

        Read at first, then where something is odd. Only what is in no list that was read whole
        is known to have no request.
        """
        known, now = self.memory.server_requests, datetime.now(UTC)
        remembered, read_at = known.remembered(), known.read_at()
        if not may_be_due(read_at, now):
            return RequestsSeen.of(remembered)
        unknown = () if is_doubted else known.unknown()
        odd = {one for one in unknown if is_lacking(index, one)}
        odd.update(pending_of_others(index, handled.editions))
        if is_reading_due(
            read_at,
            now,
            is_unexplained=bool(odd),
            has_failed=are_failures_open(remembered, index),
        ):
            listed = self.server.read_requests()
            found = digest(listed.requests, odd if listed.is_whole else ())
            known.save_reading(found, listed, now)
            remembered = known.remembered()
        return RequestsSeen.of(remembered)

    def verify(
        self, requested: Mapping[Edition, Intent], check: Callable[[], None]
    ) -> Notice | None:
        """After many requests: look whether the server still has what it took; mend what not.

        All is requested by then: an index that cannot be read is told, and fails no sync.
        """
        if self.run.dry_run or not requested or not is_worth_it(len(requested), self.index_pages):
            return None
        verification = Verification(
            self.run, self.server, self.memory, requested, check, self.fence
        )
        try:
            index = self.read_index(again=True)
        except ResponseChangedError as error:
            text = f"the requests of this sync were not checked afterwards: {error}"
            return Notice(kind=NoticeKind.REQUESTS_UNCHECKED, text=text)
        return verification.mend(index)


logger = logging.getLogger(__name__)

_MANY = 10
_MOST_NAMED = 10


def is_worth_it(requests: int, pages: int) -> bool:
    """Tell whether so many requests are worth *pages* more of the index.

    From ten on a page is a tenth of what was requested anyway; where the index is long, the calls
    of a run are at most doubled. A smaller run meets fewer of another client's failures: at the
    share that was observed, it loses a row in one of five such meetings at the most.
    """
    return requests >= max(_MANY, pages)


@dataclass(frozen=True, slots=True)
class Verification:
    """Requests again what the server has lost of *requested*: once."""

    run: SyncRun
    server: RequestServer
    memory: Memory
    requested: Mapping[Edition, Intent]
    check: Callable[[], None] = lambda: None
    """Raises when the run is to end."""
    fence: RequestFence = NO_FENCE

    def mend(self, index: Mapping[TitleKey, TitleState]) -> Notice | None:
        """Request again what *index* lacks; returns what a person should learn of the rest.

        Raises:
            UnavailableError, RefusedError: the server; what was done so far is noted.
            LeaseLostError: nothing may be requested any more.
        """
        lost = [intent for one, intent in self.requested.items() if is_lacking(index, one)]
        if not lost:
            return None
        logger.warning(
            "the server has lost %d of %d requests that it took",
            len(lost),
            len(self.requested),
            extra={"action": "requests_lost"},
        )
        if doubt_of_index(lost=len(lost), requested=len(self.requested)) is not None:
            return _notice(f"{len(lost)} of {len(self.requested)} requests of this sync", "")
        gone = [intent for intent in lost if not self._is_mended(intent)]
        if not gone:
            return None
        names = ", ".join(intent.label for intent in gone[:_MOST_NAMED])
        more = f" and {len(gone) - _MOST_NAMED} more" if len(gone) > _MOST_NAMED else ""
        return _notice(f"{names}{more}", ", also when it was requested again")

    def _is_mended(self, intent: Intent) -> bool:
        """Tell whether the server has a request now; one that was declined meanwhile is one."""
        self.check()
        if self.server.find_requests(intent.body).requests:
            return True
        self.memory.record(Notes(), [intent])
        self.fence.share()
        try:
            answered = self.server.request(intent.body)
        except (ResponseChangedError, UnavailableError):
            self.memory.record(Notes(), [intent])  # it may be running until now
            raise
        is_unsure = answered.kind is ResponseKind.UNSURE
        notes = Notes(sent=[sent(self.run, intent, answered)])
        self.memory.record(notes, [intent] if is_unsure else [])
        return bool(self.server.find_requests(intent.body).requests)


def _notice(what: str, how_often: str) -> Notice:
    text = (
        f"the server took and lost {what}{how_often}: look into its log; "
        "`listsyncctl forget ITEM` has a title requested anew"
    )
    return Notice(kind=NoticeKind.REQUESTS_GONE, text=text)


def find_doubt(
    guard: ServerGuard, requested: Collection[Edition], index: Mapping[TitleKey, TitleState]
) -> ServerDoubt | None:
    """Compare the server and its index with what is remembered of them."""
    return (
        doubt_of_state(guard.state_doubt())
        or doubt_of_server(guard.handled_elsewhere())
        or doubt_of_index(lost=count_lost(requested, index), requested=len(requested))
    )


def count_lost(requested: Iterable[Edition], index: Mapping[TitleKey, TitleState]) -> int:
    return sum(is_lacking(index, one) for one in requested)
