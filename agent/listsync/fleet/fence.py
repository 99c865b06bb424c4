"""What stands before each request in a fleet: it is shared first, and our lease outlasts it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from listsync.errors import LeaseLostError, NotSharedError
from listsync.postgres.connection import SERVICE, PostgresLink, PostgresServerError
from listsync.postgres.link_attempt import connected_until

if TYPE_CHECKING:
    from listsync.cancellation import CancelToken
    from listsync.fleet.lease import FleetLease

_LOOK_EVERY_S = 0.05
_PAUSE_S = 0.5
"""Between tries to connect anew; a restart of PostgreSQL takes a second or two."""


class LeaseFence:
    """Implements `ports.fleet.RequestFence` for one sync, in the epoch in which it began.

    It has a connection of its own, as long as the sync lasts: `close` ends it. `check` may be
    called by any thread, all else by that of the sync.
    """

    def __init__(
        self,
        lease: FleetLease,
        connect: Callable[[], PostgresLink],
        push: Callable[[PostgresLink], object],
        stop: CancelToken,
    ) -> None:
        """Prepare; nothing is connected yet.

        *push* shares all that has changed, under our lease.

        Raises:
            LeaseLostError: we do not lead.
        """
        self._lease = lease
        self._epoch = lease.epoch
        self._connect = connect
        self._push = push
        self._stop = stop
        self._link: PostgresLink | None = None
        if not self._epoch:
            raise LeaseLostError("this agent does not lead its fleet")

    @property
    def post_s(self) -> float:
        return self._lease.times.post_s

    def share(self) -> None:
        """Share; through a new connection where one is lost, while our lease lets us wait."""
        while True:
            if not self._left_s():
                self._lease.clock.check(self._epoch)
            try:
                self._share_once()
            except PostgresServerError as error:
                self.close()
                if self._left_s() < self.post_s or self._stop.wait(_PAUSE_S):
                    why = f"what is requested next cannot be shared ({error.why})"
                    raise NotSharedError(SERVICE, why) from error
            else:
                return

    def check(self) -> None:
        """Let one write begin; where too little is left of the lease, once it is renewed."""
        while 0 < self._left_s() < self.post_s and not self._stop.is_set():
            self._stop.wait(min(_LOOK_EVERY_S, self.post_s))
        self._lease.clock.check(self._epoch)

    def close(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _share_once(self) -> None:
        if self._link is None:
            self._link = connected_until(self._stop, self._connect)
        with self._stop.breaking(self._link.cut):
            self._push(self._link)

    def _left_s(self) -> float:
        """Say for how long the lease holds in which this sync began."""
        clock = self._lease.clock
        return clock.left_s() if clock.epoch == self._epoch else 0.0
