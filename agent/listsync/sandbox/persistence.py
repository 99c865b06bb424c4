"""The state as a JSON file, so that a restarted sandbox is the same server."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import msgspec

from listsync.file_access import replace_whole
from listsync.parsing.decoding import prepared
from listsync.sandbox.catalogue import CatalogueTitle
from listsync.sandbox.server_model import SandboxServer, Service, Settings
from listsync.sandbox.state import Counters, Media, State, StoredRequest, User

_SHARE = 20
"""Writing takes at most one part in so many of the time."""
_PAUSE_S = 0.1


class StateFile:
    """Keeps a file in step with the server, a moment later: rows, settings, what was ordered.

    Written whole and renamed into place.
    """

    def __init__(self, path: Path, server: SandboxServer) -> None:
        self._path = path
        self._server = server
        self._is_due = False
        self._took_s = 0.0

    def restore(self) -> bool:
        """Read the file into the server; False when there is none.

        A key and a latency that the start names are stronger than those of the file.
        """
        try:
            saved = json.loads(self._path.read_text(encoding="utf-8"))
            _restore_settings(saved, self._server.settings)
            _restore_orders(saved, self._server)
            _restore(saved, self._server.state)
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
        self._server.later(max(_PAUSE_S, self._took_s * _SHARE), self.write)

    def write(self) -> None:
        """Write now."""
        self._is_due = False
        started = time.perf_counter()
        beside = self._path.with_name(f"{self._path.name}.new")
        data = json.dumps(_dump(self._server)).encode()
        try:
            replace_whole(self._path, data, beside=beside, is_durable=False)
        except OSError as problem:
            sys.stderr.write(f"sandbox: cannot save {self._path}: {problem}\n")
        self._took_s = time.perf_counter() - started


def _dump(server: SandboxServer) -> dict[str, Any]:
    state = server.state
    return {
        "api_key": server.settings.api_key,
        "settings": asdict(server.settings),
        "has_embedded": server.catalogue.has_embedded,
        "titles": [asdict(title) for title in server.catalogue.ordered],
        "services": [
            [*key, service and asdict(service)] for key, service in server.ordered_services.items()
        ],
        "next": [state.next.media, state.next.request],
        "users": [_fields(user) for user in state.users.values()],
        "media": [_fields(media, "requests", "row") for media in state.media.values()],
        "watchlists": [[number, *key, title] for (number, key), title in state.watchlists.items()],
        "plex_watchlists": [[number, keys] for number, keys in state.plex_watchlists.items()],
        "requests": [_dump_request(request) for request in state.requests.values()],
    }


def _fields(record: User | Media | StoredRequest, *left_out: str) -> dict[str, Any]:
    names = [field.name for field in fields(record) if field.name not in left_out]
    return {name: getattr(record, name) for name in names}


def _dump_request(request: StoredRequest) -> dict[str, Any]:
    changed_by = request.modified_by
    return {
        **_fields(request),
        "media": request.media.id,
        "user": request.user.id,
        "modified_by": changed_by.id if changed_by else None,
    }


def _restore_settings(saved: dict[str, Any], settings: Settings) -> None:
    kept = {"api_key": settings.api_key, "latency_ms": settings.latency_ms}
    kept = {name: value for name, value in kept.items() if value}
    values = {"api_key": saved["api_key"], **saved.get("settings", {}), **kept}
    for name in asdict(settings).keys() & values.keys():
        setattr(settings, name, values[name])


def _restore_orders(saved: dict[str, Any], server: SandboxServer) -> None:
    if not saved.get("has_embedded", True):
        server.remove_titles()
    for row in saved.get("titles", ()):
        server.put_title(msgspec.convert(row, prepared(CatalogueTitle)))
    for program, number, values in saved.get("services", ()):
        service = values and msgspec.convert(values, prepared(Service), str_keys=True)
        server.ordered_services[program, number] = service


def _restore(saved: dict[str, Any], state: State) -> None:
    state.next = Counters(*saved["next"])
    for number, kind, tmdb_id, *title in saved.get("watchlists", ()):
        state.watchlists[number, (kind, tmdb_id)] = "".join(title)
    for number, keys in saved.get("plex_watchlists", ()):
        state.plex_watchlists[number] = [(kind, tmdb_id) for kind, tmdb_id in keys]
    state.users = {row["id"]: User(**row) for row in saved["users"]}
    for row in saved["media"]:
        seasons = {int(number): statuses for number, statuses in row["seasons"].items()}
        state.keep_media(Media(**{**row, "seasons": seasons}))
    for row in saved["requests"]:
        changed_by = state.users.get(row["modified_by"])
        people = {"user": state.users[row["user"]], "modified_by": changed_by}
        media = state.media[row["media"]]
        values = {**row, **people, "media": media, "seasons": tuple(row["seasons"])}
        state.keep_request(StoredRequest(**values))
