from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo

import pytest

from listsync.agent import retries as retrying
from tests.unit.agent.agent.world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    caplog.set_level(logging.INFO, "listsync")
    world = World()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            assert tz is not None
            return world.now

    with monkeypatch.context() as patch:
        patch.setattr(retrying, "datetime", Clock)
        patch.setattr(time, "monotonic", lambda: world.inbox.now_s)
        yield world
    world.end_all()
