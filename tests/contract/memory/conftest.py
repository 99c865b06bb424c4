"""The same suite for what is used and for what stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.ports.state import Memory
from listsync.store.database import FILE_NAME, Database
from listsync.store.state import SqliteMemory
from tests.fakes import SERVER, FakeMemory


@pytest.fixture(params=["sqlite", "fake"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Memory]:
    """Give a memory that has never seen anything, with a server chosen."""
    if request.param == "fake":
        fake = FakeMemory()
        fake.guard.use(SERVER)
        yield fake
        return
    database = Database(tmp_path / FILE_NAME)
    try:
        real = SqliteMemory(database)
        real.guard.use(SERVER)
        yield real
    finally:
        database.close()
