from __future__ import annotations

import pytest

from listsync.config.values import SERVICES
from listsync.domain.lists import ListOutcome
from listsync.domain.run_messages import advice_on


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("outcome", ListOutcome)
def test_there_is_something_to_do_unless_all_is_well(service: str, outcome: ListOutcome) -> None:
    advice = advice_on(service, outcome)
    assert bool(advice) is not outcome.whole
    assert "{" not in advice
