"""The table of commands, and the one way to call them, for every transport."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext

from listsync.commands import (
    control,
    items,
    jobs,
    mapping,
    notices,
    notify,
    review,
    runs,
    statistics,
    status,
)
from listsync.commands.context import Caller, CommandContext
from listsync.commands.schema import CommandEntry, check, described
from listsync.commands.serializers import Window, page_request_of
from listsync.errors import StateError, UnavailableError
from listsync.protocol import (
    METHODS,
    Access,
    Reason,
    RefusedCommand,
    messages,
    notifications,
    transfers,
)
from listsync.text_cleaning import cut

logger = logging.getLogger(__name__)

_NOT_SHARED = "nothing was changed, as the other agents would not know of it"

Reply = Mapping[str, object] | RefusedCommand
"""A reply of `protocol.messages`, or why there is none: that is data, too, and not raised."""


def describe(_: CommandContext, params: messages.PageParams) -> messages.DescribeReply:
    """Describe all commands: what each takes, replies, and may be refused for."""
    window = Window(page_request_of(params, 200, int))
    rows = window.take([*COMMANDS.items()])
    return {
        "total": window.total,
        "next": window.next,
        "commands": [described(name, entry) for name, entry in rows],
    }


COMMANDS: Mapping[str, CommandEntry] = {
    "ping": CommandEntry(status.ping, "Check whether the agent responds", (messages.PingReply,)),
    "version": CommandEntry(status.version, "Tell the agent's version", (messages.VersionReply,)),
    "describe": CommandEntry(
        describe, "Describe all commands", (messages.DescribeReply,), messages.PageParams
    ),
    "status": CommandEntry(
        status.status,
        "Tell the agent's status, and what needs a person",
        (messages.StatusReply,),
        messages.PageParams,
    ),
    "config": CommandEntry(
        status.config,
        "Tell the configuration in force, without its secrets",
        (messages.ConfigReply,),
        messages.ConfigParams,
        (Reason.NOT_FOUND,),
    ),
    "progress": CommandEntry(
        status.progress,
        "Tell the progress of the running sync, or how the last one ended",
        (messages.ProgressReply,),
        messages.PageParams,
    ),
    "lists": CommandEntry(
        items.lists,
        "Tell the status of each list, or one list in detail",
        (messages.ListsReply,),
        messages.ListsParams,
        (Reason.NOT_FOUND,),
    ),
    "runs": CommandEntry(
        runs.runs,
        "List recent syncs, the newest first, or tell one in detail",
        (messages.RunsReply, messages.RunReply),
        messages.RunsParams,
        (Reason.NOT_FOUND,),
    ),
    "items": CommandEntry(
        items.items,
        "List the titles that the agent knows",
        (messages.ItemsReply,),
        messages.ItemsParams,
        (Reason.NOT_FOUND,),
    ),
    "requests": CommandEntry(
        items.requests,
        "List the requests, or those of a title or a list, the newest first",
        (messages.RequestsReply,),
        messages.RequestsParams,
        (Reason.NOT_FOUND,),
    ),
    "explain": CommandEntry(
        items.explain,
        "Explain why titles were requested or not",
        (messages.ExplainReply,),
        messages.ExplainParams,
    ),
    "notices": CommandEntry(
        notices.notices,
        "List the latest notices, the newest first",
        (messages.NoticesReply,),
        messages.NoticesParams,
    ),
    "targets": CommandEntry(
        notify.targets,
        "Tell how each target of notifications is",
        (notifications.TargetsReply,),
        messages.PageParams,
    ),
    "notify_test": CommandEntry(
        notify.notify_test,
        "Send a test message that `notify_test_result` tells of",
        (notifications.NotifyTestReply,),
        notifications.NotifyTestParams,
        (Reason.NOT_FOUND,),
    ),
    "notify_test_result": CommandEntry(
        notify.notify_test_result,
        "Tell what came of a test message",
        (notifications.NotifyTestResultReply,),
        notifications.NotifyTestResultParams,
        (Reason.NOT_FOUND,),
    ),
    "stats": CommandEntry(
        statistics.stats,
        "Count the requests: today, lately and ever, by day, service and list",
        (messages.StatsReply,),
        messages.PageParams,
    ),
    "summary": CommandEntry(
        notify.summary,
        "Sum a day up: what was requested, what failed, what needs a person",
        (notifications.SummaryReply,),
        notifications.SummaryParams,
    ),
    "summary_send": CommandEntry(
        notify.summary_send,
        "Send the summary of a day to the targets that are told of each day",
        (messages.DoneReply,),
        notifications.SummaryParams,
        (Reason.NOT_FOUND,),
    ),
    "review": CommandEntry(
        review.review,
        "List the titles that need a decision",
        (messages.ReviewReply,),
        messages.ReviewParams,
    ),
    "review_decide": CommandEntry(
        review.decide,
        "Decide which title is meant, or undo that",
        (messages.ReviewDecideReply,),
        messages.ReviewDecideParams,
        (Reason.NOT_FOUND,),
        changes_memory=True,
    ),
    "trigger": CommandEntry(
        control.trigger,
        "Start a sync",
        (messages.OrderReply,),
        messages.TriggerParams,
        (Reason.NOT_FOUND, Reason.PAUSED, Reason.BUSY),
    ),
    "plan": CommandEntry(
        control.plan,
        "Start a dry run that `plan_result` tells of",
        (messages.OrderReply,),
        messages.PlanParams,
        (Reason.NOT_FOUND, Reason.BUSY),
    ),
    "plan_result": CommandEntry(
        runs.plan_result,
        "Tell what a sync would do, as a dry run found",
        (messages.PlanReply, messages.PlanWaitsReply),
        messages.PlanResultParams,
        (Reason.NOT_FOUND,),
    ),
    "pause": CommandEntry(
        control.pause, "Pause syncing", (messages.PauseReply,), messages.PauseParams
    ),
    "resume": CommandEntry(control.resume, "Resume syncing", (messages.DoneReply,)),
    "cancel": CommandEntry(control.cancel, "Cancel the running sync", (messages.CancelReply,)),
    "reload": CommandEntry(
        control.reload,
        "Reload the configuration now",
        (messages.ReloadReply,),
        messages.ReloadParams,
        (Reason.BUSY, Reason.CONFIG_INVALID),
    ),
    "exclude": CommandEntry(
        items.exclude,
        "Never request a title",
        (messages.DoneReply,),
        messages.ItemParams,
        changes_memory=True,
    ),
    "forget": CommandEntry(
        items.forget,
        "Forget what was done with a title, so that it is considered again",
        (messages.ForgetReply,),
        messages.ForgetParams,
        changes_memory=True,
    ),
    "backup": CommandEntry(
        control.backup,
        "Begin a backup of the state that `backup_result` tells of",
        (messages.BackupReply,),
        messages.BackupParams,
        (Reason.BUSY,),
    ),
    "backup_result": CommandEntry(
        control.backup_result,
        "Tell what came of a backup",
        (messages.BackupReply,),
        messages.BackupResultParams,
        (Reason.NOT_FOUND,),
    ),
    "log_level": CommandEntry(
        control.log_level,
        "Tell the log level, or change it until the agent restarts",
        (messages.LogLevelReply,),
        messages.LogLevelParams,
    ),
    "jobs": CommandEntry(
        jobs.jobs,
        "List copies, the newest first, or tell one in detail",
        (transfers.JobsReply, transfers.JobReply),
        transfers.JobsParams,
        (Reason.NOT_FOUND,),
    ),
    "job_retry": CommandEntry(
        jobs.job_retry,
        "Try a copy that failed again, or one that waits at once",
        (transfers.JobsRetryReply,),
        transfers.JobParams,
        (Reason.NOT_FOUND, Reason.BUSY),
    ),
    "jobs_retry_failed": CommandEntry(
        jobs.jobs_retry_failed,
        "Try all copies that failed lately again",
        (transfers.JobsRetryReply,),
        transfers.RetryFailedParams,
    ),
    "job_cancel": CommandEntry(
        jobs.job_cancel,
        "Cancel a copy, or dismiss one that has failed",
        (messages.DoneReply,),
        transfers.JobParams,
        (Reason.NOT_FOUND, Reason.BUSY),
    ),
    "scans": CommandEntry(
        jobs.scans,
        "List scans of media servers, the newest first",
        (transfers.ScansReply,),
        transfers.ScansParams,
    ),
    "scan_retry": CommandEntry(
        jobs.scan_retry,
        "Have a media server scan a folder again",
        (messages.DoneReply,),
        transfers.ScanParams,
        (Reason.NOT_FOUND,),
    ),
    "webhooks": CommandEntry(
        jobs.webhooks,
        "List webhooks that came, the newest first, and what became of each",
        (transfers.WebhooksReply,),
        transfers.WebhooksParams,
    ),
    "mapping": CommandEntry(
        mapping.mapping,
        "Show which mapping a path of Radarr or Sonarr has, and where it leads",
        (transfers.MappingReply,),
        transfers.MappingParams,
        (Reason.NOT_FOUND,),
    ),
}


def checked(method: str, params: Mapping[str, object]) -> CommandEntry:
    """Find a command that can be called with *params*; raises RefusedCommand."""
    entry = COMMANDS.get(method)
    if entry is None:
        known = sorted(COMMANDS)
        raise RefusedCommand(
            Reason.UNKNOWN_METHOD,
            f"this agent has no command {cut(method, 64)!r}; it knows {', '.join(known)}",
            {"known": known},
        )
    check(method, entry.takes, params)
    return entry


class Dispatcher:
    """Carries commands out, quickly. Any thread may call it, and several at once.

    What commands act on is safe for that by itself: the queue, the configuration, backups and
    notices have locks of their own, the state lets one thread at a time work, and what is only
    looked at is replaced as a whole.
    """

    def __init__(self, context: CommandContext) -> None:
        self._context = context

    def call(self, method: str, params: Mapping[str, object], caller: Caller) -> Reply:
        """Carry *method* out for *caller*, or give back why not; raises nothing."""
        try:
            return self._called(method, params, caller)
        except RefusedCommand as refused:
            return refused.with_traceback(None)
        except StateError as error:
            return RefusedCommand(Reason.UNAVAILABLE, str(error))
        except UnavailableError as error:
            return RefusedCommand(Reason.UNAVAILABLE, f"{_NOT_SHARED}: {error}")
        except Exception:
            logger.exception(
                "%s failed", method, extra={"action": "control_failed", "method": method}
            )
            words = f"{method} failed in the agent: see its log"
            return RefusedCommand(Reason.FAILED, words)

    def _called(
        self, method: str, params: Mapping[str, object], caller: Caller
    ) -> Mapping[str, object]:
        entry = checked(method, params)
        if METHODS[method] is Access.CONTROL:
            if not caller.may_control:
                raise RefusedCommand(Reason.FORBIDDEN, f"{caller.name} may only look")
            extra = {"action": "control", "method": method, "caller": caller.name}
            logger.info("%s requested by %s", method, caller.name, extra=extra)
        shared = self._context.shared_memory() if entry.changes_memory else nullcontext()
        with shared:
            return entry.carry_out(self._context, params)
