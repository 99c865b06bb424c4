"""What every provider makes of rows that come again, never come or come broken."""

from __future__ import annotations

import pytest

from listsync.domain.lists import Fetched, ListOutcome
from tests.contract.providers.doubtful import COUNTED, UNCOUNTED, Listed, trakt

ALL = {**COUNTED, **UNCOUNTED}
WELL = Listed(((1, 2, 3, 4), (5, 6, 7, 8)), 8)
REPEATED = Listed(((1, 2, 3, 4), (2, 5, 4, 3)), 8)
LOST = Listed(((1, 2, 3, 4), (5, 6)), 8)
BROKEN = Listed(((1, 2, 3, 4), (5, 6, 7, None)), 8)
ALL_AND_MORE = Listed(((1, 2, 3, 4), (4, 5, 6, 7), (8,)), 8)


def read(service: str, told: Listed) -> Fetched:
    return ALL[service](told)().fetch(None)


@pytest.mark.parametrize("service", ALL)
def test_a_list_of_different_rows_is_whole(service: str) -> None:
    fetched = read(service, WELL)
    assert (fetched.outcome, fetched.distinct, fetched.doubt) == (ListOutcome.COMPLETE, 8, "")
    assert fetched.is_sure


@pytest.mark.parametrize("service", COUNTED)
def test_rows_that_come_again_in_place_of_others_leave_a_list_partial(service: str) -> None:
    """As many rows came as were declared, whatever their ranks and pages."""
    fetched = read(service, REPEATED)
    assert (fetched.read, fetched.declared) == (8, 8)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.PARTIAL, 5)
    assert (fetched.repeated, fetched.is_sure, fetched.validators) == (3, False, None)


@pytest.mark.parametrize("service", COUNTED)
def test_rows_that_never_come_leave_a_list_partial(service: str) -> None:
    fetched = read(service, LOST)
    assert (fetched.outcome, fetched.read) == (ListOutcome.PARTIAL, 6)
    assert (fetched.is_sure, fetched.validators) == (False, None)


@pytest.mark.parametrize("service", ALL)
def test_a_row_that_comes_broken_is_there_and_may_be_any_title(service: str) -> None:
    fetched = read(service, BROKEN)
    assert (fetched.outcome, fetched.read, fetched.broken) == (ListOutcome.COMPLETE, 8, 1)
    assert (fetched.doubt, len(fetched.entries)) == ("1 row came broken", 7)
    assert (fetched.is_sure, fetched.validators) == (False, None)


@pytest.mark.parametrize("service", UNCOUNTED)
def test_without_a_count_rows_that_come_again_are_a_doubt(service: str) -> None:
    fetched = read(service, REPEATED)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.COMPLETE, 5)
    assert fetched.doubt == "3 rows only repeated another"
    assert (fetched.is_sure, fetched.validators) == (False, None)


@pytest.mark.parametrize("service", [one for one in COUNTED if one not in ("plex", "trakt")])
def test_a_row_that_comes_again_beside_all_others_is_no_doubt(service: str) -> None:
    """At Trakt the counts of such pages contradict each other, and none is read.

    At Plex no page is asked for behind the count.
    """
    fetched = read(service, ALL_AND_MORE)
    assert (fetched.outcome, fetched.distinct, fetched.doubt) == (ListOutcome.COMPLETE, 8, "")
    assert fetched.is_sure


def test_a_list_of_trakt_that_repeats_rows_is_read_once_more_in_order() -> None:
    fetched = trakt(REPEATED, WELL)().fetch(None)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.COMPLETE, 8)
    assert fetched.validators is not None


def test_what_came_of_a_list_is_kept_where_its_order_is_no_better() -> None:
    assert trakt(REPEATED, LOST)().fetch(None).distinct == 6
    assert trakt(REPEATED, REPEATED)().fetch(None).outcome is ListOutcome.PARTIAL
