"""What people are told of syncs, as they set it up: real programs, real servers."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from listsync.domain.messages import MessageKind
from listsync.store.state_folder import opened_state
from tests.acceptance.agent_process import (
    AgentProcess,
    agent_environment,
    config_of,
    replace_file,
    until,
)
from tests.acceptance.conftest import Home
from tests.integration.notify.mail_server import MailServer, taking_mail
from tests.integration.notify.receiver import CannedResponse, Receiver, receiving

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


def kinds(receiver: Receiver) -> list[str]:
    return [one.sent["kind"] for one in receiver.taken]


def test_a_sync_without_an_agent_tells_what_it_did_before_it_ends(home: Home) -> None:
    with receiving() as receiver:
        home.write_config(
            [home.write_list("two.csv", _TWO)], notify=[{"webhook": {"url": receiver.url}}]
        )
        assert home.run("once", "--dry-run").code == 0
        assert kinds(receiver) == [], "it would be told of what is not so"
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY]
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY], [one.sent for one in receiver.taken]


def test_a_sync_without_an_agent_shows_its_report_before_it_delivers(home: Home) -> None:
    """A target may be slow, and nothing of it changes what the report says."""
    hold = threading.Event()
    with receiving(CannedResponse(hold=hold)) as receiver:
        home.write_config(
            [home.write_list("two.csv", _TWO)], notify=[{"webhook": {"url": receiver.url}}]
        )
        with subprocess.Popen(
            home.command("once", "--yes"),
            env=agent_environment(home),
            cwd=home.folder,
            stdout=subprocess.PIPE,
            text=True,
        ) as once:
            assert once.stdout is not None
            assert any("Sync complete" in line for line in once.stdout)
            hold.set()  # some seconds later it would have been given up for this time
            assert once.wait(60) == 0
    with opened_state(home.state) as state:
        assert [row["state"] for row in state.read("SELECT state FROM deliveries")] == ["sent"]


def test_what_cannot_be_delivered_is_so_by_the_next_sync(home: Home) -> None:
    with receiving(CannedResponse(status=503)) as receiver:
        home.write_config(
            [home.write_list("two.csv", _TWO)], notify=[{"webhook": {"url": receiver.url}}]
        )
        assert home.run("once").code == 0
        assert len(receiver.taken) == 1
        receiver.usual = CannedResponse(status=200)
        _let_pauses_end(home)
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY] * 2, [one.sent for one in receiver.taken]


def _let_pauses_end(home: Home) -> None:
    with opened_state(home.state) as state, state.write() as connection:
        connection.execute("UPDATE notify_targets SET paused_until = NULL")


class Channels:
    """One target of each kind, all of which can be made to hang."""

    def __init__(self, web: Mapping[str, Receiver], mail: MailServer) -> None:
        self._web = web
        self._mail = mail
        self._held: list[threading.Event] = []

    def config(self) -> list[dict[str, object]]:
        urls = {name: one.url for name, one in self._web.items()}
        sender = {"host": "127.0.0.1", "port": self._mail.port, "security": "none"}
        return [
            {"discord": {"url": f"{urls['discord']}/api/webhooks/1/not-a-token"}},
            {
                "telegram": {
                    "token": "123:no-token-of-anybody-at-all",
                    "chat": "-1001",
                    "base_url": urls["telegram"],
                }
            },
            {"ntfy": {"url": f"{urls['ntfy']}/mine"}},
            {"webhook": {"url": urls["webhook"]}},
            {"email": {**sender, "from": "listsync@example.org", "to": ["me@example.org"]}},
        ]

    def hang(self) -> None:
        """Let nobody answer any more."""
        for one in self._web.values():
            self._held.append(threading.Event())
            one.usual = replace(one.usual, hold=self._held[-1])
            one.taken.clear()
        self._mail.answers["DATA"] = ""
        self._mail.asked.clear()

    def until_all_hang(self) -> None:
        for one in self._web.values():
            one.wait_for(1)
        assert self._mail.asked.wait(60)

    def answer_again(self) -> None:
        for one in self._web.values():
            one.usual = replace(one.usual, hold=None)
        for held in self._held:
            held.set()
        self._mail.answers.clear()

    def accepted(self) -> dict[str, list[str]]:
        """Give the text of each message that was taken, by target."""
        texts = {
            name: [one.body.decode() for one in web.accepted] for name, web in self._web.items()
        }
        mails = [f"{mail['Subject']}\n{mail.get_content()}" for _, mail in self._mail.taken]
        return texts | {"email": mails}


@pytest.fixture
def channels() -> Iterator[Channels]:
    with ExitStack() as stack:
        web = {
            "discord": stack.enter_context(receiving(CannedResponse(status=204, body=b""))),
            "telegram": stack.enter_context(
                receiving(CannedResponse(body=b'{"ok": true, "result": {}}'))
            ),
            "ntfy": stack.enter_context(receiving()),
            "webhook": stack.enter_context(receiving()),
        }
        yield Channels(web, stack.enter_context(taking_mail()))


_TOLD = (
    "2 requested",
    "two.csv",
    "two.csv",
    "configuration",
    "configuration",
    "server",
    "2 titles requested",
)


def test_everything_arrives_once_though_the_agent_is_killed_while_it_is_sent(
    home: Home,
    channels: Channels,
    start_agent: Callable[..., AgentProcess],
    start_home: Callable[..., Home],
) -> None:
    lists = [home.write_list("two.csv", _TWO)]
    more: dict[str, object] = {"notify": channels.config(), "sync": {"on_config_change": False}}
    home.write_config(lists, **more)
    channels.hang()
    agent = start_agent(home).until_ready()

    def step(count: int, meanwhile: Callable[[], None] = lambda: None) -> AgentProcess:
        """Kill the agent in the middle of sending; what it starts again with arrives once."""
        channels.until_all_hang()
        agent.kill()
        meanwhile()
        channels.answer_again()
        again = start_agent(home).until_ready()
        until(
            "all have it", lambda: all(len(one) >= count for one in channels.accepted().values())
        )
        until("nothing waits", lambda: not any(one["waiting"] for one in targets(again)))
        assert {name: len(one) for name, one in channels.accepted().items()} == dict.fromkeys(
            channels.accepted(), count
        ), channels.accepted()
        channels.hang()
        return again

    agent = step(1)  # what the first sync did
    (home.folder / "two.csv").rename(home.folder / "elsewhere.csv")
    agent.ask("trigger")
    agent = step(2)  # the list cannot be read
    (home.folder / "elsewhere.csv").rename(home.folder / "two.csv")
    agent.ask("trigger")
    agent = step(3)  # it can be read again
    good = config_of(home).read_text()
    replace_file(config_of(home), good.replace('"lists"', '"list"'))
    # The configuration is wrong. Who was being told of it is told that it is right again.
    agent = step(5, lambda: replace_file(config_of(home), good))
    other = start_home("seerr").sandbox
    replace_file(
        config_of(home),
        good.replace(home.sandbox.url, other.url).replace(home.sandbox.api_key, other.api_key),
    )
    agent.ask("reload")
    agent.ask("trigger")
    agent = step(6)  # it is another server
    agent.ask("summary_send", date=datetime.now().astimezone().date().isoformat())
    step(7)  # what the day brought
    for texts in channels.accepted().values():
        for text, words in zip(texts, _TOLD, strict=True):
            assert words in text


def targets(agent: AgentProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = agent.ask("targets")["targets"]
    return found
