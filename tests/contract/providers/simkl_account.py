"""A server that plays one account of Simkl, by `httpx.MockTransport`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from tests.contract.providers.site import answer

CLIENT_ID = "not-an-id-of-an-app"
ACCESS = "not-an-access-token"
_ACTIVITIES = {"movies": "movies", "shows": "tv_shows", "anime": "anime"}
_PATH = "/sync/all-items/"


@dataclass
class Account:
    """Holds rows by `kind/status`; `nothing` is how it says that there are none.

    `stamps` are more of what changed when; `broken` are statuses whose rows are not told.
    """

    rows: Mapping[str, Sequence[object]] = field(default_factory=dict)
    stamps: Mapping[str, str | None] = field(default_factory=dict)
    nothing: bytes = b"null"
    broken: frozenset[str] = frozenset()
    seen: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        params, headers = request.url.params, request.headers
        if params.get("client_id") != CLIENT_ID or "app-name" not in params:
            return answer(b'{"error": "client_id_failed", "code": 412}', 412)
        if headers.get("Authorization") != f"Bearer {ACCESS}":
            return answer(b'{"error": "user_token_failed", "code": 401}', 401)
        if request.url.path == "/sync/activities":
            return answer(json.dumps(self._activities()).encode())
        if request.url.path == "/users/settings":
            return answer(b'{"user": {"name": "me"}, "account": {"id": 990001}}')
        assert request.url.path.startswith(_PATH)
        name = request.url.path.removeprefix(_PATH)
        rows = [] if name in self.broken else self.rows.get(name, [])
        return answer(
            json.dumps({name.partition("/")[0]: rows}).encode() if rows else self.nothing
        )

    @property
    def asked(self) -> list[str]:
        return [
            one.url.path.removeprefix("/sync/").removeprefix("all-items/") for one in self.seen
        ]

    def _activities(self) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {"movies": {}, "tv_shows": {}, "anime": {}}
        for stamps in found.values():
            stamps.update(dict.fromkeys(("all", "playback", "plantowatch", "removed_from_list")))
        for name, rows in self.rows.items():
            kind, _, status = name.partition("/")
            found[_ACTIVITIES[kind]][status] = f"{len(rows)} of 2026-11-02" if rows else None
        for name, stamp in self.stamps.items():
            kind, _, status = name.partition("/")
            found[_ACTIVITIES[kind]][status] = stamp
        return found
