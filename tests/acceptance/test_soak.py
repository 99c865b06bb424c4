"""A short soak of an agent; `make soak` does it for ten minutes, or for hours."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Home
from tests.soak import soak

_SECONDS = 15.0


@pytest.mark.slow
def test_nothing_grows_or_is_left_over_while_much_happens(home: Home) -> None:
    result = soak(home, _SECONDS, quiet_s=1.0, kills=1)
    assert result.events > 10
    assert not result.violations, result
