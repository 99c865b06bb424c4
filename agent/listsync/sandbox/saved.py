"""The state as a JSON file, so that a restarted sandbox is the same server."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from listsync.sandbox.state import Counters, Media, Request, State, User
from listsync.sandbox.world import Settings

Later = Callable[[float, Callable[[], None]], object]
_SHARE = 20
"""Writing takes at most one part in so many of the time."""
_PAUSE_S = 0.1


class StateFile:
    """Keeps a file in step with the state, a moment later.

    Written whole and renamed into place; `later(seconds, job)` is the server's loop.
    """

    def __init__(self, path: Path, state: State, settings: Settings, later: Later) -> None:
        self._path = path
        self._state = state
        self._settings = settings
        self._later = later
        self._is_due = False
        self._took_s = 0.0

    def restore(self) -> bool:
        """Read the file into the state; False when there is none."""
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            self._settings.api_key = self._settings.api_key or saved["api_key"]
            _restore(saved, self._state)
        except FileNotFoundError:
            return False
        except (OSError, ValueError, LookupError, TypeError) as problem:
            raise SystemExit(f"{self._path} is no state of a sandbox: {problem!r}") from problem
        return True

    def note(self) -> None:
        """Write soon; called after every change."""
        if self._is_due:
            return
        self._is_due = True
        self._later(max(_PAUSE_S, self._took_s * _SHARE), self.write)

    def write(self) -> None:
        """Write now."""
        self._is_due = False
        started = time.perf_counter()
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            beside.write_text(json.dumps(_dump(self._state, self._settings)), encoding="utf-8")
            os.replace(beside, self._path)  # noqa: PTH105  # the word for an atomic rename
        except OSError as problem:
            sys.stderr.write(f"sandbox: cannot save {self._path}: {problem}\n")
        self._took_s = time.perf_counter() - started


def _dump(state: State, settings: Settings) -> dict[str, Any]:
    return {
        "api_key": settings.api_key,
        "next": [state.next.media, state.next.request],
        "users": [_fields(user) for user in state.users.values()],
        "media": [_fields(media, "requests", "row") for media in state.media.values()],
        "requests": [_dump_request(request) for request in state.requests.values()],
    }


def _fields(record: User | Media | Request, *left_out: str) -> dict[str, Any]:
    names = [field.name for field in fields(record) if field.name not in left_out]
    return {name: getattr(record, name) for name in names}


def _dump_request(request: Request) -> dict[str, Any]:
    changed_by = request.modified_by
    return {
        **_fields(request),
        "media": request.media.id,
        "user": request.user.id,
        "modified_by": changed_by.id if changed_by else None,
    }


def _restore(saved: dict[str, Any], state: State) -> None:
    state.next = Counters(*saved["next"])
    state.users = {row["id"]: User(**row) for row in saved["users"]}
    for row in saved["media"]:
        seasons = {int(number): statuses for number, statuses in row["seasons"].items()}
        state.keep_media(Media(**{**row, "seasons": seasons}))
    for row in saved["requests"]:
        changed_by = state.users.get(row["modified_by"])
        people = {"user": state.users[row["user"]], "modified_by": changed_by}
        media = state.media[row["media"]]
        values = {**row, **people, "media": media, "seasons": tuple(row["seasons"])}
        state.keep_request(Request(**values))
