"""The generic webhook: a message as JSON, for programs."""

from __future__ import annotations

import json

from listsync.cancellation import CancelToken
from listsync.domain.messages import Message
from listsync.http.request import ServiceRequest
from listsync.notify.options import WebhookOptions
from listsync.notify.sender import HttpSender

VERSION = 1


class WebhookSender(HttpSender):
    """Sends a message as it is, as JSON; `id` is the same each time that it is sent."""

    def __init__(self, name: str, options: WebhookOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        self._url = options.url

    def request_of(self, message: Message) -> ServiceRequest:
        body = {
            "version": VERSION,
            "id": message.key,
            "kind": message.kind,
            "importance": message.importance,
            "at": message.at.isoformat(timespec="seconds"),
            "title": message.title,
            "text": "\n".join(message.lines),
            "lists": message.lists,
            "data": message.data,
        }
        return ServiceRequest(
            service=self._name,
            url=self._url.get_secret_value(),
            hidden=(self._url,),
            body=json.dumps(body, ensure_ascii=False).encode(),
        )
