"""`make screenshots`: the pictures of the README, of an agent whose answers are made up."""

from __future__ import annotations

import tempfile
from pathlib import Path

from listsync.protocol.messages import ListsReply, ReviewReply
from tests import job_replies
from tests.chromium import Chromium, started
from tests.integration.web.conftest import ALL, FakeCommands
from tests.integration.web.dashboard import facts
from tests.integration.web.dashboard.conftest import dashboard, table

FOLDER = Path(__file__).parents[1] / "contrib" / "screenshots"
_MOST_BYTES = 150_000


def followed() -> ListsReply:
    reply = facts.lists()
    services = ("imdb", "trakt", "letterboxd", "mdblist", "file", "stevenlu", "file")
    sizes = (250, 100, 500, 84, 31, 200, 12)
    for one, service, size in zip(reply["lists"], services, sizes, strict=True):
        one |= {"service": service, "read": size, "declared": size}
    return reply


def calm() -> FakeCommands:
    """An agent that needs nobody."""
    counts = {"requested": 14, "on_hold": 0, "failed": 0, "already_there": 1163}
    status = facts.status(last_run=facts.a_run(counts=counts))
    nothing: ReviewReply = {"total": 0, "next": None, "reviews": []}
    lists = followed()
    return FakeCommands(
        table()
        | {
            "status": lambda _: status,
            "lists": lambda _: lists,
            "review": lambda _: nothing,
        }
    )


def busy() -> FakeCommands:
    """An agent that syncs, with one list that is blocked and a title that waits."""
    blocked = "is blocked by bot protection; it is read again by itself in 30 min"
    notices = [
        facts.a_notice("review", "1 title waits for you to choose: `listsyncctl review`"),
        facts.a_notice("list_blocked", blocked, list="letterboxd-500", needs_person=False),
    ]
    lists = followed()
    lists["lists"][2] |= {
        "outcome": "blocked",
        "read": 180,
        "why": "bot protection",
        "last_success": facts.ago(hours=26),
        "retry_at": facts.ago(minutes=-30),
    }
    status = facts.status(
        state="running",
        running=facts.progress(),
        notices=notices,
        notices_total=2,
        needs_person=True,
    )
    return FakeCommands(
        table()
        | {
            "status": lambda _: status,
            "lists": lambda asked: facts.one_list() if "name" in asked else lists,
        }
    )


def copying() -> FakeCommands:
    """An agent that copies."""
    roots = [
        job_replies.a_root("/mnt/synology/rs-movies"),
        job_replies.a_root("/mnt/unraid/media"),
    ]
    now = job_replies.transfers(blocked=0, failed_24h=0, roots=roots)
    status = facts.status(transfers=now)
    calm = {"queued", "running", "succeeded", "skipped"}
    rows = [one for one in job_replies.several() if one["state"] in calm]
    running = [one for one in rows if one["state"] == "running"]
    shown = job_replies.scans()
    shown["scans"] = [job_replies.a_scan(6), job_replies.a_scan(5, server="jellyfin")]
    return FakeCommands(
        table()
        | {
            "status": lambda _: status,
            "jobs": lambda asked: job_replies.jobs(*(running if asked.get("state") else rows)),
            "scans": lambda _: shown,
        }
    )


def take(chromium: Chromium, name: str) -> None:
    """Take a picture, which must be small enough for a repository."""
    file = FOLDER / f"{name}.png"
    chromium.picture(file)
    assert file.stat().st_size < _MOST_BYTES, file
    print(file)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, started(Path(profile)) as chromium:
        chromium.scheme("light")
        chromium.size(1160, 780)
        with dashboard(calm()) as web:
            chromium.log_in(web.url, ALL)
            chromium.until("nothing needs you")
            take(chromium, "overview-light")
        with dashboard(copying()) as web:
            chromium.log_in(web.url, ALL)
            chromium.open(f"{web.url}/ui/jobs")
            chromium.until("is being copied")
            take(chromium, "copies-light")
        with dashboard(busy()) as web:
            chromium.log_in(web.url, ALL)
            chromium.until("Requesting titles")
            chromium.scheme("dark")
            take(chromium, "overview-dark")
            chromium.scheme("light")
            chromium.size(360, 740, is_phone=True)
            take(chromium, "overview-mobile")
            chromium.open(f"{web.url}/ui/review")
            chromium.scheme("dark")
            take(chromium, "review-mobile")


if __name__ == "__main__":
    main()
