"""This agent among others that share the work (`postgres.fleet`).

What only a fleet needs is imported when there is one.
"""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

from listsync.agent.queue import RunQueue
from listsync.agent.services import AgentService, ServiceWork
from listsync.config.configuration import Config
from listsync.domain.fleet import UNKNOWN_LEADER, FleetRole, FleetStatus, LeaseTimes
from listsync.domain.runs import ConfigSnapshot
from listsync.errors import UnavailableError
from listsync.store.database import Database

if TYPE_CHECKING:
    from listsync.app.fleet_agent import AgentInFleet
    from listsync.cancellation import CancelToken
    from listsync.config.postgres_options import PostgresOptions
    from listsync.ports.fleet import RequestFence
    from listsync.postgres.connection import PostgresLink
    from listsync.triggers.postgres import TriggerIntake

_LEAVE_S = 10.0
"""How long it may take to share what is left, and to let another lead."""
_CONNECT_S = 2
"""How long PostgreSQL may take to answer a person's command."""


class FleetPart:
    """What one configuration of a fleet brings: the lease, the memory, and how to connect."""

    def __init__(
        self,
        options: PostgresOptions,
        database: Database,
        agent: Callable[[str], AgentInFleet],
        lists: Callable[[], str],
    ) -> None:
        from listsync.fleet.exchange import Exchange  # noqa: PLC0415 - only in a fleet
        from listsync.fleet.lease import FleetLease  # noqa: PLC0415
        from listsync.fleet.membership import FleetMembership  # noqa: PLC0415
        from listsync.store.shared_rows import SqliteSharedRows  # noqa: PLC0415

        name = options.agent_name or socket.gethostname()
        times = LeaseTimes.of(os.environ)
        self.options = options
        self.rows = SqliteSharedRows(database)
        self.lease = FleetLease(options.channel, str(uuid4()), name, times)
        self.memory = Exchange(self.rows, self.lease)
        side = agent(name)
        self.membership = FleetMembership(
            self.lease,
            self.memory,
            self.rows,
            side,
            self.link,
            lists=lists,
        )
        side.send, side.tell = self.membership.send, self.membership.tell

    def link(self, connect_s: int | None = None) -> PostgresLink:
        """Connect anew, for one thread; raises PostgresServerError."""
        from listsync.config_types import SecretStr  # noqa: PLC0415 - see above
        from listsync.postgres.connection import CONNECT_S, SHARES, PostgresLink  # noqa: PLC0415

        return PostgresLink(
            self.options.dsn or SecretStr(""),
            name="listsync fleet",
            connect_s=connect_s or CONNECT_S,
            is_utf8=True,
            settings=SHARES,
        )

    def own_link(self, connect_s: int | None = None) -> PostgresLink:
        """Connect anew, where the membership has found that each client has its own session."""
        link = self.link(connect_s)
        link.settle()
        return link

    @contextmanager
    def linked(self, connect_s: int | None = None) -> Iterator[PostgresLink]:
        """Connect for the block alone; each address has *connect_s* to answer."""
        link = self.own_link(connect_s)
        try:
            yield link
        finally:
            link.close()


class Fleet:
    """What the agent has to do with its fleet; while there is none, nothing at all.

    *config* gives the configuration in force; *changed* is called when people should know
    something new; *intake* makes what takes triggers.
    """

    def __init__(
        self,
        database: Database,
        queue: RunQueue,
        config: Callable[[], ConfigSnapshot[Config]],
        changed: Callable[[], None],
        intake: Callable[[], TriggerIntake],
    ) -> None:
        self._database = database
        self._queue = queue
        self._intake = intake
        self._config = config
        self._cut_off: Callable[[str], None] = lambda _: None
        self._changed = changed
        self._part: FleetPart | None = None
        self._is_working = False

    def begin(self, config: Config, cut_off: Callable[[str], None]) -> None:
        """Let nothing start before it is known who leads; *cut_off* ends what runs."""
        self._cut_off = cut_off
        if _needs(config) is not None:
            self._queue.hold()

    def status(self) -> FleetStatus | None:
        """Say how this agent stands among the others; None: there are none."""
        if (part := self._part) is None:
            return None
        return replace(part.membership.status, lists=_digest_of(self._config()))

    def service(self) -> AgentService[Config]:
        """Give the row of what takes part in the fleet."""
        return AgentService(
            name="fleet",
            start=self._start,
            needs=_needs,
            keys=("postgres",),
            wake=self._wake,
            stop_s=_LEAVE_S,
            is_vital=False,
        )

    def _start(self, config: Config) -> ServiceWork:
        if self._queue.state.role is FleetRole.LEADER:
            self._queue.hold()
            self._cut_off("this agent shares the work with others from now on")
        if self._part is None or self._part.options != config.postgres:
            self._part = FleetPart(
                config.postgres, self._database, self._agent, lambda: _digest_of(self._config())
            )
        part = self._part
        return lambda stop: self._work(part, stop)

    def _work(self, part: FleetPart, stop: Event) -> None:
        self._is_working = True
        try:
            part.membership.run(stop)
        finally:
            self._is_working = False
            if stop.is_set():
                self._be_alone()

    def _wake(self) -> None:
        if self._is_working and (part := self._part) is not None:
            part.membership.wake()
        else:  # it has failed: nobody else would
            self._be_alone()

    def _be_alone(self) -> None:
        """Leave the fleet if that is what the configuration says."""
        if _needs(self._config().content) is not None:
            return
        part, self._part = self._part, None
        try:
            if part is not None:
                part.rows.leave()
        finally:
            if self._queue.state.role is not FleetRole.LEADER or part is not None:
                self._queue.lead()

    def _agent(self, name: str) -> AgentInFleet:
        from listsync.app.fleet_agent import AgentInFleet  # noqa: PLC0415 - only in a fleet

        return AgentInFleet(
            name=name,
            queue=self._queue,
            intake=self._intake(),
            config=self._config,
            cut_off=self._cut_off,
            changed=self._changed,
        )

    @contextmanager
    def fence(self, token: CancelToken) -> Iterator[RequestFence | None]:
        """Give what one sync must heed, in the epoch in which it begins; None: no fleet.

        What the others have said since the last sync is known then. *token* ends what it waits
        for.

        Raises:
            LeaseLostError: another agent leads.
            UnavailableError: PostgreSQL does not answer, or the service has not begun yet.
        """
        if (part := self._taken_part()) is None:
            yield None
            return
        from listsync.fleet.fence import LeaseFence  # noqa: PLC0415 - only in a fleet
        from listsync.postgres.link_attempt import connected_until  # noqa: PLC0415 - so

        fence = LeaseFence(part.lease, part.own_link, part.memory.push, token)
        with closing(connected_until(token, part.own_link)) as link, token.breaking(link.cut):
            part.memory.pull(link)
        try:
            yield fence
        finally:
            fence.close()

    @contextmanager
    def shared_memory(self) -> Iterator[None]:
        """Let a person change in the block what all agents of the fleet must know.

        Raises:
            UnavailableError: they cannot be told; nothing was changed.
        """
        if (part := self._taken_part()) is None:
            yield
            return
        if why := part.membership.status.why:  # at once: nobody waits for a dead server
            raise UnavailableError("the fleet", why)
        with part.linked(_CONNECT_S) as link, part.memory.command(link):
            yield

    def _taken_part(self) -> FleetPart | None:
        """Give our part in the fleet; None: there is no fleet.

        Raises:
            UnavailableError: there is one, and its service has not begun: what is said or done
                before that would be ours alone.
        """
        if self._part is None and _needs(self._config().content) is not None:
            raise UnavailableError("the fleet", UNKNOWN_LEADER)
        return self._part


def _needs(config: Config) -> object:
    options = config.postgres
    return options if options.fleet and options.dsn is not None else None


def _digest_of(snapshot: ConfigSnapshot[Config]) -> str:
    """Say in short which lists are followed, so that agents can tell whether theirs are others."""
    lists = sorted((one.source, one.is_exclusion) for one in snapshot.enabled)
    return hashlib.sha256(repr(lists).encode("utf-8", "surrogatepass")).hexdigest()[:16]
