"""ntfy: a message with a title, a priority and tags, in the JSON form.

Source: ntfy's documentation (publish as JSON, limits), as of 2026. Headers would have to be ASCII.
"""

from __future__ import annotations

import json
from dataclasses import replace

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.messages import Importance, Message
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, not_json
from listsync.notify.options import NtfyOptions
from listsync.notify.sender import HttpSender, error_of
from listsync.notify.text_fitting import body_rows, fitted
from listsync.text_cleaning import printable

_TITLE, _LONGEST = 250, 4096
"""Bytes; what is longer becomes an attachment."""
_PRIORITIES = {Importance.INFO: 3, Importance.WARNING: 4, Importance.ERROR: 5}
_EMOJI = {
    Importance.INFO: "information_source",
    Importance.WARNING: "warning",
    Importance.ERROR: "rotating_light",
}


class NtfySender(HttpSender):
    """Publishes to the topic that is the last part of the address."""

    def __init__(self, name: str, options: NtfyOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        self._hidden = (options.url, *filter(None, [options.token]))
        address = options.url.get_secret_value().rstrip("/")
        self._server, _, self._topic = address.rpartition("/")
        self._headers = {}
        if options.token:
            bearer = f"Bearer {options.token.get_secret_value()}"
            self._headers["Authorization"] = SecretStr(bearer)

    def request_of(self, message: Message) -> ServiceRequest:
        body = {"topic": self._topic, **content_of(message)}
        return ServiceRequest(
            service=self._name,
            url=f"{self._server}/",
            hidden=self._hidden,
            secret_headers=self._headers,
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def error_in(self, response: Response) -> Exception | None:
        return error_of(response) or not_json(response)


def content_of(message: Message) -> dict[str, object]:
    """Give a message the form that ntfy takes, small enough to be shown as it is."""
    title = printable(message.title).strip() or message.kind
    shown = fitted(title, _TITLE, _size)
    lines = message.lines if shown == title else (message.title, *message.lines)
    rows = body_rows(replace(message, lines=lines), _LONGEST, _size)
    body = "\n".join(rows)
    text = {"title": shown, "message": body} if body.strip() else {"message": shown}
    return {
        **text,
        "priority": _PRIORITIES[message.importance],
        "tags": [_EMOJI[message.importance], message.kind],
    }


def _size(text: str) -> int:
    """Count the bytes of *text* as JSON has it, which are no fewer than those that count."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
