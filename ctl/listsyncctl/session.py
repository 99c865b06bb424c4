"""What every command shares: where the agent is, how long to wait, how to show the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from listsync.protocol import client_places
from listsync.terminal.output import Palette, say, wants_colour
from listsyncctl.client import ask, not_understood
from listsyncctl.replies import strange_in
from listsyncctl.title_views import Display
from listsyncctl.views import MESSAGE, VIEWS, as_json, plain

DEFAULT_TIMEOUT_S = 5.0
_PAGE = 200
"""How many rows are asked for at once."""


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
        """Ask the agent for all there is, page by page; raises TroubleError.

        So it does for a reply that is not understood.
        """
        whole = self._ask(method, params or {}, timeout_s)
        for page in self._later_pages(method, params or {}, whole, timeout_s):
            _append(whole, page)
        whole.pop("next", None)
        return whole

    def ask_some(
        self, method: str, params: Mapping[str, Any], *, rows: str, usual: int
    ) -> dict[str, Any]:
        """Ask for as many *rows* as `limit` says; `next` is text where there are more."""
        wanted = int(params.get("limit", usual))
        whole = self._ask(method, params, None)
        after = whole.get("next")
        while after and (left := wanted - len(whole[rows])) > 0:
            more = {**_without_offset(params), "limit": min(left, _PAGE), "cursor": after}
            page = self._ask(method, more, None)
            if not page[rows] or page.get("next") == after:
                raise not_understood(method, "next")
            whole[rows] += page[rows]
            whole["next"] = after = page.get("next")
        return whole

    def pages(self, method: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Ask page by page; raises TroubleError."""
        first = self._ask(method, params, None)
        yield first
        yield from self._later_pages(method, params, first, None)

    def _later_pages(
        self,
        method: str,
        params: Mapping[str, Any],
        first: Mapping[str, Any],
        timeout_s: float | None,
    ) -> Iterator[dict[str, Any]]:
        after = first.get("next")
        while after:
            page = self._ask(method, {**_without_offset(params), "cursor": after}, timeout_s)
            if page.get("next") == after:
                raise not_understood(method, "next")  # the same for ever
            after = page.get("next")
            yield page

    def _ask(
        self, method: str, params: Mapping[str, Any], timeout_s: float | None
    ) -> dict[str, Any]:
        result = ask(
            self.places,
            method,
            params,
            timeout_s=timeout_s or self.timeout_s or DEFAULT_TIMEOUT_S,
        )
        if (field := strange_in(method, result)) is not None:
            raise not_understood(method, field)
        return result

    @property
    def display(self) -> Display:
        return Display(datetime.now(UTC), Palette(enabled=wants_colour(sys.stdout, os.environ)))

    def show(self, method: str, result: Mapping[str, Any]) -> None:
        """Print *result* to stdout as it was asked for."""
        view = VIEWS.get(method, MESSAGE)
        match self.output:
            case "json":
                lines = [as_json(result)]
            case "plain":
                rows = view.rows if view.rows is not None and view.rows in result else None
                lines = list(plain(result, rows, view.columns))
            case _:
                lines = list(view.text(result, self.display))
        for line in lines:
            say(line)


def _append(whole: dict[str, Any], page: Mapping[str, Any]) -> None:
    """Put the rows of a page behind those that there are; what is no row is as it was first."""
    for name, value in page.items():
        there = whole.get(name)
        if isinstance(there, list) and isinstance(value, list):
            there += value
        elif isinstance(there, dict) and isinstance(value, dict):
            _append(there, value)


def _without_offset(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "offset"}


def session_of(context: click.Context) -> Session:
    """Find the one session of this command line."""
    return context.find_root().ensure_object(Session)
