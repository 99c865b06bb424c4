"""What runs for long in the agent, as `status` shows it, and what of a configuration must wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Condition(Enum):
    """How a service is. FAILED: it is tried again; one that is vital has ended the agent."""

    OFF = "off"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """How one service is, since when, and, where it failed, why and when it is tried again."""

    name: str
    is_vital: bool
    condition: Condition = Condition.OFF
    since: datetime
    why: str = ""
    next_try: datetime | None = None


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
