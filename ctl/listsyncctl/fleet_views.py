"""How an agent stands to PostgreSQL, and among those that share the work, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from listsync.terminal.output import plural, shown
from listsyncctl.title_views import Display

if TYPE_CHECKING:
    from listsync.protocol.fleet_shapes import FleetMemberShape, FleetShape, PostgresShape
    from listsync.protocol.messages import OrderReply


def fleet_rows(fleet: FleetShape | None, display: Display) -> Iterator[tuple[str, str]]:
    """Say who leads since when, and which agents take part."""
    if fleet is None:
        return
    since = f" since {display.ago(fleet['since'])}" if fleet.get("since") else ""
    match fleet["role"]:
        case "leader":
            yield "Fleet", f"{shown(fleet.get('name'))} (this agent) leads{since}"
        case "standby":
            yield "Fleet", f"{shown(fleet.get('leader'))} leads{since}; this agent stands by"
        case _:
            why = f": {shown(fleet['why'])}" if fleet.get("why") else ""
            yield "Fleet", f"not taking part yet{why}; nothing is requested meanwhile"
    if fleet.get("schema"):
        others = ", ".join(shown(one) for one in fleet.get("other_schemas") or ())
        also = f"; there are tables of a fleet in {others}, too" if others else ""
        yield "", f"in the schema {shown(fleet['schema'])}{also}"
    for one in fleet.get("members") or ():
        yield "", _member(one, display)


def _member(one: FleetMemberShape, display: Display) -> str:
    seen = display.ago(one["seen_at"]) if one.get("seen_at") else "never"
    leads = ", leads" if one.get("leads") else ""
    other = ", follows other lists than who leads" if one.get("other_lists") else ""
    return f"{shown(one.get('name'))} {shown(one.get('version'))}, seen {seen}{leads}{other}"


def postgres_rows(postgres: PostgresShape | None, display: Display) -> Iterator[tuple[str, str]]:
    """Say since when triggers by NOTIFY arrive, and which came last."""
    if postgres is None:
        return
    place = f"{shown(postgres.get('where'))}, channel {shown(postgres.get('channel'))}"
    since = f" since {display.ago(postgres['since'])}" if postgres.get("since") else ""
    heard = "not connected"
    if postgres["connected"]:
        heard = "connected, but nothing arrives," if postgres.get("pooled") else "listening"
    count = postgres.get("triggers") or 0
    last = ""
    if at := postgres.get("last_trigger"):
        last = f", the last one from {shown(postgres.get('last_source'))} {display.ago(at)}"
    yield "NOTIFY", f"{heard}{since} at {place}; {plural(count, 'trigger')}{last}"
    if postgres.get("why"):
        yield "", shown(postgres["why"])


def passed_on(result: OrderReply | FleetShape) -> str:
    """Say where to follow what another agent does."""
    leader = shown(result.get("leader"))
    return f"Passed on to {leader}, which leads: follow it there with `listsyncctl status`."
