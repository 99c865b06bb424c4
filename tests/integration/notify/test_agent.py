"""A whole agent that tells a real web server what happens."""

from __future__ import annotations

import threading

import pytest

from listsyncctl.client import ClientError
from tests.integration.app.conftest import AgentInProcess
from tests.integration.notify.receiver import Answer, Receiver, receiving

WRONG: dict[str, object] = {"sync.every": "never"}


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
    with receiving(Answer(hold=released)) as hangs:
        notify: dict[str, object] = {
            "notify": [
                {"webhook": {"url": hangs.url}, "name": "hangs"},
                {"webhook": {"url": receiver.url}},
            ]
        }
        agent.write(notify)
        agent.reload()
        agent.write({**notify, **WRONG})
        reload_badly(agent)
        hangs.wait_for(1)
        receiver.wait_for(1)
        released.set()
    assert told(receiver) == ["configuration"]
