from __future__ import annotations

from datetime import date

import pytest

from listsync.domain.run_notes import HandledSeasons
from listsync.domain.server import Season

DAY = date(2026, 11, 29)


def season(number: int, airs: date | None = None) -> Season:
    return Season(number=number, episodes=8, airs=airs)


def test_seasons_are_written_down_in_order_and_once() -> None:
    one = HandledSeasons.of(["first", "all", "all"], [10, 2, 2, 0], DAY)
    assert tuple(one) == ("all|first", "0,2,10", "2026-11-29")
    assert one.season_numbers == {0, 2, 10}
    assert one.aired_before_day == DAY


def test_nothing_wanted_is_nothing_remembered() -> None:
    one = HandledSeasons.of(["9"], [])
    assert one.season_numbers == frozenset()
    assert not one.holds(season(9, date(1999, 1, 1)))


@pytest.mark.parametrize(
    ("rules", "rule", "is_known"),
    [
        ("all", "all", True),
        ("all", "first", False),
        ("all|first", "first", True),
        ("1,3", "1", False),
        ("1,3", "3", False),
        (None, "first", True),
    ],
)
def test_the_rules_that_an_entry_was_acted_on_by(
    rules: str | None, rule: str, *, is_known: bool
) -> None:
    assert HandledSeasons(rules).knows(rule) is is_known


@pytest.mark.parametrize(
    ("one", "is_held"),
    [
        (season(2), True),
        (season(3, date(2026, 11, 28)), True),
        (season(3, DAY), False),
        (season(3), True),
        (season(0, date(1999, 1, 1)), False),
    ],
    ids=["by number", "aired the day before", "airs on that very day", "no date", "specials"],
)
def test_what_had_aired_before_counts_as_well(one: Season, *, is_held: bool) -> None:
    assert HandledSeasons.of(["all"], [2], DAY).holds(one) is is_held
