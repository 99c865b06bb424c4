from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from listsync.config_types import SecretStr
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from tests.conftest import forking
from tests.fork_server import ForkServer

Connect = Callable[..., Seerr]

SERVICES = (
    {
        "program": "radarr",
        "id": 3,
        "name": "Kids",
        "profiles": {"7": "Any", "8": "HD"},
        "rootFolders": {"1": "/films", "2": "/kids"},
        "tags": {"1": "lists", "2": "Cartoons"},
    },
    {
        "program": "radarr",
        "id": 4,
        "name": "Big",
        "is4k": True,
        "isDefault": True,
        "profiles": {"9": "Ultra"},
    },
    {"program": "sonarr", "id": 3, "name": "Four", "profiles": {"7": "Any"}},
)
"""Beside the default Radarr and Sonarr (not for 4K), which have the number 0."""


@pytest.fixture(scope="session", params=["overseerr", "seerr"])
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def running(product: str, fork_server: ForkServer) -> Iterator[SandboxProcess]:
    """Run one server a product; its requests pile up, so each test asks for its own titles."""
    sandbox = SandboxProcess(product, titles=3000, library=2500)
    with forking(fork_server):
        sandbox.__enter__()
    sandbox.admin("users", {"id": 7, "name": "Kids", "permissions": 32})
    sandbox.admin("users", {"id": 8, "name": "Rightless", "permissions": 0})
    for order in SERVICES:
        sandbox.admin("services", order)
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(running: SandboxProcess) -> Iterator[SandboxProcess]:
    running.admin("reset-log", {})
    yield running
    running.admin("faults", method="DELETE")
    running.admin("settings", {"csrf": False, "latency_ms": 0, "post_floor_ms": 1, "sonarr": "up"})


@pytest.fixture
def connect(sandbox: SandboxProcess) -> Iterator[Connect]:
    """Open clients that are closed when the test is over."""
    opened: list[Seerr] = []

    def open_client(
        *,
        key: str | None = None,
        url: str | None = None,
        act_as: str | int | None = None,
        approve: bool = False,
        timeout_s: float = 10,
    ) -> Seerr:
        secret = SecretStr(sandbox.api_key if key is None else key)
        client = Seerr(
            url or sandbox.url, secret, act_as=act_as, approve=approve, timeout_s=timeout_s
        )
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def seerr(connect: Connect) -> Seerr:
    return connect()
