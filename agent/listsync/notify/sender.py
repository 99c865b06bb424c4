"""What a kind of target must be able to do, and how it is asked over HTTP."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr, ServiceOptions
from listsync.domain.messages import Message
from listsync.errors import Refusal, RefusedError, UnavailableError, UndeliverableError
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.http.service_client import build_client, send_once
from listsync.notify.options import HttpTargetOptions, kind_of
from listsync.text_cleaning import one_line


class Sender(Protocol):
    """Sends messages to one target; used by one thread at a time.

    `apart_s`: how far apart messages must be, at least.
    """

    apart_s: float

    def send(self, message: Message) -> str:
        """Send it, within a time limit of its own; returns what was answered, for people.

        Raises:
            UnavailableError: try it again, at `retry_after_s` at the earliest.
            RefusedError: nothing is taken until somebody changes something; or RATE_LIMITED.
            UndeliverableError: this message is never taken, others may be.
        """
        ...

    def close(self) -> None: ...


class TargetMemory(Protocol):
    """What one target has told us for good: one text, kept over a restart; raises StateError."""

    def load(self) -> str:
        """Return what was saved last; empty: nothing."""
        ...

    def save(self, text: str) -> None: ...


class HttpSender:
    """Sends what `request_of` makes of a message; what each status means is the same for all.

    No redirect is followed: a POST would become a GET that is answered with a page, and an address
    that is a secret is meant for nobody else.
    """

    apart_s = 0.0

    def __init__(self, name: str, options: HttpTargetOptions, token: CancelToken) -> None:
        self._name = name
        self._options = options
        self._client = build_client(
            ServiceOptions(
                base_url="",
                timeout_s=options.timeout_s,
                list_timeout_s=math.inf,  # it is used for as long as the agent runs
                proxy=options.proxy,
                ca_file=options.ca_file,
            ),
            token=token,
        )
        self._client.at_once = 0  # one that hangs keeps no other of its host waiting
        self._client.ca_option = f"notify[].{kind_of(options)}.ca_file"

    def request_of(self, message: Message) -> ServiceRequest:
        raise NotImplementedError

    def send(self, message: Message) -> str:
        return self.ask(self.request_of(message))

    def ask(self, request: ServiceRequest) -> str:
        """Send *request*; returns what was answered, raises what `Sender.send` raises."""
        request = replace(
            request,
            hidden=tuple(part for one in request.hidden for part in secrets_in(one)),
            deadline_s=self._options.timeout_s,
            follows=False,
            needs_body=False,  # it was taken, and is not to be sent again
        )
        response = send_once(self._client, request)
        if (error := self.error_in(response)) is not None:
            raise error
        return f"HTTP {response.status}"

    def error_in(self, response: Response) -> Exception | None:
        """Say what *response* means if it is not "taken"."""
        return error_of(response)

    def close(self) -> None:
        self._client.close()


_LEAST = 8
"""Letters of a piece of an address that is a secret by itself."""


def secrets_in(address: SecretStr) -> tuple[SecretStr, ...]:
    """Give a secret address and its pieces: an answer may quote its path alone."""
    text = address.get_secret_value()
    parts = urlsplit(text)
    pieces = re.split(r"[/?&=]", f"{parts.path}?{parts.query}")
    return (address, *(SecretStr(one) for one in pieces if len(one) >= _LEAST))


_REFUSED = {
    401: Refusal.CREDENTIAL,
    403: Refusal.PERMISSION,
    404: Refusal.NOT_FOUND,
    410: Refusal.NOT_FOUND,
    429: Refusal.RATE_LIMITED,
}
_PASSING = (407, 408, 425)
_OF_THE_MESSAGE = (400, 413, 422)
_LONGEST_S = 366 * 86400.0


def refusal_of(status: int) -> Refusal | None:
    """Say what an HTTP status refuses that somebody must mend; None: nothing."""
    return _REFUSED.get(status)


def error_of(response: Response) -> Exception | None:
    """Say what an answer means other than "taken", as far as all services have it alike."""
    status, name = response.status, response.service
    if status < 300:
        return None
    if status < 400:
        return RefusedError(name, Refusal.NOT_FOUND, _sent_on(response))
    wait_s = retry_after_s(response.headers)
    words = f"HTTP {status}: {said_by(response)}".rstrip(": ")
    if status >= 500 or status in _PASSING:
        return UnavailableError(name, words, retry_after_s=wait_s)
    if status in _OF_THE_MESSAGE:
        return UndeliverableError(words)
    kind = refusal_of(status) or Refusal.PERMISSION
    named_s = wait_s if kind is Refusal.RATE_LIMITED else None
    return RefusedError(name, kind, words, retry_after_s=named_s)


def said_by(response: Response) -> str:
    """Find what an answer says to people: a page, its title."""
    if response.is_page:
        return response.title
    said = fields_of(response)
    texts = (said.get(key) for key in ("message", "description", "error"))
    return next((one_line(text) for text in texts if isinstance(text, str)), response.sample)


def fields_of(response: Response) -> Mapping[str, object]:
    """Read an answer that is a JSON object; empty: it is none."""
    try:
        found = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def seconds_in(value: object) -> float | None:
    """Read a time that a service names; None: it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_S) if math.isfinite(seconds) else None


def _sent_on(response: Response) -> str:
    """Say where it sends us, but for what may be secret there."""
    parts = urlsplit(response.location or "")
    to = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another address of its own"
    return f"sends us on to {to} (HTTP {response.status}), set the address that it has now"
