"""Commands from several threads of one agent at once, while its control socket answers."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from listsync.commands.context import Caller
from listsync.commands.dispatch import COMMANDS
from listsync.protocol import METHODS, Reason, RefusedCommand
from tests.integration.app.conftest import AgentInProcess

_THREADS, _CALLS = 4, 60
_CALLER = Caller("a thread", may_control=True)
_PARAMS: Mapping[str, Mapping[str, Any]] = {
    "explain": {"query": "dune"},
    "plan_result": {"run_id": "nothing"},
    "review_decide": {"id": "nothing", "choice": "1"},
    "exclude": {"item": "tmdb:movie/603"},
    "forget": {"item": "tmdb:movie/603"},
    "backup": {"file": "relative"},
    "backup_result": {"id": "nothing"},
    "trigger": {"dry_run": True},
}
_EXPECTED = {Reason.NOT_FOUND, Reason.BUSY, Reason.INVALID}


def test_several_threads_call_all_commands_while_the_control_socket_answers(
    agent: AgentInProcess,
) -> None:
    begin = threading.Barrier(_THREADS + 1)

    def call_all(seed: int) -> list[str]:
        dice = random.Random(seed)
        begin.wait()
        return [_called(agent, dice.choice(list(METHODS))) for _ in range(_CALLS)]

    with ThreadPoolExecutor(_THREADS) as pool:
        waiting = [pool.submit(call_all, seed) for seed in range(_THREADS)]
        begin.wait()
        for _ in range(20):
            assert agent.ask("status")["lists"] == 1
        called = {method for one in waiting for method in one.result()}
    assert called == set(METHODS)
    agent.ask("resume")
    assert agent.ask("status")["paused"] is None


def _called(agent: AgentInProcess, method: str) -> str:
    reply = agent.daemon.commands.call(method, _PARAMS.get(method, {}), _CALLER)
    if isinstance(reply, RefusedCommand):
        assert reply.reason in _EXPECTED, reply.message
    else:
        msgspec.convert(reply, COMMANDS[method].replies[0])
    return method
