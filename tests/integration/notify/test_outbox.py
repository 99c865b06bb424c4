"""What is written for whom, and when it is due."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from listsync.domain.message_texts import message_of_test
from listsync.domain.messages import (
    Beat,
    DeliveryState,
    Importance,
    Message,
    MessageKind,
    TargetRules,
    joined,
)
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin
from listsync.store.clock_changes import follow_step
from listsync.store.database import Database, inspect
from listsync.store.history import SqliteNotices
from listsync.store.outbox import SqliteOutbox

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = frozenset(MessageKind) - {MessageKind.HEARTBEAT}
ME = TargetRules(name="me", kinds=ALL)
FAILED = Message(
    key="notice:1",
    kind=MessageKind.FAILURE,
    importance=Importance.WARNING,
    at=NOW,
    title="films: cannot be read",
    lists=("films",),
    group="notices",
    about="list_failed:films",
    notice=1,
)
OVER = replace(FAILED, key="notice:1:over", kind=MessageKind.RECOVERED, importance=Importance.INFO)
BEAT = Message(
    key="run:1:start",
    kind=MessageKind.HEARTBEAT,
    importance=Importance.INFO,
    at=NOW,
    title="started",
    beat=Beat.START,
)


def waiting(outbox: SqliteOutbox, target: str = "me", at: datetime = NOW) -> list[str]:
    return [one.message.key for one in outbox.take(target, at)]


def send(outbox: SqliteOutbox, target: str = "me", at: datetime = NOW) -> None:
    numbers = [one.number for one in outbox.take(target, at)]
    outbox.settle(target, numbers, DeliveryState.SENT, at, "HTTP 200")


def test_a_message_is_written_once_and_for_those_alone_who_want_it(outbox: SqliteOutbox) -> None:
    assert outbox.put([FAILED], NOW) == (), "nobody is there"
    others = (
        TargetRules(name="errors", kinds=ALL, importance=Importance.ERROR),
        TargetRules(name="daily", kinds=frozenset({MessageKind.DAILY})),
        TargetRules(name="series", kinds=ALL, lists=frozenset({"series"})),
        TargetRules(name="films", kinds=ALL, lists=frozenset({"films"})),
    )
    outbox.follow([ME, *others], NOW)
    assert len(outbox.put([FAILED, FAILED], NOW)) == 1
    assert outbox.put([FAILED], NOW) == ()
    told = {name for name in ("me", "errors", "daily", "series", "films") if waiting(outbox, name)}
    assert told == {"me", "films"}


def test_what_is_about_the_whole_is_told_to_who_follows_one_list(outbox: SqliteOutbox) -> None:
    outbox.follow([TargetRules(name="me", kinds=ALL, lists=frozenset({"films"}))], NOW)
    outbox.put([replace(FAILED, lists=())], NOW)
    assert waiting(outbox) == ["notice:1"]


def test_messages_of_a_group_go_out_together_and_others_alone(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    alone = replace(FAILED, key="run:1:summary", group="", about="", notice=None)
    outbox.put([FAILED, alone, replace(FAILED, key="notice:2", about="", notice=2)], NOW)
    assert waiting(outbox) == ["notice:1", "notice:2"]
    send(outbox)
    assert waiting(outbox) == ["run:1:summary"]


def test_of_the_end_is_told_only_who_was_told_of_the_beginning(outbox: SqliteOutbox) -> None:
    outbox.follow([ME, TargetRules(name="you", kinds=ALL)], NOW)
    outbox.put([FAILED], NOW)
    send(outbox)
    outbox.put([OVER], NOW)
    assert waiting(outbox) == ["notice:1:over"]
    assert waiting(outbox, "you") == [], "it was over before it was told"


def test_what_may_have_been_told_in_a_failed_try_is_ended_as_well(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    (number,) = outbox.put([FAILED], NOW)
    outbox.begin("me", [number])
    outbox.put_off("me", [number], NOW + timedelta(minutes=1), NOW, "timed out")
    outbox.put([OVER], NOW)
    later = NOW + timedelta(minutes=2)
    assert waiting(outbox, at=later) == ["notice:1"]
    send(outbox, at=later)
    assert waiting(outbox, at=later) == ["notice:1:over"]


def test_what_comes_and_goes_is_told_again_only_after_hours(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    send(outbox)
    outbox.put([OVER], NOW)
    send(outbox)
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=6)
    outbox.put([replace(FAILED, key="notice:2", notice=2, at=soon)], soon)
    assert waiting(outbox, at=soon) == []
    assert waiting(outbox, at=later) == ["notice:2"]


def test_a_target_that_fails_is_left_alone_and_what_is_too_old_is_given_up(
    outbox: SqliteOutbox,
) -> None:
    outbox.follow([ME], NOW)
    (number,) = outbox.put([FAILED], NOW)
    outbox.begin("me", [number])
    outbox.put_off("me", [number], NOW + timedelta(hours=1), NOW, "HTTP 500")
    assert outbox.next_due("me", NOW) == NOW + timedelta(hours=1)
    assert waiting(outbox) == []
    (status,) = outbox.statuses()
    assert (status.failures, status.failing_since, status.answer) == (1, NOW, "HTTP 500")
    old = NOW + timedelta(days=3)
    outbox.begin("me", [number])
    outbox.put_off("me", [number], old + timedelta(hours=1), old, "HTTP 500")
    assert outbox.next_due("me", old) is None
    (status,) = outbox.statuses()
    assert (status.waiting, status.dead, status.failing_since) == (0, 1, NOW)
    outbox.put([replace(FAILED, key="notice:2", about="", notice=2, at=old)], old)
    send(outbox, at=old + timedelta(hours=1))
    (status,) = outbox.statuses()
    assert (status.failures, status.failing_since, status.dead) == (0, None, 0)


def test_the_newest_heartbeat_alone_is_sent(outbox: SqliteOutbox) -> None:
    outbox.follow([TargetRules(name="me", kinds=frozenset({MessageKind.HEARTBEAT}))], NOW)
    outbox.put([BEAT], NOW)
    outbox.put([replace(BEAT, key="run:1:end", beat=Beat.SUCCESS)], NOW)
    assert waiting(outbox) == ["run:1:end"]


def test_what_waits_for_a_target_that_is_gone_is_dropped(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    outbox.follow([], NOW)
    ((state,),) = database.read("SELECT state FROM deliveries")
    assert state == DeliveryState.DROPPED
    outbox.follow([ME], NOW)
    assert waiting(outbox) == []


def test_a_wrong_clock_puts_nothing_off_for_good(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    ahead = NOW + timedelta(days=400)
    outbox.put([replace(FAILED, at=ahead)], ahead)
    assert waiting(outbox) == ["notice:1"]


def test_a_state_with_messages_is_a_good_one(
    tmp_path: Path, database: Database, outbox: SqliteOutbox
) -> None:
    beats = TargetRules(name="beats", kinds=frozenset({MessageKind.HEARTBEAT}))
    outbox.follow([ME, beats], NOW)
    for kind in MessageKind:
        outbox.put([replace(FAILED, key=kind, kind=kind, about="", notice=None)], NOW, only="me")
    outbox.put([BEAT], NOW)
    send(outbox)
    database.close()
    inspect(tmp_path / "outbox.db")


def test_a_message_that_nobody_can_read_stops_no_other(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    outbox.put([replace(FAILED, group=""), replace(FAILED, key="notice:2", group="")], NOW)
    with database.write() as connection:
        connection.execute(
            """UPDATE messages SET content = '{"of": "another version"}' WHERE id = 1"""
        )
    assert waiting(outbox) == []
    assert waiting(outbox) == ["notice:2"]
    assert outbox.statuses()[0].dead == 1


def test_of_a_group_that_alone_is_given_up_which_nobody_can_read(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    outbox.put([replace(FAILED, key=f"notice:{one}", about="", notice=one) for one in (1, 2)], NOW)
    with database.write() as connection:
        connection.execute("UPDATE messages SET content = '[]' WHERE id = 2")
    assert waiting(outbox) == ["notice:1"]
    assert (outbox.statuses()[0].waiting, outbox.statuses()[0].dead) == (1, 1)


def test_hundreds_that_fail_at_once_are_told_in_one_message(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([replace(FAILED, key=f"notice:{one}", notice=one) for one in range(300)], NOW)
    assert len(waiting(outbox)) == 300


def test_what_is_guarded_goes_out_with_nothing_else(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    send(outbox)
    other = replace(FAILED, key="notice:3", about="list_failed:series", notice=3)
    outbox.put([replace(FAILED, key="notice:2", notice=2), other], NOW)
    assert waiting(outbox) == ["notice:3"]


def test_what_flaps_for_hours_and_then_fails_for_good_is_told_six_hours_after_the_first(
    outbox: SqliteOutbox,
) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    send(outbox)
    for number in range(10, 301, 10):
        at = NOW + timedelta(minutes=number)
        outbox.put([replace(FAILED, key=f"notice:{number}", notice=number, at=at)], at)
        if number < 300:
            over = replace(OVER, key=f"notice:{number}:over", notice=number, at=at)
            outbox.put([over], at)
    assert waiting(outbox, at=NOW + timedelta(hours=5, minutes=59)) == []
    assert waiting(outbox, at=NOW + timedelta(hours=6)) == ["notice:300"]


def test_what_was_tried_together_is_tried_again_as_the_same(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    others = [replace(FAILED, key=f"notice:{one}", notice=one, about="") for one in range(2, 5)]
    numbers = outbox.put(others[:2], NOW)
    outbox.begin("me", numbers)
    outbox.put_off("me", numbers, NOW + timedelta(minutes=1), NOW, "timed out")
    later = NOW + timedelta(minutes=2)
    outbox.put(others[2:], later)
    assert waiting(outbox, at=later) == ["notice:2", "notice:3"]
    send(outbox, at=later)
    assert waiting(outbox, at=later) == ["notice:4"]


def test_messages_that_go_out_as_one_are_another_one_with_others() -> None:
    two, three = (replace(FAILED, key=f"notice:{one}") for one in (2, 3))
    assert joined([FAILED]).key == FAILED.key
    assert joined([FAILED, two]).key == joined([FAILED, two]).key
    assert len({joined(ones).key for ones in ([FAILED], [FAILED, two], [FAILED, two, three])}) == 3


def test_the_end_of_what_lasted_for_months_is_told(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    notices = SqliteNotices(database)
    failed = Notice(kind=NoticeKind.CONFIG_INVALID, text="the configuration is invalid")
    record = NoticeRecord(notice=failed, since=NOW, run_id="")
    notices.emit(Origin.AGENT, [record], NOW)
    send(outbox, at=NOW + timedelta(seconds=5))
    outbox.put([replace(FAILED, key="notice:9", notice=9)], NOW)
    send(outbox)
    later = NOW + timedelta(days=90)
    outbox.put([replace(FAILED, key="notice:10", notice=10, about="", group="", at=later)], later)
    send(outbox, at=later)
    ((left,),) = database.read("SELECT count(*) FROM messages")
    assert left == 2, "what is old and over is gone"
    notices.emit(Origin.AGENT, [], later)
    assert waiting(outbox, at=later + timedelta(seconds=5)) == ["notice:1:over"]


def test_what_waits_is_kept_though_the_clock_runs_away(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    ahead = NOW + timedelta(days=400)
    outbox.put([replace(FAILED, key="notice:2", notice=2, about="", at=ahead)], ahead)
    assert waiting(outbox) == ["notice:1"]


def test_a_test_comes_before_all_that_waits(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    later = NOW + timedelta(hours=1)
    outbox.put([message_of_test("1", "me", later)], later, only="me")
    assert waiting(outbox, at=later) == ["test:1:me"]


def test_that_a_test_has_failed_is_told_until_something_arrives(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    outbox.put([FAILED], NOW)
    send(outbox)
    for number, later in enumerate((NOW + timedelta(seconds=1), NOW + timedelta(seconds=2))):
        outbox.put([message_of_test(f"{number}", "me", later)], later, only="me")
        numbers = [one.number for one in outbox.take("me", later)]
        outbox.settle("me", numbers, DeliveryState.DEAD, later, f"refused {number}")
    (status,) = outbox.statuses()
    assert (status.answer, status.failures, status.failed_test) == ("HTTP 200", 0, "refused 1")
    last = NOW + timedelta(seconds=3)
    outbox.put([message_of_test("9", "me", last)], last, only="me")
    send(outbox, at=last)
    assert outbox.statuses()[0].failed_test == ""


def test_a_target_that_may_have_been_mended_is_tried_again(outbox: SqliteOutbox) -> None:
    outbox.follow([ME, TargetRules(name="you", kinds=ALL)], NOW)
    numbers = outbox.put([FAILED], NOW)
    for name in ("me", "you"):
        outbox.begin(name, numbers)
        outbox.put_off(name, numbers, NOW + timedelta(hours=1), NOW, "HTTP 401")
    outbox.try_again(["me"])
    assert (waiting(outbox), waiting(outbox, "you")) == (["notice:1"], [])
    assert outbox.failures("me") == 1, "only an answer ends what was wrong"


def test_ten_thousand_that_wait_make_the_next_one_no_slower(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    outbox.put(
        [replace(FAILED, key=f"run:{one}:summary", group="", about="") for one in range(10_000)],
        NOW,
    )
    steps = itertools.count()
    database._connection.set_progress_handler(lambda: next(steps) < 0, 100)
    assert waiting(outbox) == ["run:0:summary"]
    send(outbox)
    assert waiting(outbox) == ["run:1:summary"]
    assert next(steps) < 50, "5,000 instructions of SQLite"


FIRST, SECOND, THIRD = (
    TargetRules(name=name, kinds=ALL, identity=identity)
    for name, identity in (("hook", "a"), ("hook-2", "b"), ("hook-3", "c"))
)


def test_what_waits_for_one_without_a_name_waits_for_it_when_another_is_gone(
    outbox: SqliteOutbox,
) -> None:
    outbox.follow([FIRST, SECOND, THIRD], NOW)
    outbox.put([replace(FAILED, key=f"test:1:{name}") for name in ("hook",)], NOW, only="hook")
    numbers = outbox.put([replace(FAILED, key="test:1:hook-2")], NOW, only="hook-2")
    outbox.begin("hook-2", numbers)
    outbox.put_off("hook-2", numbers, NOW, NOW, "HTTP 503")
    names = outbox.follow([replace(THIRD, name="hook"), replace(SECOND, name="hook-2")], NOW)
    assert names == {"hook-2": "hook-2", "hook-3": "hook"}
    names = outbox.follow([replace(SECOND, name="hook"), replace(THIRD, name="hook-2")], NOW)
    assert names == {"hook-2": "hook", "hook": "hook-2"}
    assert (waiting(outbox, "hook"), waiting(outbox, "hook-2")) == (["test:1:hook-2"], [])
    assert [one.failures for one in outbox.statuses()] == [1, 0]


def test_what_waits_for_one_at_another_place_goes_there_unless_it_stands_elsewhere(
    outbox: SqliteOutbox,
) -> None:
    outbox.follow([FIRST, SECOND], NOW)
    outbox.put([FAILED], NOW)
    mended = replace(FIRST, identity="new")
    assert outbox.follow([mended, SECOND], NOW) == {"hook": "hook", "hook-2": "hook-2"}
    assert outbox.follow([replace(SECOND, name="hook")], NOW) == {"hook-2": "hook"}
    assert waiting(outbox, "hook") == ["notice:1"]
    assert outbox.follow([], NOW) == {}
    assert waiting(outbox, "hook") == []


def test_a_heartbeat_that_is_too_old_is_not_sent_any_more(outbox: SqliteOutbox) -> None:
    beats = TargetRules(name="me", kinds=frozenset(MessageKind))
    outbox.follow([beats], NOW)
    outbox.put([BEAT], NOW)
    late = NOW + timedelta(hours=1)
    assert waiting(outbox, at=late) == []
    assert outbox.next_due("me", late) is None
    outbox.put([replace(BEAT, key="run:2:start", at=late), FAILED], late)
    assert waiting(outbox, at=late) == ["run:2:start"]


def failing(*titles: str) -> list[NoticeRecord]:
    text = f"{len(titles)} titles failed"
    kind, names = NoticeKind.REQUEST_FAILED, frozenset(titles)
    notice = Notice(kind=kind, text=text, list_name="films", titles=names)
    return [NoticeRecord(notice=notice, since=NOW, run_id="r")]


def test_a_title_that_fails_too_is_told_once_when_some_time_has_passed(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    notices = SqliteNotices(database)
    soon = NOW + timedelta(seconds=5)
    notices.emit(Origin.SYNC, failing("Dune"), NOW)
    send(outbox, at=soon)
    for minutes, titles in enumerate((["Dune", "Heat"], ["Dune", "Heat"], ["Dune"])):
        notices.emit(Origin.SYNC, failing(*titles), soon + timedelta(minutes=minutes))
    later = NOW + timedelta(hours=6)
    assert outbox.take("me", later - timedelta(seconds=9)) == ()
    (one,) = outbox.take("me", later + timedelta(seconds=9))
    assert one.message.title == "More titles of the list films could not be requested"
    assert one.message.lines == ("New: Heat.", "2 titles failed")
    notices.emit(Origin.SYNC, failing("Dune", "Alien"), later)
    both = joined([each.message for each in outbox.take("me", later + timedelta(seconds=9))])
    assert "New: Heat." in both.lines[0]
    assert "New: Alien." in both.lines[1]


def test_that_more_titles_wait_for_a_person_is_told_once_a_day_with_the_last_number(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    notices = SqliteNotices(database)

    def waits(count: int, at: datetime) -> None:
        notice = Notice(kind=NoticeKind.REVIEW, text=f"{count} titles wait", count=count)
        notices.emit(Origin.AGENT, [NoticeRecord(notice=notice, since=NOW)], at)

    waits(1, NOW)
    send(outbox, at=NOW + timedelta(seconds=5))
    for count in (3, 2, 2, 4, 4):
        waits(count, NOW + timedelta(minutes=count))
    waits(5, NOW + timedelta(hours=7))
    day = NOW + timedelta(days=1)
    assert outbox.take("me", day - timedelta(seconds=9)) == ()
    (one,) = outbox.take("me", day + timedelta(seconds=9))
    assert (one.message.title, one.message.lines) == (
        "More titles wait for your decision",
        ("5 titles wait",),
    )
    waits(0, day)
    notices.emit(Origin.AGENT, [], day)
    assert outbox.take("me", day + timedelta(days=2)) == (), "it is over, and that is no news"


def test_of_what_was_written_before_growth_was_known_none_is_told(
    database: Database, outbox: SqliteOutbox
) -> None:
    outbox.follow([ME], NOW)
    notices = SqliteNotices(database)
    notices.emit(Origin.SYNC, failing("Dune"), NOW)
    send(outbox, at=NOW + timedelta(seconds=5))
    with database.write() as connection:
        connection.execute("UPDATE notices SET titles = NULL, count = NULL")
    notices.emit(Origin.SYNC, failing("Dune", "Heat"), NOW)
    assert outbox.take("me", NOW + timedelta(days=1)) == ()


def test_what_was_written_by_a_clock_that_was_ahead_by_days_is_sent_when_that_is_set(
    database: Database, outbox: SqliteOutbox
) -> None:
    ahead, step = NOW + timedelta(days=10), timedelta(days=-10)
    outbox.follow([ME], ahead)
    outbox.put([replace(FAILED, at=ahead)], ahead)
    send(outbox, at=ahead)
    outbox.put([replace(FAILED, key="run:1:summary", about="", group="", at=ahead)], ahead)
    follow_step(database, step, since=ahead - timedelta(minutes=1), now=NOW)
    assert waiting(outbox) == ["run:1:summary"]
    again = replace(FAILED, key="notice:2", notice=2)
    outbox.put([again], NOW)
    send(outbox)
    assert waiting(outbox, at=NOW + timedelta(hours=5)) == []
    assert waiting(outbox, at=NOW + timedelta(hours=6)) == ["notice:2"], "the guard is as long"


def test_a_group_that_gathers_waits_until_no_more_comes(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    for number in range(4):
        at = NOW + timedelta(seconds=60 * number)
        one = replace(
            FAILED, key=f"{number}", at=at, about="", group="season", due_s=75, gathers=True
        )
        outbox.put([one], at)
        assert waiting(outbox, at=at + timedelta(seconds=59)) == []
    assert waiting(outbox, at=NOW + timedelta(seconds=180 + 75)) == ["0", "1", "2", "3"]


def test_a_group_that_never_ends_is_told_after_ten_minutes(outbox: SqliteOutbox) -> None:
    outbox.follow([ME], NOW)
    for number in range(14):
        at = NOW + timedelta(seconds=60 * number)
        one = replace(
            FAILED, key=f"{number}", at=at, about="", group="season", due_s=75, gathers=True
        )
        outbox.put([one], at)
    assert waiting(outbox, at=NOW + timedelta(seconds=600 + 76))[0] == "0"
