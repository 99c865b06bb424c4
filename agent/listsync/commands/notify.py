"""The targets of notifications: how they are, and a test of what they answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from listsync.commands.context import CommandContext
from listsync.commands.serializers import Window, iso, page_request_of
from listsync.domain.message_texts import message_of_test
from listsync.domain.messages import DeliveryState, TargetStatus
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        NotifyTestParams,
        NotifyTestReply,
        NotifyTestResultParams,
        NotifyTestResultReply,
        PageParams,
        TargetsReply,
    )
    from listsync.protocol.shapes import TargetShape


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
    }


def notify_test(context: CommandContext, params: NotifyTestParams) -> NotifyTestReply:
    """Put a test into the outbox; `notify_test_result` tells what came of it."""
    names = [one.name for one in context.targets.statuses()]
    if (wanted := params.get("target")) is not None:
        if wanted not in names:
            known = f"there are {', '.join(names)}" if names else "none is configured"
            raise RefusedCommand(Reason.NOT_FOUND, f"there is no target {wanted!r}: {known}")
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
