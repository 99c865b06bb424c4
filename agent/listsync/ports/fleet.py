"""What a sync must heed where several agents share the work, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

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

    @property
    def nouns(self) -> Sequence[str]:
        """What there are rows of; those to whom others belong come first."""
        ...

    def fleet(self) -> str:
        """Return the id of the fleet whose rows these are; empty: of none, or not of all yet."""
        ...

    def owner(self) -> str:
        """Return what the fleet calls this state; another one each time that it joins."""
        ...

    def name_anew(self) -> bool:
        """Have the fleet call this state otherwise; False: something waits to be shared.

        So a state that was copied, and the one that it was copied from, are two.
        """
        ...

    def join(self, fleet: str, pruned: int = 0) -> None:
        """Begin to belong to a fleet: all rows count as changed, none of its as known.

        It has forgotten which rows are gone up to revision *pruned*. Where this state belonged to
        it and knows less than that, rows that were shared are only to be compared: `drop_gone`.
        """
        ...

    def drop_gone(self) -> int:
        """Remove what was shared before and the fleet, all of whose rows are here, lacks.

        Returns how many rows that were.
        """
        ...

    def joined(self, *, has_memory: bool) -> None:
        """Note that what was here before is shared; from now on the fleet's rows count.

        *has_memory*: the fleet had one, which is here now. If it had ours before, nothing of it is
        in doubt any more.
        """
        ...

    def leave(self) -> None:
        """Belong to no fleet; who joins again later brings what came meanwhile."""
        ...

    def revision(self) -> int:
        """Return up to which revision the fleet's rows are known here."""
        ...

    def held_epoch(self) -> int:
        """Return the last epoch in which this state's agent led; 0: never."""
        ...

    def note_lead(self, epoch: int, at: datetime) -> None:
        """Note that this agent leads in *epoch*, since *at*.

        No run goes on then: one whose end nobody knows was cut off.
        """
        ...

    def changed(self, limit: int) -> Sequence[SharedRow]:
        """Return rows that changed here and are not known to be shared.

        Each after those that it belongs to, or, where they are gone, before.
        """
        ...

    def said(self) -> Sequence[SharedRow]:
        """Return those of them that a person has changed."""
        ...

    def note_shared(self, rows: Collection[SharedRow], revision: int) -> None:
        """Note that *rows* are shared as they were read; what has changed since stays changed."""
        ...

    def apply(self, rows: Sequence[SharedRow], revision: int) -> None:
        """Take rows of others, in one transaction; all up to *revision* are known then.

        A row that has changed here is overwritten, unless a person said it (choices, exclusions)
        or it was written from this state before it changed. One that cannot be used is told and
        left out.
        """
        ...

    def saying(self, share: Callable[[Sequence[SharedRow]], int]) -> AbstractContextManager[None]:
        """Have all that the block writes in its thread be one transaction, of a person.

        Before it is committed *share* has what changed, and returns its revision; where that
        fails, nothing was written.
        """
        ...

    def left_over(self) -> Sequence[SharedKey]:
        """Name what changed here in the course of a run and was never shared."""
        ...

    def discard(self, rows: Sequence[SharedRow]) -> None:
        """Put what the fleet has in the place of what changed here and was never shared."""
        ...
