"""The commands about targets of notifications."""

from __future__ import annotations

from dataclasses import replace

from listsync.domain.messages import DeliveryState, MessageKind, TargetStatus
from tests.unit.agent.commands.world import AT, ISO, World


def test_each_target_is_told_with_what_it_answered_last(world: World) -> None:
    world.targets.known = (
        TargetStatus(name="discord", sent_at=AT, answer="HTTP 204", paused_until=AT),
        TargetStatus(name="phone", waiting=2, dead=1, failures=3, failing_since=AT),
    )
    reply = world.ask("targets")
    assert reply["total"] == 2
    discord, phone = reply["targets"]
    assert (discord["sent_at"], discord["answer"]) == (ISO, "HTTP 204")
    assert discord["paused_until"] is None, "what works is not paused for anything that failed"
    assert (phone["waiting"], phone["dead"], phone["failing_since"]) == (2, 1, ISO)


def test_a_test_goes_to_one_target_or_to_all_of_them(world: World) -> None:
    world.targets.known = (TargetStatus(name="discord"), TargetStatus(name="phone"))
    assert world.ask("notify_test")["targets"] == ["discord", "phone"]
    begun = world.ask("notify_test", target="phone")
    assert [one.target for one in world.targets.sent] == ["discord", "phone", "phone"]
    assert {one.message.kind for one in world.targets.sent} == {MessageKind.TEST}
    result = world.ask("notify_test_result", id=begun["id"])
    assert not result["done"]
    world.targets.sent[-1] = replace(
        world.targets.sent[-1], state=DeliveryState.DEAD, answer="HTTP 401"
    )
    assert world.ask("notify_test_result", id=begun["id"]) == {
        "id": begun["id"],
        "done": True,
        "results": [{"target": "phone", "state": "dead", "answer": "HTTP 401"}],
    }


def test_who_is_not_there_cannot_be_tested(world: World) -> None:
    assert "no target is configured" in str(world.refusal("notify_test"))
    world.targets.known = (TargetStatus(name="phone"),)
    assert "there are phone" in str(world.refusal("notify_test", target="fax"))
    assert "no such test" in str(world.refusal("notify_test_result", id="7"))
