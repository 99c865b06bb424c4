"""Commands that change what the agent does: sync, plan, pause, cancel, reload, backup, log."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from listsync import logs
from listsync.agent.backups import Backup
from listsync.commands.context import CommandContext
from listsync.commands.serializers import Window, iso, page_request_of
from listsync.commands.status import pending_shape, words_of
from listsync.domain.fleet import UNKNOWN_LEADER, FleetRole
from listsync.domain.runs import Pause, Scope, SyncJob, Ticket
from listsync.errors import BeingWrittenError, Problem
from listsync.files.local_file import MOST_S
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut, one_line

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        BackupParams,
        BackupReply,
        BackupResultParams,
        CancelReply,
        DoneReply,
        LogLevelParams,
        LogLevelReply,
        NoParams,
        OrderReply,
        PauseParams,
        PauseReply,
        PlanParams,
        ReloadParams,
        ReloadReply,
        TriggerParams,
    )


logger = logging.getLogger(__name__)

_LONGEST_ORIGIN = 64
_PROBLEMS = 25
"""So many of the longest ones have room in any refusal."""


def trigger(context: CommandContext, params: TriggerParams) -> OrderReply:
    """Start a sync; a dry run also in a pause, as it changes nothing."""
    names, is_dry = params.get("lists"), params.get("dry_run", False)
    origin = one_line(str(params.get("origin") or "a command"), _LONGEST_ORIGIN)
    job = SyncJob.new(
        scope_of(context, names) if names else None,
        origin,
        dry_run=is_dry,
        forced=params.get("force", False) or is_dry,
    )
    job = replace(job, confirmed=params.get("confirm", False))
    ticket = context.queue.submit(
        job,
        by_itself=params.get("await_resume", False),
        no_queue=params.get("no_queue", False),
    )
    return order_reply(context, ticket)


def plan(context: CommandContext, params: PlanParams) -> OrderReply:
    """Start a dry run, also in a pause; `plan_result` tells what came of it."""
    refuse_plan(context)
    names = params.get("lists")
    scope = scope_of(context, names) if names else None
    job = SyncJob.new(scope, "plan", dry_run=True, forced=True)
    ticket = context.queue.submit(job, by_itself=False)
    return order_reply(context, ticket)


def pause(context: CommandContext, params: PauseParams) -> PauseReply:
    until, now = None, datetime.now(UTC)
    if (for_s := params.get("for_s")) is not None:
        until = now + timedelta(seconds=for_s)
    context.queue.pause(Pause(until, now if until else None))
    return {"until": iso(until)}


def resume(context: CommandContext, _: NoParams) -> DoneReply:
    was_paused = context.queue.resume()
    return _done("Resumed." if was_paused else "The agent was not paused.")


def cancel(context: CommandContext, _: NoParams) -> CancelReply:
    run_id = context.cancel()
    if run_id is None:
        return {"ok": True, "message": "No sync is running."}
    done = _done(f"Sync {run_id} ends after its current title, within 5 s.")
    return {**done, "run_id": run_id}


def reload(context: CommandContext, params: ReloadParams) -> ReloadReply:
    """Reload, or say what else is wrong, where that is more than one refusal has told."""
    request = page_request_of(params, _PROBLEMS, int, most=_PROBLEMS)
    problems = _problems(context) if request.after is None else _known_problems(context)
    if problems:
        window = Window(request)
        told = [cut(str(one), 300) for one in window.take(problems)]
        raise RefusedCommand(
            Reason.CONFIG_INVALID,
            f"{words_of(problems)}; the last good configuration stays in force",
            {"problems": told, "problems_total": len(problems), "next": window.next},
        )
    pending = context.configuration.current.pending
    but = f", but not yet all of it. {'. '.join(map(str, pending))}" if pending else ""
    return {
        **_done(f"The configuration is valid and in force{but}."),
        "pending": [pending_shape(one) for one in pending],
    }


def _problems(context: CommandContext) -> tuple[Problem, ...]:
    try:
        return context.reload()
    except BeingWrittenError as error:
        raise RefusedCommand(Reason.BUSY, f"{error}, or in {MOST_S:g} s") from error


def _known_problems(context: CommandContext) -> tuple[Problem, ...]:
    return context.configuration.current.problems


def log_level(_: CommandContext, params: LogLevelParams) -> LogLevelReply:
    wanted = params.get("level")
    if wanted is not None:
        try:
            logs.set_level(str(wanted).lower())
        except ValueError as error:
            raise RefusedCommand(Reason.INVALID, f"log_level: {error}") from error
        logger.info("the log level is now %s", logs.level(), extra={"action": "log_level"})
    return {**_done(f"The log level is {logs.level()}."), "level": logs.level()}


def scope_of(context: CommandContext, names: list[str]) -> Scope:
    """Find the sources of lists by their names; raises RefusedCommand for what is none."""
    snapshot = context.configuration.current.snapshot
    known = {one.name: one.source for one in snapshot.lists}
    unknown = [name for name in names if name not in known]
    if unknown:
        import difflib  # noqa: PLC0415 - an agent that is asked for its own lists needs none

        close = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.4)
        hint = f": did you mean {close[0]!r}?" if close else ""
        raise RefusedCommand(
            Reason.NOT_FOUND,
            f"no list is called {cut(unknown[0], 100)!r}{hint}",
            {"list": cut(unknown[0], 100), "meant": close[0] if close else None},
        )
    if disabled := [
        one.name for one in snapshot.lists if one.name in names and not one.is_enabled
    ]:
        why = (
            f"{cut(disabled[0], 100)!r} is disabled: give it `enabled: true` in the configuration"
        )
        raise RefusedCommand(Reason.INVALID, why)
    return frozenset(known[name] for name in names)


def _done(message: str) -> DoneReply:
    return {"ok": True, "message": message}


def backup(context: CommandContext, params: BackupParams) -> BackupReply:
    """Begin a backup, which may take seconds; `backup_result` tells what came of it."""
    begun = context.backups.start(_backup_file(context, params.get("file")))
    if begun is None:
        raise RefusedCommand(Reason.BUSY, "another backup is running: try again soon")
    return _shape(begun)


def _backup_file(context: CommandContext, file: str | None) -> Path:
    if file is not None:
        if not file.startswith("/") or "\0" in file:
            raise RefusedCommand(Reason.INVALID, "backup: file must be an absolute path")
        return Path(file)
    try:
        return context.backup_place()
    except OSError as error:
        words = f"no backup can be made beside the daily ones: {error.strerror}"
        raise RefusedCommand(Reason.UNAVAILABLE, words) from error


def backup_result(context: CommandContext, params: BackupResultParams) -> BackupReply:
    last = context.backups.last
    if last is None or last.id != params.get("id"):
        raise RefusedCommand(Reason.NOT_FOUND, "there is no such backup (any more)")
    return _shape(last)


def _shape(one: Backup) -> BackupReply:
    return {
        "id": one.id,
        "state": one.state,
        "file": cut(str(one.file), 4096),
        "size": one.size,
        "took_s": one.took_s,
        "why": cut(one.why, 1000),
    }


def order_reply(context: CommandContext, ticket: Ticket) -> OrderReply:
    """Tell what became of what was asked for."""
    reply: OrderReply = {"run_id": ticket.run_id, "state": ticket.state}
    if ticket.state == "queued" and context.queue.state.role is FleetRole.JOINING:
        reply["why"] = UNKNOWN_LEADER
    if ticket.leader:
        reply["leader"] = ticket.leader
    return reply


def refuse_plan(context: CommandContext) -> None:
    """Refuse what can be seen only where it is made, unless it is made here.

    Raises:
        RefusedCommand: another agent leads, or it is not known which.
    """
    role = context.queue.state.role
    if role is FleetRole.LEADER:
        return
    fleet = context.fleet()
    leader = fleet.lease.leader if fleet is not None and fleet.lease is not None else ""
    if role is FleetRole.STANDBY and leader:
        why = f"{leader} leads this fleet, and makes its plans: run `listsyncctl plan` there"
    else:
        why = f"{UNKNOWN_LEADER} this fleet: see `listsyncctl status`"
    raise RefusedCommand(Reason.UNAVAILABLE, why)
