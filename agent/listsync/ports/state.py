"""What is kept between runs and over a restart, handed out by noun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from listsync.domain.run_notes import Intent, Notes
    from listsync.ports.feeds import FeedRecords
    from listsync.ports.lists import ListRecords, ListSetbacks, ListSnapshots
    from listsync.ports.runs import (
        Notices,
        RequestHistory,
        RequestLog,
        RunHistory,
        RunLog,
        Statistics,
    )
    from listsync.ports.server import IndexCache, ServerGuard, ServerRecords, ServerRequests
    from listsync.ports.titles import (
        Departures,
        Exclusions,
        FailedRequests,
        HandledTitles,
        Items,
        ListEntries,
        MatchCache,
        Reviews,
        TitleRecords,
    )


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
    def notices(self) -> Notices: ...


class AgentState(Protocol):
    """What the agent and its commands find in the state, handed out by noun.

    Any thread may use it. What belongs to a server is that of the one that was reached last.
    Every method of every noun raises StateError when the state cannot be read or written.
    """

    @property
    def lists(self) -> ListRecords: ...

    @property
    def items(self) -> Items: ...

    @property
    def entries(self) -> ListEntries: ...

    @property
    def titles(self) -> TitleRecords: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def exclusions(self) -> Exclusions: ...

    @property
    def runs(self) -> RunHistory: ...

    @property
    def requests(self) -> RequestHistory: ...

    @property
    def server(self) -> ServerRecords: ...

    @property
    def notices(self) -> Notices: ...

    @property
    def statistics(self) -> Statistics: ...

    @property
    def feeds(self) -> FeedRecords: ...


class KeyValueStore(Protocol):
    """A few facts that the agent keeps over a restart, by name; any thread may use it."""

    def load(self, name: str) -> Any:
        """Return what was saved last (JSON), None for nothing."""
        ...

    def save(self, name: str, value: Any) -> None:
        """Keep *value*, durably; raises StateError."""
        ...
