"""What the service manager gets to read, on a real notify socket."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listsync.agent.systemd import Systemd


class Manager:
    """The end of the notify socket at which systemd reads."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(30)
        self._socket.bind(f"\0{address[1:]}" if address.startswith("@") else address)

    def read(self) -> str:
        return self._socket.recv(65536).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def address() -> Iterator[str]:
    # pytest's own folders can be longer than a socket's path may be
    with tempfile.TemporaryDirectory(prefix="notify-") as folder:
        yield f"{folder}/notify"


@pytest.fixture
def manager(address: str) -> Iterator[Manager]:
    manager = Manager(address)
    yield manager
    manager.close()


@pytest.fixture
def systemd(address: str) -> Systemd:
    return Systemd({"NOTIFY_SOCKET": address})


def test_a_life_is_told_in_order_one_message_each(systemd: Systemd, manager: Manager) -> None:
    systemd.ready("idle, next 14:05")
    systemd.status("syncing")
    systemd.watchdog()
    systemd.stopping()
    systemd.errno(5)
    assert [manager.read() for _ in range(5)] == [
        "READY=1\nSTATUS=idle, next 14:05",
        "STATUS=syncing",
        "WATCHDOG=1",
        "STOPPING=1",
        "ERRNO=5",
    ]


def test_a_reload_and_its_time_are_one_message(systemd: Systemd, manager: Manager) -> None:
    before = time.monotonic_ns() // 1000
    assert systemd.reloading()
    first, second = manager.read().split("\n")
    assert first == "RELOADING=1"
    assert before <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("café", "café", id="accent"),
        pytest.param("千と千尋の神隠し", "千と千尋の神隠し", id="japanese"),
        pytest.param("🎬", "🎬", id="beyond-the-first-plane"),
        pytest.param("a\nREADY=1\r\nb", "a READY=1 b", id="a-line-is-no-field"),
        pytest.param("half \ud800", "half", id="half-a-character"),
        pytest.param("語" * 500_000, "語" * 999 + "…", id="too-long"),
    ],
)
def test_any_text_arrives(systemd: Systemd, manager: Manager, text: str, read: str) -> None:
    assert systemd.status(text)
    assert manager.read() == f"STATUS={read}"


def test_a_full_socket_never_blocks(systemd: Systemd, manager: Manager) -> None:
    begun = time.monotonic()
    sent = [systemd.watchdog() for _ in range(2000)]
    assert time.monotonic() - begun < 30
    assert sent[0]
    assert not sent[-1]
    manager.read()
    assert systemd.watchdog()


def test_no_file_that_is_left_is_no_error(systemd: Systemd, manager: Manager) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        assert not systemd.stopping()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert systemd.stopping()
    assert manager.read() == "STOPPING=1"


def test_a_manager_that_was_started_anew_is_found(
    systemd: Systemd, manager: Manager, address: str
) -> None:
    manager.close()
    assert not systemd.status("nobody reads")
    Path(address).unlink()
    assert not systemd.status("nobody is there")
    other = Manager(address)
    assert systemd.status("here again")
    assert other.read() == "STATUS=here again"
    other.close()


def test_an_abstract_socket_is_reached() -> None:
    address = f"@listsync-test-{os.getpid()}-{time.monotonic_ns()}"
    manager = Manager(address)
    assert Systemd({"NOTIFY_SOCKET": address}).stopping()
    assert manager.read() == "STOPPING=1"
    manager.close()


def test_without_a_manager_nothing_happens() -> None:
    systemd = Systemd({})
    says: list[Callable[[], bool]] = [systemd.reloading, systemd.stopping, systemd.watchdog]
    assert not any(say() for say in says)
    assert not systemd.ready("idle")
    assert systemd.watchdog_every_s is None


@pytest.mark.parametrize(
    ("watchdog", "every_s"),
    [
        pytest.param({}, None, id="not-watched"),
        pytest.param({"WATCHDOG_USEC": "60000000"}, 30.0, id="any-process"),
        pytest.param({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "us"}, 30.0, id="us"),
        pytest.param({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None, id="another"),
        pytest.param({"WATCHDOG_USEC": "0"}, None, id="zero"),
        pytest.param({"WATCHDOG_USEC": "often"}, None, id="no-number"),
    ],
)
def test_the_watchdog_is_fed_twice_in_its_time(
    watchdog: dict[str, str], every_s: float | None
) -> None:
    told = {name: value.replace("us", str(os.getpid())) for name, value in watchdog.items()}
    assert Systemd(told).watchdog_every_s == every_s


def test_children_do_not_inherit_the_socket(address: str, manager: Manager) -> None:
    program = (
        "import os, subprocess, sys; from listsync.agent.systemd import Systemd;"
        "systemd = Systemd(os.environ); systemd.status('mine');"
        "subprocess.run([sys.executable, '-c', 'import os; print(sorted(os.environ))'])"
    )
    told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **told},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert manager.read() == "STATUS=mine"
    assert "PATH" in ran.stdout
    assert not any(name in ran.stdout for name in told)
