"""Everybody misbehaves, at random and at once: in the end all is done, once, without any help.

A schedule of faults and of work is drawn. What is wrong meanwhile is said once, and no more when
it is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.agent_process import AgentProcess
from tests.acceptance.conftest import Home
from tests.acceptance.counterparts import revive
from tests.acceptance.misbehaving_world import MisbehavingWorld, misbehaving
from tests.seeds import drawing
from tests.thorough import tries

if TYPE_CHECKING:
    from tests.postgres_server import PostgresServer

_STEPS = tries(6, 100)
_SCHEDULES = tries(1, 10)
_TITLES = 2 * _STEPS * _SCHEDULES + 20


pytestmark = pytest.mark.usefixtures("forked_scripts")


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
