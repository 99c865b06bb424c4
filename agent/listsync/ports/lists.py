"""Lists: how one is read, and what is kept of its readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.decisions import Member
    from listsync.domain.history import ListRow
    from listsync.domain.list_rules import ListRules
    from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
    from listsync.domain.run_notes import Difference, ListSetback, WholeReading


class ListProvider(Protocol):
    """Reads one list of one service."""

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, best first; *previous* is what the last good read gave.

        Raises:
            UnavailableError: nothing usable answers.
            RefusedError: the service says no, `kind` says why.
            ResponseChangedError: the answer is not of the known shape.
        """
        ...


class ListSnapshots(Protocol):
    """The last good reading of each list, by its source. Raises StateError.

    It keeps what it is told: what a reading is worth is judged before (`sync.shrink_guard`).
    """

    def validators(self, source: str) -> Validators | None:
        """Return what the last good read of the list gave to make the next one cheap.

        None while the next reading has to be fresh: what it lacked is to be confirmed, or a
        departure from it is not settled.
        """
        ...

    def entries(self, source: str) -> Mapping[str, ListEntry]:
        """Return the last good snapshot of the list by entry id, in the order of ranks."""
        ...

    def counts(self, source: str) -> tuple[int, int | None]:
        """Return how many rows the last whole reading had, and how many the service declared."""
        ...

    def add(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        members: Sequence[Member],
        at: datetime,
    ) -> Difference:
        """Note how the list was read, and add what was; says what the snapshot has beside it."""
        ...

    def settle(self, rules: ListRules, reading: WholeReading) -> None:
        """Note a reading that is believed to be whole, and what is to be made of what it lacks.

        Two readings of one point in time count as one.
        """
        ...

    def rename(self, source: str, names: Mapping[str, str]) -> None:
        """Call entries of the list otherwise; *names* are the new ones by the old.

        What was handled under the old names is under the new ones.
        """
        ...

    def believe(self, source: str) -> None:
        """Note that somebody says: a list that lost much at once is meant to be so."""
        ...


class ListSetbacks(Protocol):
    """How lists failed last, by their sources. Raises StateError."""

    def last(self, source: str) -> ListSetback | None:
        """Return how the list failed last; None when its last reading was good."""
        ...

    def save(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        """Note that the list could not be read whole; its snapshot stays."""
        ...


class ConfiguredLists(Protocol):
    """The lists that the configuration in force names, for whoever reads the state."""

    def replace(self, lists: Iterable[ListRules]) -> None:
        """Note that these are named now, and no others; raises StateError."""
        ...


class ListRecords(Protocol):
    """How lists were read last. Any thread may ask; raises StateError."""

    def all(self) -> tuple[ListRow, ...]:
        """Return how each list that was ever read was read last."""
        ...
