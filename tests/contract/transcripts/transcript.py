"""Reads what a real server answered, and asks the sandbox the same."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from listsync.sandbox.process import SandboxProcess

FIXTURES = Path(__file__).parents[2] / "fixtures" / "seerr"
PRODUCTS = ("overseerr", "seerr")
Json = dict[str, Any]
_LEFT_OUT = {
    "kind": "movie",
    "id": 990101,
    "title": "Undated Movie Trap",
    "original": "Undated Movie Trap",
    "imdb": "tt9900101",
    "tvdb": None,
    "date": "",
    "lang": "en",
    "pop": 30,
}
"""A title of the calls that the first line does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedResponse:
    """What came back: `content` is JSON that was read, or None where there was no body."""

    status: int
    content_type: str
    has_etag: bool
    content: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a transcript, and the real server's answer. `number` counts from 1."""

    number: int
    label: str
    method: str
    path: str
    key: str
    user: int | None
    headers: dict[str, str]
    body: Any
    answer: RecordedResponse

    def __str__(self) -> str:
        return f"{self.number} ({self.label}: {self.method} {self.path})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One file: what was there before the first call, and the calls."""

    before: Json
    calls: tuple[Call, ...]


def read(product: str) -> Transcript:
    """Read the transcript of *product*."""
    lines = (FIXTURES / f"{product}.jsonl").read_text(encoding="utf-8").splitlines()
    before, *rows = map(json.loads, lines)
    return Transcript(before=before, calls=tuple(map(_call, range(1, len(lines)), rows)))


def _call(number: int, row: Json) -> Call:
    return Call(
        number=number,
        label=row["label"],
        method=row["method"],
        path=row["path"],
        key=row["key"],
        user=row.get("user"),
        headers=row.get("headers", {}),
        body=row.get("body"),
        answer=RecordedResponse(
            status=row["status"],
            content_type=row["content_type"] or "",
            has_etag=row.get("etag", False),
            content=row["answer"],
        ),
    )


def set_up(sandbox: SandboxProcess, before: Json) -> None:
    """Make the sandbox the server that the transcript began with."""
    sandbox.admin("settings", {"sending_ms": 0, "movie_4k": True, "series_4k": True})
    sandbox.admin("titles", method="DELETE")
    sandbox.admin("titles", [_title(row) for row in (*before["titles"], _LEFT_OUT)])
    sandbox.admin("users", method="DELETE")
    sandbox.admin("users", {"id": 1, "name": "admin", "isFromPlex": False})
    for name, user in before["users"].items():
        quotas = before["quotas"].get(name, {})
        order = {
            "id": user["id"],
            "name": name,
            "permissions": before["permissions"][name],
            "movieLimit": quotas.get("movieQuotaLimit", 0),
            "seriesLimit": quotas.get("tvQuotaLimit", 0),
        }
        sandbox.admin("users", order)
    for order in _services(before["product"]):
        sandbox.admin("services", order)


def _title(row: Json) -> Json:
    return {
        "media_type": row["kind"],
        "tmdb_id": row["id"],
        "title": row["title"],
        "original_title": row["original"],
        "imdb_id": row["imdb"],
        "tvdb_id": row["tvdb"],
        "date": row["date"],
        "language": row["lang"],
        "popularity": row["pop"],
        "seasons": row.get("seasons"),
        "specials": row["kind"] == "tv",
        "genres": ["Drama"],
        "votes": 100,
        "rating": 7.1,
        "releases": {},
        "people": [],
        "companies": [],
    }


def _services(product: str) -> Iterator[Json]:
    """Give one Radarr and one Sonarr and one 4K of each, with the choices that answers show."""
    for program, folder in (("radarr", "/media/movies"), ("sonarr", "/media/tv")):
        for is4k in (False, True):
            yield {
                "program": program,
                "id": int(is4k),
                "name": f"{program}4k" if is4k else program,
                "is4k": is4k,
                "isDefault": True,
                "profiles": {1: "Any", 4: "HD-1080p", 5: "Ultra-HD"},
                "activeProfile": 4,
                "rootFolders": {1: folder, 2: "/media/kids"},
                "tags": {},
                "languageProfiles": {1: "English"} if product == "overseerr" else None,
            }


def ask(sandbox: SandboxProcess, call: Call) -> RecordedResponse:
    """Make *call* at the sandbox."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=30)
    try:
        connection.request(
            call.method, f"/api/v1{call.path}", _sent(call), _headers(sandbox, call)
        )
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    return RecordedResponse(
        status=response.status,
        content_type=(response.getheader("Content-Type") or "").partition(";")[0],
        has_etag=response.getheader("ETag") is not None,
        content=json.loads(text) if text else None,
    )


def _sent(call: Call) -> bytes | None:
    if call.body is None:
        return None
    return (call.body if isinstance(call.body, str) else json.dumps(call.body)).encode()


def _headers(sandbox: SandboxProcess, call: Call) -> dict[str, str]:
    keys = {"right": {"X-Api-Key": sandbox.api_key}, "wrong": {"X-Api-Key": "wrong"}, "none": {}}
    headers = keys[call.key]
    if call.user is not None:
        headers["X-API-User"] = str(call.user)
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    return headers | call.headers
