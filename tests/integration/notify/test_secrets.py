"""What is secret of a target is told nowhere, whatever it answers; and who is left alone is."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.integration.app.conftest import AgentInProcess
from tests.integration.app.test_added_service import until
from tests.integration.notify.receiver import CannedResponse, Receiver, receiving
from tests.integration.notify.samples import answered
from tests.integration.notify.test_agent import WRONG, reload_badly, result_of

SECRETS = (
    "no-hook-of-anybody",
    "no-bot-of-anybody-at-all",
    "tk_of_nobody_at_all",
    "no-topic-here",
)
HOOK, BOT, TOKEN, TOPIC = SECRETS
ASKED = ("status", "notices", "config", "targets", "runs")


def targets_at(discord: str, telegram: str, ntfy: str) -> dict[str, object]:
    bot = {"token": f"123:{BOT}", "chat": "-5", "base_url": telegram}
    return {
        "log.level": "debug",
        "log.file": "agent.log",
        "notify": [
            {"discord": {"url": f"{discord}/api/webhooks/1/{HOOK}"}},
            {"telegram": bot},
            {"ntfy": {"url": f"{ntfy}/{TOPIC}", "token": TOKEN}},
        ],
    }


def repeating(status: int, *secrets: str) -> CannedResponse:
    """Answer with a page that repeats what was sent."""
    words = " ".join(secrets)
    page = f"<title>{words}</title> {words}".encode()
    return CannedResponse(status, page, {"Content-Type": "text/html", "X-Key": words})


@pytest.mark.parametrize("status", [200, 404, 502])
def test_no_secret_is_in_the_log_or_in_what_is_told(
    agent: AgentInProcess, caplog: pytest.LogCaptureFixture, tmp_path: Path, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    of_discord = (f"/api/webhooks/1/{HOOK}", HOOK)
    of_telegram = (f"/bot123:{BOT}/sendMessage", f"123%3A{BOT}", BOT)
    with (
        receiving(repeating(status, *of_discord)) as discord,
        receiving(repeating(status, *of_telegram)) as telegram,
        receiving(repeating(status, f"Bearer {TOKEN}", TOPIC)) as ntfy,
    ):
        configuration = targets_at(discord.url, telegram.url, ntfy.url)
        agent.write(configuration)
        agent.reload()
        agent.write({**configuration, **WRONG})
        reload_badly(agent)
        until(lambda: all(one["answer"] for one in agent.ask("targets")["targets"]))
        begun = agent.ask("notify_test")
        until(lambda: result_of(agent, begun)["done"])
        told = json.dumps([result_of(agent, begun), *map(agent.ask, ASKED)])
    log = caplog.text + (tmp_path / "agent.log").read_text()
    assert "***" in log + told
    for secret in SECRETS:
        assert secret not in told
        assert secret not in log


def test_a_target_that_wants_to_be_left_alone_for_an_hour_is_and_the_others_go_on(
    agent: AgentInProcess, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving(answered(429, {"retry_after": 3600.5})) as busy:
        notify: dict[str, object] = {
            "notify": [
                {"discord": {"url": f"{busy.url}/api/webhooks/1/x"}, "name": "busy"},
                {"discord": {"url": f"{receiver.url}/api/webhooks/1/x"}, "name": "takes"},
            ]
        }
        agent.write(notify)
        agent.reload()
        agent.write({**notify, **WRONG})
        reload_badly(agent)
        receiver.wait_for(1)
        until(lambda: agent.ask("targets")["targets"][0]["paused_until"])
        agent.write(notify)
        agent.reload()
        receiver.wait_for(2)
        assert len(busy.taken) == 1
    said = [one.getMessage() for one in caplog.records if "busy" in one.getMessage()]
    (once,) = said
    assert once.startswith("notifications wait, and are sent again later: busy: asks us")
