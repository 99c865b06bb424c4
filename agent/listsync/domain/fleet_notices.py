"""What a person should learn of several agents that share the work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from listsync.domain.fleet import FleetRole, FleetStatus
from listsync.domain.notices import Notice, NoticeKind, few

_LATELY = timedelta(minutes=5)
"""Who was not seen for longer may be gone."""


def notices_of_fleet(fleet: FleetStatus | None) -> Iterator[Notice]:
    """Say what keeps this agent from taking part, and whose lists are others than the leader's."""
    if fleet is None:
        return
    if fleet.why:
        until = " once its lease is over" if fleet.role is FleetRole.LEADER else ""
        text = f"this agent takes no part in its fleet, and requests nothing{until}: {fleet.why}"
        yield Notice(kind=NoticeKind.FLEET_TROUBLE, text=text, passes=True)
    if fleet.split:
        text = (
            f"another fleet works in the schema {fleet.split} of the same database, on the same "
            f"channel; this one is in {fleet.schema}: name one schema for all agents in "
            "postgres.dsn (options='-c search_path=...')"
        )
        yield Notice(kind=NoticeKind.FLEET_SPLIT, text=text)
    if names := list(_with_other_lists(fleet)):
        leader = fleet.lease.leader if fleet.lease is not None else ""
        text = (
            f"{few(names, ', ')}: other lists than those of {leader}, which leads; "
            "what is synced is what the agent follows that leads"
        )
        yield Notice(kind=NoticeKind.FLEET_LISTS, text=text)


def _with_other_lists(fleet: FleetStatus) -> Iterator[str]:
    """Name agents that follow other lists; one that does not lead tells of itself alone."""
    leader, since = fleet.leader, datetime.now(UTC) - _LATELY
    if leader is None or fleet.lease is None or leader.owner != fleet.lease.owner:
        return
    for one in fleet.members:
        is_told = fleet.name in (one.name, leader.name)
        if is_told and one.seen_at >= since and one.lists != leader.lists:
            yield one.name
