"""Files that a program is still writing, before the real agent: their first half is not obeyed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.agent_process import AgentProcess, config_of, requested, until
from tests.acceptance.conftest import Home

_FILMS = ("The Matrix (1999)", "Alien (1979)", "Heat (1995)", "Fight Club (1999)")


@contextmanager
def half_written(path: Path, whole: str, at: int) -> Iterator[Callable[[], None]]:
    """Let a shell write the first part of *whole* to *path*; what is given ends it."""
    script = 'exec > "$0"; printf %s "$1"; echo begun >&2; read -r _; printf %s "$2"'
    with subprocess.Popen(
        ["sh", "-c", script, path, whole[:at], whole[at:]],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as shell:
        assert shell.stderr is not None
        assert shell.stderr.readline() == b"begun\n"

        def end() -> None:
            shell.communicate(b"\n")

        try:
            yield end
        finally:
            shell.kill()


def lists_of(home: Home) -> list[dict[str, object]]:
    wanted = home.write_list("wanted.txt", "\n".join(_FILMS))
    unwanted = home.write_list("unwanted.txt", "\n".join(_FILMS[1:])) | {"exclude": True}
    return [wanted, unwanted]


def test_a_configuration_is_followed_when_its_writer_has_closed_it(
    home: Home, start_agent: Callable[..., AgentProcess]
) -> None:
    home.write_config(lists=[])
    agent = start_agent(home)
    agent.until_synced(1)
    server = json.dumps({"url": home.sandbox.url, "api_key": home.sandbox.api_key})
    wanted, unwanted = (json.dumps(one) for one in lists_of(home))
    begun = f"server: {server}\nlists:\n- {wanted}\n"
    for gap_s in (0.3, 1.2, 2.5):
        whole = f"{begun}- {unwanted}\nsync: {{timezone: UTC}}\n# {gap_s}\n"
        with half_written(config_of(home), whole, len(begun)) as end:
            time.sleep(gap_s)
            assert len(requested(home)) <= 1
            end()
        agent.until_synced(2)
    assert len(requested(home)) == 1


@pytest.mark.slow
def test_a_writer_that_never_closes_the_configuration_is_waited_for_10_s_and_named(
    lone_home: Home, start_agent: Callable[..., AgentProcess]
) -> None:
    agent = start_agent(lone_home)
    with config_of(lone_home).open("a") as file:
        file.write("log: {level: debug}\n")
        file.flush()
        written = time.monotonic()
        agent.until_logged("has had it open for writing")
        assert 9 < time.monotonic() - written < 60
        (notice,) = agent.status["notices"]
        assert "has had it open for writing" in notice["text"]


def test_an_exclusion_list_is_obeyed_when_its_writer_has_closed_it(home: Home) -> None:
    wanted, unwanted = lists_of(home)
    home.write_config(lists=[wanted, unwanted])
    path = home.folder / "unwanted.txt"
    whole = path.read_text()
    with half_written(path, whole, len(whole) // 2) as end:
        sync = subprocess.Popen(
            home.command("once", "--json"),
            env=home.environment(),
            stdout=subprocess.DEVNULL,
        )
        # The server is looked at first, and then the lists are read.
        until("it has begun", lambda: home.sandbox.admin("log")["calls"])
        time.sleep(1)
        assert sync.poll() is None
        assert requested(home) == []
        end()
        assert sync.wait(30) == 0
    assert len(requested(home)) == 1


def test_an_agent_that_waits_for_its_first_configuration_ends_when_asked_to(
    lone_home: Home, start_agent: Callable[..., AgentProcess]
) -> None:
    with config_of(lone_home).open("a"):
        os.utime(config_of(lone_home))
        agent = start_agent(lone_home, is_awaited=False)
        until("it waits", lambda: agent.process.num_threads() > 1)
        time.sleep(0.5)
        assert agent.terminate(5) == 0
