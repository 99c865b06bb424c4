"""What one agent of a fleet remembers, the others do, too; on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.media import Edition
from listsync.domain.run_notes import Handling, Intent, Notes, Sent
from listsync.domain.server import RequestResponse, ResponseKind
from listsync.sync.deduplication import members_of
from tests.builders import entry, film_body
from tests.integration.fleet.sharing import FleetAgent, agents, changes_in, memory_of
from tests.integration.store.state import rules


def requested(agent: FleetAgent, number: int, run: str = "run-1") -> None:
    """Have a title of the list `mine` requested, as a sync writes it down."""
    one, body = entry(tmdb=number), film_body(number)
    agent.file.read("mine", one)
    (member,) = members_of(rules("mine"), [one])
    key = body.key
    agent.memory.record(Notes(), [Intent(f"Film {number}", ("mine",), body)])
    answered = RequestResponse(kind=ResponseKind.REQUESTED, request_id=7)
    sent = Sent(run, f"Film {number}", ("mine",), body, answered)
    agent.memory.record(Notes(handled=[Handling(member, Edition(key, four_k=False))], sent=[sent]))


def test_what_the_leader_writes_the_others_know(postgres_dsn: str, tmp_path: Path) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.join()
        two.join()
        one.lead()
        requested(one, 603)
        one.push()
        assert not changes_in(one.database)
        assert two.pull() > 0
        assert memory_of(one.database) == memory_of(two.database)
        assert two.memory.requests.requested() == one.memory.requests.requested()
        assert not changes_in(two.database)
        assert one.pull() == two.pull() == 0


def test_who_joins_brings_what_the_fleet_lacks(postgres_dsn: str, tmp_path: Path) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        requested(two, 604, "run-2")
        one.join()
        two.join()
        one.pull()
        assert memory_of(one.database) == memory_of(two.database)
        assert len(memory_of(one.database)["requests"]) == 2
