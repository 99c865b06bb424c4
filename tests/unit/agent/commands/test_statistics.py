from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from listsync.commands.statistics import stats
from listsync.domain.statistics import NOTHING_COUNTED, ListTotals, RequestCounts
from tests.unit.agent.commands.world import AT, World, a_list, rules

_FIVE = RequestCounts(movies=3, series=2, available=1, existing=4, failed=6, cancelled=7)


@pytest.fixture
def world() -> World:
    return World("one", "two")


def test_periods_are_told_with_when_they_began(world: World) -> None:
    found = world.state.statistics.found
    world.state.statistics.found = replace(
        found, since=(_FIVE, NOTHING_COUNTED, NOTHING_COUNTED), ever=_FIVE + _FIVE, first_at=AT
    )
    world.state.statistics.session = _FIVE
    periods = {one["name"]: one for one in world.ask("stats")["periods"]}
    assert list(periods) == ["today", "7 days", "30 days", "total", "session"]
    assert periods["today"] | {"since": None} == {
        "name": "today",
        "since": None,
        "requested": 5,
        "movies": 3,
        "series": 2,
        "available": 1,
        "existing": 4,
        "failed": 6,
        "cancelled": 7,
    }
    assert periods["total"]["requested"] == 10
    assert periods["total"]["since"] == "2026-06-01T12:00:00.250+00:00"
    assert periods["session"]["requested"] == 5


def test_days_are_those_of_the_zone_of_the_configuration(world: World) -> None:
    context = replace(
        world.context,
        global_rules=lambda: replace(world.context.global_rules(), zone=ZoneInfo("Europe/Vienna")),
    )
    reply = stats(context, {}, lambda: datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    assert reply["timezone"] == "Europe/Vienna"
    assert [one["day"] for one in reply["days"]][::29] == ["2026-10-03", "2026-11-01"]
    asked = world.state.statistics.asked
    assert asked is not None
    since, days = asked
    assert [at.isoformat() for at in since] == [
        "2026-10-31T23:00:00+00:00",
        "2026-10-25T23:00:00+00:00",
        "2026-10-02T22:00:00+00:00",
    ]
    assert days[0] == since[-1]
    assert days[-1] == since[0]
    assert days[-7] == since[1]


def test_lists_are_told_in_their_order_then_those_that_are_followed_no_more(world: World) -> None:
    world.follow(rules("one"), rules("not", is_exclusion=True), rules("two"))
    world.show(a_list("was"))
    totals = ListTotals((1, 2, 3), 5, 1, 6)
    world.state.statistics.found = replace(
        world.state.statistics.found,
        lists=(
            ("gone", totals),
            ("two", totals),
            ("was", ListTotals((0, 0, 0), 10, 2, 12)),
        ),
    )
    reply = world.ask("stats")
    told = [(one["list"], one["service"], one["is_followed"]) for one in reply["lists"]]
    assert told == [
        ("one", "file", True),
        ("two", "file", True),
        ("was", "file", False),
        ("gone", None, False),
    ]
    assert reply["lists"][1] == {
        "list": "two",
        "service": "file",
        "is_followed": True,
        "today": 1,
        "days_7": 2,
        "days_30": 3,
        "total": 5,
        "available": 1,
        "failed": 6,
    }
    assert reply["total"] == 4
    assert [(one["service"], one["total"], one["today"]) for one in reply["services"]] == [
        ("file", 15, 1),
        (None, 5, 1),
    ]
    assert sum(one["days_30"] for one in reply["services"]) == 6


def test_later_pages_hold_lists_alone(world: World) -> None:
    world.follow(*(rules(f"list {number}") for number in range(5)))
    first = world.ask("stats", limit=2)
    pages = [first]
    while (cursor := pages[-1]["next"]) is not None:
        pages.append(world.ask("stats", limit=2, cursor=cursor))
    assert [one["list"] for page in pages for one in page["lists"]] == [
        f"list {number}" for number in range(5)
    ]
    assert len(first["days"]) == 30
    assert [(page["days"], page["periods"], page["services"]) for page in pages[1:]] == [
        ([], [], [])
    ] * 2
    assert {page["total"] for page in pages} == {5}


def test_the_session_is_since_the_start_of_the_agent(world: World) -> None:
    periods = {one["name"]: one for one in world.ask("stats")["periods"]}
    since = datetime.fromisoformat(periods["session"]["since"])
    assert abs(since - world.context.started_at) < timedelta(milliseconds=1)
