from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.store.database import Database
from listsync.store.outbox import SqliteOutbox
from tests.integration.app.conftest import agent, start_agent  # noqa: F401 - fixtures
from tests.integration.notify.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path / "outbox.db")
    yield one
    one.close()


@pytest.fixture
def outbox(database: Database) -> SqliteOutbox:
    return SqliteOutbox(database)
