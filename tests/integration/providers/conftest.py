from __future__ import annotations

import pytest

from listsync.http import retry


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_pause", lambda token, _: token.is_set())
