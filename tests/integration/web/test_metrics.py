"""The figures of agents that share the work, and of triggers by NOTIFY, for Prometheus."""

from __future__ import annotations

import pytest

from listsync.protocol.fleet_shapes import FleetShape
from listsync.web.metrics import rendered
from listsync.web.overview import facts_of
from tests.integration.web.dashboard import facts

_FLEET: FleetShape = {
    "role": "standby",
    "name": "cellar",
    "leader": "attic",
    "epoch": 7,
    "since": None,
    "why": "",
    "schema": "public",
    "other_schemas": [],
    "members": [],
}


@pytest.mark.parametrize(
    ("role", "why", "connected", "leads"),
    [("standby", "", 1, 0), ("leader", "", 1, 1), ("leader", "away", 0, 1), ("joining", "", 0, 0)],
)
def test_who_takes_part_in_a_fleet_is_seen_and_where_that_is(
    role: str, why: str, connected: int, leads: int
) -> None:
    fleet: FleetShape = {**_FLEET, "role": role, "why": why}
    status = facts.status(fleet=fleet)
    lines = rendered(status, facts_of(status, [], 0), []).decode().splitlines()
    assert 'listsync_fleet_info{agent="cellar",schema="public"} 1.0' in lines
    assert f"listsync_fleet_connected {connected}.0" in lines
    assert f"listsync_fleet_leader {leads}.0" in lines
    assert "listsync_fleet_epoch 7.0" in lines
