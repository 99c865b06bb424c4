"""One look at the agent for all who watch, and none while nobody does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import pytest

from listsync.web.dashboard.live import Broadcaster
from listsync.web.settings import EVERYTHING, AccessToken
from tests.integration.web.conftest import WebServer
from tests.integration.web.dashboard import facts
from tests.integration.web.dashboard.test_pages import logged_in


@dataclass
class Agent:
    """What is looked at; a look ends when `step` says so."""

    html: dict[str, str] = field(default_factory=lambda: {"live": "0", "lists": "a"})
    looks: int = 0
    step: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self) -> Mapping[str, str]:
        self.looks += 1
        if self.looks > 1:
            await self.step.wait()
            self.step.clear()
        return dict(self.html)

    def now(self, **html: str) -> None:
        self.html |= html
        self.step.set()


def viewer(broadcaster: Broadcaster) -> AsyncGenerator[bytes]:
    return broadcaster.events(lambda: True)


async def next_of(events: AsyncGenerator[bytes]) -> str:
    return (await asyncio.wait_for(anext(events), 5)).decode()


def test_all_viewers_get_what_was_looked_at_once() -> None:
    async def watch() -> None:
        agent = Agent()
        broadcaster = Broadcaster(agent.look, every_s=0)
        one, two = viewer(broadcaster), viewer(broadcaster)
        first = await next_of(one)
        assert first == await next_of(two)
        assert '<hx-partial hx-target="#live" hx-swap="innerMorph">' in first
        agent.now(live="1")
        second = await next_of(one)
        assert second == await next_of(two)
        assert "#lists" not in second  # it has not changed
        assert broadcaster.looks == 2
        await one.aclose()
        await two.aclose()

    asyncio.run(watch())


def test_who_reads_slowly_gets_the_newest_and_nothing_is_kept_for_him() -> None:
    async def watch() -> None:
        agent = Agent()
        broadcaster = Broadcaster(agent.look, every_s=0)
        slow, quick = viewer(broadcaster), viewer(broadcaster)
        await next_of(slow)
        await next_of(quick)
        for number in range(1, 4):
            agent.now(live=f"at {number}")
            assert f"at {number}" in await next_of(quick)
        late = await next_of(slow)
        assert "at 3" in late
        assert "at 1" not in late
        await slow.aclose()
        await quick.aclose()

    asyncio.run(watch())


def test_nobody_is_looked_at_once_the_last_viewer_has_gone() -> None:
    async def watch() -> None:
        agent = Agent()
        broadcaster = Broadcaster(agent.look, every_s=0)
        events = viewer(broadcaster)
        await next_of(events)
        assert len(asyncio.all_tasks()) == 2
        await events.aclose()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1
        again = viewer(broadcaster)
        agent.step.set()
        assert "#lists" in await next_of(again)  # who comes later gets everything
        await again.aclose()

    asyncio.run(watch())


def test_a_look_that_fails_is_logged_and_ends_the_events(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken() -> Mapping[str, str]:
        raise ValueError("broken")

    async def watch() -> None:
        events = viewer(Broadcaster(broken, every_s=0))
        assert [one async for one in events] == []

    asyncio.run(watch())
    assert "cannot follow the agent" in caplog.text


def test_who_may_not_watch_any_more_gets_no_more() -> None:
    async def watch() -> None:
        agent, allowed = Agent(), [True]
        broadcaster = Broadcaster(agent.look, every_s=0)
        events = broadcaster.events(lambda: allowed[0])
        await next_of(events)
        allowed[0] = False
        agent.now(live="secret")
        assert [one async for one in events] == []

    asyncio.run(watch())


def test_who_may_not_watch_any_more_need_not_wait_for_something_to_change() -> None:
    async def watch() -> None:
        agent, allowed = Agent(), [True]
        broadcaster = Broadcaster(agent.look, every_s=0)
        events = broadcaster.events(lambda: allowed[0])
        await next_of(events)
        waiting = asyncio.create_task(anext(events, b"over"))
        await asyncio.sleep(0)
        allowed[0] = False
        await asyncio.to_thread(broadcaster.look_who_may)
        assert await asyncio.wait_for(waiting, 2) == b"over"

    asyncio.run(watch())


def test_events_end_at_once_when_the_server_closes() -> None:
    async def watch() -> None:
        broadcaster = Broadcaster(Agent().look, every_s=0)
        events = viewer(broadcaster)
        await next_of(events)
        broadcaster.end()
        assert [one async for one in events] == []

    asyncio.run(watch())


def test_events_are_parts_of_the_overview_without_the_word_of_a_session(web: WebServer) -> None:
    with logged_in(web) as client, client.stream("GET", "/ui/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = ""
        for part in answer.iter_text():
            text += part
            if text.endswith("\n\n"):
                break
    assert all(line.startswith("data: ") for line in text.strip().splitlines())
    assert "All 7 lists were read, nothing needs you." in text
    assert "csrf" not in text


def test_lists_are_asked_for_again_when_a_run_has_ended_only(web: WebServer) -> None:
    with logged_in(web) as client, client.stream("GET", "/ui/live") as answer:
        chunks = answer.iter_text()
        next(chunks)
        web.commands.answers["status"] = lambda _: facts.status(running=facts.progress(7))
        while "7 of 200" not in next(chunks):
            pass
        web.commands.answers["status"] = lambda _: facts.status(running=facts.progress(8))
        while "8 of 200" not in next(chunks):
            pass
    asked = [name for name, _ in web.commands.asked]
    assert asked.count("lists") == 2  # at first, and as a run had begun
    assert asked.count("status") >= 3


def test_events_end_when_other_tokens_open_http(web: WebServer) -> None:
    with logged_in(web) as client, client.stream("GET", "/ui/live") as answer:
        chunks = answer.iter_text()
        next(chunks)
        web.follow(tokens=(AccessToken(name="me", secret="another-one", scopes=EVERYTHING),))
        began = time.monotonic()
        assert "</html>" not in "".join(chunks)  # it ends, with nothing to tell
    assert time.monotonic() - began < 10, "not only at the next sign of life"


def test_events_of_copies_have_their_rows_without_the_word_of_a_session(web: WebServer) -> None:
    with logged_in(web) as client, client.stream("GET", "/ui/jobs/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = ""
        for part in answer.iter_text():
            text += part
            if text.endswith("\n\n"):
                break
    for name in ("copies", "job-rows"):
        assert f'hx-target="#{name}"' in text
    assert "The General (1926)" in text
    assert 'name="csrf"' not in text
