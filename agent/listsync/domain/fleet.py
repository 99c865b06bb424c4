"""Several agents that share the work: who leads, until when, and what they share."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from listsync.lean_dataclasses import dataclass

LEASE_S = 45.0
"""How long a lease holds from its last renewal, by the clock of PostgreSQL."""
RENEW_S = 10.0
POST_S = 20.0
"""How long one write to the request server may take in a fleet: less than what is left of a lease
whenever one is begun."""
TIMES_VARIABLE = "LISTSYNC_FLEET_TIMES"
"""For tests alone, which cannot wait a lease out: `lease,renew,post` in seconds."""
UNKNOWN_LEADER = "it is not known yet which agent leads"
MOST_OF_CHANNEL = 63
"""Bytes of a name in PostgreSQL; what is longer is cut there, and would be another channel."""


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """How long a lease holds, how often it is renewed, and how long a write may take under it."""

    lease_s: float = LEASE_S
    renew_s: float = RENEW_S
    post_s: float = POST_S

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> LeaseTimes:
        """Give those that hold everywhere but in tests."""
        given = environ.get(TIMES_VARIABLE)
        return cls(*map(float, given.split(","))) if given else cls()

    @property
    def beat_s(self) -> float:
        """How often each agent tells the others that it is there."""
        return self.lease_s * 2 / 3

    @property
    def idle_s(self) -> float:
        """How long who shares something may stand still meanwhile, as all others wait for it."""
        return self.lease_s / 3


def fleet_channel(fleet: str) -> str:
    """Name the channel on which the agents of a fleet wake each other."""
    name = f"{fleet}_fleet"
    if len(name.encode()) <= MOST_OF_CHANNEL:
        return name
    return f"fleet_{hashlib.sha256(fleet.encode()).hexdigest()[:32]}"


class FleetRole(StrEnum):
    """JOINING: nothing is known of the others yet; nothing is requested."""

    JOINING = "joining"
    STANDBY = "standby"
    LEADER = "leader"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who leads: `owner` is random for each process, `leader` what people call that agent.

    `epoch` grows with each change of the leader. `left_s`: how long it holds if it is not renewed,
    as PostgreSQL told it (negative: it has run out).
    """

    epoch: int
    owner: str
    leader: str
    since: datetime
    left_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMember:
    """One agent; `lists` is a digest of those that it follows."""

    owner: str
    name: str
    version: str
    lists: str
    seen_at: datetime
    is_leader: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStatus:
    """How this agent stands among the others; `why`: what keeps it from taking part.

    `lists` is a digest of those that it follows. The fleet is in `schema`; `other_schemas` of the
    same database have tables of a fleet, too. `split`: the one whose agents are heard on our
    channel.
    """

    role: FleetRole
    name: str
    lease: Lease | None = None
    members: tuple[FleetMember, ...] = ()
    why: str = ""
    lists: str = ""
    schema: str = ""
    other_schemas: tuple[str, ...] = ()
    split: str = ""

    @property
    def leader(self) -> FleetMember | None:
        """Give who leads, as far as it has said that it is there."""
        return next((one for one in self.members if one.is_leader), None)


class SharedKey(NamedTuple):
    """What names a row in the whole fleet: a noun, and the row's natural key as a JSON array.

    Numbers of one state's tables are none: a server is its identity, a list its source.
    """

    noun: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRow:
    """One row of the memory as all agents know it; `content` None: it is gone.

    `revision` orders what was written; `epoch` says under whose lease (0: a person said it at any
    agent), `owner` by which state, and `number` with which of its changes. `age_s`: how long ago
    it was shared, by the clock of PostgreSQL.
    """

    at: SharedKey
    content: Mapping[str, object] | None
    revision: int = 0
    epoch: int = 0
    owner: str = ""
    number: int = 0
    age_s: float = 0.0
