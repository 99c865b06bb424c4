"""The commands about targets of notifications."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from listsync.domain.messages import DeliveryState, MessageKind, TargetStatus
from listsync.protocol import Reason
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
    assert "expected one of phone" in str(world.refusal("notify_test", target="fax"))
    assert "no such test" in str(world.refusal("notify_test_result", id="7"))


def test_the_summary_of_a_day_is_told_and_sent_to_who_wants_it(world: World) -> None:
    told = world.ask("summary", date="2026-03-01")
    assert told["date"] == told["data"]["date"] == "2026-03-01"
    assert told["timezone"] == "UTC"
    assert not told["worth_sending"]
    assert told["title"].endswith("nothing requested")
    assert "no target is told" in str(world.refusal("summary_send", date="2026-03-01"))
    world.targets.known = (TargetStatus(name="phone"),)
    for _ in range(2):
        assert world.ask("summary_send", date="2026-03-01")["message"].endswith(told["title"])
    first, second = (one.message for one in world.targets.sent)
    assert first.kind is MessageKind.DAILY
    assert first.key != second.key, "who asks for it again gets it again"
    assert first.key.startswith("daily:2026-03-01")


def test_without_a_day_it_is_yesterday(world: World) -> None:
    before = datetime.now(UTC).date()
    told = date.fromisoformat(world.ask("summary")["date"])
    assert before <= told + timedelta(days=1) <= datetime.now(UTC).date()


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "9999-12-31", "0001-01-01", ""])
def test_a_day_that_is_none_is_refused(world: World, text: str) -> None:
    for method in ("summary", "summary_send"):
        refused = world.refusal(method, date=text)
        assert refused.reason is Reason.INVALID
        assert "date" in str(refused)
