"""Messages on their way to people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.messages import (
        Delivery,
        DeliveryState,
        Message,
        TargetRules,
        TargetStatus,
    )


class Targets(Protocol):
    """Who is told, and what waits for them. Any thread may use it; raises StateError."""

    def put(
        self, messages: Sequence[Message], at: datetime, *, only: str | None = None
    ) -> tuple[int, ...]:
        """Write messages for whoever wants them, or for the target *only* whatever it wants.

        Returns the numbers of those that were not there before. A test is sent at once, also to
        a target that is left alone.
        """
        ...

    def statuses(self) -> tuple[TargetStatus, ...]: ...

    def of_test(self, id_: str) -> tuple[Delivery, ...]:
        """Return the deliveries of a test by its id."""
        ...


class Outbox(Targets, Protocol):
    """Keeps them until each target has taken them. Any thread may use it; raises StateError."""

    def follow(self, targets: Sequence[TargetRules], at: datetime) -> Mapping[str, str]:
        """Take *targets* as those that there are; what waited for others is dropped.

        What waits for one that is called otherwise now waits for it still; where two could be
        meant, the same place goes before the same name. Returns the new names by those before.
        """
        ...

    def next_due(self, target: str, now: datetime) -> datetime | None:
        """Tell when something may be sent to *target*; None: nothing waits.

        What is put off for longer than anything ever is, was so by a wrong clock: it is due now.
        """
        ...

    def take(self, target: str, now: datetime) -> tuple[Delivery, ...]:
        """Return what is to be sent next, as one; empty: nothing is due yet.

        A heartbeat that is too old to say anything is dropped.
        """
        ...

    def begin(self, target: str, numbers: Sequence[int]) -> None:
        """Note, before it is sent, that *target* may know of it from now on."""
        ...

    def settle(
        self, target: str, numbers: Sequence[int], state: DeliveryState, at: datetime, answer: str
    ) -> None:
        """Note the end of deliveries: SENT also ends what was wrong with *target*."""
        ...

    def put_off(
        self, target: str, numbers: Sequence[int], until: datetime, at: datetime, why: str
    ) -> int:
        """Note that *target* took nothing at *at*, and is left alone *until* then.

        What has waited for too long is dead; returns how much that is.
        """
        ...

    def failures(self, target: str) -> int:
        """Tell how often in a row *target* has failed."""
        ...

    def try_again(self, targets: Collection[str]) -> None:
        """Let nothing of what *targets* asked for, or answered, keep them waiting any more."""
        ...
