from __future__ import annotations

from pathlib import Path

import pytest

from listsync.http import response
from tests.integration.providers.reader import Reader


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_pause", lambda token, _: token.is_set())


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)
