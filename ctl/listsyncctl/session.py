"""What every command shares: where the agent is, how long to wait, how to show the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from listsync.protocol import client_places
from listsyncctl.client import ask
from listsyncctl.output import as_json, colours, plain, say
from listsyncctl.replies import strange_in
from listsyncctl.trouble import not_understood
from listsyncctl.views import MESSAGE, VIEWS, Look

DEFAULT_TIMEOUT_S = 5.0


class Session:
    """Filled by the options, wherever on the line they stand; *timeout_s* None: not given."""

    def __init__(self) -> None:
        self.socket: str | None = None
        self.timeout_s: float | None = None
        self.output = "text"

    @property
    def places(self) -> tuple[str, ...]:
        """Where our agent's socket may be, in this order."""
        return client_places(self.socket, os.environ)

    @property
    def chosen_socket(self) -> str | None:
        """The one socket that the user named, if any."""
        if self.socket is None and not os.environ.get("LISTSYNC_SOCKET"):
            return None
        return self.places[0]

    def ask(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> dict[str, Any]:
        """Ask the agent; raises TroubleError, also for a reply that is not understood."""
        result = ask(
            self.places,
            method,
            params or {},
            timeout_s=timeout_s or self.timeout_s or DEFAULT_TIMEOUT_S,
        )
        if (field := strange_in(method, result)) is not None:
            raise not_understood(method, field)
        return result

    @property
    def has_colour(self) -> bool:
        return colours(sys.stdout, os.environ)

    def show(self, method: str, result: Mapping[str, Any]) -> None:
        """Print *result* to stdout as it was asked for."""
        colour = self.has_colour
        view = VIEWS.get(method, MESSAGE)
        match self.output:
            case "json":
                lines = [as_json(result)]
            case "plain":
                rows = view.rows if view.rows is not None and view.rows in result else None
                lines = list(plain(result, rows, view.columns))
            case _:
                lines = list(view.text(result, Look(datetime.now(UTC), colour)))
        for line in lines:
            say(line, colour=colour)


def session_of(context: click.Context) -> Session:
    """Find the one session of this command line."""
    return context.find_root().ensure_object(Session)
