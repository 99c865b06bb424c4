"""What commands say where several agents share the work."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.fleet import FleetMember, FleetRole, FleetStatus, Lease
from listsync.domain.fleet_notices import notices_of_fleet
from listsync.domain.notices import NoticeKind
from listsync.domain.runs import SyncJob, Ticket
from listsync.protocol import Reason
from tests.unit.agent.commands.test_status import shown
from tests.unit.agent.commands.world import AT, ISO, World

_LEASE = Lease(epoch=7, owner="o1", leader="attic", since=AT, left_s=30)
_ATTIC = FleetMember(
    owner="o1", name="attic", version="1.0", lists="abc", seen_at=AT, is_leader=True
)
_CELLAR = replace(_ATTIC, owner="o2", name="cellar", is_leader=False)
_STANDING_BY = FleetStatus(
    role=FleetRole.STANDBY, name="cellar", lease=_LEASE, members=(_ATTIC, _CELLAR)
)


def stand_by(world: World) -> list[SyncJob]:
    """Let the agent stand by; what it passes on."""
    passed: list[SyncJob] = []

    def pass_on(job: SyncJob) -> Ticket:
        passed.append(job)
        return Ticket(job.run_id, "passed_on", "attic")

    world.fleet = _STANDING_BY
    world.queue.stand_by(pass_on)
    return passed


def test_status_says_who_leads_since_when_and_who_takes_part(world: World) -> None:
    world.fleet = _STANDING_BY
    fleet = world.ask("status")["fleet"]
    assert (fleet["role"], fleet["leader"], fleet["epoch"]) == ("standby", "attic", 7)
    assert (fleet["since"], fleet["why"]) == (ISO, "")
    assert [(one["name"], one["leads"]) for one in fleet["members"]] == [
        ("attic", True),
        ("cellar", False),
    ]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(_STANDING_BY, "attic leads since now; this agent stands by", id="standby"),
        pytest.param(
            replace(_STANDING_BY, name="attic", role=FleetRole.LEADER),
            "attic (this agent) leads since now",
            id="leader",
        ),
        pytest.param(
            FleetStatus(role=FleetRole.JOINING, name="cellar", why="PostgreSQL: away"),
            "not taking part yet: PostgreSQL: away; nothing is requested meanwhile",
            id="joining",
        ),
        pytest.param(
            replace(_STANDING_BY, members=(_ATTIC, replace(_CELLAR, lists="xyz"))),
            "cellar 1.0, seen now, follows other lists than who leads",
            id="other-lists",
        ),
    ],
)
def test_status_is_shown_to_people(world: World, status: FleetStatus, words: str) -> None:
    world.fleet = status
    assert words in shown("status", world.ask("status"))


def test_a_sync_is_passed_on_as_it_was_asked_for_and_the_answer_says_to_whom(
    world: World,
) -> None:
    passed = stand_by(world)
    reply = world.ask("trigger", lists=["one"], dry_run=True, confirm=True)
    (job,) = passed
    assert reply == {"run_id": job.run_id, "state": "passed_on", "leader": "attic"}
    assert (job.scope, job.dry_run, job.forced, job.confirmed) == (
        frozenset({"file:/one"}),
        True,
        True,
        True,
    )
    assert "Passed on to attic, which leads" in shown("trigger", reply)
    assert world.queue.state.running is None


def test_a_plan_is_asked_of_who_leads(world: World) -> None:
    passed = stand_by(world)
    refused = world.refusal("plan")
    assert refused.reason is Reason.UNAVAILABLE
    assert "attic leads this fleet" in refused.message
    assert passed == []


def test_a_plan_waits_for_nobody_who_is_not_known(world: World) -> None:
    world.fleet = FleetStatus(role=FleetRole.JOINING, name="cellar")
    world.queue.hold()
    assert "not known yet which agent leads" in world.refusal("plan").message
    assert world.ask("trigger")["state"] == "queued"


def test_who_waits_to_know_who_leads_is_told_so(world: World) -> None:
    world.queue.hold()
    assert world.ask("trigger")["why"] == "it is not known yet which agent leads"


@pytest.mark.parametrize(
    ("us", "told"),
    [
        pytest.param("attic", ["cellar"], id="the-leader-tells-of-all"),
        pytest.param("cellar", ["cellar"], id="who-stands-by-of-itself"),
        pytest.param("shed", [], id="and-of-nobody-else"),
    ],
)
def test_other_lists_are_told_on_both_sides(us: str, told: list[str]) -> None:
    now = replace(_ATTIC, seen_at=AT.max.replace(tzinfo=AT.tzinfo))
    members = (
        now,
        replace(now, owner="o2", name="cellar", lists="xyz", is_leader=False),
        replace(now, owner="o3", name="shed", is_leader=False),
        replace(_CELLAR, owner="o4", name="long gone", lists="xyz"),
    )
    found = notices_of_fleet(replace(_STANDING_BY, name=us, members=members))
    assert [one.text.partition(":")[0] for one in found] == told


def test_what_keeps_an_agent_from_taking_part_is_a_notice() -> None:
    (one,) = notices_of_fleet(replace(_STANDING_BY, why="PostgreSQL: away"))
    assert one.kind is NoticeKind.FLEET_TROUBLE
    assert "requests nothing" in one.text
    assert list(notices_of_fleet(None)) == []


def test_who_still_leads_requests_until_its_lease_is_over() -> None:
    status = FleetStatus(role=FleetRole.LEADER, name="attic", why="PostgreSQL: no answer")
    (one,) = notices_of_fleet(status)
    assert "requests nothing once its lease is over: PostgreSQL: no answer" in one.text
