from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from listsync.domain.statistics import RequestCounts, beginnings, days_before


@pytest.mark.parametrize(
    ("at", "zone", "last"),
    [
        pytest.param("2026-10-24T21:59:59", "Europe/Vienna", "2026-10-24", id="before-midnight"),
        pytest.param("2026-10-24T22:00:00", "Europe/Vienna", "2026-10-25", id="midnight"),
        pytest.param("2026-10-25T22:59:59", "Europe/Vienna", "2026-10-25", id="25-hours"),
        pytest.param("2026-11-29T04:59:59", "America/New_York", "2026-11-28", id="behind"),
    ],
)
def test_the_last_day_is_today_where_people_live(at: str, zone: str, last: str) -> None:
    days = days_before(datetime.fromisoformat(at).replace(tzinfo=UTC), ZoneInfo(zone))
    assert days[-1] == date.fromisoformat(last)
    assert len(days) == 30
    assert all(after - before == timedelta(days=1) for before, after in pairwise(days))


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        pytest.param("Europe/Vienna", "2026-10-25", "2026-10-24T22:00", 25, id="winter-comes"),
        pytest.param("Europe/Vienna", "2026-03-29", "2026-03-28T23:00", 23, id="summer-comes"),
        pytest.param("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15", 24, id="quarters"),
        pytest.param("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23, id="no-midnight"),
        pytest.param("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23, id="no-midnight-here"),
    ],
)
def test_a_day_begins_with_its_first_moment(zone: str, day: str, begins: str, hours: int) -> None:
    first = date.fromisoformat(day)
    found, following = beginnings((first, first + timedelta(days=1)), ZoneInfo(zone))
    assert found == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert following - found == timedelta(hours=hours)


def test_counts_add_up_field_by_field() -> None:
    one = RequestCounts(movies=1, series=2, available=3, existing=4, failed=5, cancelled=6)
    assert one + one == RequestCounts(2, 4, 6, 8, 10, 12)
    assert one.requested == 3
