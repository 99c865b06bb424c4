"""Heartbeats: a check elsewhere hears that each sync begins and how it ends, and misses it.

Source: https://healthchecks.io/docs/http_api/ (2026-11), of which self-hosted ones and their kin
have the same; Uptime Kuma 1.23 and 2.0, server/routers/api-router.js.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from listsync.cancellation import CancelToken
from listsync.domain.messages import Beat, Message, MessageKind
from listsync.errors import Refusal, RefusedError
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.notify.options import HeartbeatOptions
from listsync.notify.sender import HttpSender
from listsync.parsing.decoding import prepared
from listsync.text_cleaning import cut

_MOST_WORDS = 250
"""Of what goes into an address."""
_MOST_TEXT = 10_000
_ENDINGS = {Beat.START: "start", Beat.FAIL: "fail"}
"""What is put behind a ping URL."""
_TAKEN_NEVERTHELESS = {
    b"OK (not found)": (Refusal.NOT_FOUND, "knows no such check"),
    b"OK (rate limited)": (Refusal.RATE_LIMITED, "asks us to slow down"),
}
"""What Healthchecks answers with HTTP 200."""


class HeartbeatSender(HttpSender):
    """Tells of each sync that it begins and how it ended."""

    def __init__(self, name: str, options: HeartbeatOptions, token: CancelToken) -> None:
        super().__init__(name, options, token)
        self._url = options.url
        is_push = "/api/push/" in urlsplit(options.url.get_secret_value()).path
        self._is_kuma = options.form == "uptime_kuma" or (options.form == "auto" and is_push)

    def send(self, message: Message) -> str:
        if self._is_kuma and message.beat is Beat.START:
            return "nothing: Uptime Kuma is told of ends only"
        return super().send(message)

    def request_of(self, message: Message) -> ServiceRequest:
        return self._push_of(message) if self._is_kuma else self._ping_of(message)

    def _ping_of(self, message: Message) -> ServiceRequest:
        parts = urlsplit(self._url.get_secret_value())
        # A test is only noted there: whether syncs are well is another matter.
        is_test = message.kind is MessageKind.TEST
        ending = "log" if is_test else _ENDINGS.get(message.beat or Beat.SUCCESS)
        path = "/".join(filter(None, (parts.path.rstrip("/"), ending)))
        text = "\n".join((message.title, *message.lines)).encode()[:_MOST_TEXT]
        return ServiceRequest(
            service=self._name,
            url=urlunsplit(parts._replace(path=path)),
            hidden=(self._url,),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            body=text.decode(errors="ignore").encode(),
            accept="*/*",
        )

    def _push_of(self, message: Message) -> ServiceRequest:
        parts = urlsplit(self._url.get_secret_value())
        said = {
            "status": "down" if message.beat is Beat.FAIL else "up",
            "msg": cut(message.title, _MOST_WORDS),
            "ping": _milliseconds(message),
        }
        kept = [one for one in parse_qsl(parts.query) if one[0] not in said]
        query = urlencode([*kept, *said.items()])
        return ServiceRequest(
            service=self._name,
            url=urlunsplit(parts._replace(query=query)),
            hidden=(self._url,),
        )

    def error_in(self, response: Response) -> Exception | None:
        if (error := super().error_in(response)) is not None:
            return error
        if self._is_kuma:
            return _push_error(response)
        known = _TAKEN_NEVERTHELESS.get(response.body.strip())
        wait_s = retry_after_s(response.headers)
        return known and RefusedError(self._name, *known, retry_after_s=wait_s)


def _milliseconds(message: Message) -> str:
    seconds = message.data.get("duration_s")
    return str(round(seconds * 1000)) if isinstance(seconds, int | float) else ""


class _Pushed(msgspec.Struct):
    ok: bool
    msg: str = ""


def _push_error(response: Response) -> RefusedError | None:
    try:
        answer = msgspec.json.decode(response.body, type=prepared(_Pushed))
    except (ValueError, RecursionError):
        answer = _Pushed(ok=False, msg="answers as no Uptime Kuma does")
    if answer.ok:
        return None
    return RefusedError(response.service, Refusal.NOT_FOUND, cut(answer.msg, _MOST_WORDS))
