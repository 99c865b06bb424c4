"""The generic webhook: a message as JSON, for programs."""

from __future__ import annotations

import json
from urllib.parse import quote

from listsync.cancellation import CancelToken
from listsync.domain.messages import Message
from listsync.http.request import ServiceRequest
from listsync.notify.message_json import body_of
from listsync.notify.options import WebhookOptions
from listsync.notify.sender import HttpSender


class WebhookSender(HttpSender):
    """Sends a message as it is, as JSON; whoever gets it twice can tell by its id."""

    def __init__(self, name: str, options: WebhookOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        self._url = options.url
        self._headers = options.headers

    def request_of(self, message: Message) -> ServiceRequest:
        return ServiceRequest(
            service=self._name,
            url=self._url.get_secret_value(),
            hidden=(self._url,),
            headers={"Idempotency-Key": quote(message.key, safe=":")},
            secret_headers=self._headers,
            body=json.dumps(body_of(message), ensure_ascii=False).encode(),
        )
