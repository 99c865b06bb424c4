"""Everybody misbehaves, at random and at once: in the end all is done, once, without any help.

A schedule of faults and of work is drawn. What is wrong meanwhile is said once, and no more when
it is over.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.conftest import Home
from tests.acceptance.counterparts import revive
from tests.acceptance.misbehaving_world import MisbehavingWorld, misbehaving
from tests.faulty_web import WebAnswer, page
from tests.integration.notify.receiver import Receiver
from tests.media_servers import TOKEN
from tests.seeds import drawing
from tests.thorough import tries

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_STEPS = tries(6, 40)
_SCHEDULES = tries(1, 3)
_TITLES = 2 * _STEPS * _SCHEDULES + 20


pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("forked_scripts")]


@pytest.fixture(params=["seerr", "overseerr"])
def world(
    request: pytest.FixtureRequest,
    start_home: Callable[..., Home],
    start_agent: Callable[..., AgentProcess],
    tmp_path_factory: pytest.TempPathFactory,
    postgres_dsn: str,
) -> Iterator[MisbehavingWorld]:
    server: PostgresServer = request.getfixturevalue("postgres_server")
    saved = tmp_path_factory.mktemp("server") / "state.json"
    home = start_home(request.param, titles=_TITLES, latency_ms=5, state=saved)
    with misbehaving(home, start_agent, server, postgres_dsn) as world:
        yield world


@pytest.mark.slow
@pytest.mark.timeout(tries(300, 7200))
def test_after_all_faults_all_is_done_and_nothing_twice(world: MisbehavingWorld) -> None:
    chance = drawing()
    world.start()
    world.recover()  # an agent that has requested nothing yet takes any server
    for _ in range(_SCHEDULES):
        for _ in range(_STEPS):
            for one in chance.sample(world.counterparts, k=3):
                print(one.harm(chance))
            world.give_what_can_be_given()
            time.sleep(chance.uniform(0, 0.8))
            revive(world.home.sandbox)
            world.check_notices()
            for one in chance.sample(world.counterparts, k=6):
                one.heal()
        world.heal()
        world.recover()
    assert world.agent is not None
    assert world.agent.terminate() == 0
    world.check()


_LASTING = {
    ("list_failed", "custom"),
    ("list_failed", "stevenlu"),
    ("list_drift", "mdblist"),
    ("target_failed", None),
    ("postgres_trouble", None),
    ("media_server_refused", None),
    ("server_unreachable", None),
}
"""What is said where everybody fails for long; of lists with their names."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("world", ["overseerr"], indirect=True)
def test_what_is_wrong_for_long_is_said_once_and_no_more_when_it_is_over(
    world: MisbehavingWorld,
) -> None:
    agent = world.start()
    world.recover()
    services = world.services
    services.lets_in(False)
    services.stevenlu.always = WebAnswer(429)
    services.mdblist.always = page(200)
    services.discord.always = WebAnswer(404, b'{"message": "Unknown Webhook", "code": 10015}')
    services.mail.answers["MAIL"] = "421 4.3.2 going down"
    world.plex.token = "another"
    world.postgres.stop()
    world.add_work()
    world.post_webhooks(agent)
    world.ask_for_sync(agent)
    until("the lists fail", lambda: ("list_drift", "mdblist") in world.said())
    world.home.sandbox.kill()
    world.ask_for_sync(agent)
    until(lambda: f"all is said: {world.said()}", lambda: world.said() >= _LASTING)
    world.check_notices()
    world.plex.token = TOKEN
    world.heal()
    world.recover()
    assert agent.terminate() == 0
    world.check()
    told = Counter(one["id"] for one in _notices_told(world.receiver))
    assert len(told) > len(_LASTING)
    assert set(told.values()) == {1}, told


def _notices_told(receiver: Receiver) -> Iterator[dict[str, Any]]:
    """Give what was told of notices, also of several together."""
    for taken in receiver.accepted:
        for one in taken.sent["data"].get("messages", [taken.sent]):
            if one["kind"] in {"failure", "needs_attention", "recovered"}:
                yield one
