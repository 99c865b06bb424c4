"""This agent among others that share the work (`postgres.fleet`).

What only a fleet needs is imported when there is one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from listsync.domain.fleet import LeaseTimes
from listsync.errors import LeaseLostError

if TYPE_CHECKING:
    from listsync.cancellation import CancelToken
    from listsync.config.postgres_options import PostgresOptions
    from listsync.fleet.lease import FleetLease
    from listsync.fleet.membership import FleetMemory
    from listsync.ports.fleet import RequestFence
    from listsync.postgres.connection import PostgresLink

_NOT_THE_LEADER = "this agent does not lead its fleet"


class FleetPart:
    """What one configuration of a fleet brings: the lease, the memory, and how to connect."""

    def __init__(
        self, options: PostgresOptions, memory: Callable[[FleetLease], FleetMemory]
    ) -> None:
        from listsync.fleet.lease import FleetLease  # noqa: PLC0415 - only in a fleet

        name = options.agent_name or socket.gethostname()
        times = LeaseTimes.of(os.environ)
        self._options = options
        self.lease = FleetLease(options.channel, str(uuid4()), name, times)
        self.memory = memory(self.lease)

    def link(self) -> PostgresLink:
        """Connect anew, for one thread; raises PostgresServerError."""
        from listsync.config_types import SecretStr  # noqa: PLC0415 - see above
        from listsync.postgres.connection import PostgresLink  # noqa: PLC0415

        return PostgresLink(self._options.dsn or SecretStr(""), name="listsync fleet")

    @contextmanager
    def linked(self) -> Iterator[PostgresLink]:
        """Connect for the block alone."""
        link = self.link()
        try:
            yield link
        finally:
            link.close()


class Fleet:
    """What the agent has to do with its fleet; while there is none, nothing at all."""

    def __init__(self) -> None:
        self._part: FleetPart | None = None

    @contextmanager
    def fence(self, token: CancelToken) -> Iterator[RequestFence | None]:
        """Give what one sync must heed, in the epoch in which it begins; None: no fleet.

        *token* ends what it waits for.

        Raises:
            LeaseLostError: another agent leads.
        """
        if self._part is None:
            yield None
            return
        from listsync.fleet.fence import LeaseFence  # noqa: PLC0415 - only in a fleet

        part = self._part
        fence = LeaseFence(part.lease, part.link, part.memory.push, token)
        try:
            yield fence
        finally:
            fence.close()

    def before_sync(self) -> None:
        """Learn what the others have said since the last sync.

        Raises:
            LeaseLostError: another agent leads.
            UnavailableError: PostgreSQL does not answer.
        """
        if (part := self._part) is None:
            return
        if not part.lease.epoch:
            raise LeaseLostError(_NOT_THE_LEADER)
        with part.linked() as link:
            part.memory.pull(link)

    def push_command(self) -> None:
        """Tell the others at once what a person has said here; raises UnavailableError."""
        if (part := self._part) is not None:
            with part.linked() as link:
                part.memory.push_command(link)
