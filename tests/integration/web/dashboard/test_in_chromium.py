"""The pages in a real browser: readable by all, in light and dark, on a phone."""

from __future__ import annotations

import threading

import pytest

from listsync.protocol import Reason, RefusedCommand
from listsync.protocol.job_shapes import JobShape
from tests import job_replies
from tests.chromium import Chromium
from tests.integration.web.conftest import ALL, FakeCommands, WebServer
from tests.integration.web.dashboard import facts
from tests.integration.web.dashboard.conftest import dashboard, table
from tests.integration.web.dashboard.test_pages import PAGES

DIFFERENT = [one for one in PAGES if not one.endswith(("=yes", "/items"))]
"""Those that do not look like another."""

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
        notices=notices,
        notices_total=9,
        needs_person=True,
        running=running,
        config=config,
        transfers=job_replies.transfers(needs_attention=2),
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
    with dashboard(troubled()) as web:
        chromium.open(f"{web.url}/ui/login")
        chromium.complaints()  # of the page before, whose server is gone
        _check(chromium, "the login")
        chromium.log_in(web.url, ALL)
        for path in DIFFERENT:
            chromium.open(f"{web.url}{path}")
            _check(chromium, path)
        assert chromium.complaints() == []
        chromium.open(f"{web.url}/ui/nothing")
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
    chromium: Chromium, web: WebServer
) -> None:
    chromium.size(1200, 800)
    chromium.log_in(web.url, ALL)
    names = [chromium.tab() for _ in range(14)]
    assert names[:3] == ["Skip to the content", "listsync", "Overview"]
    assert {"Settings", "Log out", "Sync Now", "Pause"} <= set(names)
    chromium.complaints()


def test_sync_now_shows_that_it_is_sent_and_then_what_came_of_it(
    chromium: Chromium, web: WebServer
) -> None:
    gate = threading.Event()

    def started(_: object) -> dict[str, object]:
        gate.wait(30)
        return {"run_id": "ba9876543210", "state": "started"}

    web.commands.answers["trigger"] = started
    chromium.log_in(web.url, ALL)
    chromium.press("Sync Now")
    chromium.until("Sending…", "#live form.htmx-request")
    assert not chromium.one("#live form.htmx-request button").is_enabled()
    gate.set()
    chromium.until("Sync started.", "#said [role=status]")
    assert ("trigger", {"await_resume": True, "origin": "the dashboard"}) in web.commands.asked
    chromium.until("Sync Now", "#live")
    assert chromium.one("#live button.main").is_enabled()
    web.commands.answers["trigger"] = lambda _: RefusedCommand(Reason.PAUSED, "it is paused")
    chromium.press("Sync Now")
    chromium.until("It is paused. Resume first", "#said [role=alert]")
    web.commands.answers["trigger"] = lambda _: {"run_id": "ba9876543210", "state": "queued"}
    chromium.press("Sync Now")
    chromium.until("It comes next", "#said")
    chromium.until_gone("It comes next", "#said")  # by itself
    chromium.complaints()


def test_the_progress_is_seen_as_it_goes_on_and_heard_in_steps(
    chromium: Chromium, web: WebServer
) -> None:
    def run(done: int) -> None:
        running = facts.progress(done)
        web.commands.answers["status"] = lambda _: facts.status(running=running, state="running")

    chromium.log_in(web.url, ALL)
    run(60)
    chromium.until("60 of 200 (30 %)", "#live")
    chromium.until("Requesting titles, 25 percent", "#spoken[role=status]")
    button = chromium.one("#live button.main")
    chromium.driver.execute_script("arguments[0].focus()", button)
    run(64)
    chromium.until("64 of 200 (32 %)", "#live")
    chromium.until("25 percent", "#spoken")
    assert chromium.driver.switch_to.active_element == button
    run(180)
    chromium.until("75 percent", "#spoken")
    chromium.until("about 1 min left", "#live")
    web.commands.answers["status"] = lambda _: facts.status()
    chromium.until("nothing needs you", "#spoken")
    chromium.until_gone("Requesting titles", "#live")


def test_copies_are_seen_as_they_go_on_and_can_be_acted_on(
    chromium: Chromium, web: WebServer
) -> None:
    def answer(*rows: JobShape) -> None:
        running = [one for one in rows if one["state"] == "running"]
        web.commands.answers["jobs"] = lambda asked: job_replies.jobs(
            *(running if asked.get("state") else rows)
        )

    def at(percent: float) -> JobShape:
        return job_replies.a_job(12, progress=job_replies.progress(percent))

    answer(at(20))
    chromium.log_in(web.url, ALL)
    chromium.open(f"{web.url}/ui/jobs")
    chromium.until("20 %, 2.8 GB of 14.0 GB", "#copies")
    answer(at(61))
    chromium.until("61 %", "#copies")
    chromium.until("61 %", "#job-rows")
    answer(job_replies.a_job(12, "needs_attention", why="no room"))
    chromium.until("no room", "#job-rows")
    chromium.until_gone("61 %", "#copies")
    chromium.press("Retry")
    chromium.until("It is tried again.", "#said [role=status]")
    assert ("job_retry", {"id": 12}) in web.commands.asked
    with chromium.without_scripts():
        chromium.open(f"{web.url}/ui/jobs")
        chromium.press("Dismiss")
        chromium.until("It is cancelled", "#said")
    assert ("job_cancel", {"id": 12}) in web.commands.asked
    assert chromium.complaints() == []


def test_times_are_those_of_the_reader(chromium: Chromium, web: WebServer) -> None:
    chromium.log_in(web.url, ALL)
    at = "2026-01-02T03:04:00+00:00"
    web.commands.answers["runs"] = lambda _: {
        "total": 1,
        "next": None,
        "runs": [facts.a_run(started_at=at)],
    }
    chromium.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    chromium.open(f"{web.url}/ui/runs")
    chromium.until("12:04", "time.at")
    with chromium.without_scripts():
        chromium.open(f"{web.url}/ui/runs")
        chromium.until("02 Jan 2026, 03:04 UTC", "time.at")
    chromium.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})
