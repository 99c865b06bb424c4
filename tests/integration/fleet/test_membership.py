"""Several agents at one database: one leads, and another when that one is gone."""

from __future__ import annotations

import random
import socket
import time
from dataclasses import replace

import psycopg
import pytest

from listsync.domain.fleet import FleetMember, FleetRole, FleetStatus, LeaseTimes
from listsync.domain.fleet_notices import notices_of_fleet
from listsync.domain.notices import NoticeKind
from listsync.domain.runs import SyncJob
from listsync.fleet import membership
from listsync.fleet.lease import FREE
from listsync.fleet.passing import payloads_of
from tests.integration.fleet.members import TIMES, Member, fleet_of
from tests.postgres_pooler import pooled
from tests.postgres_server import PostgresServer, new_database

_LONG = LeaseTimes(60.0, 20.0, 20.0)
"""Nothing is taken over in time for these."""


def terminate(dsn: str, member: Member) -> None:
    """End the sessions of *member* at the server."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            (member.name,),
        )


def notify(dsn: str, channel: str, payload: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as sender:
        sender.execute("SELECT pg_notify(%s, %s)", (channel, payload))


def seen_of(member: Member) -> list[FleetMember]:
    """Who leads, as *member* shows it."""
    return [one for one in member.membership.status.members if one.is_leader]


def test_one_leads_and_the_others_know_who(postgres_dsn: str) -> None:
    with fleet_of(3, postgres_dsn, _LONG) as members:
        leader = members.leader()
        for one in members.others(leader):
            lease = one.membership.status.lease
            assert lease is not None
            assert (lease.leader, lease.epoch) == (leader.name, 1)
            assert one.calls[-3:] == ["pull", "drop", "stand by"]
        leader.await_call("lead")
        assert leader.calls.index("listening") < leader.calls.index("lead")


def test_through_a_pooler_of_transactions_nobody_leads_and_it_is_said_why(
    postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "_HEARS_S", 0.3)
    with pooled(postgres_dsn, 2) as dsn, fleet_of(1, dsn) as members:
        (one,) = members
        one.events.wait_for(lambda: one.membership.status.why)
        (notice,) = notices_of_fleet(one.membership.status)
        assert "requests nothing" in notice.text
        assert "a pooler that gives each client a session of its own" in notice.text
        assert one.membership.status.role is FleetRole.JOINING
    assert one.calls == []


def test_a_pooler_of_sessions_is_as_good_as_the_server(postgres_dsn: str) -> None:
    with pooled(postgres_dsn, None) as dsn, fleet_of(2, dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        other.membership.send(["through a pooler"])
        leader.await_call("asked")
        assert leader.asked_for == ["through a pooler"]


def test_who_leaves_lets_another_lead_at_once(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        began = time.monotonic()
        leader.end()
        other.await_call("take over")
        assert time.monotonic() - began < 10, "it did not wait for the lease of 60 s"
        assert leader.reasons == ["this agent stops to share the work"]
        assert leader.calls[-1] == "push", "what it knew last is shared"
        assert other.rows.epoch == 2
        seen = other.membership.status
        other.events.wait_for(lambda: [one.name for one in seen_of(other)] == [other.name])
        assert seen.lease is not None
        assert (seen.lease.leader, seen.lease.epoch) == (other.name, 2)


def test_who_stops_while_nobody_answers_waits_for_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        with fleet_of(1, f"host={host} port={port} user=a dbname=a", _LONG) as (only,):
            peer, _ = silent.accept()
            began = time.monotonic()
            only.end()
            assert time.monotonic() - began < 5, "it did not wait for the 10 s of a connection"
            peer.close()


def test_whose_lease_runs_out_is_followed_by_another(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        leader.clock.stop()
        other.await_call("take over")
        leader.clock.go_on()
        leader.await_role(FleetRole.STANDBY)
        assert leader.calls.index("hold") < leader.calls.index("stand by")
        assert "drop" in leader.calls[leader.calls.index("hold") :]
        members.assert_one_wrote_at_a_time()
        assert {epoch for _, epoch in other.writes} <= {2}


def test_an_ended_session_costs_no_lead(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        members.others(leader)
        terminate(postgres_dsn, leader)
        leader.await_call("listening", times=2)
        assert leader.leads
        assert leader.calls.count("lead") == 1
        assert leader.calls[-3:] == ["deaf", "join", "listening"]
        assert leader.reasons == []


def test_sessions_ended_at_random_let_one_write_at_a_time(postgres_dsn: str) -> None:
    chance = random.Random(21)
    with fleet_of(3, postgres_dsn) as members:
        members.leader()
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            terminate(postgres_dsn, chance.choice(members))
        members.leader()
        members.assert_one_wrote_at_a_time()


def test_a_server_that_is_away_ends_the_lead_and_one_leads_when_it_is_back(
    postgres_server: PostgresServer,
) -> None:
    with new_database(postgres_server.dsn("postgres")) as dsn, fleet_of(2, dsn) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        postgres_server.stop()
        try:
            leader.await_call("hold")
            assert leader.reasons == ["PostgreSQL did not renew the lease in time"]
            other.await_role(FleetRole.JOINING)
            assert "PostgreSQL" in other.membership.status.why
        finally:
            postgres_server.start()
        members.others(members.leader())
        assert not any(one.membership.status.why for one in members)
        members.assert_one_wrote_at_a_time()


def test_who_leads_again_directly_after_itself_takes_nothing_over(postgres_dsn: str) -> None:
    with fleet_of(1, postgres_dsn) as (only,):
        only.await_call("lead")
        only.clock.stop()
        time.sleep(TIMES.lease_s)  # no event: the lease runs out at the server alone
        only.clock.go_on()
        only.await_call("lead", times=2)
        assert only.rows.epoch == 2
        assert "take over" not in only.calls
        assert "drop" not in only.calls, "what it had not shared yet is still its own"


def test_what_is_sent_is_heard_by_who_leads_alone(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        notify(postgres_dsn, "sync_trigger", "a trigger")
        other.membership.send(["a job"])
        leader.await_call("triggered")
        leader.await_call("asked")
        assert (leader.heard, leader.asked_for) == (["a trigger"], ["a job"])
        leader.membership.send(["its own"])
        leader.await_call("asked", times=2)
        assert (other.heard, other.asked_for) == ([], [])


def test_what_is_to_be_passed_on_while_nothing_is_connected_is_sent_later(
    postgres_dsn: str,
) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        for number in range(5):
            terminate(postgres_dsn, other)
            other.membership.send([f"job {number}"])
        leader.events.wait_for(lambda: len(set(leader.asked_for)) == 5)


def test_what_was_passed_on_to_one_that_is_gone_is_handed_to_the_next(postgres_dsn: str) -> None:
    with fleet_of(3, postgres_dsn) as members:
        leader = members.leader()
        one, another = members.others(leader)
        leader.clock.stop()
        notify(postgres_dsn, "sync_trigger", "the last that it hears")
        leader.await_standstill()
        asked = [payloads_of(SyncJob.new(None, name), "box")[0] for name in ("one", "another")]
        one.membership.send(asked[:1])
        another.membership.send(asked[1:])
        second = members.leader(other_than=leader)
        second.events.wait_for(lambda: sorted(second.asked_for) == sorted(asked))
        leader.clock.go_on()
        members.others(second)
        assert leader.asked_for == []


@pytest.mark.parametrize("is_asked_there", [True, False], ids=["of-the-leader", "of-another"])
def test_a_confirmation_that_a_leader_took_and_has_not_done_is_handed_to_the_next(
    postgres_dsn: str, *, is_asked_there: bool
) -> None:
    job = replace(SyncJob.new(None, "somebody"), confirmed=True)
    asked = payloads_of(job, "box")
    with fleet_of(3, postgres_dsn) as members:
        leader = members.leader()
        one, another = members.others(leader)
        if is_asked_there:
            leader.open_runs.add("a run of its own")  # before: it looks at once
            leader.membership.tell(asked, "a run of its own")
        else:
            one.membership.send(asked)
            leader.await_call("asked")
        for other in (one, another):
            other.events.wait_for(lambda held=other: held.membership._passed._kept)  # type: ignore[misc]
        leader.clock.stop()
        second = members.leader(other_than=leader)
        second.events.wait_for(lambda: second.asked_for == [*asked])
        second.open_runs.clear()
        third = next(other for other in (one, another) if other is not second)
        third.events.wait_for(lambda: not third.membership._passed._kept)
        leader.clock.go_on()
        members.others(second)
        assert second.asked_for == [*asked], "once, however many have kept it"


def test_what_was_taken_is_handed_to_nobody_else(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        asked = payloads_of(SyncJob.new(None, "somebody"), "box")
        for _ in range(2):
            other.membership.send(asked)
        leader.await_call("asked")
        kept = other.membership._passed
        other.membership.send(["the last"])
        leader.events.wait_for(lambda: "the last" in leader.asked_for)
        assert leader.asked_for == [*asked, "the last"]
        notify(postgres_dsn, "sync_trigger_fleet", "changed")
        other.events.wait_for(lambda: not kept.is_kept)
        leader.end()
        other.await_call("take over")
        other.membership.send(["its own"])
        other.await_call("asked")
        assert other.asked_for == ["its own"]


def test_what_a_person_changed_elsewhere_is_taken_at_once(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        before = [one.calls.count("pull") for one in (leader, other)]
        notify(postgres_dsn, "sync_trigger_fleet", "changed")
        leader.await_call("pull", times=before[0] + 1)
        other.await_call("pull", times=before[1] + 1)


def test_what_only_wakes_agents_is_nothing_that_was_passed_on(postgres_dsn: str) -> None:
    with fleet_of(1, postgres_dsn, _LONG) as (only,):
        only.await_call("lead")
        for payload in (membership.CHANGED, FREE, "the last"):
            notify(postgres_dsn, "sync_trigger_fleet", payload)
        only.await_call("asked")
        assert only.asked_for == ["the last"]


def test_triggers_cost_who_stands_by_no_question(postgres_dsn: str) -> None:
    with fleet_of(2, postgres_dsn, _LONG) as members:
        leader = members.leader()
        (other,) = members.others(leader)
        before = other.calls.count("pull")
        with psycopg.connect(postgres_dsn, autocommit=True) as sender:
            sender.execute(
                "SELECT pg_notify('sync_trigger', n::text) FROM generate_series(1, 900) n"
            )
        leader.events.wait_for(lambda: len(leader.heard) == 900)
        other.membership.send(["the last"])
        leader.await_call("asked")
        assert other.calls.count("pull") == before


def test_all_members_are_known_until_they_leave(postgres_dsn: str) -> None:
    times = LeaseTimes(3.0, 1.0, 0.5)
    with fleet_of(3, postgres_dsn, times) as members:
        leader = members.leader()
        one, another = members.others(leader)
        another.lists = "others"
        everybody = sorted(member.name for member in members)
        leader.events.wait_for(
            lambda: sorted(seen.name for seen in leader.membership.status.members) == everybody
        )
        another.end()
        leader.events.wait_for(
            lambda: (
                sorted(seen.name for seen in leader.membership.status.members)
                == sorted([leader.name, one.name])
            )
        )


def told_of_another_fleet(member: Member) -> FleetStatus:
    """Wait until it is heard, and its tables were looked for."""

    def is_told() -> bool:
        status = member.membership.status
        return bool(status.split and status.other_schemas)

    member.events.wait_for(is_told)
    return member.membership.status


def test_two_fleets_that_differ_by_schema_alone_are_told_to_both(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA theirs")
    theirs = psycopg.conninfo.make_conninfo(postgres_dsn, options="-c search_path=theirs")
    times = LeaseTimes(3.0, 1.0, 0.5)
    with fleet_of(1, postgres_dsn, times) as (one,), fleet_of(1, theirs, times) as (other,):
        for who, own, another in ((one, "public", "theirs"), (other, "theirs", "public")):
            status = told_of_another_fleet(who)
            assert status.role is FleetRole.LEADER
            assert (status.schema, status.other_schemas) == (own, (another,))
            assert [notice.kind for notice in notices_of_fleet(status)] == [NoticeKind.FLEET_SPLIT]
            assert another in next(notices_of_fleet(status)).text


def test_who_is_too_old_takes_no_part_and_says_why(postgres_dsn: str) -> None:
    with fleet_of(1, postgres_dsn, _LONG) as (only,):
        only.await_role(FleetRole.LEADER)
    with psycopg.connect(postgres_dsn, autocommit=True) as admin:
        admin.execute("UPDATE listsync_fleets SET format = 1000")
    with fleet_of(1, postgres_dsn, _LONG) as (only,):
        only.events.wait_for(lambda: "update this one" in only.membership.status.why)
        assert only.membership.status.role is FleetRole.JOINING


@pytest.mark.slow
def test_agents_that_stand_still_at_random_let_one_write_at_a_time(postgres_dsn: str) -> None:
    chance = random.Random(22)
    with fleet_of(4, postgres_dsn) as members:
        for _ in range(6):
            one = members.leader() if chance.random() < 0.7 else chance.choice(members)
            one.clock.stop()
            members.leader(other_than=one)
            one.clock.go_on()
        members.leader()
        members.assert_one_wrote_at_a_time()
