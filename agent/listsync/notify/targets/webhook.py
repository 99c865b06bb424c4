"""The generic webhook: a message as JSON, for programs, and the JSON Schema of what is sent."""

from __future__ import annotations

import inspect
import json
from typing import Any, TypedDict
from urllib.parse import quote

import msgspec

from listsync.cancellation import CancelToken
from listsync.domain.message_data import DATA_OF_KINDS, NoticeData, OneOfSeveral, RecoveredData
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.http.request import ServiceRequest
from listsync.notify.options import WebhookOptions
from listsync.notify.sender import HttpSender
from listsync.notify.text_fitting import body_rows

VERSION = 1
"""Grows when a key is taken away, or gets another meaning; new keys may come at any time."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MOST_TEXT = 100_000
_SENT = (*DATA_OF_KINDS, MessageKind.TEST)

JsonObject = dict[str, Any]


class MessageBody(TypedDict):
    """One message. `id` is the same each time that it is sent; `text` is for people.

    `lists` are those that it is about: none where it is about the whole. `at` is in UTC.
    """

    version: int
    id: str
    kind: str
    importance: str
    at: str
    title: str
    text: str
    lists: list[str]
    data: dict[str, Any]


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


def body_of(message: Message) -> MessageBody:
    return {
        "version": VERSION,
        "id": message.key,
        "kind": message.kind.value,
        "importance": message.importance.value,
        "at": message.at.isoformat(timespec="seconds"),
        "title": message.title,
        "text": "\n".join(body_rows(message, _MOST_TEXT, len)),
        "lists": [*message.lists],
        "data": {**message.data},
    }


def message_schema() -> JsonObject:
    """Build the JSON Schema (draft 2020-12) of all that a webhook is sent, kind by kind."""
    types = dict.fromkeys(one for types in DATA_OF_KINDS.values() for one in types)
    (body, *_), parts = msgspec.json.schema_components(
        (MessageBody, *types), ref_template="#/$defs/{name}"
    )
    for part in parts.values():
        part["description"] = inspect.cleandoc(part.get("description", ""))
    several = parts[OneOfSeveral.__name__]["properties"]
    several["data"] = {"anyOf": [_ref(one) for one in (NoticeData, RecoveredData)]}
    return {
        "$schema": _DIALECT,
        "title": f"Messages of listsync, version {VERSION}",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in _SENT],
        "$defs": {**{kind.value: _of_kind(kind, body) for kind in _SENT}, **parts},
    }


def _ref(part: type) -> JsonObject:
    return {"$ref": f"#/$defs/{part.__name__}"}


def _of_kind(kind: MessageKind, body: JsonObject) -> JsonObject:
    forms = [*map(_ref, DATA_OF_KINDS.get(kind, ()))]
    return {
        "title": kind.replace("_", " ").capitalize(),
        "allOf": [body],
        "properties": {
            "version": {"const": VERSION},
            "kind": {"const": kind.value},
            "importance": {"enum": [one.value for one in Importance]},
            "at": {"type": "string", "format": "date-time"},
            "data": {"anyOf": forms} if forms else {"type": "object", "maxProperties": 0},
        },
    }
