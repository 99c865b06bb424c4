"""What a person should know now, and whether anything waits for that person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.serializers import iso, page_request_of
from listsync.domain.history import ListRow
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, kind_of_outcome, notice_shape
from listsync.domain.report import Result
from listsync.domain.run_messages import failure_notice, failure_words, passes_by_itself
from listsync.domain.server_knowledge import doubt_of_state
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        NoticesParams,
        NoticesReply,
    )
    from listsync.protocol.shapes import (
        NoticeRecordShape,
    )

OpenNotice = tuple[Notice, datetime | None]

_LASTS = 6
"""What has failed more often in a row, hours long, hardly ends by itself."""


def notices(context: CommandContext, params: NoticesParams) -> NoticesReply:
    """Tell the latest notices, open or over, the newest first."""
    request = page_request_of(params, 20, str, int)
    page = context.notices.latest(
        only_open=bool(params.get("open")),
        limit=request.limit,
        after=request.after,
        skip=request.skip,
    )
    total, next_ = request.total_and_next(page)
    return {"total": total, "next": next_, "notices": [_record_shape(one) for one in page.rows]}


def _record_shape(one: NoticeRecord) -> NoticeRecordShape:
    return {
        **notice_shape(one.notice, one.since),
        "ended_at": iso(one.ended_at),
        "run_id": one.run_id or None,
    }


def open_notices(context: CommandContext) -> tuple[OpenNotice, ...]:
    """Gather all that stands, with the time since when, where that is known.

    What stands in the way comes before what only waits.
    """
    found = (
        *((one.notice, one.since) for one in context.agent_notices()),
        *_of_last_sync(context),
        *((notice, None) for notice in _of_state(context)),
        *_of_runs(context),
        *_of_lists(context),
    )
    return tuple(sorted(found, key=lambda one: one[0].kind is NoticeKind.REVIEW))


def notices_by_list(context: CommandContext) -> Mapping[str | None, Sequence[OpenNotice]]:
    """Give what runs said of each list, beside how it was read."""
    found = defaultdict[str | None, list[OpenNotice]](list)
    for one, since in _of_runs(context):
        found[one.list_name].append((one, since))
    return found


def holds_by_list(context: CommandContext) -> Mapping[str, str]:
    """Say what the last run found on hold, for each list that has any."""
    stands = (one for one, _ in _of_runs(context) if one.kind is NoticeKind.ON_HOLD)
    return {one.list_name: cut(one.text, 200) for one in stands if one.list_name}


def needs_person(notices: Sequence[OpenNotice]) -> bool:
    return any(notice.needs_person for notice, _ in notices)


def _of_last_sync(context: CommandContext) -> Iterator[OpenNotice]:
    """Tell why the last sync failed; of one that the state could not note, the memory knows."""
    passes = _is_tried_again(context)
    noted = [one for one in context.shown().notices if one.notice.is_failed_sync]
    for one in noted:
        yield replace(one.notice, passes=passes), one.since
    last = context.recent.last_sync
    if not noted and last is not None and last.row.result == Result.FAILED:
        why = last.row.why or last.row.message
        yield failure_notice(NoticeKind.SYNC_FAILED, why, passes=passes), None


def _of_state(context: CommandContext) -> Iterator[Notice]:
    """Tell of a doubt before a run does."""
    known = {one.notice.kind for one in context.shown().notices}
    doubt = doubt_of_state(context.shown().state_doubt)
    if doubt is not None and doubt.kind not in known:
        yield Notice(kind=doubt.kind, text=doubt.text)


def _is_tried_again(context: CommandContext) -> bool:
    planned = context.retry()
    return planned is not None and not planned.is_slow and planned.number <= _LASTS


def _of_runs(context: CommandContext) -> Iterator[OpenNotice]:
    """Give what runs said of lists that are still followed; how lists were read is told below."""
    names = {one.name for one in context.configuration.current.snapshot.enabled}
    for one in context.shown().notices:
        notice = one.notice
        is_followed = notice.list_name is None or notice.list_name in names
        is_shown_elsewhere = notice.kind.is_unread_list or notice.is_failed_sync
        if is_followed and not is_shown_elsewhere:
            yield notice, one.since


def _of_lists(context: CommandContext) -> Iterator[OpenNotice]:
    """Tell how lists were read last; since when that is so, runs have said."""
    rows = context.shown().lists
    since = {(one.notice.kind, one.notice.list_name): one.since for one in context.shown().notices}
    for rules in context.configuration.current.snapshot.enabled:
        row = rows.get(rules.source)
        if row is not None and not ListOutcome(row.outcome).whole:
            notice = _of_list(row, ListOutcome(row.outcome))
            yield notice, since.get((notice.kind, notice.list_name))


def _of_list(row: ListRow, outcome: ListOutcome) -> Notice:
    return Notice(
        kind=kind_of_outcome(outcome),
        text=failure_words(row.service, outcome, row.why),
        list_name=row.name,
        passes=passes_by_itself(row.service, outcome) and row.failures <= _LASTS,
    )
