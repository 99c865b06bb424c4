"""An agent that does not lead its fleet starts nothing, and ends at once what runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from listsync.domain.events import ConfigChanged, Due, RetryDue, RunFinished, Signal, Signalled
from listsync.domain.report import Retry
from listsync.domain.runs import Pause, SyncJob, Ticket
from tests.unit.agent.agent.world import World, config_snapshot, running


@pytest.fixture(name="passed")
def _passed(world: World) -> list[SyncJob]:
    """Let the agent of *world* stand by; what it passes on."""
    jobs: list[SyncJob] = []

    def pass_on(job: SyncJob) -> Ticket:
        jobs.append(job)
        return Ticket(job.run_id, "passed_on", "another")

    world.queue.stand_by(pass_on)
    return jobs


def test_schedules_retries_and_changes_do_nothing_and_move_on(
    world: World, passed: list[SyncJob]
) -> None:
    world.back_off.failed(None, Retry(why="down"))
    world.loader.file = config_snapshot("second", "one")
    world.play(Due(frozenset({""})), RetryDue(frozenset({"", "file:one"})), ConfigChanged())
    assert world.loader.adopted
    assert world.schedules.taken == [frozenset({""})]
    assert world.back_off.planned() is None
    assert (world.queue.state.running, world.queue.state.pending, passed) == (None, None, [])
    assert world.syncs.given == []


def test_usr1_is_passed_on(world: World, passed: list[SyncJob]) -> None:
    world.play(Signalled(Signal.SYNC))
    assert [(one.scope, one.origins) for one in passed] == [(None, ("SIGUSR1",))]
    assert world.syncs.given == []


def test_what_an_agent_owed_is_let_go_when_another_leads(
    world: World, passed: list[SyncJob]
) -> None:
    world.queue.hold()
    world.queue.submit(SyncJob.own(None, "schedule, resumed"))
    world.play()
    assert world.key_values.load("owed") is not None
    world.queue.stand_by(lambda job: Ticket(job.run_id, "passed_on"))
    world.play()
    assert world.key_values.load("owed") is None
    assert passed == []


def test_what_somebody_asks_of_who_leads_is_told_to_the_others_also_what_waited(
    world: World,
) -> None:
    told: list[tuple[str, str]] = []
    world.queue.hold()
    world.queue.submit(SyncJob.new(None, "who waited"))
    own = SyncJob.own(None, "schedule")
    world.queue.lead(None, lambda job, ticket: told.append((job.origin, ticket.run_id)))
    waited = running(world).run_id
    world.queue.submit(own)
    world.queue.submit(SyncJob.new(None, "another"))
    assert told == [("who waited", waited), ("another", own.run_id)]
    for stop in (world.queue.hold, world.queue.lead):
        stop()
        world.queue.submit(SyncJob.new(None, "nobody is told"))
    assert len(told) == 2


def test_what_runs_is_cut_off_at_once_and_done_again_only_by_who_leads(world: World) -> None:
    world.syncs.stops_when_told = False
    job = world.begin_run(origin="schedule")
    world.queue.hold()
    world.agent.cut_off("another leads")
    world.play()
    ended = world.recent.find(job.run_id)
    assert ended is not None
    assert (ended.row.result, ended.row.why) == ("failed", "another leads")
    assert world.queue.state.running is None
    world.syncs.stops_when_told = True
    world.queue.lead()
    world.play()
    assert world.syncs.begun().origins == ("schedule",)
    assert running(world).run_id != job.run_id


def test_what_is_about_to_run_is_cut_off_too(world: World) -> None:
    job = world.submit()
    world.queue.hold()
    world.agent.cut_off("another leads")
    world.play()
    if not world.noted:  # the agent may have learned of the end already
        world.await_end()
    ended = world.recent.find(job.run_id)
    assert ended is not None
    assert ended.row.why == "another leads"


def test_what_is_left_of_a_run_that_was_cut_off_is_no_news(world: World) -> None:
    world.syncs.stops_when_told = False
    world.begin_run()
    world.agent.cut_off("another leads")
    world.play()
    world.queue.hold()
    world.syncs.end()
    world.end_all()
    assert [row.why for row in world.noted] == ["another leads"]
    world.play(RunFinished("long over"))
    assert len(world.noted) == 1


def test_a_dry_run_is_not_cut_off(world: World) -> None:
    job = SyncJob.new(None, "plan", dry_run=True)
    world.queue.submit(job)
    world.play()
    world.syncs.begun()
    world.agent.cut_off("another leads")
    assert world.queue.state.running == job
    world.end_run()
    assert world.recent.find(job.run_id) is not None


def test_the_service_manager_is_told_how_it_stands(world: World, passed: list[SyncJob]) -> None:
    world.play()
    assert world.systemd.said[-1] == ("ready", "standing by: another agent leads")
    world.queue.hold()
    world.play(for_s=0.0)
    assert "not known yet which agent leads" in world.systemd.said[-1][1]
    assert passed == []


def test_a_pause_ends_without_a_sync_where_another_leads(
    world: World, passed: list[SyncJob]
) -> None:
    world.queue.pause(Pause(world.now + timedelta(seconds=10)))
    world.play(Due(frozenset({""})), for_s=20)
    assert world.queue.state.pause is None
    assert (world.queue.state.running, passed) == (None, [])
