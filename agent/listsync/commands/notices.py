"""What a person should know now, and whether anything waits for that person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from listsync.commands.context import Sources
from listsync.commands.serializers import iso
from listsync.domain.history import ListRow
from listsync.domain.list_advice import passes_by_itself, trouble_words
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.server_guard import Trust
from listsync.domain.sync_records import Result

_Standing = tuple[Notice, datetime | None]

_LASTS = 6
"""What has failed more often in a row, hours long, hardly ends by itself."""


def standing(sources: Sources) -> tuple[_Standing, ...]:
    """Gather all that stands, with the time since when, where that is known."""
    return (
        *((notice, None) for notice in _of_agent(sources)),
        *((notice, None) for notice in _of_state(sources)),
        *_of_runs(sources),
        *((notice, None) for notice in _of_lists(sources)),
        *((notice, None) for notice in _of_reviews(sources)),
    )


def notices_of_list(sources: Sources, name: str) -> tuple[_Standing, ...]:
    """Give what runs said of one list, beside how it was read."""
    return tuple((one, since) for one, since in _of_runs(sources) if one.list_name == name)


def needs_person(notices: Sequence[_Standing]) -> bool:
    return any(notice.needs_person for notice, _ in notices)


def notice_shape(notice: Notice, since: datetime | None = None) -> dict[str, Any]:
    return {
        "kind": notice.kind.value,
        "text": notice.text[:400],
        "list": notice.list_name,
        "since": iso(since),
        "needs_person": notice.needs_person,
    }


def _of_agent(sources: Sources) -> Iterator[Notice]:
    if sources.configuration.in_force.problems:
        text = "the configuration is invalid; the last good one is in force"
        yield Notice(kind=NoticeKind.CONFIG_INVALID, text=text)
    for warning in sources.configuration.in_force.following.warnings:
        yield Notice(kind=NoticeKind.CONFIG_WARNING, text=str(warning))
    for doubt in sources.shown().doubts:
        yield Notice(kind=NoticeKind.OPEN_TO_OTHERS, text=doubt)
    for note in sources.notes():
        yield Notice(kind=NoticeKind.STATE_TROUBLE, text=note)
    last = sources.recent.last_sync
    if last is not None and last.row.result == Result.FAILED:
        text = f"the last sync failed: {last.row.why or last.row.message}"
        yield Notice(kind=NoticeKind.SYNC_FAILED, text=text, passes=_is_tried_again(sources))


def _of_state(sources: Sources) -> Iterator[Notice]:
    """Tell of a doubt before a run does."""
    said = {one.notice.kind for one in sources.shown().notices}
    doubt = Trust(state=sources.shown().state_doubt).doubt
    if doubt and NoticeKind.STATE_IN_DOUBT not in said:
        yield Notice(kind=NoticeKind.STATE_IN_DOUBT, text=doubt)


def _is_tried_again(sources: Sources) -> bool:
    planned = sources.retry()
    return planned is not None and not planned.is_slow and planned.number <= _LASTS


def _of_runs(sources: Sources) -> Iterator[_Standing]:
    """Give what runs said of lists that are still followed; how lists were read is told below."""
    names = {one.name for one in sources.configuration.in_force.following.lists}
    for one in sources.shown().notices:
        notice = one.notice
        is_followed = notice.list_name is None or notice.list_name in names
        if is_followed and notice.kind is not NoticeKind.LIST_FAILED:
            yield notice, one.since


def _of_lists(sources: Sources) -> Iterator[Notice]:
    rows = sources.shown().lists
    for rules in sources.configuration.in_force.following.lists:
        row = rows.get(rules.source)
        if row is not None and not ListOutcome(row.outcome).whole:
            yield _of_list(row, ListOutcome(row.outcome))


def _of_list(row: ListRow, outcome: ListOutcome) -> Notice:
    return Notice(
        kind=NoticeKind.LIST_FAILED,
        text=trouble_words(row.service, outcome, row.why),
        list_name=row.name,
        passes=passes_by_itself(row.service, outcome) and row.failures <= _LASTS,
    )


def _of_reviews(sources: Sources) -> Iterator[Notice]:
    if count := sources.shown().waiting:
        waits = "1 title waits" if count == 1 else f"{count} titles wait"
        text = f"{waits} for you to choose: `listsyncctl review`"
        yield Notice(kind=NoticeKind.REVIEW, text=text)
