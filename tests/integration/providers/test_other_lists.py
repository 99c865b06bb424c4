"""A list that is answered badly costs no other list anything."""

from __future__ import annotations

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListOutcome
from listsync.sync.fetch_lists import Before, Followed, Reading, read_lists
from tests.integration.providers.lists import SERVICES, provider
from tests.integration.providers.pages import page
from tests.integration.providers.test_bad_answers import TRAPS
from tests.integration.providers.trap import trap

ROWS = [(number, f"Film {number}") for number in range(1, 21)]
BAD = ["bomb", "web-page", "login-page", "cut-off", "garbage-in-chunks"]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("service", SERVICES)
def test_a_good_list_is_read_whole_beside_a_bad_one(service: str, bad: str) -> None:
    answer, _ = TRAPS[bad]
    with (
        trap(answer) as bad_site,
        trap(lambda question: [page(service, question, ROWS)]) as good_site,
        provider(service, bad_site.url) as bad_one,
        provider(service, good_site.url) as good_one,
    ):
        first, second, third = _read(
            Followed(_rules("bad", service), bad_one),
            Followed(_rules("good", service), good_one),
            Followed(_rules("bad again", service), bad_one),
        )
    for reading in (first, third):
        assert not reading.outcome.whole
        assert reading.why.isprintable()
        assert "fault in listsync" not in reading.why
    assert second.outcome is ListOutcome.COMPLETE
    assert [entry.title for entry in second.entries] == [title for _, title in ROWS]


def _read(*lists: Followed) -> list[Reading]:
    return list(read_lists(lists, {one.rules.source: Before() for one in lists}))


def _rules(name: str, service: str) -> ListRules:
    return ListRules(source=f"{service}:{name}", name=name, service=service)
