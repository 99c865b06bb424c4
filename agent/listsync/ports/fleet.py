"""What a sync must heed where several agents share the work, and what they share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.fleet import SharedKey, SharedRow


class RequestFence(Protocol):
    """Stands between a decision and the request server. Any thread may use it."""

    @property
    def post_s(self) -> float:
        """How long one write to the request server may take, from its start to its answer."""
        ...

    def share(self) -> None:
        """Have all that is written down known to the fleet, intents included, under our lease.

        Raises:
            LeaseLostError: another agent leads; nothing may be requested any more.
            NotSharedError: PostgreSQL does not answer in time; nothing may be requested now.
        """
        ...

    def check(self) -> None:
        """Let one write to the request server begin: our lease outlasts it.

        Reads a clock, and waits for the lease to be renewed where too little is left of it.
        Called before each attempt, and again when its bytes are about to leave.

        Raises:
            LeaseLostError: it does not.
        """
        ...


class SharedRows(Protocol):
    """The part of this state that the fleet shares. Any thread may use it; raises StateError.

    Whatever writes to the state, each change of a shared row is noted, until it is known to be
    shared.
    """

    def fleet(self) -> str:
        """Return the id of the fleet whose rows these are; empty: of none yet."""
        ...

    def join(self, fleet: str) -> None:
        """Belong to a fleet from now on: all rows count as changed, none of its as known."""
        ...

    def revision(self) -> int:
        """Return up to which revision the fleet's rows are known here."""
        ...

    def held_epoch(self) -> int:
        """Return the last epoch in which this state's agent led; 0: never."""
        ...

    def note_epoch(self, epoch: int) -> None:
        """Note that this agent leads in *epoch*."""
        ...

    def changed(self, limit: int) -> Sequence[SharedRow]:
        """Return rows that changed here and are not known to be shared, the oldest first."""
        ...

    def note_shared(self, rows: Collection[SharedRow], revision: int) -> None:
        """Note that *rows* are shared as they were read; what has changed since stays changed."""
        ...

    def apply(self, rows: Sequence[SharedRow], revision: int) -> None:
        """Take rows of others, up to *revision*, in one transaction.

        A row that has changed here is overwritten, unless a person said it (choices, exclusions)
        or it was written by ourselves, or in the last epoch in which we led.
        """
        ...

    def left_over(self) -> Sequence[SharedKey]:
        """Name what changed here in the course of a run and was never shared."""
        ...

    def discard(self, rows: Sequence[SharedRow]) -> None:
        """Put what the fleet has in the place of what changed here and was never shared."""
        ...
