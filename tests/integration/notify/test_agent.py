"""A whole agent that tells a real web server what happens."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from listsync.domain.message_of_day import LocalDay
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin
from listsync.store.history import SqliteNotices
from listsyncctl.client import ClientError, ask
from tests.integration.app.conftest import AgentInProcess
from tests.integration.app.test_added_service import until
from tests.integration.notify.receiver import CannedResponse, Receiver, receiving

WRONG: dict[str, object] = {"sync.every": "sometimes"}


def told(receiver: Receiver) -> list[str]:
    return [one.sent["kind"] for one in receiver.taken]


def reload_badly(agent: AgentInProcess) -> None:
    with pytest.raises(ClientError, match="the last good configuration stays in force"):
        agent.reload()


def test_what_is_wrong_and_mended_is_told_once_each(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    notify: dict[str, object] = {"notify": [{"webhook": {"url": f"{receiver.url}/hook"}}]}
    agent.write(notify)
    assert agent.reload()["pending"] == []
    agent.write({**notify, **WRONG})
    reload_badly(agent)
    (first,) = receiver.wait_for(1)
    assert (first.method, first.path) == ("POST", "/hook")
    assert first.sent["version"] == 1
    assert first.sent["kind"] == "configuration"
    agent.write(notify)
    agent.reload()
    receiver.wait_for(2)
    assert told(receiver) == ["configuration", "recovered"]


def test_a_target_that_hangs_keeps_no_other_waiting(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    released = threading.Event()
    with receiving(CannedResponse(hold=released)) as hangs:
        notify: dict[str, object] = {
            "notify": [
                *({"webhook": {"url": hangs.url}, "name": f"hangs-{one}"} for one in range(6)),
                {"webhook": {"url": receiver.url}},
            ]
        }
        agent.write(notify)
        agent.reload()
        agent.write({**notify, **WRONG})
        reload_badly(agent)
        hangs.wait_for(6)
        receiver.wait_for(1)
        released.set()
    assert told(receiver) == ["configuration"]


def test_a_test_tells_what_each_target_answers_however_it_is(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    with receiving(CannedResponse(status=401, body=b"wrong token")) as refuses:
        agent.write(
            {
                "notify": [
                    {"webhook": {"url": refuses.url}, "name": "refuses"},
                    {"webhook": {"url": receiver.url}, "name": "takes"},
                ]
            }
        )
        agent.reload()
        begun = agent.ask("notify_test")
        refuses.wait_for(1)
        receiver.wait_for(1)
        until(lambda: result_of(agent, begun)["done"])
        assert {one["target"]: one["state"] for one in result_of(agent, begun)["results"]} == {
            "refuses": "dead",
            "takes": "sent",
        }
    assert told(receiver) == ["test"]


def result_of(agent: AgentInProcess, begun: Mapping[str, Any]) -> Mapping[str, Any]:
    return ask([agent.socket], "notify_test_result", {"id": begun["id"]}, timeout_s=10)


def test_a_target_that_fails_is_a_notice_until_it_works_again(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    receiver.answers.append(CannedResponse(status=503))
    notify: dict[str, object] = {"notify": [{"webhook": {"url": receiver.url}}]}
    agent.write(notify)
    agent.reload()
    agent.write({**notify, **WRONG})
    reload_badly(agent)
    until(lambda: "target_failed" in open_kinds(agent))
    agent.ask("notify_test")
    until(lambda: "target_failed" not in open_kinds(agent))
    # What says of the target itself that it fails, and no longer does, it is not told.
    receiver.wait(lambda taken: len(taken) > 2)
    assert told(receiver) == ["configuration", "test", "configuration"]


def test_a_target_that_was_mended_is_told_at_once(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    with receiving(CannedResponse(status=401, body=b"wrong token")) as refuses:
        wrong: dict[str, object] = {"notify": [{"webhook": {"url": refuses.url}}]}
        agent.write(wrong)
        agent.reload()
        agent.write({**wrong, **WRONG})
        reload_badly(agent)
        until(lambda: agent.ask("targets")["targets"][0]["failures"] == 1)
        agent.write({"notify": [{"webhook": {"url": receiver.url}}], **WRONG})
        reload_badly(agent)
        agent.write({"notify": [{"webhook": {"url": receiver.url}}]})
        agent.reload()
        receiver.wait_for(1)
    assert told(receiver)[0] == "configuration"


def open_kinds(agent: AgentInProcess) -> set[str]:
    return {one["kind"] for one in agent.ask("status")["notices"]}


def test_a_day_that_passed_without_the_agent_is_told_late_and_once(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    hook = {"webhook": {"url": receiver.url}, "on": ["daily"]}
    wanted: dict[str, object] = {"notify": [hook], "sync.timezone": "UTC"}
    agent.write({**wanted, "daily.at": "off"})
    assert agent.reload()["pending"] == []
    agent.write({**wanted, **WRONG, "daily.at": "off"})
    reload_badly(agent)  # so that there is something to tell
    agent.daemon._key_values.save("daily_summary", "2026-01-01")
    summaries = agent.daemon._summaries
    at, zone = time(0, 5), ZoneInfo("UTC")
    for _ in range(2):
        summaries.step(at, zone)
    receiver.wait_for(1)
    agent.ask("summary_send")
    late, again = (one.sent for one in receiver.wait_for(2))
    yesterday = LocalDay.last_due(datetime.now(UTC), at, zone).date.isoformat()
    assert (late["kind"], late["id"]) == ("daily", f"daily:{yesterday}")
    assert late["data"]["needs_attention"][0]["notice"] == "config_invalid"
    assert again["kind"] == "daily"
    assert again["id"] != late["id"]
    assert len(receiver.taken) == 2


NAME = "@everyone <b>[x](http://e.example) **a** `b` \\<@1>"


def test_a_list_may_be_called_as_it_likes_and_is_text_at_every_target(
    agent: AgentInProcess, receiver: Receiver
) -> None:
    targets: dict[str, dict[str, object]] = {
        "discord": {"url": f"{receiver.url}/api/webhooks/1/x"},
        "telegram": {"base_url": f"{receiver.url}/t", "token": f"123:{'x' * 30}", "chat": 5},
        "ntfy": {"url": f"{receiver.url}/topic"},
        "webhook": {"url": f"{receiver.url}/hook"},
    }
    receiver.usual = CannedResponse(body=b'{"ok": true, "result": {}}')
    on = ["needs_attention"]
    agent.write({"notify": [{kind: one, "on": on} for kind, one in targets.items()]})
    agent.reload()
    gone = Notice(kind=NoticeKind.LIST_GONE, text=f"{NAME} is gone", list_name=NAME)
    now = datetime.now(UTC)
    notices = SqliteNotices(agent.daemon._database)
    notices.emit(Origin.SYNC, [NoticeRecord(notice=gone, since=now)], now)
    places = ("/api/webhooks/1/x", "/t/bot", "/hook", "/")
    receiver.wait(lambda taken: len({one.path for one in taken}) == len(places))
    by_path = {one.path[:6]: one for one in receiver.taken}
    discord = by_path["/api/w"].sent
    assert discord["allowed_mentions"] == {"parse": []}
    assert "**a**" not in discord["embeds"][0]["title"]
    assert "\\*\\*a\\*\\*" in discord["embeds"][0]["title"]
    telegram = by_path["/t/bot"].sent
    assert telegram["parse_mode"] == "HTML"
    assert "&lt;b&gt;" in telegram["text"]
    assert "<b>[x]" not in telegram["text"]
    assert "markdown" not in {one.lower() for one in by_path["/"].headers}
    assert not by_path["/"].sent.get("markdown")
    assert NAME in str(by_path["/hook"].sent["lists"][0])
