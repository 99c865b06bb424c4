"""What a run came to as a whole, and what a person should learn of it. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from listsync.domain.decisions import SkipReason
from listsync.domain.notices import Notice, NoticeKind, few, kind_of_outcome
from listsync.domain.report import ItemReport, ListReport, Result, Verdict
from listsync.domain.run_messages import passes_by_itself, trouble_words
from listsync.domain.server_knowledge import CONFIRM
from listsync.errors import ListsyncError, Refusal, RefusedError, UnavailableError

_DOUBTS = (NoticeKind.SERVER_REPLACED, NoticeKind.REQUESTS_GONE)
_CONFIRM = f"say that the server is the one that is meant: {CONFIRM}"
_HELD = f"{SkipReason.HELD.value}: "
_PUT_OFF = f"{SkipReason.SETBACK.value}: "
_NOTHING_YET = f"{_PUT_OFF}{SkipReason.NO_SEASONS.value}"


def notices_of(
    lists: Sequence[ListReport], items: Iterable[ItemReport], doubts: Sequence[Notice] = ()
) -> tuple[Notice, ...]:
    """Say of each list what keeps it from being synced whole, and what to do; *doubts* first."""
    by_list: dict[str, list[ItemReport]] = defaultdict(list)
    for item in items:
        by_list[item.list_name].append(item)
    told = {one.text for one in doubts if one.kind in _DOUBTS}
    of_lists = (_of_list(one, by_list[one.name], told) for one in lists)
    return (*doubts, *(notice for notices in of_lists for notice in notices))


def _of_list(
    one: ListReport, items: Sequence[ItemReport], told: Collection[str]
) -> Iterator[Notice]:
    if not one.is_good:
        words = trouble_words(one.service, one.outcome, one.why)
        kept = "; the last good reading was used" if one.from_memory else ""
        yield Notice(
            kind=kind_of_outcome(one.outcome),
            text=words + kept,
            list_name=one.name,
            passes=passes_by_itself(one.service, one.outcome),
        )
    held = [item for item in items if item.verdict is Verdict.ON_HOLD]
    if held:
        reasons = (item.why.removeprefix(_HELD) for item in held)
        why = _joined(_CONFIRM if reason in told else reason for reason in reasons)
        text = f"{_titles(held)} on hold: {why}"
        yield Notice(kind=NoticeKind.ON_HOLD, text=text, list_name=one.name)
    failed = [item for item in items if item.verdict is Verdict.FAILED]
    put_off = [item for item in items if _failed_before(item)]
    for found, word in ((failed, "failed"), (put_off, "postponed after a failure")):
        if found:
            why = _joined(item.why.removeprefix(_PUT_OFF) for item in found)
            text = f"{_titles(found)} {word} ({_names(found)}): {why}"
            yield Notice(kind=NoticeKind.REQUEST_FAILED, text=text, list_name=one.name)


def failure_kind(error: ListsyncError) -> NoticeKind:
    """Say what kind of failure it is that the server was in the way of a whole sync."""
    match error:
        case UnavailableError():
            return NoticeKind.SERVER_UNREACHABLE
        case RefusedError(kind=Refusal.CREDENTIAL):
            return NoticeKind.KEY_REFUSED
        case _:
            return NoticeKind.SYNC_FAILED


def result_of(lists: Sequence[ListReport], notices: Sequence[Notice]) -> tuple[Result, str]:
    """Judge a run that came to its end: is all done that the lists want, and if not, why.

    What was put off after an earlier failure was told then: it waits for its own time.
    """
    why = few([str(one) for one in notices if one.kind.needs_person])
    wanted = [one for one in lists if not one.is_exclusion] or lists
    if wanted and not any(one.was_read for one in wanted):
        return Result.FAILED, "no list could be read"
    is_doubted = any(one.kind in _DOUBTS for one in notices)
    if is_doubted or not all(_is_done(one) for one in lists):
        return Result.PARTLY, why
    return Result.OK, ""


def _is_done(one: ListReport) -> bool:
    counts = Counter(one.verdicts) + Counter(one.departed)
    return one.is_good and not counts[Verdict.ON_HOLD] and not counts[Verdict.FAILED]


def _failed_before(item: ItemReport) -> bool:
    """Tell a title that waits for its own time, other than one with nothing to request yet."""
    return item.why.startswith(_PUT_OFF) and not item.why.startswith(_NOTHING_YET)


def _titles(items: Sequence[ItemReport]) -> str:
    return f"{len(items)} title{'' if len(items) == 1 else 's'}"


def _names(items: Sequence[ItemReport]) -> str:
    return few([item.label for item in items], ", ")


def _joined(reasons: Iterable[str]) -> str:
    """Say each reason once, with its number where there are several."""
    counts = Counter(reasons).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return few([f"{why} ({count})" for why, count in counts])
