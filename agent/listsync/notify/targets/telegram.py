"""Telegram: a message as a text with a bold title, by a bot.

Source: Telegram's Bot API (sendMessage, ResponseParameters, formatting options), as of 2026. The
token is a part of the address.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Iterator, Mapping

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.messages import Message
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UndeliverableError
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, not_json
from listsync.notify.options import TelegramOptions
from listsync.notify.sender import (
    HttpSender,
    TargetMemory,
    error_of,
    fields_of,
    said_by,
    seconds_in,
)
from listsync.notify.text_fitting import LONGEST_LINE, body_rows, fitted_line, utf16_units
from listsync.text_cleaning import printable

logger = logging.getLogger(__name__)

_LONGEST = 4096
_CHAT_S, _GROUP_S = 1.0, 3.0
"""A second apart in a chat, and 20 in a minute in a group."""
_GENERAL = 1
"""The topic that may not be named."""
_MOST_MOVES = 3
_OF_THE_CHAT = re.compile(r"chat|thread|topic|rights|peer|bot|user", re.IGNORECASE)


class _NotParsedError(UndeliverableError):
    """Telegram takes the text for markup that is wrong."""


class _ChatMovedError(RefusedError):
    """The group has become a supergroup, which has an id of its own."""

    def __init__(self, service: str, chat: int) -> None:
        super().__init__(service, Refusal.NOT_FOUND, f"the group has a new id: set chat: {chat}")
        self.chat = str(chat)


class TelegramSender(HttpSender):
    """Sends texts to one chat; follows a group to its new id, which it then asks to be set."""

    def __init__(
        self, name: str, options: TelegramOptions, token: CancelToken, moved: TargetMemory
    ) -> None:
        super().__init__(name, options, token)
        self._token = options.token
        base = options.base_url.rstrip("/")
        self._url = f"{base}/bot{options.token.get_secret_value()}/sendMessage"
        self._moved = moved
        self._set_chat = options.chat
        self._chat = moved.load() or options.chat
        self._topic = options.topic
        self.apart_s = _GROUP_S if options.chat.startswith("-") else _CHAT_S

    def send(self, message: Message) -> str:
        for _ in range(_MOST_MOVES):
            try:
                answer = self._send(message)
            except _ChatMovedError as moved:
                logger.warning("notifications to %s: %s", self._name, moved.why)
                self._chat = moved.chat
                self._moved.save(moved.chat)
                continue
            if self._chat == self._set_chat:
                return answer
            return f"{answer}; the group has a new id: set chat: {self._chat}"
        why = "sends us from one chat to the other"
        raise RefusedError(self._name, Refusal.NOT_FOUND, why)

    def _send(self, message: Message) -> str:
        try:
            return self.ask(self._request(html_of(message), {"parse_mode": "HTML"}))
        except _NotParsedError:
            return self.ask(self._request("\n".join(rows_of(message)), {}))

    def _request(self, text: str, how: Mapping[str, object]) -> ServiceRequest:
        body = {
            "chat_id": self._chat,
            "text": text,
            "link_preview_options": {"is_disabled": True},
            **how,
        }
        if self._topic is not None and self._topic != _GENERAL:
            body["message_thread_id"] = self._topic
        return ServiceRequest(
            service=self._name,
            url=self._url,
            hidden=(self._token, *secret_of(self._token)),
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def error_in(self, response: Response) -> Exception | None:
        said = fields_of(response)
        if "ok" not in said:
            return error_of(response) or not_json(response) or _unknown(response)
        if said["ok"] is True:
            return error_of(response)
        asked = said.get("parameters")
        return self._refusal(response, asked if isinstance(asked, dict) else {})

    def _refusal(self, response: Response, asked: Mapping[str, object]) -> Exception | None:
        status, why = response.status, said_by(response)
        words, chat = f"HTTP {status}: {why}", asked.get("migrate_to_chat_id")
        if isinstance(chat, int) and not isinstance(chat, bool):
            return _ChatMovedError(self._name, chat)
        if status == 429 and (wait_s := seconds_in(asked.get("retry_after"))) is not None:
            return RefusedError(self._name, Refusal.RATE_LIMITED, words, retry_after_s=wait_s)
        if status in (401, 404):
            why = f"the bot is not known: its token is wrong, or was revoked (HTTP {status})"
            return RefusedError(self._name, Refusal.CREDENTIAL, why)
        if status == 400 and "parse entities" in why:
            return _NotParsedError(words)
        if status == 400 and _OF_THE_CHAT.search(why):
            return RefusedError(self._name, Refusal.NOT_FOUND, words)
        return error_of(response) or _unknown(response)


def html_of(message: Message) -> str:
    """Give a message the form of Telegram's HTML."""
    title, *rows = (html.escape(row, quote=False) for row in rows_of(message))
    return "\n".join((f"<b>{title}</b>", *rows))


def rows_of(message: Message) -> list[str]:
    """Give a message the form of plain text, within what Telegram takes; its title comes first."""
    title = printable(message.title).strip() or message.kind
    title = fitted_line(title, LONGEST_LINE, utf16_units)
    left = _LONGEST - utf16_units(title) - 1
    return [title, *body_rows(message, left, utf16_units)]


def secret_of(token: SecretStr) -> Iterator[SecretStr]:
    """Give the part of a token that is a secret by itself: before it stands who the bot is."""
    yield SecretStr(token.get_secret_value().partition(":")[2])


def _unknown(response: Response) -> ResponseChangedError:
    why = f"does not answer as Telegram does (HTTP {response.status})"
    return ResponseChangedError(response.service, why, sample=response.sample)
