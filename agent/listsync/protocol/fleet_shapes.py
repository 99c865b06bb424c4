"""What replies say of PostgreSQL: how triggers arrive, and who leads of several agents."""

from typing import TypedDict


class FleetMemberShape(TypedDict):
    """One agent; *other_lists*: it does not follow what the leader follows."""

    name: str
    version: str
    seen_at: str | None
    leads: bool
    other_lists: bool


class FleetShape(TypedDict):
    """How this agent, *name*, stands among those that share the work.

    *role*: `joining` (it is not known who leads, nothing is requested), `standby` or `leader`.
    *since* when *leader* leads, in which *epoch*; *why*: what keeps this agent from taking part.
    The fleet is in *schema*; *other_schemas* of the same database have tables of a fleet, too.
    """

    role: str
    name: str
    leader: str
    epoch: int
    since: str | None
    why: str
    schema: str
    other_schemas: list[str]
    members: list[FleetMemberShape]


class PostgresShape(TypedDict):
    """How triggers by NOTIFY arrive: *connected*, or not, *since* then, and *why* not.

    *pooled*: what the agent sends to itself does not arrive. *table*: triggers are written down.
    """

    connected: bool
    since: str | None
    where: str
    channel: str
    why: str
    pooled: bool
    table: bool
    triggers: int
    last_trigger: str | None
    last_source: str
