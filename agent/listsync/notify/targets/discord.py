"""Discord: a message as an embed, by the webhook of a channel.

Source: Discord's documentation for developers (webhooks, embeds, rate limits), as of 2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from listsync.cancellation import CancelToken
from listsync.domain.messages import Importance, Message
from listsync.errors import Refusal, RefusedError
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, not_json
from listsync.notify.options import DiscordOptions
from listsync.notify.sender import HttpSender, error_of, fields_of, seconds_in
from listsync.notify.text_fitting import MARK, body_rows, fitted, utf16_units
from listsync.text_cleaning import printable

_TITLE, _DESCRIPTION, _WHOLE = 256, 4096, 6000
_FIELDS, _FIELD_NAME, _FIELD_VALUE = 25, 256, 1024
_OF_FIELDS = _WHOLE - _TITLE - _DESCRIPTION - 100
"""What all fields may count together; one is for how many are left out."""
_NOTHING = "-"
_COLOURS = {Importance.INFO: 0x2ECC71, Importance.WARNING: 0xF1C40F, Importance.ERROR: 0xE74C3C}
_LONGEST_PAUSE_S = 60.0
_FORUM = 220001
_MARKUP = re.compile(r"[\\*_~|`<>#\[\]():@]|^[-+]|(?<=\d)\.(?=\s)")
_SIGNS = re.compile(r"[\\*_~|`<>#\[\]():@.+-]")


class DiscordSender(HttpSender):
    """Posts embeds, in which nobody is mentioned and no title is taken for markup."""

    def __init__(self, name: str, options: DiscordOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        self._url = options.url
        self._look = {"username": options.username, "avatar_url": options.avatar}

    def request_of(self, message: Message) -> ServiceRequest:
        body = {
            **{key: value for key, value in self._look.items() if value},
            "embeds": [embed_of(message)],
            "allowed_mentions": {"parse": []},
        }
        return ServiceRequest(
            service=self._name,
            url=self._url.get_secret_value(),
            hidden=(self._url,),
            body=json.dumps(body, ensure_ascii=False).encode(),
        )

    def error_in(self, response: Response) -> Exception | None:
        self.apart_s = _pause_s(response)
        said = fields_of(response)
        if response.status == 429 and (wait_s := seconds_in(said.get("retry_after"))) is not None:
            why = "asks us to slow down (HTTP 429)"
            return RefusedError(self._name, Refusal.RATE_LIMITED, why, retry_after_s=wait_s)
        if response.status in (401, 404) and said:
            why = f"the webhook is deleted, or its address is wrong (HTTP {response.status})"
            return RefusedError(self._name, Refusal.NOT_FOUND, why)
        if said.get("code") == _FORUM:
            why = "the channel is a forum: write ?thread_id= and a post's id behind the url"
            return RefusedError(self._name, Refusal.PERMISSION, why)
        return error_of(response) or not_json(response)


def embed_of(message: Message) -> dict[str, object]:
    """Give a message the form of an embed, within all limits."""
    title = printable(message.title).strip() or message.kind
    shown = fitted(title, _TITLE, _size)
    lines = message.lines if shown == title else (message.title, *message.lines)
    rows = body_rows(replace(message, lines=lines), _DESCRIPTION, _size, facts=False)
    embed: dict[str, object] = {
        "title": plain(shown),
        "color": _COLOURS[message.importance],
        "timestamp": message.at.isoformat(timespec="seconds"),
    }
    if rows:
        embed["description"] = "\n".join(map(plain, rows))
    if message.facts:
        embed["fields"] = _fields(message.facts)
    return embed


def plain(text: str) -> str:
    """Escape whatever Discord would take for markup, a mention or a link."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _size(text: str) -> int:
    """Count what *text* takes at most, as some signs are escaped in some places only."""
    return utf16_units(text) + len(_SIGNS.findall(text))


def _fields(facts: Sequence[tuple[str, str]]) -> list[dict[str, object]]:
    shown: list[dict[str, object]] = []
    left = _OF_FIELDS
    for fact in facts[:_FIELDS]:
        name, value = _shown(fact[0], _FIELD_NAME), _shown(fact[1], _FIELD_VALUE)
        left -= _size(name) + _size(value)
        if left < 0:
            break
        shown.append({"name": plain(name), "value": plain(value), "inline": True})
    if len(shown) < len(facts):
        shown = shown[: _FIELDS - 1]
        others = f"and {len(facts) - len(shown):,} more"
        shown.append({"name": MARK, "value": others, "inline": True})
    return shown


def _shown(text: str, limit: int) -> str:
    return fitted(printable(text).strip(), limit, _size) or _NOTHING


def _pause_s(response: Response) -> float:
    """Say how long to wait until the next message, where this one was the last for now."""
    headers = response.headers
    if headers.get("x-ratelimit-remaining", "").strip() != "0":
        return 0.0
    wait_s = seconds_in(headers.get("x-ratelimit-reset-after", ""))
    return min(wait_s or 0.0, _LONGEST_PAUSE_S)
