from __future__ import annotations

import pytest

from listsync.http import response


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_pause", lambda token, _: token.is_set())
