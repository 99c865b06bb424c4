"""How an agent stands among those that share the work, for `status` and for who asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.serializers import iso
from listsync.domain.fleet import UNKNOWN_LEADER, FleetRole, FleetStatus
from listsync.domain.runs import Ticket
from listsync.protocol import Reason, RefusedCommand

if TYPE_CHECKING:
    from listsync.protocol.fleet_shapes import FleetShape
    from listsync.protocol.messages import OrderReply


def fleet_shape(fleet: FleetStatus) -> FleetShape:
    lease, leader = fleet.lease, fleet.leader
    return {
        "role": fleet.role.value,
        "name": fleet.name,
        "leader": lease.leader if lease is not None else "",
        "epoch": lease.epoch if lease is not None else 0,
        "since": iso(lease.since) if lease is not None else None,
        "why": fleet.why,
        "members": [
            {
                "name": one.name,
                "version": one.version,
                "seen_at": iso(one.seen_at),
                "leads": one.is_leader,
                "other_lists": leader is not None and one.lists != leader.lists,
            }
            for one in fleet.members
        ],
    }


def order_reply(context: CommandContext, ticket: Ticket) -> OrderReply:
    """Tell what became of what was asked for."""
    reply: OrderReply = {"run_id": ticket.run_id, "state": ticket.state}
    if ticket.state == "queued" and context.queue.state.role is FleetRole.JOINING:
        reply["why"] = UNKNOWN_LEADER
    if ticket.leader:
        reply["leader"] = ticket.leader
    return reply


def refuse_plan(context: CommandContext) -> None:
    """Refuse what can be seen only where it is made, unless it is made here.

    Raises:
        RefusedCommand: another agent leads, or it is not known which.
    """
    role = context.queue.state.role
    if role is FleetRole.LEADER:
        return
    fleet = context.fleet()
    leader = fleet.lease.leader if fleet is not None and fleet.lease is not None else ""
    if role is FleetRole.STANDBY and leader:
        why = f"{leader} leads this fleet, and makes its plans: run `listsyncctl plan` there"
    else:
        why = f"{UNKNOWN_LEADER} this fleet: see `listsyncctl status`"
    raise RefusedCommand(Reason.UNAVAILABLE, why)
