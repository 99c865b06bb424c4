"""How much was requested: the page, and its chart, which is drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from listsync.lean_dataclasses import dataclass
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.response import Responder, page_route
from listsync.web.routes import HttpRoute, WebRequest

if TYPE_CHECKING:
    from listsync.protocol.messages import StatsReply
    from listsync.protocol.shapes import DayCountsShape

_PATH = "/ui/stats"
_ROWS = 50
_HEIGHT, _STEP, _GAP = 120, 20, 4
_LEAST = 2
"""So high is a day on which anything was requested."""


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day of the chart: what was requested, and where its bar is drawn."""

    day: str
    requested: int
    x: int
    height: float

    @property
    def y(self) -> float:
        return _HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class DayChart:
    """Requests of each day as bars, of which the highest fills the height."""

    bars: Sequence[DayBar]
    height: int = _HEIGHT
    bar_width: int = _STEP - _GAP

    @classmethod
    def of(cls, days: Sequence[DayCountsShape]) -> DayChart:
        """Draw *days*, the first one at the left."""
        most = max((one["requested"] for one in days), default=0)
        return cls(
            [
                DayBar(
                    day=_day_word(one["day"]),
                    requested=one["requested"],
                    x=number * _STEP,
                    height=_height(one["requested"], most),
                )
                for number, one in enumerate(days)
            ]
        )

    @property
    def width(self) -> int:
        return len(self.bars) * _STEP - _GAP

    @property
    def total(self) -> int:
        return sum(one.requested for one in self.bars)

    @property
    def highest(self) -> DayBar:
        return max(self.bars, key=lambda one: one.requested)


def _height(number: int, most: int) -> float:
    return round(max(_LEAST, _HEIGHT * number / most), 1) if number else 0


def _day_word(text: str) -> str:
    return f"{date.fromisoformat(text):%d %b}"


@dataclass(frozen=True, slots=True)
class StatisticsPage:
    """Answers at `/ui/stats`."""

    answers: Responder

    def route(self) -> HttpRoute:
        return page_route(_PATH, self.page, "Show how much was requested.")

    async def page(self, request: WebRequest) -> Response:
        """Show all on the first page, and on later ones more lists."""
        backend = self.answers.backend
        cursor = request.query.get("cursor", "").strip()
        asked: dict[str, object] = {"limit": _ROWS, **({"cursor": cursor} if cursor else {})}
        reply = cast("StatsReply", await backend.ask("stats", asked))
        viewer = Viewer(base_path=backend.settings.base_path, identity=request.identity)
        facts = {
            "current": _PATH,
            "said": None,
            "reply": reply,
            "chart": DayChart.of(reply["days"]) if reply["days"] else None,
            "fields": {"cursor": cursor},
        }
        return self.answers.page("stats.html", viewer, facts)
