"""The sandbox as a process: ready line, end, state file, size."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from tests.integration.sandbox.conftest import DUNE, Server

COMMAND = [sys.executable, "-m", "listsync.sandbox", "--port", "0"]
PARENT = """
import os, signal, sys
from listsync.sandbox.process import SandboxProcess
with SandboxProcess() as process:
    print(process.pid, flush=True)
    if sys.argv[1] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("the parent breaks")
"""


def is_gone(pid: int, within_s: float = 30) -> bool:
    """Wait for the end of a process that is nobody's child here."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.cold
def test_the_ready_line_is_the_only_line_of_output() -> None:
    with subprocess.Popen(
        [*COMMAND, "--product", "overseerr", "--api-key", "secret="],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout
        facts = json.loads(child.stdout.readline())
        child.send_signal(signal.SIGTERM)
        rest, words = child.communicate(timeout=30)
    assert facts["url"].startswith("http://127.0.0.1:")
    assert (facts["api_key"], facts["product"]) == ("secret=", "overseerr")
    assert (rest, b"ready" in words) == (b"", True)


@pytest.mark.cold
def test_it_ends_with_ctrl_c() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, words = child.communicate(timeout=30)
    assert child.returncode in (0, 130)  # 0 where a background job ignores the signal
    assert b"Traceback" not in words


def test_it_is_a_process_of_its_own_and_ends_on_close() -> None:
    with SandboxProcess() as process:
        pid = process.pid
        assert pid != os.getpid()
        assert process.exit_code is None
    assert is_gone(pid)
    process.close()


def test_it_ends_at_once_though_calls_hang() -> None:
    process = SandboxProcess()
    with process:
        process.admin("faults", {"kind": "hang", "times": None})
        server = Server(process)
        with pytest.raises(Exception, match="timed out"):
            server.http.get("/media", timeout=0.1)
        started = time.monotonic()
        process.close()
        server.close()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_it_does_not_outlive_its_parent(how: str) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, how], capture_output=True, timeout=60, check=False
    )
    assert parent.returncode != 0
    assert is_gone(int(parent.stdout))


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="no such directory"):
        SandboxProcess(state=tmp_path / "missing" / "state.json").__enter__()
    with SandboxProcess() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(UnavailableError, match="cannot listen"):
            SandboxProcess(port=port).__enter__()


def test_what_is_no_state_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("[]")
    with pytest.raises(UnavailableError, match="no state of a sandbox"):
        SandboxProcess(state=tmp_path / "state.json").__enter__()


def test_it_is_not_running_before_and_after() -> None:
    with pytest.raises(UnavailableError, match="not running"):
        _ = SandboxProcess().pid


def _picture(process: SandboxProcess) -> object:
    server = Server(process)
    try:
        paths = ("/auth/me", "/media", "/request", "/user?take=20", "/tv/1396")
        return [server.read(path) for path in paths]
    finally:
        server.close()


def _use(process: SandboxProcess) -> None:
    server = Server(process)
    server.admin("settings", {"sending_ms": 0})
    server.admin("users", {"id": 77, "name": "late", "permissions": 32})
    server.film()
    server.series(seasons=[1, 2], user=77)
    server.shelve("tv", 1396, status=4, seasons={1: 5}, seasons4k={2: 5})
    server.close()


def test_with_a_state_file_a_restart_is_the_same_server(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(state=file) as process:
        _use(process)
        before, key = _picture(process), process.api_key
    with SandboxProcess(state=file, library=5) as process:
        assert process.api_key == key
        assert _picture(process) == before
        server = Server(process)
        assert server.film(841).json()["id"] == 3
        server.close()


def test_a_state_file_survives_a_power_failure(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxProcess(state=file) as process:
        _use(process)
        before = _picture(process)
        time.sleep(0.5)
        process.kill()
    with SandboxProcess(state=file) as process:
        assert _picture(process) == before


def test_what_was_not_sent_is_sent_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    statuses = []
    for _ in range(2):
        with SandboxProcess(state=file) as process:
            server = Server(process)
            server.admin("settings", {"sending_ms": 60_000})
            server.film()
            statuses.append(server.status("movie", DUNE))
            server.close()
    assert statuses == [2, 3]


def test_fresh_sandboxes_are_different_servers() -> None:
    with SandboxProcess() as one, SandboxProcess() as other:
        pictures = [Server(process) for process in (one, other)]
        owners = [server.read("/auth/me")["createdAt"] for server in pictures]
        for server in pictures:
            server.close()
        assert one.api_key != other.api_key
    assert owners[0] != owners[1]
    assert len(owners[0]) == len("2026-01-01T00:00:00.000Z")


@pytest.mark.cold
def test_invented_films_and_a_library_cost_little() -> None:
    with SandboxProcess(titles=50_000, library=3_000) as process:
        server = Server(process)
        last = server.search("imdb:tt20050000")["results"]
        assert [(one["id"], one["title"]) for one in last] == [(20_050_000, "Sandbox Film 050000")]
        assert server.search("imdb:tt20050001")["results"] == []
        assert server.search("sandbox film 000001")["totalResults"] == 1
        assert server.search("sandbox film")["totalResults"] == 50_000
        assert server.read("/movie/20000001")["imdbId"] == "tt20000001"
        index = server.read("/media?take=1000&filter=available")
        assert index["pageInfo"]["results"] == 3_000
        assert server.film(20_050_000).status_code == 201
        server.close()
        assert psutil.Process(process.pid).memory_info().rss < 100_000_000
