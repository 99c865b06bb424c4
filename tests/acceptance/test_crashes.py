"""A whole agent that is killed at named places, again and again, while it has work of all kinds.

In each cycle it is armed with one point at which it kills itself (`tests/crash_points`); the next
start, which has to put in order what the last one left, is armed with the next one.
"""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from listsync.store.database import FILE_NAME
from listsync.store.key_value import load_doubt
from listsync.store.state_folder import opened_state
from listsyncctl.client import ClientError
from tests.acceptance.agent_process import AgentProcess, requested
from tests.acceptance.busy_world import NEW_TITLES, World, busy
from tests.acceptance.conftest import Home, titles_csv
from tests.crash_points import CRASH_POINTS, OF_AN_UPGRADE, POINTS
from tests.integration.store.test_recovery import old_state
from tests.seeds import drawing
from tests.thorough import IS_THOROUGH, tries

pytestmark = pytest.mark.chaos
_CYCLES = tries(max(20, -(-len(POINTS) // 2)), 150)
"""For each of two products; both together reach for every point."""
_NTH = tries(1, 3)
"""At which of its calls a point may kill."""
_OLD_VERSION = 30
_REACHED_S = 2.0
"""How long a point is waited for, before another kill comes at random."""


_PRODUCTS = ["seerr", "overseerr"]


@pytest.fixture(params=_PRODUCTS)
def world(
    request: pytest.FixtureRequest,
    start_home: Callable[..., Home],
    start_agent: Callable[..., AgentProcess],
    forked_scripts: None,
) -> Iterator[World]:
    del forked_scripts
    home = start_home(request.param, titles=_CYCLES * NEW_TITLES + 10, latency_ms=5)
    with busy(home, start_agent) as world:
        yield world


@pytest.mark.slow
@pytest.mark.timeout(tries(240, 3600))
def test_wherever_it_is_killed_all_is_done_and_nothing_twice(world: World) -> None:
    chance = drawing()
    names = _points_of(world.home.sandbox.product, chance)
    chance.shuffle(names)
    reached = Counter[str]()
    for point in names:
        nth = str(chance.randint(1, _NTH))
        agent = world.start([sys.executable, str(CRASH_POINTS), point, nth, "run"])
        with suppress(ClientError, httpx.HTTPError, OSError, KeyError, ValueError):
            if point.startswith("backup"):
                agent.ask("backup")
            world.give_work(agent)
        reached[point] += _is_reached(agent, point)
    world.finish(world.start())
    world.check()
    assert sorted(requested(world.home)) == sorted(world.titles), "asked for twice"
    ready_s = sorted(world.ready_s[1:])  # the first comes after no kill, and starts what forks
    print(
        f"\n{sum(reached.values())} of {len(names)} kills at {len(+reached)} named places; ready"
        f" after {ready_s[len(ready_s) // 2]:.2f} s (median), {ready_s[-1]:.2f} s (most)"
    )


def _points_of(product: str, chance: Random) -> list[str]:
    """Give one product every other point, those of the other one the next day, and some more."""
    if IS_THOROUGH:
        return ([*POINTS] * (_CYCLES // len(POINTS) + 1))[:_CYCLES]
    first = (_PRODUCTS.index(product) + datetime.now(UTC).toordinal()) % 2
    own, others = [*POINTS][first::2], [*POINTS][1 - first :: 2]
    return own + chance.sample(others, _CYCLES - len(own))


@pytest.mark.slow
def test_an_upgrade_killed_at_a_named_place_is_made_by_the_next_start(
    home: Home, start_agent: Callable[..., AgentProcess], forked_scripts: None
) -> None:
    del forked_scripts
    home.write_config([home.write_list("l.csv", titles_csv([]))], sync={"every": 0})
    home.state.mkdir(mode=0o700)
    old_state(home.state / FILE_NAME, _OLD_VERSION)
    for point in OF_AN_UPGRADE:
        command = [sys.executable, str(CRASH_POINTS), point, "1", "run"]
        agent = start_agent(home, is_awaited=False, executable=command)
        assert agent.wait() == -signal.SIGKILL, agent.log
    assert start_agent(home).terminate() == 0
    with opened_state(home.state) as database:
        (found,) = database.read("SELECT count(*) FROM requests")
        assert (found[0], load_doubt(database)) == (49, None)
    (copy,) = home.state.glob("listsync-v*")
    assert copy.name.startswith(f"listsync-v{_OLD_VERSION}-")
    assert not [*home.state.rglob("*.part*")]


def _is_reached(agent: AgentProcess, point: str) -> bool:
    """Wait until the point kills it, or do so instead; tells which it was."""
    until_s = time.monotonic() + _REACHED_S
    while agent.code is None and time.monotonic() < until_s:
        time.sleep(0.01)
    if agent.code is None:
        agent.kill()
        return False
    assert agent.code == -signal.SIGKILL, f"{point}: {agent.code}: {agent.log}"
    return True
