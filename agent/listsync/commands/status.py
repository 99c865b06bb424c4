"""Commands that answer from memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync import __version__
from listsync.commands.context import CommandContext
from listsync.commands.jobs import transfers_shape
from listsync.commands.notices import OpenNotice, needs_person, notices_by_list, open_notices
from listsync.commands.serializers import (
    Window,
    fleet_shape,
    iso,
    page_request_of,
    run_at_length,
)
from listsync.domain.history import RunRow
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import notice_shape
from listsync.domain.postgres_triggers import PostgresStatus
from listsync.domain.report import Phase, Progress, Result
from listsync.domain.run_messages import advice_on, operations_of
from listsync.domain.runs import (
    Condition,
    PendingChange,
    Scope,
    ServiceStatus,
    Setting,
    SyncJob,
)
from listsync.errors import Problem
from listsync.protocol import PROTOCOL, Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.fleet_shapes import PostgresShape
    from listsync.protocol.messages import (
        ConfigParams,
        ConfigReply,
        ListsParams,
        ListsReply,
        NoParams,
        PageParams,
        PingReply,
        ProgressReply,
        StatusReply,
        VersionReply,
    )
    from listsync.protocol.shapes import (
        ConfigShape,
        ListShape,
        PendingKeyShape,
        PendingShape,
        QuotaShape,
        RetryShape,
        ServerShape,
        ServiceShape,
        SettingShape,
    )

_EVERYTHING = ""
_USUAL = 200
"""How many rows a page has, if nobody says."""


def ping(_: CommandContext, __: NoParams) -> PingReply:
    return {"pong": True, "pid": os.getpid()}


def version(_: CommandContext, __: NoParams) -> VersionReply:
    return {"version": __version__, "protocol": PROTOCOL}


def status(context: CommandContext, params: PageParams) -> StatusReply:
    """Tell how the agent is; its rows are in several places, the notices the first."""
    window = Window(page_request_of(params, _USUAL, int))
    queue, last = context.queue.state, context.recent.last_sync
    due = context.due()
    state = "paused" if queue.pause else "idle"
    snapshot = context.configuration.current.snapshot
    notices = open_notices(context)
    shown = window.take(notices)
    transfers = transfers_shape(context.transfers.status())
    is_copy_left = transfers is not None and transfers["needs_attention"] > 0
    reply: StatusReply = {
        "state": "running" if queue.running else state,
        "pid": os.getpid(),
        "version": __version__,
        "uptime_s": round((datetime.now(UTC) - context.started_at).total_seconds()),
        "started_at": iso(context.started_at),
        "config": _config(context, window),
        "watcher": context.watcher(),
        "services": [_service(one) for one in window.take(context.services())],
        "server": _server(context, window),
        "has_server": context.global_rules().has_server,
        "paused": {"until": iso(queue.pause.until)} if queue.pause else None,
        "running": _progress(context, window) if queue.running else None,
        "pending": _pending(queue.pending, context, window) if queue.pending else None,
        "last_run": run_at_length(last.row) if last else None,
        "next_due": iso(min(filter(None, due.values()), default=None)),
        "retry": _retry(context, window),
        "lists": len(snapshot.lists),
        "needs_person": needs_person(notices) or is_copy_left,
        "notices": [notice_shape(*one) for one in shown],
        "notices_total": len(notices),
        "next": window.next,
    }
    if transfers is not None:
        reply["transfers"] = transfers
    if (fleet := context.fleet()) is not None:
        reply["fleet"] = fleet_shape(fleet)
    if (postgres := context.postgres()) is not None:
        reply["postgres"] = _postgres(postgres)
    return reply


def config(context: CommandContext, params: ConfigParams) -> ConfigReply:
    """Tell what is in force, key by key, and what is wrong with the file, if anything is."""
    window = Window(page_request_of(params, _USUAL, int))
    config = _config(context, window)
    found, path = context.settings(), params.get("path", "")
    if path:
        found = [one for one in found if one.path == path or one.path.startswith(_below(path))]
    if not found:
        raise RefusedCommand(Reason.NOT_FOUND, f"there is no key {cut(path, 100)!r}")
    if not params.get("defaults", True):
        found = [one for one in found if one.origin]
    settings = [_setting(one) for one in window.take(found)]
    return {"total": len(found), "next": window.next, "config": config, "settings": settings}


def _below(path: str) -> tuple[str, str]:
    return f"{path}.", f"{path}["


def _setting(one: Setting) -> SettingShape:
    return {
        "path": one.path,
        "value": None if one.value is None else cut(one.value, 1000),
        "origin": one.origin or None,
        "secret": one.is_secret,
    }


def progress(context: CommandContext, params: PageParams) -> ProgressReply:
    """Tell how far the running sync is; while none runs, how the last run of any kind ended."""
    window = Window(page_request_of(params, _USUAL, int))
    return {**_progress(context, window), "next": window.next}


def _progress(context: CommandContext, window: Window) -> ProgressReply:
    running = context.queue.state.running
    now = context.board.snapshot()
    last = None if running else context.recent.last
    row = last.row if last else None
    run_id = running.run_id if running else row.run_id if row else None
    is_shown = run_id is not None and now.run_id == run_id
    return {
        "in_progress": running is not None,
        "phase": _phase(now, is_running=running is not None, is_shown=is_shown),
        "progress": now.done if is_shown else 0,
        "total": now.total if is_shown else 0,
        "percent": _percent(now, row) if is_shown else 0,
        "last_checkpoint": iso(now.changed_at if is_shown else row.ended_at if row else None),
        "last_result": {"success": row.result == "ok", "message": _operations(row)}
        if row
        else None,
        "run_id": run_id,
        "sequence": now.sequence,
        "lists": [
            {
                "name": one.name,
                "state": one.state,
                "read": one.read,
                "done": one.done,
                "total": one.total,
            }
            for one in window.take(now.lists if is_shown else ())
        ],
        "eta_s": round(now.eta_s) if is_shown and now.eta_s is not None else None,
        "requested": now.requested if is_shown else 0,
        "dry_run": running.dry_run if running else bool(row and row.dry_run),
    }


def _phase(now: Progress, *, is_running: bool, is_shown: bool) -> str:
    """Name the phase; a run whose work is over, but not yet written down, is reporting."""
    if not is_running:
        return Phase.IDLE.value
    if not is_shown:
        return Phase.CONNECT.value
    return (Phase.REPORT if now.phase is Phase.IDLE else now.phase).value


def _percent(now: Progress, row: RunRow | None) -> int:
    """Also a sync that had nothing to do has done all."""
    if row is not None and row.result == "ok" and not now.total:
        return 100
    return now.percent


def lists(context: CommandContext, params: ListsParams) -> ListsReply:
    window = Window(page_request_of(params, _USUAL, int))
    rules = window.take(context.configuration.current.snapshot.lists)
    return {"total": window.total, "next": window.next, "lists": _lists(rules, context)}


def lists_called(context: CommandContext, name: str) -> list[ListShape]:
    """Tell how the lists are that are called so."""
    rules = context.configuration.current.snapshot.lists
    return _lists([one for one in rules if one.name == name], context)


def _lists(rules: Sequence[ListRules], context: CommandContext) -> list[ListShape]:
    due, said = context.due(), notices_by_list(context)
    return [_list(one, context, due, said.get(one.name, ())) for one in rules]


def _list(
    rules: ListRules,
    context: CommandContext,
    due: Mapping[str, datetime | None],
    said: Sequence[OpenNotice],
) -> ListShape:
    row = context.shown().lists.get(rules.source)
    # Of a list that is not read it says nothing now how that went.
    last = row if rules.is_enabled else None
    return {
        "name": rules.name,
        "service": rules.service,
        "source": rules.source,
        "exclude": rules.is_exclusion,
        "outcome": last.outcome if last else "not read yet" if rules.is_enabled else "disabled",
        "read": row.read if row else 0,
        "declared": row.declared if row else None,
        "last_try": iso(row.last_try) if row else None,
        "last_success": iso(row.last_success) if row else None,
        "failures": last.failures if last else 0,
        "next_due": iso(due.get(rules.source, due.get(_EVERYTHING)) if rules.is_enabled else None),
        "retry_at": iso(last.asked_again_at) if last else None,
        "why": cut(last.why, 300) if last else "",
        "advice": advice_on(rules.service, ListOutcome(last.outcome)) if last else "",
        "notices": [notice_shape(*one) for one in said],
    }


def _server(context: CommandContext, window: Window) -> ServerShape | None:
    """Tell the server that answered last, unless another one is meant by now."""
    known = context.recent.server
    wanted = context.configuration.current.snapshot.server
    if known is None or known.url != wanted:
        return None
    shape: ServerShape = {"product": known.product, "version": known.version, "url": known.url}
    if quotas := window.take(_quotas(context)):
        shape["quotas"] = quotas
    return shape


def _quotas(context: CommandContext) -> list[QuotaShape]:
    return [
        {
            "user": one.user,
            "kind": kind.value,
            "limit": quota.limit,
            "remaining": quota.remaining,
            "days": quota.days,
        }
        for one in context.shown().allowances
        for kind, quota in one.allowance.quotas.items()
    ]


def _operations(row: RunRow) -> str:
    """Say how the last run ended, in the words of the original program; if not well, why."""
    message = operations_of(row)
    is_all = row.result not in (Result.PARTLY, Result.CANCELLED)
    return cut(message if is_all else f"{message} ({row.message})", 500)


def _config(context: CommandContext, window: Window) -> ConfigShape:
    current = context.configuration.current
    path = context.configuration.path
    return {
        "file": str(path) if path else "the environment",
        "valid": not current.problems,
        "problems": [cut(str(one), 300) for one in window.take(current.problems)],
        "loaded_at": iso(current.loaded_at),
        "pending": [pending_shape(one) for one in window.take(current.pending)],
    }


def pending_shape(pending: PendingChange) -> PendingKeyShape:
    """Tell of a key of the configuration that has not taken force."""
    return {
        "key": pending.key,
        "why": cut(pending.why, 300),
        "needs_restart": pending.needs_restart,
    }


def _postgres(one: PostgresStatus) -> PostgresShape:
    return {
        "connected": one.is_connected,
        "since": iso(one.since),
        "where": one.where,
        "channel": one.channel,
        "why": one.trouble,
        "pooled": one.is_pooled,
        "table": one.has_table,
        "triggers": one.triggers,
        "last_trigger": iso(one.last_at),
        "last_source": one.last_source,
    }


def _service(one: ServiceStatus) -> ServiceShape:
    return {
        "name": one.name,
        "state": one.condition.value,
        "since": iso(one.since),
        "why": cut(one.why, 300) if one.condition is not Condition.RUNNING else "",
        "next_try": iso(one.next_try),
        "vital": one.is_vital,
        "address": one.address,
        "note": one.note,
    }


def _pending(job: SyncJob, context: CommandContext, window: Window) -> PendingShape:
    return {
        "run_id": job.run_id,
        "lists": _names(job.scope, context, window),
        "origins": window.take(job.origins),
        "more_origins": job.more_origins,
    }


def _retry(context: CommandContext, window: Window) -> RetryShape | None:
    planned = context.retry()
    if planned is None:
        return None
    return {
        "at": iso(planned.at),
        "why": cut(planned.why, 500),
        "lists": _names(planned.scope, context, window),
        "number": planned.number,
    }


def _names(scope: Scope, context: CommandContext, window: Window) -> list[str] | None:
    """Name the lists of *scope*; None: all."""
    if scope is None:
        return None
    names = {one.source: one.name for one in context.configuration.current.snapshot.lists}
    return window.take(sorted(names.get(source, source) for source in scope))


def words_of(problems: tuple[Problem, ...]) -> str:
    """Say the first problem, and how many more there are."""
    more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
    return f"{problems[0]}{more}"
