"""The table of commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from listsync.commands import backups, queries
from listsync.commands import control as orders
from listsync.commands import plan as plans
from listsync.commands import review as reviews
from listsync.commands import status as snapshots
from listsync.commands.context import Sources
from listsync.commands.notices import notices
from listsync.errors import StateError
from listsync.protocol import Reason, RefusedCommand

_Command = Callable[[Sources, Any], Mapping[str, object]]
"""Parameters are those of `protocol.replies` for its name; a transport has checked them."""

COMMANDS: Mapping[str, _Command] = {
    "ping": snapshots.ping,
    "version": snapshots.version,
    "status": snapshots.status,
    "progress": snapshots.progress,
    "lists": queries.lists,
    "trigger": orders.trigger,
    "plan": orders.plan,
    "plan_result": plans.plan_result,
    "pause": orders.pause,
    "resume": orders.resume,
    "cancel": orders.cancel,
    "reload": orders.reload,
    "log_level": orders.log_level,
    "runs": queries.runs,
    "items": queries.items,
    "explain": queries.explain,
    "notices": notices,
    "review": reviews.review,
    "review_decide": reviews.decide,
    "backup": backups.backup,
    "backup_result": backups.backup_result,
    "exclude": queries.exclude,
    "forget": queries.forget,
}


class Commands:
    """Answers commands of `protocol.METHODS`, quickly; any thread may ask."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def answer(self, method: str, params: Mapping[str, object]) -> Mapping[str, object]:
        """Carry *method* out with *params*, whose names and types have been checked.

        Raises:
            RefusedCommand: it is not carried out; the words are for the person who asked.
        """
        try:
            return COMMANDS[method](self._sources, params)
        except StateError as error:
            raise RefusedCommand(Reason.UNAVAILABLE, str(error)) from error
