"""What messages say: of a run that begins or ends, and of what people should learn.

All pure: `store` writes them in the transaction of what they tell of.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from listsync.domain.history import RunRow
from listsync.domain.messages import TEST_KEY, Beat, Importance, Message, MessageKind
from listsync.domain.notices import NoticeChanges, NoticeKind, NoticeRecord, Severity
from listsync.domain.report import Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_messages import head_of, message_of

MOST_TITLES = 20
_NOTICES = "notices"
_TOGETHER_S = 3.0
"""What a run and the agent have to say of one thing comes within it."""
_CONFIGURATION = (
    NoticeKind.CONFIG_INVALID,
    NoticeKind.CONFIG_WARNING,
    NoticeKind.CONFIG_PENDING,
    NoticeKind.WATCHER_DEGRADED,
)
_EVENTS = (
    NoticeKind.SERVER_CHANGED,
    NoticeKind.TO_CANCEL,
    NoticeKind.REVIEW,
    NoticeKind.CONFIG_WARNING,
    NoticeKind.OPEN_TO_OTHERS,
)
"""Kinds whose end is no news."""
_CHANGES = (Verdict.REQUESTED, Verdict.FAILED, Verdict.CANCELLED)


def messages_of_run(report: SyncReport, at: datetime) -> Iterator[Message]:
    """Say what a run did, if it changed something."""
    if report.run.dry_run:
        return
    if any(report.count(one) for one in _CHANGES):
        yield _summary(report, at)


def _summary(report: SyncReport, at: datetime) -> Message:
    titles = [one.title or one.label for one in report.items if one.verdict is Verdict.REQUESTED]
    return Message(
        key=f"run:{report.run.run_id}:summary",
        kind=MessageKind.SUMMARY,
        importance=Importance.INFO if report.result is Result.OK else Importance.WARNING,
        at=at,
        title=f"{head_of(report.result)}: {message_of(report)}",
        facts=tuple((one.name, f"{one.new:,} new") for one in report.lists),
        titles=tuple(titles[:MOST_TITLES]),
        more=max(0, len(titles) - MOST_TITLES),
        lists=tuple(one.name for one in report.lists),
        data={"run": report.run.run_id, "result": report.result},
    )


def beat_of_start(run: SyncRun) -> Message:
    """Say that a sync begins."""
    return Message(
        key=f"run:{run.run_id}:start",
        kind=MessageKind.HEARTBEAT,
        importance=Importance.INFO,
        at=run.started_at,
        title="the sync has started",
        beat=Beat.START,
        data={"run": run.run_id},
    )


def beats_of_end(row: RunRow) -> Iterator[Message]:
    """Say how a sync ended; of one that was stopped or not begun there is nothing to say."""
    if row.result not in (Result.OK, Result.PARTLY, Result.FAILED):
        return
    is_well = row.result == Result.OK
    ended_at = row.ended_at or row.started_at
    yield Message(
        key=f"run:{row.run_id}:end",
        kind=MessageKind.HEARTBEAT,
        importance=Importance.INFO if is_well else Importance.ERROR,
        at=ended_at,
        title=f"{head_of(Result(row.result))}: {row.message or row.why}",
        lines=tuple(map(str, row.notices)),
        beat=Beat.SUCCESS if is_well else Beat.FAIL,
        data={
            "run": row.run_id,
            "result": row.result,
            "duration_s": round((ended_at - row.started_at).total_seconds(), 3),
        },
    )


def message_of_test(id_: str, target: str, at: datetime) -> Message:
    """Make what is sent to *target* to see what it answers."""
    return Message(
        key=f"{TEST_KEY}{id_}:{target}",
        kind=MessageKind.TEST,
        importance=Importance.INFO,
        at=at,
        title="This is a test of listsync",
        lines=("Messages of listsync arrive here.",),
        beat=Beat.SUCCESS,
    )


def messages_of_changes(changes: NoticeChanges) -> Iterator[Message]:
    """Say what is new of what people should learn, what got worse, and what works again."""
    for one in changes.opened:
        # Of a target that fails for a moment nobody else need be told.
        if one.notice.kind is NoticeKind.TARGET_FAILED and not one.notice.needs_person:
            continue
        yield _of_notice(one, f"notice:{one.number}")
    for one in changes.worsened:
        yield _of_notice(one, f"notice:{one.number}:worse")
    for one in changes.ended:
        if one.notice.kind not in _EVENTS:
            yield _of_end(one)


def _of_notice(record: NoticeRecord, key: str) -> Message:
    notice = record.notice
    is_error = notice.severity is Severity.ERROR
    return Message(
        key=key,
        kind=_kind_of(record),
        importance=Importance.ERROR if is_error else Importance.WARNING,
        at=record.since,
        title=str(notice),
        lists=(notice.list_name,) if notice.list_name else (),
        group=_NOTICES,
        about=_about(record),
        notice=record.number,
        due_s=_TOGETHER_S,
        data={"notice": notice.kind, "list": notice.list_name, "text": notice.text},
    )


def _of_end(record: NoticeRecord) -> Message:
    notice = record.notice
    return Message(
        key=f"notice:{record.number}:over",
        kind=MessageKind.RECOVERED,
        importance=Importance.INFO,
        at=record.ended_at or record.since,
        title=f"{notice.subject} works again: {notice.text} is over",
        lists=(notice.list_name,) if notice.list_name else (),
        group=_NOTICES,
        about=_about(record),
        notice=record.number,
        due_s=_TOGETHER_S,
        data={"notice": notice.kind, "list": notice.list_name, "text": notice.text},
    )


def _kind_of(record: NoticeRecord) -> MessageKind:
    if record.notice.kind is NoticeKind.REVIEW:
        return MessageKind.REVIEW
    if record.notice.kind in _CONFIGURATION:
        return MessageKind.CONFIGURATION
    return MessageKind.NEEDS_ATTENTION if record.notice.needs_person else MessageKind.FAILURE


def _about(record: NoticeRecord) -> str:
    return f"{record.notice.kind}:{record.notice.list_name or ''}"
