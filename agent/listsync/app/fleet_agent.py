"""The agent as its fleet sees it: what starts, ends and is passed on as the lead changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from listsync.agent.queue import RunQueue
from listsync.config.configuration import Config
from listsync.domain.fleet import Lease
from listsync.domain.runs import ConfigSnapshot, SyncJob, Ticket
from listsync.fleet.passing import is_more_than_a_sync, job_of, payloads_of
from listsync.postgres.notifications import Notification
from listsync.protocol import RefusedCommand
from listsync.triggers.postgres import TriggerIntake

logger = logging.getLogger(__name__)

TAKEOVER = "takeover"
"""The origin of the sync with which an agent begins where another has led before."""


class AgentInFleet:
    """Implements `fleet.membership.FleetAgent` for the agent that has *queue*.

    *cut_off* ends what runs, *send* passes things on to who leads; *tell* has the others keep what
    was asked of us, as we lead, until the run is over that it is done in.
    """

    def __init__(  # noqa: PLR0913 - each is a part of its own
        self,
        *,
        name: str,
        queue: RunQueue,
        intake: TriggerIntake,
        config: Callable[[], ConfigSnapshot[Config]],
        cut_off: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self._name = name
        self._queue = queue
        self._intake = intake
        self._config = config
        self._cut_off = cut_off
        self.changed = changed
        self.send: Callable[[Sequence[str]], None] = lambda _: None
        self.tell: Callable[[Sequence[str], str], None] = lambda *_: None
        self._taking = ""

    def hold(self, why: str) -> None:
        self._queue.hold()
        self._cut_off(why)

    def stand_by(self, lease: Lease) -> None:
        def pass_on(job: SyncJob) -> Ticket:
            logger.info(
                "what %s asked for is passed on to %s, which leads",
                *(job.origin, lease.leader),
                extra={"action": "sync_passed_on", "leader": lease.leader},
            )
            self.send(payloads_of(job, self._name))
            return Ticket(job.run_id, "passed_on", lease.leader)

        self._queue.stand_by(pass_on)

    def lead(self, _: Lease, *, is_takeover: bool) -> None:
        self._queue.lead(SyncJob.own(None, TAKEOVER) if is_takeover else None, self._tell)

    def _tell(self, job: SyncJob, ticket: Ticket) -> None:
        if job.run_id != self._taking and is_more_than_a_sync(job):
            self.tell(payloads_of(job, self._name), ticket.run_id)

    def listening(self) -> None:
        self._intake.connected(datetime.now(UTC))

    def deaf(self) -> None:
        self._intake.disconnected(datetime.now(UTC))

    def triggered(self, found: Sequence[Notification]) -> None:
        self._intake.take(*found)

    def asked(self, payload: str) -> str:
        job = job_of(payload)
        if job is None:
            return ""
        scope = self._config().still_followed(job.scope)
        if scope == frozenset():
            words = "what %s asked for is not done: this agent reads none of those lists"
            logger.warning(words, job.origin, extra={"action": "passed_on_unknown"})
            return ""
        self._taking = job.run_id
        try:
            return self._queue.submit(replace(job, scope=scope)).run_id
        except RefusedCommand as error:
            words = "what %s asked for is not done: %s"
            logger.warning(words, job.origin, error, extra={"action": "passed_on_refused"})
        return ""

    def is_open(self, run_id: str) -> bool:
        state = self._queue.state
        return any(one and one.run_id == run_id for one in (state.running, state.pending))
