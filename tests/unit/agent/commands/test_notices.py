"""The latest notices, as they are told page by page."""

from __future__ import annotations

from datetime import timedelta

from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin
from tests.unit.agent.commands.world import AT, World


def blocked(number: int) -> NoticeRecord:
    notice = Notice(kind=NoticeKind.LIST_BLOCKED, text="blocked", list_name=f"list {number}")
    return NoticeRecord(notice=notice, since=AT + timedelta(minutes=number), run_id="abc")


def test_the_newest_notices_are_told_first_with_when_they_ended(world: World) -> None:
    world.notices.emit(Origin.SYNC, [blocked(1), blocked(2)], AT)
    world.notices.emit(Origin.SYNC, [blocked(2)], AT + timedelta(hours=1))
    told = world.ask("notices")
    assert [(one["list"], one["ended_at"]) for one in told["notices"]] == [
        ("list 2", None),
        ("list 1", "2026-06-01T13:00:00.250+00:00"),
    ]
    assert told["total"] == 2
    (one,) = world.ask("notices", open=True)["notices"]
    assert (one["kind"], one["severity"], one["run_id"]) == ("list_blocked", "error", "abc")


def test_notices_come_in_pages(world: World) -> None:
    world.notices.emit(Origin.SYNC, [blocked(number) for number in range(5)], AT)
    first = world.ask("notices", limit=3)
    rest = world.ask("notices", limit=3, cursor=first["next"])
    lists = [one["list"] for told in (first, rest) for one in told["notices"]]
    assert lists == [f"list {number}" for number in (4, 3, 2, 1, 0)]
    assert (first["total"], rest["total"], rest["next"]) == (5, 5, None)
