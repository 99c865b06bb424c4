"""When something is told, and as what; the words are in tests/golden."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from listsync.domain.message_data import DATA_OF_KINDS
from listsync.domain.message_of_notice import messages_of_changes
from listsync.domain.message_texts import MOST_TITLES, messages_of_run
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.domain.notices import Notice, NoticeChanges, NoticeKind, NoticeRecord
from listsync.domain.report import Result, SyncReport, Verdict
from listsync.domain.run_messages import message_of
from tests.golden.message_cases import NOTICES, REPORT, several

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def of_run(report: SyncReport) -> list[Message]:
    return [*messages_of_run(report, NOW)]


def record(
    kind: NoticeKind, list_name: str | None = None, *, number: int = 1, passes: bool = False
) -> NoticeRecord:
    notice = Notice(kind=kind, text="why", list_name=list_name, passes=passes)
    return NoticeRecord(notice=notice, since=NOW, number=number)


def told(
    opened: tuple[NoticeRecord, ...] = (),
    renewed: tuple[NoticeRecord, ...] = (),
    worsened: tuple[NoticeRecord, ...] = (),
    ended: tuple[NoticeRecord, ...] = (),
) -> list[Message]:
    over = tuple(replace(one, ended_at=LATER) for one in ended)
    changes = NoticeChanges(opened=opened, renewed=renewed, worsened=worsened, ended=over)
    return [*messages_of_changes(changes, LATER)]


def report_of(*verdicts: Verdict) -> SyncReport:
    first = replace(REPORT.lists[0], verdicts=dict.fromkeys(verdicts, 1), departed={})
    items = tuple(replace(REPORT.items[0], verdict=one) for one in verdicts)
    return replace(REPORT, lists=(first, *REPORT.lists[1:]), items=items)


def test_a_run_that_changed_nothing_is_not_told() -> None:
    """What failed, or waits, is told by its notices: once, and not after each run."""
    still = (Verdict.FAILED, Verdict.ON_HOLD, Verdict.REVIEW, Verdict.ALREADY, Verdict.NOT_FOUND)
    assert of_run(report_of(*still)) == []


def test_a_dry_run_is_not_told() -> None:
    assert of_run(replace(REPORT, run=replace(REPORT.run, dry_run=True))) == []


def test_what_was_requested_is_told_in_a_summary_and_for_itself() -> None:
    summary, requested = of_run(REPORT)
    assert (summary.kind, requested.kind) == (MessageKind.SUMMARY, MessageKind.REQUESTED)
    assert summary.titles == requested.titles
    assert requested.lists == ("films",)
    assert summary.lists == ("films", "series", "quiet")
    assert summary.importance is Importance.WARNING, "it was done in part"
    assert not requested.lines
    assert not requested.facts


@pytest.mark.parametrize(
    ("is_first", "count", "is_said"), [(True, 6, True), (True, 5, False), (False, 6, False)]
)
def test_of_a_first_sync_it_is_said_that_the_server_sends_messages_itself(
    *, is_first: bool, count: int, is_said: bool
) -> None:
    lists = (replace(REPORT.lists[0], verdicts={Verdict.REQUESTED: count}, departed={}),)
    report = replace(REPORT, lists=lists, is_first=is_first, result=Result.OK)
    summary, _ = of_run(report)
    assert any("server.request_as" in line for line in summary.lines) is is_said
    assert summary.data["is_first"] is is_first
    plan = replace(report, run=replace(report.run, dry_run=True))
    assert ("server.request_as" in message_of(plan)) is is_said
    assert "server.request_as" not in message_of(report), "the log and status stay short"


def test_a_run_that_only_cancelled_tells_of_no_titles() -> None:
    first = replace(REPORT.lists[0], verdicts={}, departed={Verdict.CANCELLED: 1})
    (message,) = of_run(replace(REPORT, lists=(first,), items=(), requested=()))
    assert message.kind is MessageKind.SUMMARY


def test_what_there_is_no_room_for_is_counted() -> None:
    items = REPORT.items[:1] * (MOST_TITLES + 7)
    for message in of_run(replace(REPORT, items=items)):
        assert (len(message.titles), message.more) == (MOST_TITLES, 7)
        assert message.data["requested"] == MOST_TITLES + 7


def test_every_kind_of_notice_has_words() -> None:
    assert {one.kind for one in NOTICES} == set(NoticeKind)
    for one in NOTICES:
        name = "{films} {0}" if one.list_name else None
        (begins,) = told(opened=(record(one.kind, name),))
        assert (name or "") in begins.title
        assert "{list}" not in begins.title
        assert "None" not in begins.title
        assert "why" in begins.lines[0].lower()
        for ends in told(ended=(record(one.kind, name),)):
            assert ends.kind is MessageKind.RECOVERED
            assert ends.title.endswith(", after 3 h")
            assert (ends.key, ends.about) == (f"{begins.key}:over", begins.about)


@pytest.mark.parametrize(
    "kind",
    [
        NoticeKind.TO_CANCEL,
        NoticeKind.REVIEW,
        NoticeKind.CONFIG_WARNING,
        NoticeKind.SERVER_CHANGED,
    ],
)
def test_that_an_event_is_past_is_no_news(kind: NoticeKind) -> None:
    assert told(ended=(record(kind),)) == []


def test_a_list_that_fails_for_another_reason_does_not_work_again() -> None:
    blocked, gone = record(NoticeKind.LIST_BLOCKED, "a"), record(NoticeKind.LIST_GONE, "a")
    assert [one.kind for one in told(opened=(gone,), ended=(blocked,))] == [
        MessageKind.NEEDS_ATTENTION
    ]
    assert told(renewed=(gone,), ended=(blocked,)) == []
    other = record(NoticeKind.LIST_BLOCKED, "b")
    assert len(told(renewed=(gone,), ended=(other,))) == 1
    held = record(NoticeKind.ON_HOLD, "a")
    assert len(told(renewed=(held,), ended=(blocked,))) == 1, "it can be read"


def test_a_sync_that_fails_for_another_reason_does_not_work_again() -> None:
    away, failed = record(NoticeKind.SERVER_UNREACHABLE), record(NoticeKind.SYNC_FAILED)
    assert told(renewed=(failed,), ended=(away,)) == []
    assert len(told(ended=(away,))) == 1


def test_what_is_on_hold_for_a_doubt_is_told_with_the_doubt() -> None:
    held = record(NoticeKind.ON_HOLD, "a")
    doubt = record(NoticeKind.SERVER_REPLACED)
    assert [one.data["notice"] for one in told(opened=(doubt, held))] == ["server_replaced"]
    assert told(renewed=(doubt,), opened=(held,)) == []
    assert len(told(opened=(held,))) == 1


def test_what_got_worse_is_told_when_it_does() -> None:
    (begins,) = told(opened=(record(NoticeKind.SYNC_FAILED, passes=True),))
    (worse,) = told(worsened=(record(NoticeKind.SYNC_FAILED),))
    assert (begins.kind, worse.kind) == (MessageKind.FAILURE, MessageKind.NEEDS_ATTENTION)
    assert (begins.importance, worse.importance) == (Importance.WARNING, Importance.ERROR)
    assert worse.key != begins.key
    assert (begins.at, worse.at) == (NOW, LATER)


def test_a_choice_that_waits_is_no_error() -> None:
    (message,) = told(opened=(record(NoticeKind.REVIEW),))
    assert (message.kind, message.importance) == (MessageKind.REVIEW, Importance.WARNING)


def test_several_are_told_as_one_with_the_worst_first() -> None:
    message = several()
    ranks = [Importance(one["importance"]).rank for one in message.data["messages"]]  # type: ignore[attr-defined]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]
    assert message.importance is Importance.ERROR
    assert len(message.lines) == len(ranks)


def test_what_programs_are_told_is_as_it_is_declared() -> None:
    notices = [record(one.kind, one.list_name) for one in NOTICES]
    messages = [*of_run(REPORT), *told(opened=(*notices,)), several()]
    messages += [message for one in notices for message in told(ended=(one,))]
    for message in messages:
        types = DATA_OF_KINDS[message.kind]
        (form,) = (one for one in types if set(message.data) == one.__annotations__.keys())
        msgspec.convert(message.data, form)


def test_what_the_readme_shows_of_each_kind_is_what_is_said() -> None:
    root = Path(__file__).parents[4]
    block = (root / "README.md").read_text().split("What they say, by kind")[1].split("```")[1]
    lines = block.splitlines()[1:]
    width = len(lines[0]) - len(lines[0].split("]", 1)[1].lstrip())
    samples: dict[str, list[str]] = {}
    kind = ""
    for line in lines:
        if line.startswith("["):
            kind = line[1 : line.index("]")]
        samples.setdefault(kind, []).append(line[width:])
    texts = re.sub(r"\[(\w+), \w+\] ", r"[\1] ", (root / "tests/golden/texts.txt").read_text())
    for kind, said in samples.items():
        assert "\n".join([f"[{kind}] {said[0]}", *said[1:]]) in texts, kind
    others = {MessageKind.HEARTBEAT, MessageKind.TEST}  # no texts for people
    assert set(samples) == set(MessageKind) - others
