"""What runs for long in the agent, as `status` shows it, and what of a configuration must wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum


class Condition(Enum):
    """How a service is. FAILED: it is tried again; one that is vital has ended the agent."""

    OFF = "off"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How one service is, since when, and, where it failed, why and when it is tried again.

    `failing_since` is kept, as is `why`, while it runs again and may fail as before.
    """

    name: str
    is_vital: bool
    condition: Condition = Condition.OFF
    since: datetime
    failing_since: datetime | None = None
    why: str = ""
    next_try: datetime | None = None

    def become(
        self, condition: Condition, at: datetime, why: str, next_try: datetime | None
    ) -> ServiceStatus:
        """Say how it is now; what fails time and again has failed since the first time."""
        since = self.since if condition is self.condition else at
        failing_since = self.failing_since if condition is not Condition.OFF else None
        if condition is Condition.FAILED:
            since = failing_since = failing_since or at
        elif failing_since is not None:
            why = self.why
        return replace(
            self,
            condition=condition,
            since=since,
            failing_since=failing_since,
            why=why,
            next_try=next_try,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A key of the configuration whose new value has not taken force, and why.

    `needs_restart`: it takes force when the agent is started again.
    """

    key: str
    why: str
    needs_restart: bool = False

    def __str__(self) -> str:
        return f"{self.key}: {self.why}"
