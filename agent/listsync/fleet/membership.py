"""This agent's part in its fleet: it stands by, takes the lead when that is free, and keeps it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync import __version__
from listsync.domain.fleet import FleetRole, FleetStatus, Lease, fleet_channel
from listsync.domain.runs import RestartPolicy
from listsync.errors import LeaseLostError, ListsyncError
from listsync.fleet.lease import FREE, FleetLease
from listsync.fleet.members import leave, say_present, schemas_of
from listsync.fleet.passing import PassedOn, Taken
from listsync.postgres.connection import PostgresLink, PostgresServerError
from listsync.postgres.link_attempt import LinkAttempt
from listsync.postgres.notifications import Notification, PostgresNotifications
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.fleet.interfaces import FleetAgent, FleetMemory, HeldEpochs

logger = logging.getLogger(__name__)

CHANGED = "changed"
"""What wakes the others when a person has changed what all remember."""
_WAKES = frozenset({CHANGED, FREE})
_IN_SCHEMA = "schema "
"""Said by agents whose database has tables of other fleets, too, for those on the same channel."""
_MOST_OF_SCHEMA = 100
_LEAST_LIMIT_S = 2.0
_HEARS_S = 5.0
_AGAIN_S = 1.0
"""How often a leader that has lost its connection tries again, as long as its lease may hold."""
_STOPS = "this agent stops to share the work"
_NOT_HEARD = (
    "what is sent to this connection by NOTIFY does not arrive: connect to PostgreSQL itself, or "
    "to a pooler that gives each client a session of its own"
)


class FleetMembership:
    """Takes part until it is told to stop. `run` is for one thread, all else for any."""

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        lease: FleetLease,
        memory: FleetMemory,
        epochs: HeldEpochs,
        agent: FleetAgent,
        connect: Callable[[], PostgresLink],
        *,
        lists: Callable[[], str],
        policy: RestartPolicy | None = None,
    ) -> None:
        self._lease = lease
        self._memory = memory
        self._epochs = epochs
        self._agent = agent
        self._connect = connect
        self._lists = lists
        self._policy = policy or RestartPolicy(1.0, 60.0)
        self._limit_s = max(_LEAST_LIMIT_S, lease.times.renew_s / 2)
        self._lock = threading.Lock()
        self._led = 0
        """The epoch in which the agent was told to lead, until it is told otherwise; else 0."""
        self._over = threading.Event()
        self._passed = PassedOn(lease.times.renew_s, self._now)
        self._taken = Taken()
        self._attempt: LinkAttempt | None = None
        self._notifications: PostgresNotifications | None = None
        self._beat_at = self._renew_at = self._split_until = 0.0
        self.status = FleetStatus(role=FleetRole.JOINING, name=lease.name)

    def run(self, stop: threading.Event) -> None:
        """Take part until *stop* is set; then let another lead at once."""
        failures = 0
        try:
            while not stop.is_set():
                began = self._now()
                try:
                    if (link := self._attempted(stop)) is not None:
                        with self._listening(link) as notifications:
                            self._take_part(link, notifications, stop)
                except ListsyncError as error:
                    is_steady = self._now() - began >= self._policy.longest_s
                    failures = 1 if is_steady else failures + 1
                    self._trouble(error)
                    stop.wait(self._pause_s(failures))
        finally:
            self._lose(_STOPS)
            self._lease.clock.end()

    def send(self, payloads: Sequence[str]) -> None:
        """Send *payloads* to all agents of the fleet, as soon as that can be done."""
        self._passed.add(payloads)
        self._look_up()

    def tell(self, payloads: Sequence[str], run_id: str) -> None:
        """Have all agents keep *payloads*, which are done in our run, until that is over."""
        self._taken.take_here(payloads, run_id)
        self._look_up()

    def wake(self) -> None:
        """Let `run` look at its flag, also where it waits for a server that does not answer."""
        if (attempt := self._attempt) is not None:
            attempt.abandon()
        self._look_up()

    def _look_up(self) -> None:
        if (notifications := self._notifications) is not None:
            notifications.wake()

    def _attempted(self, stop: threading.Event) -> PostgresLink | None:
        """Connect; None: it was given up, as *stop* is set."""
        self._attempt = LinkAttempt(self._connect)
        return None if stop.is_set() else self._attempt.result()

    @contextmanager
    def _listening(self, link: PostgresLink) -> Iterator[PostgresNotifications]:
        notifications = None
        try:
            channels = (self._lease.fleet, fleet_channel(self._lease.fleet))
            self._notifications = notifications = PostgresNotifications(link, channels)
            yield notifications
        finally:
            self._notifications = None
            (link if notifications is None else notifications).close()
            if self._led:
                self._agent.deaf()

    def _take_part(
        self, link: PostgresLink, notifications: PostgresNotifications, stop: threading.Event
    ) -> None:
        if self._led:
            link.settle(self._limit_s)
            self._renew(link)
        if not notifications.hears_itself(_HEARS_S):
            raise PostgresServerError(_NOT_HEARD)
        link.settle(self._limit_s)
        with link.within(self._limit_s) as connection:
            self._lease.prepare(connection)
        self._memory.join(link)
        self._well()
        due = self._beat_at = 0.0
        if self._led:
            self._agent.listening()
        while not stop.is_set():
            if (now := self._now()) >= due:
                due = now + self._turn(link)
            self._send(link)
            if self._hear(link, notifications.wait(due - self._now())):
                due = 0.0
        self._leave(link)

    def _turn(self, link: PostgresLink) -> float:
        """Look at the lease, and do what it asks for; returns for how long nothing is due."""
        if not self._led or not self._keep(link):
            self._look(link)
        if self._led:
            self._tell_all(link, self._taken.done(self._agent.is_open))
        self._beat(link)
        due = self._beat_at if not self._led else min(self._beat_at, self._renew_at)
        left_s = max(0.0, due - self._now())
        lease = self.status.lease
        if self._led or lease is None:
            return left_s
        if self._passed.is_kept:
            left_s = min(left_s, self._lease.times.renew_s)
        jitter_s = min(1.0, self._lease.times.lease_s / 40) * random.random()  # noqa: S311
        return min(left_s, max(0.0, lease.left_s) + jitter_s)

    def _keep(self, link: PostgresLink) -> bool:
        """Renew the lease if it is time, and share what has changed; False: it is lost."""
        if self._now() < self._renew_at:
            return True
        if not self._renew(link):
            return False
        try:
            self._memory.push(link)
            self._memory.prune(link)
        except LeaseLostError as error:
            self._lose(str(error))
        return bool(self._led)

    def _renew(self, link: PostgresLink) -> bool:
        self._renew_at = self._now() + self._lease.times.renew_s
        with link.within(self._limit_s) as connection:
            lease = self._lease.renew(connection)
        if lease is None:
            self._lose("the lease ran out before it could be renewed")
        else:
            self._show(role=FleetRole.LEADER, lease=lease)
        return lease is not None

    def _look(self, link: PostgresLink) -> None:
        """Learn what the leader knows; lead if nobody does."""
        self._memory.pull(link)
        with link.within(self._limit_s) as connection:
            lease = self._lease.look(connection)
            if lease.owner == self._lease.owner and lease.left_s > 0:
                self._lease.release(connection)  # what ran under it was cut off: begin anew
                lease = self._lease.look(connection)
            held = self._lease.acquire(connection) if lease.left_s <= 0 else None
            if held is None and lease.left_s <= 0:  # another was quicker
                lease = self._lease.look(connection)
        if held is not None:
            self._take_lead(link, held)
        else:
            self._stand_by(link, lease)

    def _take_lead(self, link: PostgresLink, lease: Lease) -> None:
        self._renew_at, self._beat_at = self._now() + self._lease.times.renew_s, 0.0
        before = self._epochs.held_epoch()
        is_takeover = lease.epoch > 1 and before != lease.epoch - 1
        if is_takeover:
            self._memory.drop_left_over(link)
        self._memory.pull(link)
        self._epochs.note_lead(lease.epoch, datetime.now(UTC))
        self._taken.begin()  # before anybody knows that it leads, and asks it for something
        with self._lock:
            self._led = lease.epoch
        self._show(role=FleetRole.LEADER, lease=lease)
        logger.info(
            "this agent leads the fleet %s (epoch %d)",
            self._lease.fleet,
            lease.epoch,
            extra={"action": "fleet_lead", "epoch": lease.epoch, "takeover": is_takeover},
        )
        self._over = threading.Event()
        threading.Thread(
            target=self._guard, args=(self._over,), name="listsync-lease", daemon=True
        ).start()
        self._agent.listening()  # before: what was missed is done with all else
        self._agent.lead(lease, is_takeover=is_takeover)
        self._passed.again(is_new_leader=True)

    def _guard(self, over: threading.Event) -> None:
        """End what runs when the lease has run out, whatever the thread of `run` waits for."""
        while (left_s := self._lease.clock.left_s()) > 0:
            if over.wait(left_s):
                return
        if not over.is_set():
            self._lose("PostgreSQL did not renew the lease in time")

    def _lose(self, why: str) -> None:
        """Lead no more; whoever notices it first says so."""
        with self._lock:
            epoch, self._led = self._led, 0
            self._over.set()
        if not epoch:
            return
        self._agent.hold(why)
        self._show(role=FleetRole.JOINING)
        if why is _STOPS:
            return
        self._lease.clock.end()
        words = "this agent leads the fleet %s no more: %s"
        extra = {"action": "fleet_lost", "epoch": epoch}
        logger.warning(words, self._lease.fleet, why, extra=extra)

    def _stand_by(self, link: PostgresLink, lease: Lease) -> None:
        before = self.status
        if before.role is not FleetRole.STANDBY:
            self._memory.drop_left_over(link)
            self._agent.stand_by(lease)
        self._show(role=FleetRole.STANDBY, lease=lease)
        self._passed.again(is_new_leader=_who(before.lease) != _who(lease))
        if before.role is not FleetRole.STANDBY or _who(before.lease) != _who(lease):
            self._beat_at = 0.0
            logger.info(
                "%s leads the fleet %s (epoch %d): this agent stands by",
                *(lease.leader, self._lease.fleet, lease.epoch),
                extra={"action": "fleet_standby", "leader": lease.leader, "epoch": lease.epoch},
            )

    def _beat(self, link: PostgresLink) -> None:
        if self._now() < self._beat_at:
            return
        with link.within(self._limit_s) as connection:
            members = say_present(
                connection, self._lease, version=__version__, lists=self._lists()
            )
            ours, others = schemas_of(connection)
            if others:
                self._lease.wake(connection, f"{_IN_SCHEMA}{ours}")
        self._beat_at = self._now() + self._lease.times.beat_s
        split = self.status.split if self._now() < self._split_until else ""
        self._show(members=members, schema=ours, other_schemas=others, split=split)

    def _hear_schema(self, payload: str) -> bool:
        """Note who says to be another fleet; False: *payload* says something else."""
        schema = one_line(payload.removeprefix(_IN_SCHEMA), _MOST_OF_SCHEMA)
        if payload.startswith(_IN_SCHEMA) and schema != self.status.schema != "":
            self._split_until = self._now() + 4 * self._lease.times.beat_s
            self._show(split=schema)
        return payload.startswith(_IN_SCHEMA)

    def _hear(self, link: PostgresLink, found: Sequence[Notification]) -> bool:
        """Take what came; returns whether the lease is to be looked at now."""
        triggers = [one for one in found if one.channel == self._lease.fleet]
        told = [one.payload for one in found if one.channel != self._lease.fleet]
        if self._led:
            if triggers:
                self._agent.triggered(triggers)
            if CHANGED in told:
                self._memory.pull(link)
        for payload in told:
            if payload in _WAKES or self._hear_schema(payload) or self._passed.hear(payload):
                continue
            if self._led and self._lease.clock.left_s():
                self._tell_all(link, self._taken.take(payload, self._agent.asked))
            else:  # it is for who leads, by now
                self._passed.overhear(payload)
        return not self._led and not _WAKES.isdisjoint(told)

    def _send(self, link: PostgresLink) -> None:
        """Send what waits; what could not be sent stays."""
        while (payload := self._passed.next) is not None:
            if self._led:
                self._tell_all(link, self._taken.take(payload, self._agent.asked))
            else:
                self._tell_all(link, (payload,))
            self._passed.sent(is_taken=bool(self._led))
        if self._led:
            self._tell_all(link, self._taken.told())

    def _tell_all(self, link: PostgresLink, payloads: Iterable[str]) -> None:
        for payload in payloads:
            with link.within(self._limit_s) as connection:
                self._lease.wake(connection, payload)

    def _leave(self, link: PostgresLink) -> None:
        """Share what is left, and let another lead at once."""
        if self._led:
            self._agent.deaf()
            self._tell_all(link, self._taken.done(self._agent.is_open))
            self._lose(_STOPS)
            with suppress(LeaseLostError):
                self._memory.push(link)
        with link.within(self._limit_s) as connection:
            self._lease.release(connection)
            leave(connection, self._lease)

    def _trouble(self, error: ListsyncError) -> None:
        """Say why this agent takes no part, once as long as it is the same."""
        if isinstance(error, LeaseLostError):
            self._lose(str(error))
        if self.status.role is FleetRole.STANDBY:
            self._agent.hold(str(error))
            self._show(role=FleetRole.JOINING)
        if str(error) != self.status.why:
            logger.info(
                "this agent takes no part in the fleet %s for now: %s",
                *(self._lease.fleet, error),
                extra={"action": "fleet_trouble"},
            )
        self._show(why=str(error))

    def _well(self) -> None:
        if self.status.why:
            words = "this agent takes part in the fleet %s again"
            logger.info(words, self._lease.fleet, extra={"action": "fleet_well"})
            self._show(why="")

    def _pause_s(self, failures: int) -> float:
        if self._led and self._lease.clock.left_s() > 0:
            return min(_AGAIN_S, self._lease.times.renew_s)
        return self._policy.pause_s(failures)

    def _show(self, **changes: object) -> None:
        with self._lock:
            before = self.status
            self.status = replace(before, **changes)  # type: ignore[arg-type] # its own fields
        if _told(before) != _told(self.status):
            self._agent.changed()

    def _now(self) -> float:
        return self._lease.clock.elapsed_s()


def _told(status: FleetStatus) -> tuple[object, ...]:
    """Give what people are to know at once."""
    return status.role, status.why, status.split, status.other_schemas


def _who(lease: Lease | None) -> tuple[str, int]:
    return (lease.owner, lease.epoch) if lease is not None else ("", 0)
