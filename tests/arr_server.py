"""Radarr and Sonarr as far as listsync speaks to them, on loopback.

Source: `ProviderControllerBase`, `WebhookProxy`, `HistoryController` of both programs: a webhook
is really sent when it is tested, a redirect counts as success; a failure is a 400 with a list.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "apiKeyOfTheArrServer"
_SEEN = "********"
_EVENTS = {
    "radarr": ("MovieDelete", "MovieFileDelete", "MovieFileDeleteForUpgrade", "MovieAdded"),
    "sonarr": (
        *("ImportComplete", "SeriesDelete", "EpisodeFileDelete"),
        *("EpisodeFileDeleteForUpgrade", "SeriesAdd"),
    ),
}
_OF_ALL = ("Grab", "Download", "Upgrade", "Rename", "HealthIssue", "ApplicationUpdate")


class ArrFake:
    """One of the two; `has_headers`: webhooks may have headers of their own (since 11/2024).

    `hosts` are the names that it goes by; None: all, as before August 2026. `history` has the
    records of `history/since`, newest first, `files` those that are there; `asked` every request.
    """

    def __init__(self, app: str = "radarr", *, has_headers: bool = True) -> None:
        self.app = app
        self.has_headers = has_headers
        self.hosts: frozenset[str] | None = None
        self.url_base = ""
        self.status: int | None = None
        self.connections: list[dict[str, Any]] = []
        self.history: list[dict[str, Any]] = []
        self.files: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []
        self._numbers = iter(range(1, 1000))
        self._server = _server_of(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def connection(self, name: str) -> dict[str, Any]:
        return next(one for one in self.connections if one["name"] == name)

    def fields(self, name: str) -> dict[str, Any]:
        return {one["name"]: one.get("value") for one in self.connection(name)["fields"]}

    def answer(
        self, method: str, path: str, query: Mapping[str, str], body: Any
    ) -> tuple[int, object]:
        match method, path.strip("/").split("/"):
            case "GET", ["system", "status"]:
                return 200, {"appName": self.app.capitalize(), "version": "6.4.3.10000"}
            case "GET", ["notification"]:
                return 200, [_masked(one) for one in self.connections]
            case "GET", ["notification", "schema"]:
                return 200, [{"implementation": "Discord", "fields": []}, self._template()]
            case "POST", ["notification", "test"]:
                failure = self._sent(body)
                return (200, {}) if failure is None else (400, [failure])
            case "GET", rest:
                return self._imported(rest, query)
        return self._changed(method, path.strip("/").split("/"), query, body)

    def _imported(self, path: list[str], query: Mapping[str, str]) -> tuple[int, object]:
        match path:
            case ["history", "since"]:
                return 200, self._since(query)
            case ["moviefile" | "episodefile", number] if int(number) in self.files:
                return 200, self.files[int(number)]
        return 404, {"message": "NotFound"}

    def _changed(
        self, method: str, path: list[str], query: Mapping[str, str], body: Any
    ) -> tuple[int, object]:
        match method, path:
            case "POST", ["notification"]:
                if any(one["name"] == body["name"] for one in self.connections):
                    return 400, [{"propertyName": "Name", "errorMessage": "Should be unique"}]
                return self._saved(201, {**body, "id": next(self._numbers)}, query)
            case "PUT", ["notification", number]:
                before = next(one for one in self.connections if str(one["id"]) == number)
                after = {**body, "fields": _unmasked(body["fields"], before["fields"])}
                return self._saved(202, after, query)
            case "DELETE", ["notification", number]:
                self.connections = [one for one in self.connections if str(one["id"]) != number]
                return 200, {}
        return 404, {"message": "NotFound"}

    def _saved(
        self, status: int, connection: dict[str, Any], query: Mapping[str, str]
    ) -> tuple[int, object]:
        if query.get("forceSave") != "true" and (failure := self._sent(connection)) is not None:
            return 400, [failure]
        others = [one for one in self.connections if one["id"] != connection["id"]]
        self.connections = [*others, connection]
        return status, _masked(connection)

    def _template(self) -> dict[str, Any]:
        events = (*_OF_ALL, *_EVENTS[self.app])
        fields: list[dict[str, Any]] = [
            {"order": 0, "name": "url", "label": "Webhook URL", "type": "url"},
            {"order": 1, "name": "method", "value": 1, "type": "select"},
            {"order": 2, "name": "username", "type": "textbox", "privacy": "userName"},
            {"order": 3, "name": "password", "type": "password", "privacy": "password"},
        ]
        if self.has_headers:
            fields.append({"order": 4, "name": "headers", "value": [], "type": "keyValueList"})
        return {
            **{f"on{event}": False for event in events},
            **{f"supportsOn{event}": True for event in events},
            "name": "",
            "fields": fields,
            "implementationName": "Webhook",
            "implementation": "Webhook",
            "configContract": "WebhookSettings",
            "tags": [],
            "presets": [],
        }

    def _sent(self, connection: dict[str, Any]) -> dict[str, object] | None:
        """Send the test of a webhook, as the connection says."""
        fields = {one["name"]: one.get("value") for one in connection["fields"]}
        payload = {"eventType": "Test", "instanceName": self.app.capitalize()}
        headers = {"Content-Type": "application/json"}
        if fields.get("username") or fields.get("password"):
            pair = f"{fields.get('username') or ''}:{fields.get('password') or ''}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        headers.update({one["key"]: one["value"] for one in fields.get("headers") or []})
        parts = urlsplit(str(fields["url"]))
        try:
            client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
            client.request("POST", parts.path or "/", json.dumps(payload), headers)
            status = client.getresponse().status
            client.close()
        except OSError as error:
            return _failure(f"Unable to post to webhook: {error.strerror} ({parts.netloc})")
        if status >= 400:
            words = f"HTTP request failed: [{status}:{http.client.responses[status]}] [POST]"
            return _failure(f"Unable to post to webhook: {words} at [{fields['url']}]")
        return None

    def _since(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        since = datetime.fromisoformat(query["date"])
        kinds = {"3": "downloadFolderImported"}
        return [
            one
            for one in self.history
            if not one["date"][:1].isdigit()
            or (
                datetime.fromisoformat(one["date"]) >= since
                and one["eventType"] == kinds.get(query.get("eventType", ""), one["eventType"])
            )
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _failure(words: str) -> dict[str, object]:
    return {"propertyName": "Url", "errorMessage": words, "severity": "error"}


def _masked(connection: Mapping[str, Any]) -> dict[str, Any]:
    fields = [
        {**one, "value": _SEEN} if one["name"] == "password" and one.get("value") else one
        for one in connection["fields"]
    ]
    return {**connection, "fields": fields}


def _unmasked(fields: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    old = {one["name"]: one.get("value") for one in before}
    return [
        {**one, "value": old[one["name"]]} if one.get("value") == _SEEN else one for one in fields
    ]


@contextmanager
def arr_serving(app: str = "radarr", *, has_headers: bool = True) -> Iterator[ArrFake]:
    one = ArrFake(app, has_headers=has_headers)
    try:
        yield one
    finally:
        one.close()


def _server_of(fake: ArrFake) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            data = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            fake.asked.append(f"{self.command} {self.path}")
            host = self.headers.get("Host", "").partition(":")[0]
            if fake.hosts is not None and host not in fake.hosts:
                self._answer(400, b"<h2>Bad Request - Invalid Hostname</h2>", "text/html")
            elif not parts.path.startswith(f"{fake.url_base}/api/v3/"):
                self._answer(307, b"", "text/html", f"{fake.url_base}{parts.path}")
            elif self.headers.get("X-Api-Key") != KEY:
                self._answer(401, b'{"error": "Unauthorized"}', "application/json")
            elif fake.status is not None:
                self._answer(fake.status, b"{}", "application/json")
            else:
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                path = parts.path.removeprefix(f"{fake.url_base}/api/v3/")
                body = json.loads(data) if data else None
                status, found = fake.answer(self.command, path, query, body)
                self._answer(status, json.dumps(found).encode(), "application/json")

        def _answer(self, status: int, body: bytes, kind: str, to: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if to:
                self.send_header("Location", to)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _take  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    return Server(("127.0.0.1", 0), Handler)
