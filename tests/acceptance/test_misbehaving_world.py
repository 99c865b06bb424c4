"""Faults of the request server, of who is told, and of the media server, at random and at once.

A schedule of faults and of work is drawn; when the faults are over, all that was wanted is done,
once, and nobody had to help.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from typing import Any

import pytest

from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.busy_world import NEW_TITLES, World, busy
from tests.acceptance.conftest import Home
from tests.integration.notify.receiver import CannedResponse
from tests.media_servers import Fault
from tests.thorough import tries

_STEPS = tries(12, 200)
_SCHEDULES = tries(1, 10)
_STATUSES = (500, 502, 503, 504, 429, 403, 409)
_OF_SERVER: tuple[dict[str, Any], ...] = (
    *({"kind": "status", "status": status} for status in _STATUSES),
    {"kind": "status", "status": 429, "headers": {"Retry-After": "1"}},
    {"kind": "html"},
    {"kind": "login_page"},
    {"kind": "garbage"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "drop_midway"},
    {"kind": "hang", "seconds": 3},
    {"kind": "hang_after", "seconds": 3},
    {"kind": "slow", "seconds": 0.5},
    {"kind": "slow_before", "seconds": 2},
    {"kind": "tmdb_down"},
    {"kind": "die"},
    {"kind": "die_after"},
)
_OF_RECEIVER = (
    CannedResponse(500),
    CannedResponse(503, b"<html>no</html>"),
    CannedResponse(429, headers={"Retry-After": "1"}),
    CannedResponse(302, headers={"Location": "http://127.0.0.1:9/"}),
)
_OF_PLEX = (
    Fault(),
    Fault(status=401),
    Fault(status=503, body=b"<html>", content_type="text/html"),
    Fault(status=200, body=b"{", content_type="application/json"),
)


@pytest.fixture(params=["seerr", "overseerr"])
def world(
    request: pytest.FixtureRequest,
    start_home: Callable[..., Home],
    start_agent: Callable[..., AgentProcess],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    saved = tmp_path_factory.mktemp("server") / "state.json"
    titles = _STEPS * _SCHEDULES * NEW_TITLES + 10
    home = start_home(request.param, titles=titles, latency_ms=5, state=saved)
    with busy(home, start_agent) as world:
        yield world


@pytest.mark.slow
@pytest.mark.timeout(tries(240, 3600))
def test_after_all_faults_all_is_done_and_nothing_twice(world: World) -> None:
    seed = time.time_ns()
    chance = random.Random(seed)
    for _ in range(_SCHEDULES):
        agent = world.start()
        for _ in range(_STEPS):
            _order_faults(world, chance)
            world.give_work(agent)
            assert agent.code is None, agent.log
            time.sleep(chance.uniform(0, 0.8))
            _revive_server(world)
        _end_faults(world)
        until("nothing runs", agent.is_at_rest, within_s=120)
        assert agent.terminate() == 0
        world.let_time_pass()
        world.is_asked = False
        world.finish(world.start())
        world.check()


def _order_faults(world: World, chance: random.Random) -> None:
    for fault in chance.sample(_OF_SERVER, k=2):
        where = chance.choice([{"path": "/request", "method": "POST"}, {"path": "/api/v1"}])
        _tell_server(world, {**fault, **where, "after": chance.randrange(6)})
    world.receiver.answers.append(chance.choice(_OF_RECEIVER))
    world.plex.faults.append(chance.choice(_OF_PLEX))


def _end_faults(world: World) -> None:
    _tell_server(world, None)
    world.receiver.answers.clear()
    world.plex.faults.clear()


def _tell_server(world: World, fault: dict[str, Any] | None) -> None:
    """Order a fault, or None any more; it may be dying of the last one."""
    for _ in range(3):
        _revive_server(world)
        with suppress(OSError, HTTPException):
            method = "POST" if fault else "DELETE"
            world.home.sandbox.admin("faults", fault, method=method)
            return
        world.home.sandbox.wait(10)
    pytest.fail("the server dies again and again")


def _revive_server(world: World) -> None:
    if world.home.sandbox.exit_code is not None:
        world.home.sandbox.restart()
