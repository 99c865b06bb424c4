"""What runs for long in the agent, as `status` shows it, and what must wait for how long."""

from __future__ import annotations

import random
from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Pauses that double from *first_s* to *longest_s*, each up to a fifth shorter at random."""

    first_s: float = 1.0
    longest_s: float = 300.0
    draw: Callable[[], float] = random.random

    def pause_s(self, failures: int) -> float:
        """Give the pause after so many failures in a row (1 or more)."""
        whole = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 60))
        return whole * (1.0 - 0.2 * self.draw())


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
