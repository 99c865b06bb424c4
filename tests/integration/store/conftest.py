from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from listsync.store import database as module
from listsync.store.database import FILE_NAME, Database
from tests import new_states

SERVER_THEN = (
    "INSERT INTO servers (id, identity, product, version, first_seen, last_seen) VALUES"
    " (1, ?, 'overseerr', '1.34.0', '2026-06-01T12:00:00+00:00', '2026-06-01T12:00:00+00:00')"
)
"""How every version before notes the first server."""

OldDatabase = Callable[[int], AbstractContextManager[Database]]


@pytest.fixture(autouse=True)
def _migrations(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a new state made by the migrations where that is what is tested."""
    if request.node.get_closest_marker("migrates") is not None:
        monkeypatch.setattr(module, "_migrate", new_states.REAL)


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """Give a folder in memory: many starts bring many files to disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    opened = Database(path)
    yield opened
    opened.close()


@pytest.fixture
def old_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> OldDatabase:
    """Open the file as an older version does, by the number of its last migration."""

    @contextmanager
    def opened(version: int) -> Iterator[Database]:
        scripts = [row for row in module._scripts() if row[0] <= version]
        with monkeypatch.context() as patch:
            patch.setattr(module, "_scripts", lambda: scripts)
            database = Database(path)
            yield database
            database.close()

    return opened
