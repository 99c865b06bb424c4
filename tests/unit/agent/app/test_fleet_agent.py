"""The agent as its fleet sees it: what it takes, what it tells the others, what is not over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from listsync.agent.queue import RunQueue
from listsync.app.config_loader import snapshot_of
from listsync.app.fleet_agent import AgentInFleet
from listsync.domain.fleet import Lease
from listsync.domain.runs import SyncJob
from listsync.fleet.passing import job_of, payloads_of
from listsync.triggers.postgres import TriggerIntake
from tests.unit.agent.app.test_config_changes import config

_LEASE = Lease(epoch=2, owner="me", leader="attic", since=datetime.now(UTC), left_s=45.0)


class Led:
    """An agent that leads; `told` is what the others are to keep."""

    def __init__(self) -> None:
        self.queue = RunQueue(lambda: None)
        self.told: list[tuple[SyncJob | None, str]] = []
        followed = snapshot_of(config("- file: /a"))
        self.agent = AgentInFleet(
            name="attic",
            queue=self.queue,
            intake=cast("TriggerIntake", None),
            config=lambda: followed,
            cut_off=lambda _: None,
            changed=lambda: None,
        )
        self.agent.tell = self._tell
        self.agent.lead(_LEASE, is_takeover=False)

    def _tell(self, payloads: Sequence[str], run_id: str) -> None:
        self.told += [(job_of(one), run_id) for one in payloads]


def wish(**flags: bool) -> SyncJob:
    return replace(SyncJob.new(None, "somebody"), **flags)  # type: ignore[arg-type] # flags


@pytest.mark.parametrize("flag", ["dry_run", "forced", "confirmed"])
def test_what_is_more_than_a_sync_is_told_to_the_others_however_it_came(flag: str) -> None:
    led = Led()
    ticket = led.queue.submit(wish(**{flag: True}))
    ((job, run),) = led.told
    assert job is not None
    assert (getattr(job, flag), job.origin, run) == (True, "somebody at attic", ticket.run_id)


def test_a_sync_like_that_of_a_takeover_is_not_told_nor_what_others_have_passed_on() -> None:
    led = Led()
    led.queue.submit(wish())
    assert led.agent.asked(payloads_of(wish(confirmed=True), "cellar")[0])
    assert led.told == []


def test_a_run_is_open_until_it_is_over_or_where_it_waits() -> None:
    led = Led()
    running = led.agent.asked(payloads_of(wish(), "cellar")[0])
    waiting = led.agent.asked(payloads_of(wish(confirmed=True), "cellar")[0])
    assert [led.agent.is_open(one) for one in (running, waiting, "")] == [True, True, False]
    for run in (running, waiting):
        led.queue.finished(run)
        assert not led.agent.is_open(run)


@pytest.mark.parametrize(
    "payload",
    [
        "no job",
        payloads_of(SyncJob.new(frozenset({"file:/other"}), "somebody"), "cellar")[0],
    ],
)
def test_what_is_not_done_is_in_no_run(payload: str) -> None:
    assert Led().agent.asked(payload) == ""


def test_what_is_refused_is_in_no_run() -> None:
    led = Led()
    for one in (wish(), wish()):
        led.queue.submit(one)
    assert led.agent.asked(payloads_of(wish(dry_run=True), "cellar")[0]) == ""
