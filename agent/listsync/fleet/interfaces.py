"""What takes part in a fleet needs: the agent that it speaks for, and what that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from listsync.domain.fleet import Lease
    from listsync.postgres.connection import PostgresLink
    from listsync.postgres.notifications import Notification


class FleetMemory(Protocol):
    """What the fleet remembers, and this agent's copy of it (`fleet/exchange`)."""

    def join(self, link: PostgresLink) -> object: ...

    def pull(self, link: PostgresLink) -> object: ...

    def push(self, link: PostgresLink) -> object: ...

    def prune(self, link: PostgresLink) -> object: ...

    def drop_left_over(self, link: PostgresLink) -> object: ...


class HeldEpochs(Protocol):
    """Which epoch was the last in which this state's agent led (`ports.fleet.SharedRows`)."""

    def held_epoch(self) -> int: ...

    def note_lead(self, epoch: int, at: datetime) -> None: ...


class FleetAgent(Protocol):
    """The agent, as far as it follows who leads. None of it waits."""

    def hold(self, why: str) -> None:
        """Start nothing, and end at once what runs: it is not known who leads, and *why*."""
        ...

    def stand_by(self, lease: Lease) -> None:
        """Leave all to who leads."""
        ...

    def lead(self, lease: Lease, *, is_takeover: bool) -> None:
        """Do what is to be done; *is_takeover*: another agent has led before us."""
        ...

    def listening(self) -> None:
        """Note that we lead, and hear triggers from now on."""
        ...

    def deaf(self) -> None:
        """Note that we led, and hear no triggers from now on."""
        ...

    def triggered(self, found: Sequence[Notification]) -> None:
        """Take triggers, as we lead."""
        ...

    def asked(self, payload: str) -> str:
        """Take what was passed on to us, as we lead; returns in which run; empty: in none."""
        ...

    def is_open(self, run_id: str) -> bool:
        """Tell whether a run is to come, or goes on."""
        ...

    def changed(self) -> None:
        """Note that something of `status` has changed, for people."""
        ...
