"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from listsync import redaction
from listsync.app import memory_tuning
from tests import new_states
from tests.fork_server import ForkServer, popen_of
from tests.thorough import IS_THOROUGH, tries

if TYPE_CHECKING:
    from tests.chromium import Chromium
    from tests.postgres_server import OneDatabase, PostgresServer

pytest_plugins = ["tests.ports", "tests.rows", "tests.workers"]

memory_tuning.import_httpcore()  # as lean as the agent has it

# As often as Python has it, searches for garbage are a thirtieth of what all tests take.
memory_tuning._USUAL = (10_000, 10, 10)
gc.set_threshold(*memory_tuning._USUAL)


def _import_hypothesis() -> None:
    """Have it as lean, too: the one plugin that it finds would load all of trio."""
    os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"
    from hypothesis import settings  # noqa: PLC0415 - not before

    if not IS_THOROUGH:
        # What our modules name in numbers and words is drawn by `make fuzz`: to find it takes
        # as long as a tenth of all that collecting the unit tests does.
        from hypothesis.internal.conjecture import providers  # noqa: PLC0415 - not before

        providers._get_local_constants = lambda: providers._local_constants

    # A machine that is busy is no failure.
    settings.register_profile(
        "patient", deadline=None, max_examples=tries(20, 1000), print_blob=True
    )
    settings.load_profile("patient")


_import_hypothesis()

# What is ignored in a shell's background job (SIGINT) and by nohup (SIGHUP) every child inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_configure() -> None:
    new_states.install()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Know what is drawn at random by a mark."""
    if hasattr(getattr(item, "function", None), "hypothesis"):
        item.add_marker(pytest.mark.fuzz)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what is quick fail first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Let no log of one test be without what was secret in another; a fixture costs much more."""
    redaction.forget_secrets()


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


@contextmanager
def forking(server: ForkServer) -> Iterator[None]:
    """Start our programs as forks in the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", popen_of(server))
        yield


@pytest.fixture
def forked_programs(request: pytest.FixtureRequest, fork_server: ForkServer) -> Iterator[None]:
    """Start our programs as forks; a test that is marked `cold` starts them as people do."""
    is_cold = request.node.get_closest_marker("cold") is not None
    with nullcontext() if is_cold else forking(fork_server):
        yield


@pytest.fixture
def forked_scripts(fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run the scripts of a test in forks, too."""
    monkeypatch.setattr(fork_server, "runs_scripts", True)
    with forking(fork_server):
        yield


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Give the browser in which pages of ours are looked at, one for all tests of a process."""
    from tests.chromium import started  # noqa: PLC0415 - most tests need no selenium

    with started(tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="session")
def postgres_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Say where the data of a new PostgreSQL is kept for all workers, once one has made it."""
    from tests.workers import shared_folder  # noqa: PLC0415 - pytest has it as a plugin

    return shared_folder(tmp_path_factory) / "postgres"


@pytest.fixture(scope="session")
def postgres_server(postgres_data: Path) -> Iterator[PostgresServer]:
    """Give a PostgreSQL of our own, for tests that stop it; they start it again."""
    from tests.postgres_server import PostgresServer  # noqa: PLC0415 - most tests need none

    server = PostgresServer(postgres_data)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_database(request: pytest.FixtureRequest) -> Iterator[OneDatabase]:
    """Give a database for all tests of a process."""
    from tests.postgres_server import OneDatabase  # noqa: PLC0415 - most tests need none

    own = os.environ.get("LISTSYNC_TEST_PG_DSN")
    server = own or request.getfixturevalue("postgres_server").dsn("postgres")
    with closing(OneDatabase(server)) as database:
        yield database


@pytest.fixture
def postgres_dsn(postgres_database: OneDatabase) -> str:
    """Give an empty database, which no other test uses meanwhile."""
    postgres_database.renew()
    return postgres_database.dsn
