"""How the agent starts and ends: early signals, TERM and kill in the middle of a sync."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.protocol import Exit
from tests.acceptance.agent_process import (
    AgentProcess,
    requested,
    set_latency,
    socket_of,
    until,
    until_requested,
)
from tests.acceptance.conftest import Home, titles_csv

StartAgent = Callable[..., AgentProcess]

_NUMBERS = range(20_000_001, 20_000_201)
_MOST_INTENTS = 9
"""Requests of which a killed sync does not know what came of them."""


def _follow(home: Home, numbers: range = _NUMBERS) -> None:
    home.write_config([home.write_list("l.csv", titles_csv(numbers))], sync={"every": 0})


def _is_lock_free(home: Home) -> bool:
    handle = os.open(home.state / "listsync.lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _is_held_back(pid: int, number: signal.Signals) -> bool:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    mask = next(line for line in text.splitlines() if line.startswith("SigBlk:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize(
    "first", [pytest.param(signal.SIGUSR1, id="usr1"), pytest.param(signal.SIGHUP, id="hup-usr1")]
)
def test_signals_long_before_it_is_ready_are_neither_deadly_nor_lost(
    home: Home, start_agent: StartAgent, first: signal.Signals
) -> None:
    _follow(home, range(603, 604))
    agent = start_agent(home, is_awaited=False)
    # Python's own start leaves a gap that no program can close: this is right behind it.
    end = time.monotonic() + 20
    while not _is_held_back(agent.pid, signal.SIGUSR1):
        assert time.monotonic() < end, "USR1 is never held back"
    for number in {first, signal.SIGUSR1}:
        agent.signal(number)
    assert not socket_of(home).exists()
    agent.until_ready()
    assert [one["origin"] for one in agent.until_synced(1)] == ["SIGUSR1"]
    if first is signal.SIGHUP:
        agent.until_logged("Received SIGHUP signal")
    assert requested(home) == [603]
    assert not _is_held_back(agent.pid, signal.SIGUSR1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_an_idle_agent_ends_at_once_and_leaves_nothing_behind(
    lone_home: Home, start_agent: StartAgent, number: signal.Signals
) -> None:
    agent = start_agent(lone_home)
    agent.signal(number)
    assert agent.wait(30) == 0
    assert not socket_of(lone_home).exists()
    assert _is_lock_free(lone_home)
    assert agent.log.splitlines()[-1].endswith("listsync stopped")


@pytest.mark.parametrize("how", ["term", "kill"])
def test_a_sync_that_is_cut_off_is_gone_on_with_and_asks_for_nothing_twice(
    start_home: Callable[..., Home], start_agent: StartAgent, how: str
) -> None:
    home = start_home(titles=200)
    _follow(home)
    agent = start_agent(home)
    set_latency(home, 80)
    assert agent.ctl("sync-now").code == 0
    until_requested(home, 3)
    if how == "term":
        assert agent.terminate() == 0
        assert not socket_of(home).exists()
        assert _is_lock_free(home)
    else:
        agent.kill()
    assert len(requested(home)) < 200
    set_latency(home, 0)
    again = start_agent(home)
    runs = again.until_synced(2)
    assert runs[0]["result"] == ("cancelled" if how == "term" else "cut_off")
    assert runs[1]["origin"] == "listsyncctl, resumed"
    asked = requested(home)
    assert len(asked) == len(set(asked))
    # What may still be running at the server is asked for by a run of its own.
    on_hold = set(_NUMBERS) - set(asked)
    assert (runs[1]["result"], again.status["retry"] is not None) == (
        ("partly", True) if on_hold else ("ok", False)
    )
    assert len(on_hold) <= (0 if how == "term" else _MOST_INTENTS)
    # What was owed has been paid: the next start owes nothing.
    again.kill()
    third = start_agent(home)
    third.until_synced(2)


def test_a_sync_that_hangs_in_a_call_does_not_keep_the_agent_from_ending(
    home: Home, start_agent: StartAgent
) -> None:
    _follow(home, range(603, 604))
    agent = start_agent(home)
    home.sandbox.admin("faults", {"kind": "hang", "path": "/api/", "times": None})
    agent.ask("trigger")
    until("the call that hangs", lambda: home.sandbox.admin("faults")[0]["struck"])
    assert agent.terminate(25) == 0  # the call would be waited for longer
    assert _is_lock_free(home)
    assert not socket_of(home).exists()


def test_a_second_term_ends_it_at_once(home: Home, start_agent: StartAgent) -> None:
    _follow(home, range(603, 604))
    agent = start_agent(home)
    home.sandbox.admin("faults", {"kind": "hang", "path": "/api/", "times": None})
    agent.ask("trigger")
    until("the call that hangs", lambda: home.sandbox.admin("faults")[0]["struck"])
    agent.signal(signal.SIGTERM)
    agent.until_logged("stopping: the running sync ends")
    agent.signal(signal.SIGTERM)
    assert agent.wait(30) == Exit.INTERRUPTED  # 0 would be the end that the first one asked for
    # The stale socket and the lock of the dead one do not matter; the sync is still owed.
    home.sandbox.admin("faults", method="DELETE")
    start_agent(home).until_synced(2)
    assert requested(home) == [603]


def test_a_trigger_right_before_the_end_is_not_lost(home: Home, start_agent: StartAgent) -> None:
    _follow(home, range(603, 604))
    agent = start_agent(home)
    set_latency(home, 800)
    agent.signal(signal.SIGUSR1)
    agent.signal(signal.SIGTERM)
    assert agent.wait(30) == 0
    assert "Received SIGUSR1 signal" in agent.log
    set_latency(home, 0)
    again = start_agent(home)
    until("the sync that is owed", lambda: requested(home) == [603])
    until("its end", again.is_at_rest)
    assert again.runs[-1]["origin"] == "SIGUSR1, resumed"


def test_two_signals_at_once_are_both_obeyed(home: Home, start_agent: StartAgent) -> None:
    """The kernel may give the second to another thread, and nothing wakes the main one then."""
    _follow(home, range(603, 604))
    agent = start_agent(home)
    for number in range(1, 9):
        agent.signal(signal.SIGHUP)
        agent.signal(signal.SIGUSR1)
        for words in ("Received SIGHUP", "Received SIGUSR1"):
            until(
                f"{words}, {number} times",
                lambda words=words, number=number: agent.log.count(words) == number,  # type: ignore[misc]
            )
        until("rest", agent.is_at_rest)


def test_a_sync_that_was_cancelled_right_before_the_end_is_not_owed(
    start_home: Callable[..., Home], start_agent: StartAgent
) -> None:
    home = start_home(titles=200)
    _follow(home)
    agent = start_agent(home)
    set_latency(home, 300)
    agent.ask("trigger")
    until_requested(home, 1)
    agent.ask("cancel")
    assert agent.terminate(8) == 0
    again = start_agent(home)
    assert again.is_at_rest()
    (run,) = again.runs
    assert run["result"] == "cancelled"
