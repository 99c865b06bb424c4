from __future__ import annotations

import pytest

from tests.unit.agent.commands.world import World


@pytest.fixture
def world() -> World:
    return World("one", "two", "Trending Movies")
