"""What holds for all tests."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.fork_server import ForkServer, popen_of
from tests.thorough import tries

pytest_plugins = ["tests.rows", "tests.workers"]

# A machine that is busy is no failure.
settings.register_profile("patient", deadline=None, max_examples=tries(30, 1000))
settings.load_profile("patient")

# A shell's background job is started with SIGINT ignored, which every child would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what is quick fail first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def forked_programs(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, fork_server: ForkServer
) -> None:
    """Start our programs as forks; a test that is marked `cold` starts them as people do."""
    if request.node.get_closest_marker("cold") is None:
        monkeypatch.setattr(subprocess, "Popen", popen_of(fork_server))
