"""What messages say: of a run that begins or ends.

All pure: `store` writes them in the transaction of what they tell of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from listsync.domain.history import RunRow
from listsync.domain.message_data import (
    FailedTitle,
    ListCounts,
    RequestedData,
    RequestedTitle,
    SummaryData,
)
from listsync.domain.message_of_notice import in_a_message
from listsync.domain.messages import TEST_KEY, Beat, Importance, Message, MessageKind
from listsync.domain.report import ItemReport, ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_messages import head_of, server_messages
from listsync.terminal.output import duration, plural, ranges
from listsync.text_cleaning import cut

MOST_TITLES = 20
MOST_FAILED = 5
_MOST_NOTICES = 5
_MOST_LISTS = 10
_LONGEST_LINE = 400


def messages_of_run(report: SyncReport, at: datetime) -> Iterator[Message]:
    """Say what a run did, if it changed something at the server.

    What it could not do is told by its notices: once, and not after every run.
    """
    is_change = report.count(Verdict.REQUESTED) or report.count(Verdict.CANCELLED)
    if report.run.dry_run or not is_change:
        return
    yield _summary(report, at)
    if report.count(Verdict.REQUESTED):
        yield _requested(report, at)


def _summary(report: SyncReport, at: datetime) -> Message:
    titles = _titles_of(report)
    spent = f"{duration(report.duration_s)}, {plural(report.calls, 'API call')}"
    return Message(
        key=f"run:{report.run.run_id}:summary",
        kind=MessageKind.SUMMARY,
        importance=Importance.INFO if report.result is Result.OK else Importance.WARNING,
        at=at,
        title=f"{head_of(report.result)}: {_counts_in_words(report)}",
        lines=tuple(_reasons(report)),
        facts=(*_facts_of_lists(report.lists), ("Duration", spent)),
        titles=tuple(map(shown_title, titles[:MOST_TITLES])),
        more=max(0, len(titles) - MOST_TITLES),
        lists=tuple(one.name for one in report.lists),
        data={**_summary_data(report, titles)},
    )


def _counts_in_words(report: SyncReport) -> str:
    counts = report.counts
    said = [f"{counts[one]:,} {words}" for one, words in _TOLD_OF_ALL if counts[one]]
    failed = sum(not one.is_good for one in report.lists)
    return ", ".join([*said, *([f"{plural(failed, 'list')} failed"] if failed else [])])


def _requested(report: SyncReport, at: datetime) -> Message:
    titles = _titles_of(report)
    data: RequestedData = {
        "run": report.run.run_id,
        "requested": len(titles),
        "titles": titles[:MOST_TITLES],
    }
    return Message(
        key=f"run:{report.run.run_id}:requested",
        kind=MessageKind.REQUESTED,
        importance=Importance.INFO,
        at=at,
        title=f"{plural(len(titles), 'title')} requested",
        titles=tuple(map(shown_title, titles[:MOST_TITLES])),
        more=max(0, len(titles) - MOST_TITLES),
        lists=tuple(dict.fromkeys(one["list"] for one in titles)),
        data={**data},
    )


def _titles_of(report: SyncReport) -> list[RequestedTitle]:
    """Name what was requested, in the order in which it was."""
    bodies = {one.key: one for one in report.requested}
    found: list[RequestedTitle] = []
    for item in report.items:
        if item.verdict is Verdict.REQUESTED:
            body = bodies.get(item.key) if item.key else None
            found.append(
                {
                    "label": item.title or item.label,
                    "list": item.list_name,
                    "kind": item.key.kind.value if item.key else None,
                    "tmdb_id": item.key.tmdb_id if item.key else None,
                    "four_k": body.four_k if body else False,
                    "seasons": list(body.seasons) if body else [],
                }
            )
    return found


def shown_title(one: RequestedTitle) -> str:
    """Name a title with what of it was requested."""
    words = one["label"]
    if one["seasons"]:
        many = "s" if len(one["seasons"]) > 1 else ""
        words += f", season{many} {ranges(one['seasons'])}"
    return f"{words} in 4K" if one["four_k"] else words


def _reasons(report: SyncReport) -> Iterator[str]:
    """Say what was cancelled, and what kept the lists from being done whole."""
    told = server_messages(report.count(Verdict.REQUESTED)) if report.is_first else ""
    if told:
        yield f"This was the first sync: {told}."
    cancelled = [one.label for one in report.items if one.verdict is Verdict.CANCELLED]
    if cancelled:
        yield f"Cancelled: {some(cancelled, MOST_FAILED)}"
    said = [cut(in_a_message(str(one)), _LONGEST_LINE) for one in report.notices]
    yield from said[:_MOST_NOTICES]
    if len(said) > _MOST_NOTICES:
        yield f"and {len(said) - _MOST_NOTICES} more: `listsyncctl notices`"


def some(said: Iterable[str], most: int, between: str = ", ") -> str:
    """Name the first *most* of what is said, and how many more there are."""
    all_ = [*said]
    more = [f"and {len(all_) - most:,} more"] if len(all_) > most else []
    return between.join([*all_[:most], *more])


def _facts_of_lists(lists: Iterable[ListReport]) -> Iterator[tuple[str, str]]:
    """Tell what became of each list; of many, of those alone that have something to tell."""
    told = [(one, _counts_of(one)) for one in lists]
    news = [(one, counts) for one, counts in told if _is_news(one, counts)]
    shown = news[:_MOST_LISTS]
    yield from ((one.name, _words_of(one, counts)) for one, counts in shown)
    if len(news) > len(shown):
        yield "Other lists with news", f"{len(news) - len(shown):,}"
    if len(told) > len(news):
        yield "Lists without news", f"{len(told) - len(news):,}"


def _counts_of(one: ListReport) -> Counter[Verdict]:
    return Counter(one.verdicts) + Counter(one.departed)


def _is_news(one: ListReport, counts: Counter[Verdict]) -> bool:
    return not one.is_good or one.new > 0 or any(counts[verdict] for verdict, _ in _COUNTED)


_COUNTED = (
    (Verdict.REQUESTED, "requested"),
    (Verdict.SHARED, "requested for another list"),
    (Verdict.CANCELLED, "cancelled"),
    (Verdict.REVIEW, "to review"),
    (Verdict.ON_HOLD, "on hold"),
    (Verdict.FAILED, "failed"),
)

_TOLD_OF_ALL = tuple(one for one in _COUNTED if one[0] is not Verdict.SHARED)


def _words_of(one: ListReport, counts: Counter[Verdict]) -> str:
    is_less = one.declared not in (None, one.read)
    read = f"{one.read:,} of {one.declared:,} read" if is_less else f"{one.read:,} read"
    if not one.was_read:
        read = f"not read ({one.outcome.value.replace('_', ' ')})"
    said = [f"{counts[verdict]:,} {words}" for verdict, words in _COUNTED if counts[verdict]]
    return ", ".join([read, *([f"{one.new:,} new"] if one.new else []), *said])


def _summary_data(report: SyncReport, titles: list[RequestedTitle]) -> SummaryData:
    counts = report.counts
    failed = [one for one in report.items if one.verdict is Verdict.FAILED]
    return {
        "run": report.run.run_id,
        "result": report.result.value,
        "why": report.why,
        "duration_s": round(report.duration_s, 3),
        "calls": report.calls,
        "requested": len(titles),
        "cancelled": counts[Verdict.CANCELLED],
        "on_hold": counts[Verdict.ON_HOLD],
        "review": counts[Verdict.REVIEW],
        "failures": counts[Verdict.FAILED],
        "is_first": report.is_first,
        "lists": [_list_data(one) for one in report.lists],
        "titles": titles[:MOST_TITLES],
        "failed": [_failed_data(one) for one in failed[:MOST_TITLES]],
    }


def _list_data(one: ListReport) -> ListCounts:
    counts = _counts_of(one)
    return {
        "name": one.name,
        "service": one.service,
        "outcome": one.outcome.value,
        "why": one.why,
        "read": one.read,
        "new": one.new,
        "requested": counts[Verdict.REQUESTED],
        "review": counts[Verdict.REVIEW],
        "on_hold": counts[Verdict.ON_HOLD],
        "failed": counts[Verdict.FAILED],
        "cancelled": counts[Verdict.CANCELLED],
    }


def _failed_data(one: ItemReport) -> FailedTitle:
    return {"label": one.label, "list": one.list_name, "why": one.why}


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
