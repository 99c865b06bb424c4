"""How much was requested, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from listsync.terminal.output import shown
from listsyncctl.title_views import Display

if TYPE_CHECKING:
    from listsync.protocol.messages import StatsReply
    from listsync.protocol.shapes import ListTotalsShape, PeriodShape, TotalsShape

_SESSION = "session"
_OF_PERIODS = ("PERIOD", "REQUESTED", "FILMS", "SERIES", "AVAILABLE NOW", "FAILED")
_OF_TOTALS = ("TODAY", "7 DAYS", "30 DAYS", "TOTAL", "AVAILABLE NOW", "FAILED")


def statistics(result: StatsReply, display: Display) -> Iterator[str]:
    """Tell of periods, of services, and of each list."""
    periods = [one for one in result.get("periods") or [] if one["name"] != _SESSION]
    services, lists = result.get("services") or [], result["lists"]
    yield from display.numbers(_OF_PERIODS, map(_period, periods))
    if services:
        rows = [(one.get("service") or "(unknown)", *_totals(one)) for one in services]
        yield ""
        yield from display.numbers(("SERVICE", *_OF_TOTALS), rows)
    if lists:
        rows = [(_name(one), *_totals(one)) for one in lists]
        yield ""
        yield from display.numbers(("LIST", *_OF_TOTALS), rows)
    zone = shown(result.get("timezone"))
    yield ""
    yield f"Days begin at midnight in {zone or 'the zone of the agent'}."


def _period(one: PeriodShape) -> Sequence[str]:
    names = ("requested", "movies", "series", "available", "failed")
    return (shown(one["name"]), *(_number(one.get(name)) for name in names))


def _totals(one: TotalsShape) -> Sequence[str]:
    names = ("today", "days_7", "days_30", "total", "available", "failed")
    return tuple(_number(one.get(name)) for name in names)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, (int, float)) else "?"


def _name(one: ListTotalsShape) -> str:
    name = shown(one["list"]) or "(none)"
    return name if one.get("is_followed", True) else f"{name} (followed no more)"
