"""The table of commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from listsync.commands import control, items, review, runs, status
from listsync.commands.context import Sources
from listsync.commands.notices import notices
from listsync.errors import StateError
from listsync.protocol import Reason, RefusedCommand

_Command = Callable[[Sources, Any], Mapping[str, object]]
"""Parameters are those of `protocol.requests` for its name; a transport has checked them."""

COMMANDS: Mapping[str, _Command] = {
    "ping": status.ping,
    "version": status.version,
    "status": status.status,
    "progress": status.progress,
    "lists": items.lists,
    "trigger": control.trigger,
    "plan": control.plan,
    "plan_result": runs.plan_result,
    "pause": control.pause,
    "resume": control.resume,
    "cancel": control.cancel,
    "reload": control.reload,
    "log_level": control.log_level,
    "runs": runs.runs,
    "items": items.items,
    "explain": items.explain,
    "notices": notices,
    "review": review.review,
    "review_decide": review.decide,
    "backup": control.backup,
    "backup_result": control.backup_result,
    "exclude": items.exclude,
    "forget": items.forget,
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
