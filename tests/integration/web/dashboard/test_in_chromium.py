"""The pages in a real browser: readable by all, in light and dark, on a phone."""

from __future__ import annotations

import pytest

from tests.chromium import Chromium
from tests.integration.web.conftest import ALL, Door, FakeCommands
from tests.integration.web.dashboard import facts
from tests.integration.web.dashboard.conftest import dashboard, table
from tests.integration.web.dashboard.test_pages import PAGES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def troubled() -> FakeCommands:
    """An agent with everything that can be seen of one."""
    notices = [
        facts.a_notice("list_blocked", "wants a person: `listsyncctl lists`", list="imdb-top"),
        facts.a_notice("list_doubted", "lost 40 of 90 titles", needs_person=False),
    ]
    running = facts.progress()
    config = {**facts.status()["config"], "valid": False, "problems": ["listsync.yaml:4:1: what"]}
    status = facts.status(
        notices=notices, notices_total=9, needs_person=True, running=running, config=config
    )
    lists = facts.lists()
    for one, outcome in zip(lists["lists"], ("blocked", "partial", "not read yet"), strict=False):
        one |= {"outcome": outcome, "why": "it wants a person", "declared": 500}
    return FakeCommands(
        table()
        | {
            "status": lambda _: status,
            "lists": lambda asked: facts.one_list() if "name" in asked else lists,
        }
    )


def test_axe_finds_nothing_on_any_page_in_light_and_dark_and_none_is_too_wide(
    chromium: Chromium,
) -> None:
    with dashboard(troubled()) as door:
        chromium.open(f"{door.url}/ui/login")
        _check(chromium, "the login")
        chromium.log_in(door.url, ALL)
        for path in PAGES:
            chromium.open(f"{door.url}{path}")
            _check(chromium, path)
        assert chromium.complaints() == []
        chromium.open(f"{door.url}/ui/nothing")
        _check(chromium, "an error")


def _check(chromium: Chromium, what: str) -> None:
    chromium.size(1200, 800)
    chromium.scheme("light")
    assert chromium.violations() == [], f"{what} in light"
    chromium.scheme("dark")
    assert chromium.violations("color-contrast") == [], f"{what} in dark"
    chromium.size(360, 740, is_phone=True)
    assert not chromium.is_too_wide(), what


def test_all_can_be_reached_by_the_keyboard_and_it_is_seen_where_one_is(
    chromium: Chromium, door: Door
) -> None:
    chromium.size(1200, 800)
    chromium.log_in(door.url, ALL)
    names = [chromium.tab() for _ in range(12)]
    assert names[:3] == ["Skip to the content", "listsync", "Overview"]
    assert {"Settings", "Log out", "Sync Now", "Pause"} <= set(names)
    chromium.complaints()
