"""How far a sync is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_ENOUGH = 20
"""Titles that tell how fast the others will go."""


class Phase(StrEnum):
    """Where a run is."""

    IDLE = "idle"
    CONNECT = "connect"
    COLLECT = "collect"
    ADD = "add"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProgress:
    """How far one list is."""

    name: str
    state: str
    read: int = 0
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A snapshot of the sync that runs or ran last; `sequence` grows with every change.

    `phase_s` is how long the phase has lasted; `changed_at` when anything moved last.
    """

    run_id: str | None
    phase: Phase
    done: int
    total: int
    requested: int
    lists: tuple[ListProgress, ...]
    sequence: int
    phase_s: float = field(default=0.0, compare=False)
    changed_at: datetime | None = field(default=None, compare=False)

    @property
    def eta_s(self) -> float | None:
        """Guess how long the titles still take; None while there is nothing to go by."""
        if self.phase is not Phase.ADD or self.done < _ENOUGH:
            return None
        return self.phase_s / self.done * (self.total - self.done)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0
