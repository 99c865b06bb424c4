"""The targets of notifications, a test of what they answer, and the summary of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from listsync.commands.context import CommandContext
from listsync.commands.notices import open_notices
from listsync.commands.serializers import Window, iso, page_request_of
from listsync.domain.message_of_day import (
    SLOW_AFTER,
    DayFacts,
    LocalDay,
    TransfersOfDay,
    message_of_day,
)
from listsync.domain.message_texts import MOST_FAILED, MOST_TITLES, message_of_test
from listsync.domain.messages import DeliveryState, Message, TargetStatus
from listsync.domain.transfers import JobState
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        DoneReply,
        PageParams,
    )
    from listsync.protocol.notifications import (
        NotifyTestParams,
        NotifyTestReply,
        NotifyTestResultParams,
        NotifyTestResultReply,
        SummaryParams,
        SummaryReply,
        TargetShape,
        TargetsReply,
    )

_FIRST_YEAR = 1900


def targets(context: CommandContext, params: PageParams) -> TargetsReply:
    """Tell how each target is."""
    window = Window(page_request_of(params, 50, int))
    rows = window.take(context.targets.statuses())
    return {"total": window.total, "next": window.next, "targets": [*map(_shape, rows)]}


def _shape(one: TargetStatus) -> TargetShape:
    return {
        "name": one.name,
        "waiting": one.waiting,
        "dead": one.dead,
        "failures": one.failures,
        "failing_since": iso(one.failing_since),
        "paused_until": iso(one.paused_until) if one.failures else None,
        "sent_at": iso(one.sent_at),
        "answer": cut(one.answer, 400),
        "failed_test": cut(one.failed_test, 400),
    }


def notify_test(context: CommandContext, params: NotifyTestParams) -> NotifyTestReply:
    """Put a test into the outbox; `notify_test_result` tells what came of it."""
    names = [one.name for one in context.targets.statuses()]
    if (wanted := params.get("target")) is not None:
        if wanted not in names:
            known = f", expected one of {', '.join(names)}" if names else ": none is configured"
            raise RefusedCommand(Reason.NOT_FOUND, f"there is no target {wanted!r}{known}")
        names = [wanted]
    if not names:
        words = "no target is configured: name one under `notify` in the configuration"
        raise RefusedCommand(Reason.NOT_FOUND, words)
    id_, now = uuid4().hex[:12], datetime.now(UTC)
    for name in names:
        context.targets.put([message_of_test(id_, name, now)], now, only=name)
    return {"id": id_, "targets": names}


def notify_test_result(
    context: CommandContext, params: NotifyTestResultParams
) -> NotifyTestResultReply:
    found = context.targets.of_test(params["id"])
    if not found:
        raise RefusedCommand(Reason.NOT_FOUND, "there is no such test (any more)")
    return {
        "id": params["id"],
        "done": all(one.state is not DeliveryState.WAITING for one in found),
        "results": [
            {"target": one.target, "state": one.state.value, "answer": cut(one.answer, 400)}
            for one in found
        ],
    }


def summary(context: CommandContext, params: SummaryParams) -> SummaryReply:
    """Sum a day up as it is told."""
    facts = facts_of_day(context, _day_of(context, params))
    message = message_of_day(facts, key_of_day(facts.day))
    return {
        "date": facts.day.date.isoformat(),
        "timezone": facts.day.zone_name,
        "worth_sending": facts.is_worth_telling,
        "title": message.title,
        "lines": list(message.lines),
        "facts": [f"{name}: {text}" for name, text in message.facts],
        "titles": list(message.titles),
        "more": message.more,
        "data": dict(message.data),
    }


def summary_send(context: CommandContext, params: SummaryParams) -> DoneReply:
    """Put the summary of a day into the outbox, also if it was sent before."""
    facts = facts_of_day(context, _day_of(context, params))
    key = f"{key_of_day(facts.day)}:{uuid4().hex[:12]}"
    message = message_of_day(facts, key)
    numbers = context.targets.put([message], facts.now)
    if not numbers:
        words = "no target is told `daily`: see `notify` in the configuration"
        raise RefusedCommand(Reason.NOT_FOUND, words)
    return {"ok": True, "message": f"on its way: {message.title}"}


def daily_message(context: CommandContext, day: LocalDay, due: datetime | None) -> Message | None:
    """Sum *day* up for whoever is told each day; None: there is nothing to tell."""
    facts = facts_of_day(context, day, due)
    return message_of_day(facts, key_of_day(day)) if facts.is_worth_telling else None


def key_of_day(day: LocalDay) -> str:
    return f"daily:{day.date}"


def facts_of_day(context: CommandContext, day: LocalDay, due: datetime | None = None) -> DayFacts:
    """Gather what happened on *day*, and what is wrong now; raises StateError."""
    now, state = datetime.now(UTC), context.state
    return DayFacts(
        day=day,
        now=now,
        requests=state.requests.of_day(
            day.start, day.end, slow_before=min(now, day.end) - SLOW_AFTER, limit=MOST_TITLES
        ),
        results=state.runs.results(day.start, day.end),
        standing=open_notices(context),
        review=context.shown().waiting,
        transfers=_transfers_of_day(context, day),
        due=due,
    )


def _transfers_of_day(context: CommandContext, day: LocalDay) -> TransfersOfDay | None:
    """Gather what was copied, and what fails now; None: nothing is copied at all."""
    jobs = context.transfers.jobs
    counts = jobs.counts(day.start, day.end)
    failing = jobs.page([JobState.RETRY_WAIT], MOST_FAILED, None)
    given_up = jobs.page([JobState.NEEDS_ATTENTION], MOST_FAILED, None)
    if not counts.by_state and not given_up.rows:
        return None
    return TransfersOfDay(
        counts=counts,
        failing=failing.rows,
        failing_total=failing.total or 0,
        given_up=given_up.rows,
        given_up_total=given_up.total or 0,
    )


def _day_of(context: CommandContext, params: SummaryParams) -> LocalDay:
    """Read which day is meant: yesterday, if none is named."""
    today = LocalDay.of(datetime.now(UTC), context.global_rules().zone)
    if (text := params.get("date")) is None:
        return today.before
    try:
        day = date.fromisoformat(text)
    except ValueError:
        words = f"date: {cut(text, 40)!r} is no day such as {today.date}"
        raise RefusedCommand(Reason.INVALID, words) from None
    if day > today.date or day.year < _FIRST_YEAR:
        words = f"date: there is nothing to tell of {day}; today is {today.date}"
        raise RefusedCommand(Reason.INVALID, words)
    return LocalDay(day, today.zone)
