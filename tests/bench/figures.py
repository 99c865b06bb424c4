"""What a bench prints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and the bound it must keep, if there is one."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def is_kept(self) -> bool:
        above = self.most is not None and self.value > self.most
        return not above and (self.least is None or self.value >= self.least)

    def line(self) -> str:
        bound = f"<= {self.most:g}" if self.most is not None else ""
        bound = f">= {self.least:g}" if self.least is not None else bound
        mark = ("ok" if self.is_kept else "MISSED") if bound else ""
        return f"{self.what:<58} {self.value:>10.2f} {self.unit:<10} {bound:<10} {mark}"
