"""What a sync remembers, by noun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.run_notes import Intent, Notes
    from listsync.ports.history import RunLog
    from listsync.ports.lists import ListSetbacks, ListSnapshots
    from listsync.ports.notices import NoticeLog
    from listsync.ports.request_log import RequestLog
    from listsync.ports.server_memory import IndexCache, ServerGuard, ServerRequests
    from listsync.ports.titles import Departures, FailedRequests, HandledTitles, MatchCache


class Recording(Protocol):
    """Writes down what a run learns."""

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        """Write *notes* and the *intents* to send requests, durably and in one commit."""
        ...


class Memory(Recording, Protocol):
    """What listsync remembers between runs, handed out by noun. Used by one thread at a time.

    Everything but the lists' own snapshots belongs to one server: the one that `guard` was told
    last. Every method of every noun raises StateError when the state cannot be read or written.
    """

    @property
    def snapshots(self) -> ListSnapshots: ...

    @property
    def list_setbacks(self) -> ListSetbacks: ...

    @property
    def guard(self) -> ServerGuard: ...

    @property
    def index(self) -> IndexCache: ...

    @property
    def server_requests(self) -> ServerRequests: ...

    @property
    def matches(self) -> MatchCache: ...

    @property
    def handled(self) -> HandledTitles: ...

    @property
    def failed_requests(self) -> FailedRequests: ...

    @property
    def departures(self) -> Departures: ...

    @property
    def requests(self) -> RequestLog: ...

    @property
    def runs(self) -> RunLog: ...

    @property
    def notices(self) -> NoticeLog: ...
